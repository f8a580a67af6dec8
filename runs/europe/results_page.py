"""The page of results: prose over the verdict's numbers, none of them typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from juste_retour.runs.europe.claims import CLAIMS, FOUND, GAINS, HANGS, NOT_FOUND, STRUCTURAL
from juste_retour.runs.europe.forecasts import who_is_ahead
from juste_retour.runs.europe.odd import table
from juste_retour.runs.europe.plain import PlainFinding, PlainVerdict, Rows
from juste_retour.runs.europe.results_figures import FOLDER, results_figures
from juste_retour.runs.numerals import number, span, within

BETWEEN = {"median": "median", "low": "5 %", "high": "95 %"}
SCORES = {
    "forecast": "forecast",
    "expected": "expected",
    "brier": "Brier",
    "log_score": "log score",
    "model_less_this": "Brier, model less this",
    "low": "5 %",
    "high": "95 %",
}
QUO = "years behind in which the status quo ends, read three years after the essay"
WHOLE = "what the reform gains"
LEFT = "years behind that the reform leaves"
MONEY = {
    "committed_eur_bn": "EUR bn committed",
    "spend_eur_bn": "EUR bn spent",
    "unspent_eur_bn": "EUR bn unspent",
}
SUPERSEDED = (
    "**Superseded.** The numbers on this page read the race once, in 2028Q4, with equal envelopes and before access was an "
    "institution. The model now reports the mean lag over a window, also at equal spending; this page is not yet remade."
)
MOST = 12  # parameters listed by their share of the variance


def page(found: PlainVerdict) -> str:
    """The page, from a verdict's plain values."""
    parts = [_head(found), _in_short(found), _summary(found)]
    parts += [_claim(found, k) for k in CLAIMS]
    parts += [
        _presets(found),
        _fit(found),
        _prediction(found),
        _patterns(found),
        _matters(found),
        _doubts(found),
    ]
    return "\n\n".join(parts).rstrip() + "\n"


def _head(found: PlainVerdict) -> str:
    return f"""# The essay, claim by claim

{SUPERSEDED}

Made by `juste-retour verdict --write` and not by hand: {found["worlds"]} draws of the posterior of `runs/specs/calibration.toml` ({found["kept"]:,} of {found["draws"]:,} prior draws kept, the first two waves only), each with luck of its own (seed {found["seed"]}), on which the status quo, the reform and all mixtures of the two were run under {len(found["doubts"]) - 1} doubts about the model. Intervals are 90 % over the draws: they hold what the two waves leave open of the politics, and luck, but of all else only what the doubts vary.

A finding is **found** if it holds as the model stands and under every doubt, **hangs on a doubt** if some doubt about the machines takes it away, and is **not found** if it does not hold as the model stands, or flips with how actors expect or feel. It holds if its median is above the least that counts, which is stated, and at most one draw in ten says the contrary."""


def _in_short(found: PlainVerdict) -> str:
    by_name = {f["question"]: f for f in found["findings"]}
    shares = sorted((by_name[q] for q in GAINS.values()), key=lambda f: -f["median"])
    names = {question: group for group, question in GAINS.items()}
    said = ", ".join(f"{names[f['question']]} {within(f)}" for f in shares)
    status = [f["status"] for f in found["findings"]]
    return (
        "## In short\n\nUnder today's institutions Europe's best run is "
        f"{within(by_name[QUO])} years behind the frontier three years after the essay. The essay's reform would take "
        f"{within(by_name[WHOLE])} years off that with the same money, and leave {within(by_name[LEFT])}. Of what it takes "
        f"off, years by part of the institutions: {said}.\n\nOf {len(status)} findings {status.count(FOUND)} are found, "
        f"{status.count(HANGS)} hang on a doubt and {status.count(NOT_FOUND)} are not found.\n\n"
        + _figure(found, "parts")
    )


def _figure(found: PlainVerdict, name: str) -> str:
    drawn = results_figures(found)[name]
    return f"![{drawn.title}]({FOLDER}/{name}.svg)\n\n*{drawn.caption}*"


def _summary(found: PlainVerdict) -> str:
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


def _claim(found: PlainVerdict, claim: int) -> str:
    mine = [f for f in found["findings"] if f["claim"] == claim]
    lines = [f"## {claim}. {CLAIMS[claim]}", "", *(f"{k}. {_said(f)}" for k, f in enumerate(mine, 1))]
    more = {2: _geography, 3: _audit, 4: _window, 5: _money}
    if claim in more:
        lines += ["", more[claim](found)]
    return "\n".join([*lines, "", _by_doubt(mine)])


def _said(f: PlainFinding) -> str:
    verdict = {FOUND: "Found.", HANGS: "Hangs on a doubt."}.get(f["status"], "Not found.")
    text = (
        f"*{f['says']}* **{verdict}** {f['question'][0].upper()}{f['question'][1:]}: {within(f)} {f['unit']}, where more "
        f"than {number(f['least'])} counts"
    )
    known = {k: v for k, v in f["by_doubt"].items() if v is not None}
    low, high = min(known, key=lambda k: known[k]), max(known, key=lambda k: known[k])
    text += f"; over the doubts from {number(known[low])} ({low}) to {number(known[high])} ({high})."
    return text + (f" Otherwise under: {'; '.join(f['flips'])}." if f["flips"] else " No doubt changes that.")


def _by_doubt(mine: Sequence[PlainFinding]) -> str:
    rows = [
        [doubt]
        + [number(f["by_doubt"].get(doubt)) + (" (otherwise)" if doubt in f["flips"] else "") for f in mine]
        for doubt in dict.fromkeys(name for f in mine for name in f["by_doubt"])
    ]
    heads = ["doubt", *(f"{k} ({f['unit']})" for k, f in enumerate(mine, 1))]
    return "Medians under each doubt, in the order of the list above:\n\n" + table(heads, rows)


def _geography(found: PlainVerdict) -> str:
    flip, rows = found["geography_flips_at"], found["geography"]
    none = flip["median"] is None
    at = "at no exponent tried" if none else f"at an exponent of {number(flip['median'], 4)}"
    if not none and flip["median"] < rows[1]["exponent"]:
        at += ", in effect only if pooling cost nothing"
    return (
        "The status quo's sites training together with little communication, as a share of one campus with their chips, by "
        "the exponent at which efficiency falls with the number of sites (0.24 by the joint law of 2025, weak above "
        f"10B parameters). The two are equal {at}:\n\n{_figure(found, 'geography')}\n\n"
        + _table(rows, {"exponent": "exponent", **BETWEEN}, 3)
    )


def _audit(found: PlainVerdict) -> str:
    even = found["audit_break_even"]
    return (
        f"What audit buys: operators would have to lose {number(100 * even['median'], 0)} % of the money "
        f"({span(100 * even['low'], 100 * even['high'], lambda x: number(x, 0))} %) before the reform under audit first were "
        "as good as under operators who are judged by outcomes. Years behind by share of the money lost; the last row is "
        "audit first:\n\n" + _table(found["audit"], {"money_lost": "share lost", **BETWEEN})
    )


def _window(found: PlainVerdict) -> str:
    curve: dict[str, dict[str, str]] = {}
    for row in found["later"]:
        curve.setdefault(row["announced"], {"announced": row["announced"]})[row["read"]] = within(row)
    columns = list(next(iter(curve.values())))
    dates = [
        {"years_behind": row["years_behind"]}
        | {name: f"{row[key]:.1f}" if row[key] is not None else "-" for key, name in BETWEEN.items()}
        | {k: f"{100 * row[k]:.0f} %" for k in row if k[:2] == "20"}
        for row in found["structural"]
    ]
    at_once, late = (
        next(
            row["median"] for row in found["later"] if row["announced"] == when and row["read"] == columns[1]
        )
        for when in ("2026Q3", "2030Q3")
    )
    text = (
        "How much later a reform still pays. A reform announced at a date spends the same envelope in place of the "
        f"programme; years behind, read in 2034 and at its best within four years:\n\n{_figure(found, 'window')}\n\n"
        + _table(list(curve.values()), {c: c for c in columns})
        + "\n\nThe gap is *structural*, for a number of years, from the first announcement after which even the reform "
        "never gets below that many years behind within four years; the judgement above takes "
        f"{number(STRUCTURAL)}. Date, and share of the draws in which it is so by each announcement:\n\n"
        + _table(dates, {c: c.replace("_", " ") for c in dates[0]})
    )
    if late < at_once:
        text += (
            "\n\nA reform can be late in two senses: what it can reach recedes every year that it waits, but money spent "
            "once buys better chips later, so that read at one fixed date a later reform stands nearer to the frontier."
        )
    return text


def _money(found: PlainVerdict) -> str:
    return (
        "What more money would do for it, and for a planner who is free in the number of sites:\n\n"
        + _table(
            found["money"],
            {"envelope_eur_bn": "EUR bn", "scenario": "scenario", "sites": "sites", **BETWEEN},
        )
    )


def _presets(found: PlainVerdict) -> str:
    heads = {
        "scenario": "scenario",
        "sites": "sites",
        "hosts": "hosts",
        **{name: words for name, words in MONEY.items() if name in found["presets"][0]},
        "read": "read in",
        "largest_site_accelerators": "largest site",
        **{k: f"years behind, {v}" for k, v in BETWEEN.items()},
    }
    elsewhere = [p for p in found["patterns"] if p["group"] in {row["scenario"] for row in found["presets"]}]
    return (
        f"## Side by side\n\nEvery preset on the same draws and luck, medians:\n\n{_figure(found, 'scenarios')}\n\n"
        + _table(found["presets"], heads)
        + "\n\nMachines that stood already count: where no facility beats them by then, the lag is theirs and the same in "
        "every draw, so that many upper bounds are alike. A scenario whose median is that one adds nothing in most draws, "
        "and how badly it does is not measured.\n\nThe comparators beside real sites elsewhere, which are no input:\n\n"
        + _table(elsewhere, {"group": "scenario", **_PATTERN})
        + "\n\n"
        + _notes(elsewhere)
    )


def _fit(found: PlainVerdict) -> str:
    narrow = sorted(found["parameters"], key=lambda row: -row["narrowed"])
    clear = [f"`{row['parameter']}`" for row in narrow if row["narrowed"] > 0.1]
    return (
        "## What was fitted\n\nMoments of the first two waves, and what the kept draws give:\n\n"
        + _table(found["moments"], {"moment": "moment", "observed": "observed", **BETWEEN})
        + "\n\nWhat the two waves say of the parameters. *Narrowed* is the share of the prior's spread that they take away; "
        f"more than a tenth only for {', '.join(clear)}. All others are as open as before:\n\n"
        + _table(
            narrow,
            {
                "parameter": "parameter",
                "unit": "unit",
                "prior_low": "from",
                "prior_high": "to",
                **BETWEEN,
                "narrowed": "narrowed",
            },
        )
        + "\n\nDelays in months: EuroHPC's machines, those finished and all of them with the unfinished ones as censored, "
        "and the model's facilities:\n\n"
        + _table(
            found["delays"],
            {
                "interval": "interval",
                "machines": "machines",
                "unfinished": "unfinished",
                "finished_median": "finished, median",
                "median": "all, median",
                "median_low": "5 %",
                "median_high": "95 %",
                "simulated_median": "model, median",
                "simulated_low": "of facilities, 5 %",
                "simulated_high": "95 %",
            },
            1,
        )
    )


def _prediction(found: PlainVerdict) -> str:
    third, hosts = pd.DataFrame(found["third_wave"]), pd.DataFrame(found["hosts"])
    return (
        "## What was predicted\n\nThe third wave was never looked at. Counts, by the posterior from the first two waves:\n\n"
        + _table(
            found["counts"],
            {
                "count": "count",
                "observed": "observed",
                **BETWEEN,
                "log_score": "log score",
                "as_many_as_before": "log score of as many as before",
            },
        )
        + "\n\nWho is given a site in the third wave:\n\n"
        + _table(found["third_wave"], SCORES, 3)
        + "\n\nWho hosts after three waves:\n\n"
        + _table(found["hosts"], SCORES, 3)
        + f"\n\n{who_is_ahead(third, hosts)}\n\n"
        "The same delays on machines selected in 2019 and 2022: does each stand by its announced date, and a year later?\n\n"
        + _table(
            found["past"],
            {k: v for k, v in SCORES.items() if k in found["past"][0]}
            | {"questions": "questions", "happened": "happened"},
            3,
        )
    )


_PATTERN = {"pattern": "pattern", "observed": "observed", **BETWEEN, "inside": "inside"}


def _patterns(found: PlainVerdict) -> str:
    presets = {row["scenario"] for row in found["presets"]}
    rows = [p for p in found["patterns"] if p["group"] not in presets]
    asked = [p for p in rows if p["inside"] is not None]
    outside = [p["pattern"] for p in asked if not p["inside"]]
    said = f"{len(asked) - len(outside)} of {len(asked)} observed values lie in the 90 % interval of the simulated worlds"
    said += f"; outside: {'; '.join(outside)}." if outside else "."
    return (
        f"## Patterns that nothing was fitted to\n\n{said}\n\n"
        + _table(rows, {"group": "kind", **_PATTERN})
        + "\n\n"
        + _notes(rows)
    )


def _notes(rows: Rows) -> str:
    said: dict[str, list[str]] = {}
    for row in rows:
        if row["note"]:
            said.setdefault(row["note"], []).append(row["pattern"])
    return "\n".join(f"- {'; '.join(dict.fromkeys(of))}: {note}." for note, of in said.items())


def _matters(found: PlainVerdict) -> str:
    parts = []
    for outcome in dict.fromkeys(row["outcome"] for row in found["matters"]):
        rows = sorted((r for r in found["matters"] if r["outcome"] == outcome), key=lambda r: -r["total"])
        clear = sum(r["total_low"] > 0.01 for r in rows)
        parts.append(
            f"**{outcome[0].upper()}{outcome[1:]}** (standard deviation {number(rows[0]['spread'])} years, luck's share "
            f"{number(rows[0]['luck'])}). Of {len(rows)} factors {clear} surely make more than a hundredth of the "
            f"variance; the first {min(MOST, len(rows))}:\n\n"
            + _table(
                rows[:MOST],
                {
                    "factor": "factor",
                    "first": "alone",
                    "first_low": "2.5 %",
                    "first_high": "97.5 %",
                    "total": "with interactions",
                    "total_low": "2.5 %",
                    "total_high": "97.5 %",
                },
            )
        )
    return (
        "## Which assumed parameters matter\n\nSobol indices: each factor's share of an outcome's variance when every "
        "parameter that is assumed or estimated is drawn from its plausible range, and the politics from the posterior; "
        f"{found['base']} base points, two worlds a point. Doubts about the frontier and the pooling exponent are not in "
        "it.\n\n" + "\n\n".join(parts)
    )


def _doubts(found: PlainVerdict) -> str:
    rows = [
        {
            "doubt": d["name"],
            "about": d["kind"],
            "what changes": ", ".join(f"`{k} = {v}`" for k, v in d["changes"].items()) or "nothing",
            "draws that it moves": f"{number(100 * d['moves'], 1)} %",
            "left out": f"{number(100 * d['left_out'], 1)} %",
        }
        for d in found["doubts"]
    ]
    idle = [d["name"] for d in found["doubts"][1:] if d["moves"] < 0.01]
    said = "\n\nLeft out are draws for which no stationary values were found."
    if idle:
        said += f" A finding that survives a doubt which moves nothing has not been tested by it: {'; '.join(idle)}."
    said += (
        " Expectations of what bargaining on would bring enter only where an offer may be made again, in the two questions "
        "in which the Commission proposes; in the call nothing is bargained over."
    )
    return (
        "## The doubts\n\n"
        + _table(rows, {k: k for k in rows[0]})
        + said
        + "\n\nNot varied here, and so not in any interval: correlated failures, training that is not pretraining, what "
        "the race is worth (a prior that the factories say nothing about), and the frontier's growth after the powers "
        "announced today are used up."
    )


def _table(rows: Rows, columns: Mapping[str, str], digits: int = 2) -> str:
    return table(list(columns.values()), [[number(row.get(key), digits) for key in columns] for row in rows])
