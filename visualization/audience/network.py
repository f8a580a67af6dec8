"""The address of this machine on the local network."""

from __future__ import annotations

import ipaddress
import socket

import psutil

from juste_retour.agents.errors import BadInput


def addresses() -> list[str]:
    """The numeric IPv4 addresses of this machine that others can reach, the most likely first.

    The most likely one is the source address of the default route, which a Wi-Fi sets with or without internet; no packet
    is sent. A machine that is itself the hotspot has no default route, so the addresses of its interfaces remain.
    """
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            found.append(probe.getsockname()[0])
        except OSError:
            pass
    up = {name for name, about in psutil.net_if_stats().items() if about.isup}
    for name, entries in psutil.net_if_addrs().items():
        found += [entry.address for entry in entries if entry.family == socket.AF_INET and name in up]
    return [a for a in dict.fromkeys(found) if _reachable(a)]


def _reachable(address: str) -> bool:
    number = ipaddress.ip_address(address)
    return not (number.is_loopback or number.is_link_local or number.is_unspecified)


def audience_address(given: str | None) -> str:
    """The address for phones: `given`, or the most likely one.

    Raises:
        BadInput: `given` is not one numeric address, or there is no network.
    """
    if given is None:
        found = addresses()
        if not found:
            raise BadInput("--audience finds no network; join the room's Wi-Fi, or switch on a hotspot and join it.")
        return found[0]
    try:
        number = ipaddress.ip_address(given)
    except ValueError:
        raise BadInput(
            f"--audience-host is {given!r}; it must be a numeric address of this machine, such as {_example()}."
        ) from None
    # browsers open no address with a zone index, such as fe80::1%eth0
    if number.is_unspecified or number.is_multicast or "%" in given:
        raise BadInput(f"--audience-host is {given!r}, which phones cannot open; give an address such as {_example()}.")
    return given


def _example() -> str:
    return next(iter(addresses()), "192.168.1.5")
