"""A run told in plain sentences, one for each quarter: the caption on screen and the text for screen readers."""

from __future__ import annotations

from typing import Any

from juste_retour.abm.members import Members


def season(quarter: str) -> str:
    """A quarter in words.

    >>> season("2026Q3")
    'summer 2026'
    """
    return f"{('early', 'spring', 'summer', 'late')[int(quarter[-1]) - 1]} {quarter[:4]}"


def count(number: float, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "site"), count(3, "site"), count(0, "site")
    ('1 site', '3 sites', 'no sites')
    """
    many = many or f"{one}s"
    return f"no {many}" if number == 0 else f"{number:,.0f} {one if number == 1 else many}"


def named(places: list[str]) -> str:
    """Up to three places by name, and how many more."""
    if len(places) <= 3:
        return places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}"
    return f"{', '.join(places[:2])} and {len(places) - 2} more"


def says(run: dict[str, Any], k: int, members: Members) -> str:
    """What happens in quarter `k` of a run."""
    frame, before = run["frames"][k], run["frames"][k - 1] if k else None
    old = before["phase"] if before else [0] * len(frame["phase"])
    places = run["facilities"]
    chosen = [places[i]["city"] for i, p in enumerate(frame["phase"]) if p and not old[i]]
    opened = [places[i]["city"] for i, p in enumerate(frame["phase"]) if p == 4 and old[i] not in (4, 6)]
    dropped = [places[i]["city"] for i, p in enumerate(frame["phase"]) if p == 5 and old[i] != 5]
    signed = [i for i, p in enumerate(frame["phase"]) if p == 2]
    if frame["voting"]:
        return _vote(run["ballots"][frame["ballot"]], len(chosen), members)
    if chosen:
        where = "" if len(chosen) > 6 else f": {named(chosen)}"
        return f"{run['proposer'].split(';')[0]}. {count(len(chosen), 'site')} chosen{where}."
    if k == run["window_frame"]:
        return _compared(run, frame)
    if dropped:
        return f"No contract in the end for {named(dropped)}: the project is dropped."
    if opened:
        first = not (before and before["working"])
        return f"{'The first machines start' if first else 'Machines start'} in {named(opened)}."
    if signed:
        return f"{count(len(signed), 'contract')} signed; building begins."
    if run["announcement_frame"] is not None and k < run["announcement_frame"]:
        return f"Before the programme, the machines that stand already run by these rules: {_gap(frame)}."
    if k == run["announcement_frame"]:
        return f"EUR {run['envelope_eur_bn']:g} bn is announced. {run['proposer']}."
    if not frame["selected"]:
        return "No site chosen yet."
    return f"{count(frame['selected'], 'site')} chosen, {frame['contracted']:,} under contract, {frame['working']:,} working."


def _compared(run: dict[str, Any], frame: dict[str, Any]) -> str:
    """The reading at the end of its window, and the money."""
    found, mean = run["outcome"], run["outcome"]["years_behind"]
    over = "" if mean is None else f", {mean:.1f} on average over {run['window_years']:g} years"
    committed, spent, unspent = (found[f"{name}_eur_bn"] for name in ("committed", "spend", "unspent"))
    money = f"EUR {committed:.1f} bn committed, {spent:.1f} spent, {unspent:.1f} unspent."
    return f"The comparison ends, {season(frame['quarter'])}: {_gap(frame)}{over}. {money}"


def _gap(frame: dict[str, Any]) -> str:
    lag = frame["years_behind"]
    if lag is None:
        return "no machine works"
    return f"{abs(lag):.1f} years {'behind' if lag >= 0 else 'ahead of'} the frontier"


def _vote(ballot: dict[str, Any], chosen: int, members: Members) -> str:
    n = members.states.count
    yes, no = len(ballot["yes"]), ballot["no"]
    against = ""
    if 0 < len(no) <= 3:
        against = f", against: {named([members.states.names[i] for i in no])}"
    result = f"{count(chosen, 'site')} chosen" if ballot["passed"] else "rejected"
    return f"The vote: {yes} of {n} states say yes{against}. {result[0].upper()}{result[1:]}."
