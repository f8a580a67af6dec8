"""The page of results: prose over the verdict's numbers, none of them typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runs.europe.claims import CLAIMS, FOUND, HANGS, STRUCTURAL
from runs.europe.odd import table
from runs.printing import brief

Rows = Sequence[Mapping[str, Any]]
BETWEEN = {"median": "median", "low": "5 %", "high": "95 %"}


def number(value: Any, digits: int = 2) -> str:
    """A number in few digits, a text as it is, a dash for what is not known."""
    if value is None or isinstance(value, str):
        return value or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    value = float(value)
    return (
        brief(value) if abs(value) >= 100 or value != value else f"{value:.{digits}f}".rstrip("0").rstrip(".")
    )


def within(row: Mapping[str, Any]) -> str:
    """A median with its 90 % interval."""
    return f"{number(row['median'])} ({number(row['low'])} to {number(row['high'])})"


def page(found: Mapping[str, Any]) -> str:
    """The page, from a verdict's plain values."""
    parts = [_head(found), _summary(found)]
    parts += [_claim(found, k) for k in CLAIMS]
    parts += [_presets(found), _doubts(found)]
    return "\n\n".join(parts).rstrip() + "\n"


def _head(found: Mapping[str, Any]) -> str:
    return f"""# The essay, claim by claim

Made by `juste-retour verdict --write` and not by hand: {found["worlds"]} draws of the posterior of `runs/specs/calibration.toml` ({found["draws"]:,} prior draws, the first two waves only), each with luck of its own (seed {found["seed"]}), on which the status quo, the reform and all mixtures of the two were run under {len(found["doubts"]) - 1} doubts about the model. Intervals are 90 % over the draws: they hold what the two waves leave open of the politics, and luck, but of all else only what the doubts vary.

A finding is **found** if it holds as the model stands and under every doubt, **hangs on a doubt** if some doubt about the machines takes it away, and is **not found** if it does not hold as the model stands, or flips with how actors expect or feel."""


def _summary(found: Mapping[str, Any]) -> str:
    rows = [
        [
            str(f["claim"]),
            f["question"],
            f"{within(f)} {f['unit']}",
            f["status"],
            "; ".join(f["flips"]) or "none",
        ]
        for f in found["findings"]
    ]
    return "## In one table\n\n" + table(["claim", "what", "how much", "verdict", "flips if"], rows)


def _claim(found: Mapping[str, Any], claim: int) -> str:
    lines = [f"## {claim}. {CLAIMS[claim]}", ""]
    for f in found["findings"]:
        if f["claim"] == claim:
            lines.append(f"- {_said(f)}")
    more = {2: _geography, 3: _audit, 4: _window, 5: _money}
    if claim in more:
        lines += ["", more[claim](found)]
    return "\n".join(lines)


def _said(f: Mapping[str, Any]) -> str:
    verdict = {FOUND: "Found.", HANGS: "Hangs on a doubt."}.get(f["status"], "Not found.")
    text = (
        f"*{f['says']}* **{verdict}** {f['question'][0].upper()}{f['question'][1:]}: {within(f)} {f['unit']}"
    )
    known = {k: v for k, v in f["by_doubt"].items() if v is not None and v == v}
    low, high = min(known, key=lambda k: known[k]), max(known, key=lambda k: known[k])
    text += f"; over the doubts from {number(known[low])} ({low}) to {number(known[high])} ({high})."
    if f["flips"]:
        text += f" It would be otherwise if {_either(f['flips'])}."
    return text


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" or {names[-1]}"


def _geography(found: Mapping[str, Any]) -> str:
    flip, rows = found["geography_flips_at"], found["geography"]
    return (
        "Nineteen sites that train together with little communication, against one campus with their chips, by the "
        "exponent at which efficiency falls with the number of sites (0.24 by the joint law of 2025, weak above "
        f"10B parameters). The two are equal at an exponent of {number(flip['median'], 4)}: in effect only if it were nothing.\n\n"
        + _table(rows, {"exponent": "exponent", **BETWEEN}, 3)
    )


def _audit(found: Mapping[str, Any]) -> str:
    even = found["audit_break_even"]
    return (
        f"What audit buys: operators would have to lose {number(100 * even['median'], 0)} % of the money "
        f"({number(100 * even['low'], 0)} to {number(100 * even['high'], 0)} %) before the reform under audit first were "
        "as good as under operators who are judged by outcomes. Years behind by share of the money lost; the last row is "
        "audit first:\n\n" + _table(found["audit"], {"money_lost": "share lost", **BETWEEN})
    )


def _window(found: Mapping[str, Any]) -> str:
    curve: dict[str, dict[str, Any]] = {}
    for row in found["later"]:
        curve.setdefault(row["announced"], {"announced": row["announced"]})[row["read"]] = within(row)
    columns = list(next(iter(curve.values())))
    dates = [
        {"years_behind": row["years_behind"], "from": within(row)}
        | {k: f"{100 * row[k]:.0f} %" for k in row if k[:2] == "20"}
        for row in found["structural"]
    ]
    return (
        "How much later a reform still pays. A reform announced at a date spends the same envelope in place of the "
        "programme; years behind, read in 2034 and at its best within four years:\n\n"
        + _table(list(curve.values()), {c: c for c in columns})
        + "\n\nThe gap is *structural*, for a number of years, from the first announcement after which even the reform "
        "never gets below that many years behind within four years; the judgement above takes "
        f"{number(STRUCTURAL)}. Date, and share of the draws in which it is so by each announcement:\n\n"
        + _table(dates, {c: c.replace("_", " ") for c in dates[0]})
        + "\n\nA reform can be late in two senses: what it can reach recedes every year that it waits, but money spent "
        "once buys better chips later, so that read at one fixed date a later reform stands nearer to the frontier."
    )


def _money(found: Mapping[str, Any]) -> str:
    return (
        "What more money would do for it, and for a planner who is free in the number of sites:\n\n"
        + _table(
            found["money"],
            {"envelope_eur_bn": "EUR bn", "scenario": "scenario", "sites": "sites", **BETWEEN},
        )
    )


def _presets(found: Mapping[str, Any]) -> str:
    heads = {
        "scenario": "scenario",
        "sites": "sites",
        "hosts": "hosts",
        "spend_eur_bn": "EUR bn spent",
        "largest_site_accelerators": "largest site",
        **{k: f"years behind, {v}" for k, v in BETWEEN.items()},
    }
    return (
        "## Side by side\n\nEvery preset on the same draws and luck, medians; `juste-retour patterns` sets the comparators "
        "beside real sites elsewhere.\n\n" + _table(found["presets"], heads)
    )


def _doubts(found: Mapping[str, Any]) -> str:
    rows = [
        {
            "doubt": d["name"],
            "about": d["kind"],
            "what changes": ", ".join(f"`{k} = {v}`" for k, v in d["changes"].items()) or "nothing",
        }
        for d in found["doubts"]
    ]
    return (
        "## The doubts\n\n"
        + _table(rows, {k: k for k in rows[0]})
        + "\n\nNot varied here, and so not in any interval: correlated failures, training that is not pretraining, what "
        "the race is worth (a prior that the factories say nothing about), and the frontier's growth after the powers "
        "announced today are used up."
    )


def _table(rows: Rows, columns: Mapping[str, str], digits: int = 2) -> str:
    return table(list(columns.values()), [[number(row.get(key), digits) for key in columns] for row in rows])
