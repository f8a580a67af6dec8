"""What `compare` and `attribute` print: tables at equal envelopes and at equal spending, or JSON."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from juste_retour.runs.analysis.attribution import Attribution
from juste_retour.runs.analysis.contrasts import Contrast, Contrasts
from juste_retour.runs.base.numerals import brief, counted
from juste_retour.runs.base.printing import bar, picked, print_table
from juste_retour.runs.results.paired import LAG
from juste_retour.runs.results.parameter_draws import ParameterDraws

if TYPE_CHECKING:
    from rich.console import Console


def show_contrasts(found: Contrasts, where: Console, shown: Collection[str]) -> None:
    """Print the contrasts of the first scenario with each other one, in the outcomes `shown`."""
    where.print(
        f"{found.worlds} replications with seed {found.seed} and common random numbers. Lags are means over "
        f"{found.window} in all scenarios.",
        soft_wrap=True,
    )
    headings = ["Outcome", "A", "B", "A - B", "95 %", "A > B", "A = B", "Pairing saves", "Needed"]
    stood = any(max(c.standing_a, c.standing_b) > 0 for c in found.contrasts if c.outcome == LAG)
    if found.draws is not None:
        headings.insert(5, "90 % of draws")
        where.print(said_of(found.draws), soft_wrap=True)
    headings += ["A stands", "B stands"] if stood else []
    for a, b in dict.fromkeys((c.a, c.b) for c in found.contrasts):
        here = [c for c in found.contrasts if (c.a, c.b) == (a, b) and c.outcome in shown]
        held = [c for c in found.at_equal_spending if (c.a, c.b) == (a, b) and c.outcome in shown]
        where.print()
        where.print(f"A = {a}, B = {b}{_at_equal_spending(here) if found.equal == 'spending' else ''}")
        print_table(where, headings, [_row(c, found.draws is not None, stood) for c in here], right=headings[1:])
        for c in here:
            if c.outcome == "years_behind" and c.missing_a + c.missing_b:
                where.print(
                    f"No machine works in {counted(c.missing_a, 'replication')} of A and {c.missing_b} of B; these count as "
                    "worse than any number.",
                    soft_wrap=True,
                )
        if held:
            where.print()
            where.print(f"The same{_at_equal_spending(held)}")
            print_table(where, headings[:5], [_row(c, False, False)[:5] for c in held], right=headings[1:5])
    if stood:
        where.print()
        where.print(
            "A stands, B stands: share of the replications in which years_behind is only the lag of the machines that "
            "existed before the program, because no facility beats them.",
            soft_wrap=True,
        )
    where.print()
    where.print(
        "A, B: means over the replications. 95 %: bootstrap interval of the mean difference, for each outcome by itself; "
        f"it covers the random draws and {'the drawn parameters' if found.draws else 'no parameter'}. Equal spending: in "
        "each replication, the scenario that committed more is rerun with the smaller sum as its envelope.",
        soft_wrap=True,
    )
    where.print(
        "A > B, A = B: share of the replications in which this is so. Pairing saves: share of the variance of the "
        "difference that common random numbers remove. Needed: replications for a 95 % interval of plus or minus a tenth "
        "of the difference, or of plus or minus --until.",
        soft_wrap=True,
    )


def _at_equal_spending(rows: Sequence[Contrast]) -> str:
    """A phrase with the mean sums that two scenarios commit at equal spending, and the gap between them."""
    if not rows:
        return " at equal spending"
    a, b = rows[0].committed_a, rows[0].committed_b
    gap = "" if np.isclose(a, b, rtol=0, atol=5e-4) else f"; a gap of EUR {brief(abs(a - b))} bn remains"
    return f" at equal spending: EUR {brief(a)} bn committed under A, {brief(b)} bn under B{gap}"


def _row(c: Contrast, drawn: bool, stood: bool) -> list[str]:
    row = [
        c.outcome,
        brief(c.mean_a),
        brief(c.mean_b),
        brief(c.difference),
        f"{brief(c.low)} to {brief(c.high)}",
    ]
    saved = f"{c.variance_saved:.0%}" if c.variance_saved == c.variance_saved else "-"
    row += [f"{brief(c.range_low)} to {brief(c.range_high)}"] if drawn else []
    row += [
        f"{c.probability_a_greater:.0%}",
        f"{c.probability_equal:.0%}",
        saved,
        brief(c.replications_needed),
    ]
    if stood:
        row += ["" if share != share else f"{share:.0%}" for share in (c.standing_a, c.standing_b)]
    return row


def said_of(draws: ParameterDraws) -> str:
    """Sentences that say what is drawn, from where, and how many draws are omitted."""
    gone = f" {draws.left_out} draws are omitted because a scenario refuses them." if draws.left_out else ""
    return (
        f"{draws.count} draws of {len(draws.names)} parameters from {draws.source}, the same in all scenarios. A parameter "
        f"that the scenarios set differently is not drawn.{gone}"
    )


def _drawn_json(draws: ParameterDraws | None) -> dict[str, object]:
    if draws is None:
        return {}
    return {
        "draws": {
            "count": draws.count,
            "left_out": draws.left_out,
            "source": draws.source,
            "parameters": draws.names,
        }
    }


def contrasts_json(found: Contrasts) -> dict[str, object]:
    """Contrasts as `compare --json` prints them; with `--equal spending` those at equal spending are `contrasts`."""
    content = {
        "scenarios": found.names,
        **picked(found, "seed", "worlds", "equal", "window"),
        **_drawn_json(found.draws),
        "contrasts": found.contrasts,
    }
    if found.equal == "spending":
        return content
    return content | {"at_equal_spending": {"contrasts": found.at_equal_spending}}


def attribution_json(found: Attribution) -> dict[str, object]:
    """An attribution as `attribute --json` prints it; `at_equal_spending` has the same keys."""
    content = {
        "outcome": found.outcome,
        "from": found.source,
        "to": found.target,
        **picked(found, "seed", "worlds", "equal", "window"),
        **_drawn_json(found.draws),
        **picked(found, "value_from", "value_to", "committed_from", "committed_to", "difference", "low", "high"),
        **picked(found, "shares", "interactions"),
        "moved_together": [{"groups": g, "because": why} for g, why in found.joined],
        "worlds_left_out": found.left_out,
        **picked(found, "windows", "windows_left_out"),
        "sensitive_to_the_window": found.sensitive,
    }
    held = found.at_equal_spending
    return content if held is None else content | {"at_equal_spending": attribution_json(held)}


def show_attribution(found: Attribution, where: Console) -> None:
    """Print a difference and its shares: at equal envelopes, at equal spending, and over other windows."""
    if found.draws is not None:
        where.print(said_of(found.draws), soft_wrap=True)
    _show_difference(found, where)
    _show_shares(found, where)
    if found.at_equal_spending is not None:
        where.print()
        _show_difference(found.at_equal_spending, where)
        _show_shares(found.at_equal_spending, where)
    where.print()
    where.print(
        "Share: the change from switching the group, averaged over all orders of switching (Shapley value); the shares sum "
        "to the difference. First, last: the change if the group is switched before or after all others. 95 %: bootstrap "
        "intervals over replications, which cover the random draws and no parameter. Money: the envelope, its tranches "
        "and the rule for what is left, with the smaller committed sum as a cap.",
        soft_wrap=True,
    )
    for kind in (found, found.at_equal_spending):
        if kind is not None:
            _show_windows(kind, where)
    _show_pairs(found, where)
    for groups, why in found.joined:
        where.print(f"{' and '.join(groups)} are switched together and listed as {groups[0]}: {why}", soft_wrap=True)
    if found.left_out:
        where.print(f"{found.left_out} replications are omitted: in some mixture no machine works.", soft_wrap=True)


def _show_difference(found: Attribution, where: Console) -> None:
    where.print(
        f"{found.outcome} at equal {found.equal}: {brief(found.value_from)} under {found.source} (EUR "
        f"{brief(found.committed_from)} bn committed), {brief(found.value_to)} under {found.target} (EUR "
        f"{brief(found.committed_to)} bn). Difference: {brief(found.difference)} ({brief(found.low)} to "
        f"{brief(found.high)}). Means over {found.worlds} replications with seed {found.seed}; lags are means over "
        f"{found.window}.",
        soft_wrap=True,
    )
    where.print()


def _show_shares(found: Attribution, where: Console) -> None:
    most = max((abs(s.share) for s in found.shares), default=0.0)
    drawn = ["90 % of draws"] if found.draws is not None else []
    headings = ["Group", "Share", "", "95 %", *drawn, "First", "Last"]
    rows = [
        [
            s.group,
            brief(s.share),
            bar(abs(s.share), most, 12, where),
            f"{brief(s.low)} to {brief(s.high)}",
            *[f"{brief(s.range_low)} to {brief(s.range_high)}" for _ in drawn],
            brief(s.alone),
            brief(s.last),
        ]
        for s in found.shares
    ]
    print_table(where, headings, rows, right=[h for h in headings[1:] if h])


def _show_windows(found: Attribution, where: Console) -> None:
    """Print the shares over several windows side by side, and name those that depend on the window."""
    if found.windows:
        headings = ["Group", *(f"{w.window_years:g} years" for w in found.windows)]
        rows = [
            [share.group, *(brief(w.shares[k].share) for w in found.windows)]
            for k, share in enumerate(found.windows[0].shares)
        ]
        rows.append(["difference", *(brief(w.difference) for w in found.windows)])
        where.print()
        where.print(f"The same runs over other windows, at equal {found.equal}")
        print_table(where, headings, rows, right=headings[1:])
        if found.sensitive:
            where.print(
                f"Sensitive to the window (rank or sign changes): {', '.join(found.sensitive)}.",
                soft_wrap=True,
            )
    for years in found.windows_left_out:
        where.print(f"The window of {years:g} years is omitted: it ends after the last quarter.")


def _show_pairs(found: Attribution, where: Console) -> None:
    pairs = sorted(found.interactions, key=lambda i: -abs(i.interaction))[:5]
    if not pairs:
        return
    where.print()
    print_table(
        where,
        ["Pair", "Interaction", "95 %"],
        [[" and ".join(i.groups), brief(i.interaction), f"{brief(i.low)} to {brief(i.high)}"] for i in pairs],
        right=("Interaction", "95 %"),
    )
    where.print(
        f"The {len(pairs)} strongest of {len(found.interactions)} pairs, at equal {found.equal}. Interaction: the change "
        "from switching both groups beyond the changes from switching each, averaged over the other groups. With the sign "
        "of the difference the two are complements; with the other sign they are substitutes.",
        soft_wrap=True,
    )
