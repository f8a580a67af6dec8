"""Single swaps from the status quo: change one rule at a time, with common random numbers; prints the table of abm/README.md.

Every shipped rule of every family is tried. Rules with the same results share a row, and rules that change nothing are
listed below the table, as are those that do not go with the status quo's other rules, with the reason.

uv run python -m juste_retour.runs.benchmarks.single_swaps
"""

import numpy as np

from juste_retour.abm import catalog
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

WORLDS = 64
BASE = "eu-status-quo"
ALSO: tuple[dict[str, object], ...] = (
    {"agenda": "planner", "agenda.objective": "welfare"},
    {"agenda": "single_decider", "decider": "DE"},
    {"agenda": "commission_proposal", "funding": "gni_key"},
    {"agenda": "closed_rule", "funding": "gni_key"},
)


def swaps() -> list[dict[str, object]]:
    assert catalog
    usual = load(BASE).rules
    found: list[dict[str, object]] = [{}]
    for name, family in FAMILIES.items():
        found += [{name: rule} for rule in family.rules if rule != usual[name].rule]
        found += [more for more in ALSO if next(iter(more)) == name]
    return found


def table(worlds: int = WORLDS) -> str:
    """The table in Markdown, with the rules that change nothing and those that are invalid below it."""
    base = load(BASE)
    rows: dict[str, list[str]] = {}
    refused = []
    for swap in swaps():
        name = ", ".join(f"`{k} = {v}`" for k, v in swap.items()) or "status quo"
        try:
            w = run(base.changed(swap), 0, range(worlds)).worlds
        except BadInput as error:
            refused.append(f"{name}: {error}")
            continue
        median = {k: float(np.median(v)) for k, v in w.items()}
        row = (
            f"{median['sites']:.0f} | {median['hosts']:.0f} | {median['spend_eur_bn']:.1f} "
            f"| {median['aggregate_accelerators']:,.0f} | {median['largest_run_flop']:.1e} "
            f"| {median['years_behind']:.2f} | {median['price_of_politics']:.2f}"
        )
        rows.setdefault(row, []).append(name)
    (_, usual), *others = rows.items()
    lines = [
        "| swap | sites | hosts | spend, EUR bn | accelerators | largest run, FLOP | years behind | price of politics |",
        "|---|---|---|---|---|---|---|---|",
        f"| status quo | {next(iter(rows))} |",
    ]
    lines += [f"| {'; '.join(names)} | {row} |" for row, names in others]
    lines += ["", "The same as the status quo: " + ", ".join(usual[1:]) + "."]
    if refused:
        lines += ["", "Refused:", "", *(f"- {line}" for line in refused)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
