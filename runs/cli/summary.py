"""What `run --json` prints: one replication in full, several as medians with 5 % and 95 % quantiles."""

from __future__ import annotations

from collections.abc import Mapping

from juste_retour.abm.explanations.nothing_built import why_nothing
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.runs.base.numerals import plain
from juste_retour.runs.base.statistics import ranked_summary, summary, without_a_run
from juste_retour.runs.results.ensemble import Result
from juste_retour.runs.results.result_tables import TABLES

NOT_SHOWN = {"equilibria", "equilibrium", "expectation_error", "first_operation", "rounds"}
CAPABILITY = tuple(c.name for c in TABLES["worlds"] if c.name not in NOT_SHOWN)
STATES = ("sites", "accelerators", "received_eur_bn", "paid_eur_bn", "private_eur_bn")
FACILITIES = ("accelerators", "power_mw", "spend_eur_bn")


def as_json(result: Result, changes: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return a result as `run --json` prints it; `changes` are those of `--set`."""
    head = {
        "scenario": result.scenario.name,
        "seed": result.seed,
        "worlds": result.count,
        "replicate": result.first,
    }
    body = _one(result) if result.count == 1 else _many(result)
    return (
        head
        | {"changes": dict(changes or {})}
        | body
        | expectations(result)
        | ({"nothing_built": why} if (why := nothing_built(result)) else {})
        | {"worlds_without_a_run": without_a_run(result.worlds["years_behind"])}
    )


def expectations(result: Result) -> dict[str, object]:
    """Number of equilibria and uncertainty of the stationary values; empty if the scenario uses none."""
    worlds = result.worlds
    if worlds["equilibria"].isna().all():
        return {}
    return {
        "expectations": {
            "equilibria": str(worlds["equilibria"].iloc[0]),
            "equilibrium": int(worlds["equilibrium"].iloc[0]),
            "uncertainty": float(worlds["expectation_error"].iloc[0]),
        }
    }


def nothing_built(result: Result) -> str | None:
    """Why the first replication built nothing, in one sentence; None if any replication has a site."""
    if (result.worlds["sites"] > 0).any():
        return None
    run = Simulation(result.scenario, result.seed, [result.first], result.members, trace=True).run()
    return why_nothing(run.env, 0)


def _one(result: Result) -> dict[str, object]:
    world = result.worlds.iloc[0]
    return {
        "facilities": [
            {name: plain(row[name]) for name in ("site", "state", "city", "operational", *FACILITIES)}
            for row in result.facilities.to_dict("records")
        ],
        "states": [{name: plain(row[name]) for name in ("state", *STATES)} for row in result.states.to_dict("records")],
        "votes": [
            {name: row[name] for name in ("quarter", "agenda", "rule")}
            | {side: row[side].split() for side in ("yes", "no", "abstain")}
            | {"passed": bool(row["passed"])}
            for row in result.votes.to_dict("records")
        ],
        "capability": {name: plain(world[name]) for name in CAPABILITY if name in world},
    }


def _many(result: Result) -> dict[str, object]:
    codes = result.members.states.codes
    by_state = result.states.groupby("state", sort=False)
    return {
        "facilities": facilities(result),
        "states": [
            {"state": code} | {name: summary(rows[name]) for name in STATES}
            for code, rows in ((code, by_state.get_group(code)) for code in codes)
        ],
        "votes": [
            {
                "agenda": agenda,
                "rule": rule,
                "ballots": len(rows),
                "passed_share": float(rows["passed"].mean()),
            }
            for (agenda, rule), rows in result.votes.groupby(["agenda", "rule"], sort=False)
        ],
        "capability": {name: summary(result.worlds[name]) for name in CAPABILITY if name in result.worlds},
    }


def facilities(result: Result) -> list[dict[str, object]]:
    """One entry per site that any replication contracted: share of the replications, and sizes in these."""
    there = dict(list(result.facilities.groupby("site", sort=False)))
    entries = []
    for site in result.members.sites.names:
        rows = there.get(site)
        if rows is None:
            continue
        quarters = [plain(q) for q in rows["operational"]]
        entries.append(
            {"site": site, "state": rows["state"].iloc[0], "city": rows["city"].iloc[0]}
            | {"built_share": len(rows) / result.count}
            | {"operational": ranked_summary(quarters)}
            | {name: summary(rows[name]) for name in FACILITIES}
        )
    return entries
