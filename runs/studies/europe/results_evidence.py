"""The second half of the page of results: calibration, prediction, patterns, ways to bid."""

from __future__ import annotations

from collections.abc import Mapping

from juste_retour.runs.base.numerals import number, span
from juste_retour.runs.studies.europe.odd import table
from juste_retour.runs.studies.europe.plain import PlainVerdict, Rows

BETWEEN = {"median": "median", "low": "5 %", "high": "95 %"}
SCORES = {
    "wave": "wave",
    "forecast": "forecast",
    "expected": "expected",
    "brier": "Brier",
    "log_score_sum": "log score",
}


def evidence_tables(found: PlainVerdict) -> list[str]:
    """Sections, from a verdict's plain values."""
    return [_fit(found), _hosts(found), _counts(found), _patterns(found), _elsewhere(found), _delays(found)]


def columns(rows: Rows, heads: Mapping[str, str], digits: int = 2) -> str:
    """A table of some columns of some rows."""
    return table(list(heads.values()), [[number(row.get(key), digits) for key in heads] for row in rows])


def _fit(found: PlainVerdict) -> str:
    narrow = sorted(found["parameters"], key=lambda row: -row["narrowed"])
    clear = [f"`{row['parameter']}`" for row in narrow if row["narrowed"] > 0.1]
    moments = {
        "moment": "moment",
        "observed": "observed",
        "prior_median": "prior",
        "prior_low": "5 % ",
        "prior_high": "95 % ",
        "prior_inside": "inside ",
        **{k: f"posterior, {v}" for k, v in BETWEEN.items()},
        "inside": "inside",
    }
    held = sum(bool(row["prior_inside"]) for row in found["moments"])
    heads = {"parameter": "parameter", "unit": "unit", "prior_low": "from", "prior_high": "to", **BETWEEN}
    return (
        "## What was fitted\n\n*Moments of the first two waves, each from fresh draws and fresh random numbers, prior beside "
        f"posterior. `juste-retour calibrate`, seed {found['calibration_seed']}.*\n\n"
        + columns(found["moments"], moments)
        + f"\n\nThe prior's interval holds {held} of {len(found['moments'])} observed moments already. What the fit narrows is "
        "the intervals, and it tests no mechanism: mechanisms and ranges were chosen with the nineteen sites in view.\n\n"
        "*What the two waves say of the parameters, weighted. `narrowed`: share of the prior's spread that they take away; "
        f"more than a tenth only for {', '.join(clear) or 'none'}.*\n\n"
        + columns(narrow, {**heads, "narrowed": "narrowed"})
    )


def _hosts(found: PlainVerdict) -> str:
    variants = sorted(found["bidding"], key=lambda row: row["wave"])
    names = {
        "states": "one dossier after the other per state (shipped)",
        "sites": "each campus its own dossier",
        "hosting_entities": "each campus its own, EuroHPC's hosts first",
    }
    rows = []
    for key, words in names.items():
        mine = [row for row in variants if row["dossiers"] == key]
        rows.append(
            [
                words,
                *(f"{row['log_score_sum']:.1f}, {row['brier']:.3f}" for row in mine),
                f"{sum(row['log_score_sum'] for row in mine):.1f}",
            ]
        )
    return (
        "## Who hosts, wave by wave\n\n*Each forecast sees the waves before its own only; the first wave is forecast from the "
        "prior. Log score: summed over the 27 states, 0 is perfect. Brier: mean squared error. Baselines are told the mean "
        "number of sites of the earlier waves.*\n\n"
        + columns(found["waves"], SCORES, 3)
        + f"\n\n{_beaten(found)}\n\n*Ways to bid that use what was known before the calls: log score and Brier score of the model, "
        "given each state's record, by wave; each calibrated anew on a sixth of the draws. The shipped way was not changed.*\n\n"
        + table(["who writes the bids", "wave 1", "wave 2", "wave 3", "log score, sum"], rows)
    )


def _beaten(found: PlainVerdict) -> str:
    rows = {row["forecast"]: row for row in found["third_wave"]}
    own = rows["the model, given each state's record"]
    by_log = [
        n
        for n, r in rows.items()
        if not n.startswith("the model") and r["log_score_sum"] > own["log_score_sum"]
    ]
    by_brier = [n for n, r in rows.items() if not n.startswith("the model") and r["brier"] < own["brier"]]
    best = max(
        (row for row in found["bidding"] if row["wave"] == 3), key=lambda row: float(row["log_score_sum"])
    )
    return (
        f"On the third wave the shipped model ({own['log_score_sum']:.1f} and {own['brier']:.3f}) has a worse log score than: "
        f"{', '.join(by_log) or 'none'}; a worse Brier score than: {', '.join(by_brier) or 'none'}. The best of the ways to bid "
        f'below has {best["log_score_sum"]:.1f} and {best["brier"]:.3f} (`agenda.dossiers = "{best["dossiers"]}"`); it was picked '
        "after the third wave was known."
    )


def _counts(found: PlainVerdict) -> str:
    counts = {
        "count": "count",
        "observed": "observed",
        **BETWEEN,
        "log_score": "log score",
        "as_many_as_before": "log score of as many as before",
    }
    past = {"forecast": "forecast", "expected": "expected", "brier": "Brier", "log_score": "log score, mean"}
    giga = [
        [row["bids"]]
        + [
            f"{number(row[f'{key}_median'])} ({span(row[f'{key}_low'], row[f'{key}_high'], number)})"
            for key in ("sites", "hosts", "committed_eur_bn", "years_behind")
        ]
        for row in found["gigafactories"]
    ]
    return (
        "## Counts, delays of earlier machines, gigafactories\n\n*Counts by the posterior of the first two waves.*\n\n"
        + columns(found["counts"], counts)
        + "\n\n*The model's delays on machines selected in 2019 and 2022: does each work by its announced date, and a year later?*\n\n"
        + columns(found["past"], {**past, "questions": "questions", "happened": "happened"}, 3)
        + f"\n\n*Gigafactories by who bids, {found['few']} draws; the plan is four to five. `firms` is what ships.*\n\n"
        + table(["bids", "sites", "hosts", "EUR bn committed", "years behind, mean of eight"], giga)
    )


def _patterns(found: PlainVerdict) -> str:
    rows = [p for p in found["patterns"] if p["group"] not in _scenarios(found)]
    asked = [p for p in rows if p["inside"] is not None]
    outside = [p["pattern"] for p in asked if not p["inside"]]
    by_prior = sum(bool(p.get("prior_inside")) for p in asked)
    heads = {
        "pattern": "pattern",
        "observed": "observed",
        "prior_median": "prior",
        "prior_low": "5 % ",
        "prior_high": "95 % ",
        "prior_inside": "inside ",
        **{k: f"posterior, {v}" for k, v in BETWEEN.items()},
        "inside": "inside",
        "restates": "restates",
    }
    free = [p for p in asked if not p["restates"]]
    return (
        f"## Patterns\n\nThe posterior's interval holds {len(asked) - len(outside)} of {len(asked)} observed values, the "
        f"uncalibrated prior's {by_prior}. Outside the posterior's: {'; '.join(outside) or 'none'}. Only {len(free)} of the "
        "patterns do not restate a fitted moment.\n\n" + columns(rows, heads) + "\n\n" + _notes(rows)
    )


def _scenarios(found: PlainVerdict) -> set[str]:
    return {row["scenario"] for row in found["presets"]}


def _elsewhere(found: PlainVerdict) -> str:
    rows = [p for p in found["patterns"] if p["group"] in _scenarios(found)]
    heads = {"group": "scenario", "pattern": "pattern", "observed": "observed", **BETWEEN, "inside": "inside"}
    return (
        "## Comparators beside real sites\n\n*Europe's sites and sum under American and Chinese institutions, and the gigafactories, "
        "beside sites that were built elsewhere and are no input.*\n\n"
        + columns(rows, heads)
        + "\n\n"
        + _notes(rows)
    )


def _notes(rows: Rows) -> str:
    said: dict[str, list[str]] = {}
    for row in rows:
        if row["note"]:
            said.setdefault(row["note"], []).append(row["pattern"])
    return "\n".join(f"- {'; '.join(dict.fromkeys(of))}: {note}." for note, of in said.items())


def _delays(found: PlainVerdict) -> str:
    heads = {
        "interval": "interval",
        "machines": "machines",
        "unfinished": "unfinished",
        "finished_median": "finished, median",
        "median": "all, median",
        "median_low": "5 %",
        "median_high": "95 %",
        "simulated_median": "model, median",
        "simulated_low": "of facilities, 5 %",
        "simulated_high": "95 % ",
    }
    return (
        "## Delays\n\n*Months of EuroHPC's machines, with the unfinished ones as censored, and of the model's facilities.*\n\n"
        + columns(found["delays"], heads, 1)
    )
