"""The optimal majority: the sum of the states' utilities by the majority that is needed, under two funding rules.

    uv run python -m juste_retour.runs.studies.europe.majority --write

It writes `MAJORITY.md` and its figure. Source: Buchanan and Tullock (1962).
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure

from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.analysis.institution_choice import Chosen, choose
from juste_retour.runs.base.numerals import number
from juste_retour.runs.base.palette import MARKERS, SERIES
from juste_retour.runs.reports.drawing import Drawn, blank, svg

HERE = Path(__file__).parent
WORLDS, SEED = 300, 1
FUNDING = {"gni_key": "all pay by national income", "host_matches_half": "the host pays half"}
HEADS = {"simple_majority": 14, "lisbon_qmv": 15, "reinforced_qmv": 20, "unanimity": 27}  # of 27 states
PROTOCOL = {"agenda": "closed_rule", "expect": "stationary"}
COMMAND = "uv run python -m juste_retour.runs.studies.europe.majority --write"


def chosen(funding: str, worlds: int = WORLDS) -> Chosen:
    """The choice among the voting rules under a funding rule."""
    today = load("eu-status-quo").changed(PROTOCOL | {"funding": funding})
    return choose(today, vary=f"voting={','.join(HEADS)}", worlds=worlds, seed=SEED)


def figure(found: dict[str, Chosen]) -> Drawn:
    """The sum of utilities by the number of states that must agree."""
    tops = {name: max(zip(c.utility_eur_bn, c.scenarios, strict=True))[1] for name, c in found.items()}
    one = set(tops.values())
    title = (
        f"The sum of utilities is highest under {_words(one.pop())}, whoever pays"
        if len(one) == 1
        else "Which majority is best depends on who pays"
    )

    def draw() -> Figure:
        sheet, axes = blank(3.2)
        for k, (name, choice) in enumerate(found.items()):
            heads = [HEADS[rule] for rule in choice.scenarios]
            errors = [2 * error for error in choice.error_eur_bn]
            axes.errorbar(
                heads,
                choice.utility_eur_bn,
                errors,
                color=SERIES[k],
                marker=MARKERS[k],
                capsize=3,
                label=FUNDING[name],
            )
        axes.set_xticks(list(HEADS.values()), [str(n) for n in HEADS.values()])
        axes.set_xlabel(
            "States that must agree, of 27 (Lisbon, 15, and reinforced, 20, also 65 % of the people)"
        )
        axes.set_ylabel("Sum of utilities, EUR bn")
        axes.legend(frameon=False)
        return sheet

    numbers = "; ".join(
        f"{FUNDING[name]}: "
        + ", ".join(
            f"{HEADS[s]} states {number(u)}" for s, u in zip(c.scenarios, c.utility_eur_bn, strict=True)
        )
        for name, c in found.items()
    )
    caption = (
        f"Means of {WORLDS} replications with seed {SEED}, with two standard errors. Closed rule with stationary continuation "
        "values. The errors do not cover those of the values themselves."
    )
    return Drawn("majority", title, caption, f"Line chart; {numbers}", draw)


def page(found: dict[str, Chosen], drawn: Drawn) -> str:
    """The page, in Markdown."""
    lines = [
        "# The optimal majority",
        "",
        "Buchanan and Tullock (1962) weigh two costs of a voting rule. With few votes needed, a majority decides at the expense of "
        "the others. With many needed, agreement is slow, or fails. In between the sum of utilities should be highest. Here that "
        "curve is measured.",
        "",
        f"States bargain over the status quo's envelope under a closed rule with stationary continuation values. `{COMMAND}` "
        f"makes this page: {WORLDS} replications of each, seed {SEED}. The spec `runs/specs/optimal-majority.toml` runs the "
        "same as a batch.",
        "",
        f"![{drawn.description}](figures/majority.svg)",
        "",
        f"*{drawn.caption}*",
        "",
    ]
    for name, c in found.items():
        lines += [
            f"## If {FUNDING[name]} (`funding = {name}`)",
            "",
            "| in force | sum of utilities, EUR bn | standard error | years behind | "
            + " | ".join(f"prefer `{s}`" for s in c.scenarios)
            + " |",
            "|---|---|---|---|" + "---|" * len(c.scenarios),
        ]
        for i, rule in enumerate(c.scenarios):
            each = [
                "-"
                if i == j
                else f"{n} states, {c.population[i, j]:.0%}{' **adopted**' if c.replaces[i, j] else ''}"
                for j, n in enumerate(c.prefer[i])
            ]
            cells = [
                f"`{rule}`",
                number(c.utility_eur_bn[i]),
                number(c.error_eur_bn[i]),
                number(c.years_behind[i]),
                *each,
            ]
            lines.append(f"| {' | '.join(cells)} |")
        stable = ", ".join(f"`{s}`" for s in c.self_stable) or "none"
        lines += [
            "",
            f"Self-stable, because no other rule in the list is adopted under the rule itself: {stable}.",
            "",
        ]
        if c.left_out:
            lines += [f"Left out: {'; '.join(f'{n}: {why}' for n, why in c.left_out.items())}", ""]
    lines += [
        "## How far to believe it",
        "",
        "- The continuation values are solved to a residual of a few percent of the mean stake. Where a standard error of the "
        "values is large, as under unanimity, or several equilibria are found, the curve may move. The solver prints both.",
        "- The four rules differ by more than their number of states: two also ask for 65 % of the people.",
        "- All parameters are at their defaults.",
        "",
    ]
    return "\n".join(lines)


def _words(rule: str) -> str:
    return {"lisbon_qmv": "the Lisbon majority", "reinforced_qmv": "a reinforced majority"}.get(
        rule, rule.replace("_", " ")
    )


def write() -> None:
    """Run, and write the page and its figure."""
    found = {name: chosen(name) for name in FUNDING}
    drawn = figure(found)
    (HERE / "figures" / "majority.svg").write_text(svg(drawn), encoding="utf-8")
    (HERE / "MAJORITY.md").write_text(page(found, drawn), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.stdout.write(f"{COMMAND}\n")
