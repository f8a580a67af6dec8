"""Sentences about each quarter of a run, for the caption and for screen readers."""

from __future__ import annotations

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.toml import JsonObject
from juste_retour.visualization.views.told import Told, counted, told

SEASONS = ("early {year}", "spring {year}", "summer {year}", "late {year}")


def season(quarter: str) -> Told:
    """A quarter in words.

    >>> season("2026Q3")
    ('summer {year}', {'year': '2026'})
    """
    return told(SEASONS[int(quarter[-1]) - 1], year=quarter[:4])


def named(places: list[str]) -> Told:
    """The names of up to three places; of more places, two names and the number of others."""
    if len(places) > 3:
        return told("{a}, {b} and {n} more", a=places[0], b=places[1], n=len(places) - 2)
    template = ("{a}", "{a} and {b}", "{a}, {b} and {c}")[len(places) - 1]
    return template, dict(zip("abc", places, strict=False))


def says(run: JsonObject, k: int, members: Members) -> list[Told]:
    """One or more sentences on what happens in quarter `k` of a run."""
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
        who, about = run["proposer"]
        return [told("{who}.", who=(who.split(";")[0], about)), _chosen(chosen)]
    if k == run["window_frame"]:
        return _compared(run, frame)
    if dropped:
        return [told("No contract in the end for {places}: the project is dropped.", places=named(dropped))]
    if opened:
        if before and before["working"]:
            return [told("Machines start in {places}.", places=named(opened))]
        return [told("The first machines start in {places}.", places=named(opened))]
    if signed:
        one, many = "1 contract signed; building begins.", "{n} contracts signed; building begins."
        return [counted(len(signed), one, many)]
    if run["announcement_frame"] is not None and k < run["announcement_frame"]:
        text = "Before the program, the existing machines run under these rules: {gap}."
        return [told(text, gap=_gap(frame))]
    if k == run["announcement_frame"]:
        envelope = f"{run['envelope_eur_bn']:g}"
        return [told("EUR {money} bn is announced.", money=envelope), told("{who}.", who=run["proposer"])]
    if not frame["selected"]:
        return [told("No site chosen yet.")]
    one = "1 site chosen, {contracted} under contract, {working} working."
    many = "{n} sites chosen, {contracted} under contract, {working} working."
    return [counted(frame["selected"], one, many, contracted=frame["contracted"], working=frame["working"])]


def _chosen(places: list[str]) -> Told:
    if len(places) > 6:
        return counted(len(places), "1 site chosen.", "{n} sites chosen.")
    return counted(len(places), "1 site chosen: {places}.", "{n} sites chosen: {places}.", places=named(places))


def _compared(run: JsonObject, frame: JsonObject) -> list[Told]:
    """Sentences on the lag and the money at the end of the window."""
    found, mean = run["outcome"], run["outcome"]["years_behind"]
    when = {"season": season(frame["quarter"]), "gap": _gap(frame)}
    if mean is None:
        reading = told("The comparison ends, {season}: {gap}.", **when)
    else:
        text = "The comparison ends, {season}: {gap}, {mean} on average over {years} years."
        reading = told(text, **when, mean=f"{mean:.1f}", years=f"{run['window_years']:g}")
    money = {name: f"{found[f'{name}_eur_bn']:.1f}" for name in ("committed", "spend", "unspent")}
    return [reading, told("EUR {committed} bn committed, {spend} spent, {unspent} unspent.", **money)]


def _gap(frame: JsonObject) -> Told:
    lag = frame["years_behind"]
    if lag is None:
        return told("no machine works")
    text = "{years} years behind the frontier" if lag >= 0 else "{years} years ahead of the frontier"
    return told(text, years=f"{abs(lag):.1f}")


def _vote(ballot: JsonObject, chosen: int, members: Members) -> list[Told]:
    yes, no = len(ballot["yes"]), ballot["no"]
    count = {"yes": yes, "n": members.states.count}
    if 0 < len(no) <= 3:
        against = named([members.states.names[i] for i in no])
        vote = told("The vote: {yes} of {n} states say yes, against: {states}.", **count, states=against)
    else:
        vote = told("The vote: {yes} of {n} states say yes.", **count)
    if not ballot["passed"]:
        return [vote, told("Rejected.")]
    return [vote, counted(chosen, "1 site chosen.", "{n} sites chosen.", "No sites chosen.")]
