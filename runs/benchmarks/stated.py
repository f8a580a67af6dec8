"""Sentences with numbers in the READMEs: each is computed from runs, and names its command, seed and replications.

    uv run python -m juste_retour.runs.benchmarks.stated [NAME ...] [--write]

A page has a sentence between `<!-- stated: NAME -->` and `<!-- /stated -->`; `--write` replaces it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from juste_retour.abm.delivery.operations import audit_first
from juste_retour.abm.outcomes import Outcomes, run
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Floats
from juste_retour.runs.benchmarks import delivery_numbers, politics_numbers, single_swaps
from juste_retour.runs.results.paired import Paired

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "uv run python -m juste_retour.runs.benchmarks.stated"
SEED = 0


@dataclass(frozen=True)
class Statement:
    """A sentence of a page and the function that computes it."""

    name: str
    page: str
    text: Callable[[], str]


def _played(changes: dict[str, object], worlds: int) -> Outcomes:
    return run(load("eu-status-quo").changed(changes), SEED, range(worlds), price=False)


def _lags(scenarios: list[Scenario], seed: int, worlds: int) -> Floats:
    """Years behind, (scenarios, worlds)."""
    paired = Paired(scenarios, seed, None, ["years_behind"])
    paired.extend(worlds)
    return paired.values["years_behind"]


def common_draws(worlds: int = 512) -> str:
    """The share of the variance that common random numbers remove, by swapped rule."""
    swaps = {
        "operations = operator_led": {"operations": "operator_led"},
        "access = dedicated": {"access": "dedicated"},
        "procurement = rapid": {"procurement": "rapid"},
        "entitlement = one_each": {"entitlement": "one_each"},
        "agenda = commission_proposal": {"agenda": "commission_proposal"},
    }
    base = load("eu-status-quo")
    scenarios = [base, *(base.changed(swap) for swap in swaps.values())]
    one, other = (_lags(scenarios, seed, worlds) for seed in (1, 2))
    saved = {}
    for k, name in enumerate(swaps, 1):
        paired, apart = (one[k] - one[0]).var(ddof=1), (one[k] - other[0]).var(ddof=1)
        saved[name] = 1 - paired / apart
    said = ", ".join(f"{round(100 * share)} % for `{name}`" for name, share in saved.items())
    return (
        f"Common random numbers save this share of the variance of the difference in `years_behind`: {said} ({worlds} "
        f"replications, seeds 1 and 2, `{COMMAND} common-draws`)."
    )


def side_payments(worlds: int = 100) -> str:
    """The effect of side payments under unanimity."""
    how = {"agenda": "closed_rule", "funding": "gni_key", "voting": "unanimity"}
    without, paid = (_played(how | {"side_payments": on}, worlds) for on in (False, True))
    given = np.maximum(np.asarray(paid.states["transfer_eur_bn"]), 0).sum(-1)
    sites = [float(np.mean(found.worlds["sites"])) for found in (without, paid)]
    lags = [np.asarray(found.worlds["years_behind"]) for found in (without, paid)]
    return (
        f"Under unanimity (`closed_rule`, `gni_key`) side payments change the mean number of sites from {sites[0]:.1f} to "
        f"{sites[1]:.1f} and the mean of `years_behind` from {lags[0].mean():.2f} to {lags[1].mean():.2f}. They are paid in "
        f"{100 * (given > 0).mean():.0f} % of the replications, EUR {1000 * given[given > 0].mean():.0f} m each on average "
        f"({worlds} replications, seed {SEED}, `{COMMAND} side-payments`)."
    )


BEHAVIORS: dict[str, dict[str, object]] = {
    "Defaults": {},
    "`consensus_norm = 0.8`": {"consensus_norm": 0.8},
    "`inequality_aversion = 0.75`": {"inequality_aversion": 0.75},
    "`vote = probabilistic`": {"vote": "probabilistic"},
    "`expect = stationary`": {"expect": "stationary"},
}


def behavior(worlds: int = 100) -> str:
    """Yes votes, sites and rounds, by behavior of the states."""
    how = {"agenda": "closed_rule", "funding": "gni_key", "voting": "lisbon_qmv"}
    said = []
    for name, changes in BEHAVIORS.items():
        found = _played(how | changes, worlds)
        yes_votes = np.concatenate([ballot.yes.sum(-1)[ballot.passed] for ballot in found.votes])
        votes = float(yes_votes.mean()) if len(yes_votes) else 0.0
        sites, rounds = (float(np.mean(found.worlds[key])) for key in ("sites", "rounds"))
        said.append(f"{name}: {votes:.1f}, {sites:.1f}, {rounds:.1f}")
    return (
        "Mean numbers of yes votes in ballots that pass, of sites and of rounds, under `closed_rule`, `gni_key` and `lisbon_qmv`. "
        f"{'; '.join(said)} ({worlds} replications, seed {SEED}, `{COMMAND} behavior`)."
    )


def consultation(worlds: int = 48) -> str:
    """Noes, sites and lag where states bargain, without and with a consultation before the ballot."""
    lines = [
        "| agenda, funding | consultation | noes | unanimous | sites | years behind |",
        "|---|---|---|---|---|---|",
    ]
    for funding in ("host_matches_half", "gni_key"):
        for agenda in ("closed_rule", "open_rule", "commission_proposal", "compromise"):
            for way in ("none", "outcome", "consensus"):
                how: dict[str, object] = {
                    "agenda": agenda,
                    "funding": funding,
                    "voting": "lisbon_qmv",
                    "consultation": way,
                }
                found = _played(how, worlds)
                noes = np.concatenate([ballot.no.mean(-1)[ballot.passed] for ballot in found.votes])
                sites, lag = (float(np.mean(found.worlds[key])) for key in ("sites", "years_behind"))
                lines.append(
                    f"| `{agenda}`, `{funding}` | {way} | {100 * noes.mean():.0f} % | {100 * (noes == 0).mean():.0f} % | "
                    f"{sites:.1f} | {lag:.2f} |"
                )
    return (
        "Share of noes in the votes on plans that pass, and share of these plans without a no, under `lisbon_qmv` "
        f"({worlds} replications, seed {SEED}, `{COMMAND} consultation`).\n\n" + "\n".join(lines)
    )


def returns(worlds: int = 100) -> str:
    """The share of states with a fair return."""
    found = run(load("juste-retour-strict"), SEED, range(worlds), price=False)
    paid, got = (np.asarray(found.states[key]) for key in ("paid_eur_bn", "received_eur_bn"))
    payers = paid > 0.04
    fair = got[payers] >= 0.979 * paid[payers]
    return (
        f"Under `juste-retour-strict` {100 * fair.mean():.0f} % of the states that pay more than EUR 40 m get back at least "
        f"0.979 of it ({worlds} replications, seed {SEED}, `{COMMAND} returns`)."
    )


def swaps() -> str:
    """The table of single swaps."""
    return (
        f"Medians of {single_swaps.WORLDS} replications, seed 0, one rule of `eu-status-quo` swapped at a time with common random "
        f"numbers (`{COMMAND} swaps`). Years behind are the mean over the window.\n\n{single_swaps.table()}"
    )


def coalitions(vectors: int = 1000) -> str:
    """How close the cost of the coalition that is found comes to the optimum."""
    gaps, all_win = politics_numbers.coalition_gaps(vectors, SEED)
    return (
        f"On {vectors:,} random price vectors under `{politics_numbers.RULE}` with its blocking clause the search costs "
        f"{100 * gaps.mean():.3f} % more than the integer optimum on average and {100 * gaps.max():.1f} % at most. It finds the "
        f"optimum in {100 * (gaps < 1e-12).mean():.0f} %, and {'every coalition wins' if all_win else 'not every coalition wins'} "
        f"({vectors:,} vectors, seed {SEED}, `{COMMAND} coalitions`)."
    )


def power_and_money(worlds: int = 200) -> str:
    """The correlation of voting power with what states receive."""
    pie = politics_numbers.explained(politics_numbers.pie_shares(0.95))
    shares = {}
    for expect in ("stationary", "status_quo"):
        got, net = politics_numbers.receipts(expect, worlds, SEED)
        shares[expect] = [round(100 * politics_numbers.explained(values)) for values in (got, net)]
    return (
        f"On a pie under `{politics_numbers.RULE}` with equal recognition, R² of stationary shares with the Shapley–Shubik "
        f"index is {pie:.3f} (patience 0.95; all coalitions are compared, and no proposer could gain more than a billionth by "
        f"another one). In the Council (`closed_rule`, `gni_key`, `{politics_numbers.RULE}`) the index "
        f"explains {shares['stationary'][0]} % of the variance of what states receive and {shares['stationary'][1]} % of what they "
        f"receive less what they pay, if they expect the stationary values; if they expect the status quo, "
        f"{shares['status_quo'][0]} and {shares['status_quo'][1]} % ({worlds} replications, seed {SEED}, `{COMMAND} power`)."
    )


def pools(draws: int = 160) -> str:
    """How often a pooling rule's choice of sites is the best one."""
    fleet = delivery_numbers.drawn_fleet(draws, SEED)
    said = []
    for rule in ("synchronous", "low_communication", "best_of"):
        lost = delivery_numbers.pool_losses(rule, fleet)
        said.append(
            f"in {100 * (lost < 1e-9).mean():.0f} % of the draws under `{rule}`, at most {100 * lost.max():.0f} % slower"
        )
    return (
        f"Against all subsets of {delivery_numbers.SITES} sites of very unequal size, with every parameter drawn from its range, "
        f"the set that a rule takes is the best one {'; '.join(said)} ({draws} draws, seed {SEED}, `{COMMAND} pools`)."
    )


def jobs() -> str:
    """The largest useful job if repairs wait for an audit."""
    usual, more = (
        delivery_numbers.largest_job(practice) for practice in (audit_first(), audit_first(person_share=0.2))
    )
    return (
        f"Under `audit_first` one job on more than {usual / 1000:,.0f},000 chips would do better on fewer, and on more than "
        f"{more / 1000:,.0f},000 if a fifth of the interruptions need a person (no random draws, `{COMMAND} jobs`)."
    )


STATEMENTS = (
    Statement("swaps", "abm/README.md", swaps),
    Statement("common-draws", "runs/README.md", common_draws),
    Statement("side-payments", "abm/politics/README.md", side_payments),
    Statement("behavior", "abm/politics/README.md", behavior),
    Statement("consultation", "abm/politics/README.md", consultation),
    Statement("returns", "abm/politics/README.md", returns),
    Statement("coalitions", "abm/politics/README.md", coalitions),
    Statement("power", "abm/politics/README.md", power_and_money),
    Statement("pools", "abm/delivery/README.md", pools),
    Statement("jobs", "abm/delivery/README.md", jobs),
)


def marks(name: str) -> tuple[str, str]:
    """The marks before and after a sentence in its page."""
    return f"<!-- stated: {name} -->", "<!-- /stated -->"


def shown(statement: Statement) -> str:
    """The sentence that is in its page."""
    begin, end = marks(statement.name)
    return (ROOT / statement.page).read_text(encoding="utf-8").split(begin)[1].split(end)[0].strip()


def write(statement: Statement, text: str) -> None:
    """Replace a sentence in its page."""
    path = ROOT / statement.page
    begin, end = marks(statement.name)
    before, rest = path.read_text(encoding="utf-8").split(begin)
    path.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")


def renew(statements: Sequence[Statement], about: str | None) -> None:
    """Print the sentences named on the command line, or all; with `--write`, also replace them in their pages."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("names", nargs="*", choices=[[], *(s.name for s in statements)])
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    for statement in statements:
        if asked.names and statement.name not in asked.names:
            continue
        text = statement.text()
        print(text)
        if asked.write:
            write(statement, text)


if __name__ == "__main__":
    renew(STATEMENTS, __doc__)
