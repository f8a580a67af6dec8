"""Under which address of this machine phones find it."""

from __future__ import annotations

import ipaddress
import socket

import psutil

from juste_retour.agents.errors import BadInput


def addresses() -> list[str]:
    """The numeric IPv4 addresses of this machine that others can reach, the likeliest first.

    The likeliest is the one from which a packet would leave, as a Wi-Fi with or without internet sets it; no packet is
    sent. A machine that is itself the hotspot has no such address, and gives those of its interfaces.
    """
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that is kept for examples
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
    """The address at which phones are served: the one that is given, or else the likeliest.

    Raises:
        BadInput: it is not one numeric address, or there is no network.
    """
    if given is None:
        found = addresses()
        if not found:
            raise BadInput(
                "--audience finds no network here; join the room's Wi-Fi, or switch on a hotspot and join it."
            )
        return found[0]
    try:
        number = ipaddress.ip_address(given)
    except ValueError:
        raise BadInput(
            f"--audience-host {given!r} is not a numeric address; give one of this machine, such as {_example()}."
        ) from None
    if (
        number.is_unspecified or number.is_multicast or "%" in given
    ):  # no browser opens an address with a zone
        raise BadInput(
            f"--audience-host {given!r} is not one address that phones can open; give one such as {_example()}."
        )
    return given


def _example() -> str:
    return next(iter(addresses()), "192.168.1.5")
