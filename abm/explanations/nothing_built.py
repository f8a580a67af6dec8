"""Explains in one sentence, from the trace of its decisions, why a world built nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from juste_retour.abm.base.calendar import label
from juste_retour.abm.explanations.reader import in_world
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import Bid, Draft, Selection, Vote


def why_nothing(env: Environment, row: int) -> str:
    """Explain in a sentence why a world contracted no site, by the last step that it reached.

    Args:
        env: a run with a trace.
        row: position of the world.
    """
    records = list(in_world(env.trace or [], row))
    agenda = env.institutions.scenario.rules["agenda"].rule
    selections = [r for r in records if isinstance(r, Selection) and r.chosen.any()]
    if selections:
        return _undelivered(selections, env.world.now)
    ballots = [r for r in records if isinstance(r, Vote) and r.held[0]]
    if ballots:
        return _voted_down(ballots, env)
    drafts = [r for r in records if isinstance(r, Draft)]
    if drafts and all(r.choice[0] < 0 for r in drafts):
        return f"the College adopted no draft in {_times(len(drafts), 'quarter')}, so nothing was put to a vote."
    calls = [r for r in records if isinstance(r, Bid)]
    if calls:
        return _unasked(calls)
    return f"the agenda {agenda!r} put no plan to a vote between {label(env.world.first)} and {label(env.world.now)}."


def _undelivered(selections: Sequence[Selection], now: int) -> str:
    chosen = sum(int(r.chosen.sum()) for r in selections)
    pending = sum(int((r.chosen & (r.delivered.contracted > now)).sum()) for r in selections)
    fates = [
        f"{pending} had no contract by {label(now)}" if pending else "",
        f"{chosen - pending} were given up" if chosen > pending else "",
    ]
    verb = "was" if chosen == 1 else "were"
    return f"{_times(chosen, 'site')} {verb} selected, of which {' and '.join(filter(None, fates))}."


def _voted_down(ballots: Sequence[Vote], env: Environment) -> str:
    last, codes = ballots[-1], env.world.states.codes
    rule = env.institutions.scenario.rules["voting"].rule
    if last.passed[0]:
        return f"the plan that passed under {rule!r} contained no site."
    against = [codes[i] for i in np.flatnonzero(last.votes[0] < 0)]
    named = ", ".join(against[:8]) + (f" and {len(against) - 8} more" if len(against) > 8 else "")
    return (
        f"{_times(len(ballots), 'ballot')} failed under {rule!r}; in the last, in {last.quarter}, "
        f"{f'{named} voted no' if against else 'no state voted no, but too few voted yes'}."
    )


def _unasked(calls: Sequence[Bid]) -> str:
    wanted = [r.wanted > 0 for r in calls]
    unwritten = _count(w & ~r.ready for w, r in zip(wanted, calls, strict=True))
    unfit = _count(w & r.ready & ~r.able for w, r in zip(wanted, calls, strict=True))
    bids, unwilling = _count(r.size > 0 for r in calls), _count(~w for w in wanted)
    if bids:
        return (
            f"there {'was' if bids == 1 else 'were'} {_times(bids, 'bid')} in {_times(len(calls), 'call')}, but the panel "
            "or the remaining money allowed none."
        )
    causes = [
        f"in {number} {cause}"
        for number, cause in (
            (unwritten, "the application was not ready"),
            (unfit, "there was no free site with enough power, money and match"),
            (unwilling, "no site was worth it to the state"),
        )
        if number
    ]
    asked = sum(r.size.size for r in calls)
    return f"no state applied in {_times(len(calls), 'call')}: of {asked} decisions, {', '.join(causes)}."


def _count(found: Iterable[np.ndarray]) -> int:
    return int(sum(x.sum() for x in found))


def _times(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
