"""The sections that doubt the measure: growth, thresholds and the price on the page of results, the others on further tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from juste_retour.runs.base.numerals import number, span, within
from juste_retour.runs.studies.europe.checks import EDGE, LEVELS
from juste_retour.runs.studies.europe.claims import LEVEL, READ_AS, WINDOWS
from juste_retour.runs.studies.europe.odd import table
from juste_retour.runs.studies.europe.plain import PlainAnswer, PlainFinding, PlainVerdict, Row

AS_ASKED = "as asked"
FIRST = 8  # parameters that the table of defaults names
QUO, LEFT, GAIN = (
    "years behind under the status quo",
    "years behind that the reform leaves",
    "what the reform gains",
)
READINGS = {QUO: "status quo", LEFT: "reform", GAIN: "gain"}


def checks_tables(found: PlainVerdict) -> list[str]:
    """Sections of the page of results, from a verdict's plain values."""
    return ["# Checks of the measure", _growth(found), _price(found)]


def further_checks(found: PlainVerdict) -> list[str]:
    """Sections of the page of further tables."""
    return [_thresholds(found), _defaults(found), _idle(found), _readings(found), _sites(found)]


def moving(found: PlainVerdict) -> list[Row]:
    """The drawn parameters that change an outcome."""
    return [row for row in found["ranges"] if row["changes"]]


def other_levels(found: PlainVerdict) -> str:
    """How many findings would be supported by other thresholds."""
    by = {(row["level"], row["least"]): row["supported"] for row in found["thresholds"]}
    own = round(100 * LEVEL)
    levels = [f"{by[level, AS_ASKED]} at {level} %" for level in LEVELS if level != own]
    return f"Supported would be {' and '.join(levels)}, {by[own, 'half']} with half the least effects and {by[own, 'twice']} with twice."


def _defaults(found: PlainVerdict) -> str:
    wide = [row for row in found["ranges"] if row["place"] is not None]
    edge = [row for row in wide if not EDGE < row["place"] < 1 - EDGE]
    first = found["defaults"][0]
    rows = [
        [row["outcome"], number(row["default"]), number(row["politics"]), number(row["drawn"])]
        for row in found["defaults"]
    ]
    heads = [
        "median",
        f"all defaults, {first['default_draws']} replications",
        f"politics drawn, {first['politics_draws']} draws",
        f"all drawn, {first['drawn_draws']} draws",
    ]
    return (
        "## Defaults and medians\n\n`juste-retour run`, the app and the READMEs show the defaults; the findings are medians over "
        f"draws. {len(edge)} of {len(wide)} drawn parameters have their default in the outer {100 * EDGE:.0f} % of their range "
        f"or outside it: {_listed([row['parameter'] for row in edge])}. Most of these ranges are one-sided: the default is what is "
        "customary or the best case, and only one direction is plausible.\n\n*The same outcomes by what is drawn.*\n\n"
        + table(heads, rows)
        + "\n\n"
        + _movers(found)
    )


def _movers(found: PlainVerdict) -> str:
    def size(row: Row) -> float:
        return float(max(abs(row[key]) for key in ("status_quo", "reform", "gain")))

    about = {row["parameter"]: row for row in found["ranges"]}
    rows = []
    for row in sorted(found["middle"], key=lambda r: -size(r))[:FIRST]:
        these = [about[name] for name in row["parameter"].split(" and ")]
        rows.append(
            [
                ", ".join(f"`{r['parameter']}`" for r in these),
                ", ".join(number(r["default"]) for r in these),
                ", ".join(span(r["low"], r["high"], number) for r in these),
                "; ".join(dict.fromkeys(r["source"] for r in these)),
                *(_signed(row[key]) for key in ("status_quo", "reform", "gain")),
            ]
        )
    total = ["all, added up", "", "", ""]
    total += [_signed(sum(r[key] for r in found["middle"])) for key in ("status_quo", "reform", "gain")]
    heads = ["parameter", "default", "range", "source", "status quo", "reform", "gain"]
    return (
        f"*Years that change if a parameter alone goes from its default to the middle of its range: the {FIRST} that change most, "
        f"medians of {max(found['few'] // 2, 2)} draws of the politics, equal envelopes. Parameters that rules share move together.*\n\n"
        + table(heads, [*rows, total])
        + "\n\nWhere the source is *assumed*, the default and the range are equally so, and the draws, which include worse values, are "
        "the more cautious of the two."
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}"


def _idle(found: PlainVerdict) -> str:
    moved, every = moving(found), found["ranges"]
    flat = [row["parameter"] for row in every if row["place"] is None]
    idle = [row["parameter"] for row in every if not row["changes"] and row["parameter"] not in flat]
    small = [row for row in moved if max(row["status_quo"], row["reform"]) < 0.01]
    return (
        f"## Drawn parameters that change nothing\n\n{len(every)} parameters are drawn. {len(moved)} of them change an outcome "
        "on which a finding rests if they alone go to an end of their range, under the status quo, the reform or a Commission "
        f"proposal, in at least one of {found['moved_draws']} draws. {len(small)} of these change years behind by less than 0.01 in these draws. "
        f"No width: {_listed(flat)}. No effect in these draws: {_listed(idle)}. Some of these could matter in other draws, or under "
        "the Baron-Ferejohn protocol, which is not tried here because its equilibria take long to solve. The number of drawn "
        "parameters does not say how much was varied."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _growth(found: PlainVerdict) -> str:
    bands: dict[str, dict[str, Row]] = {}
    for row in found["growth"]:
        bands.setdefault(row["growth"], {})[row["outcome"]] = row
    names = ("status_quo", "reform", "named", "gain", "gain_envelopes")
    rows = [
        [band, str(of["gain"]["draws"]), *(within(of[name]) for name in names)] for band, of in bands.items()
    ]
    heads = [
        "growth a year",
        "draws",
        "status quo",
        "reform",
        "gain, named parts",
        "gain",
        "gain, equal envelopes",
    ]
    return (
        "## The frontier's growth\n\nA run that is smaller than the frontier of mid-2025, as today's is, was reached by the frontier "
        "before that date: its lag at mid-2025 is ln(anchor / run) / ln(growth) with the growth before 2025, which is known to be 4 "
        "to 5 a year (Sevilla and Roldán 2024) and drawn from there. The growth after it is drawn apart, from 2 to 5; larger runs are "
        "dated by it.\n\n*Years at equal spending over five years unless stated, by the drawn growth after mid-2025: the same "
        "draws as above, median and 90 %.*\n\n" + table(heads, rows)
    )


def _readings(found: PlainVerdict) -> str:
    named: Mapping[str, PlainFinding] = {f["question"]: f for f in found["findings"]}
    rows = []
    for equal in ("spending", "envelopes"):
        for words, name in (
            *((f"{years} years", f"mean of {years} years") for years in WINDOWS),
            *((words, words) for words in READ_AS.values()),
        ):
            rows.append(
                [f"equal {equal}", name, *(within(_answer(named[q], equal, words)) for q in READINGS)]
            )
    best = _answer(named[LEFT], "envelopes", READ_AS["least"])
    return (
        "## Other readings of the same runs\n\nThe mean over five years counts the years before any new machine works, when every "
        "scenario has the lag of the machines that stand. A reform whose lag fell to zero on delivery would still have "
        "the years before in its mean, so that the mean alone cannot show whether Europe catches up. In its best quarter the "
        f"reform with the full envelope is {within(best)} years behind, and more than a year in "
        f"{number(100 * best['share_above'], 0)} % of the draws.\n\n*Years behind by what is read, median and 90 % of the draws.*\n\n"
        + table(["comparison", "read", *READINGS.values()], rows)
    )


def _answer(finding: PlainFinding, equal: str, words: str) -> PlainAnswer:
    """A finding's answer in a comparison and a reading."""
    if (equal, words) == ("spending", "5 years"):
        return finding["answer"]
    return finding["variants"][f"equal {equal}, {words}"]


def _thresholds(found: PlainVerdict) -> str:
    heads = {
        "supported": "supported",
        "sensitive": "sensitive",
        "not_supported": "not supported",
        "elsewhere": "of these, supported in another comparison",
    }
    rows = [
        [f"{row['level']} %", row["least"], *(str(row[key]) for key in heads)] for row in found["thresholds"]
    ]
    return (
        "## Other thresholds\n\nThe counts of verdicts depend on two choices: the share of the draws, and the least effect that "
        "counts. *Sensitive* is asked of supported findings only; the last column counts those that fail in the headline "
        f"comparison and hold in another one.\n\n*Findings by verdict; {100 * LEVEL:.0f} % and *as asked* are the rule of "
        "this page. A least effect of zero stays zero.*\n\n"
        + table(["share of the draws", "least effect", *heads.values()], rows)
    )


def _sites(found: PlainVerdict) -> str:
    (own,) = (r for r in found["votes"] if (r["protocol"], r["votes"]) == ("open call", "own rule"))
    (preset,) = (r for r in found["presets"] if r["scenario"] == "eu-status-quo")
    movers = sorted((r for r in found["middle"] if r["sites"]), key=lambda r: -abs(r["sites"]))[:3]
    said = "; ".join(f"`{r['parameter']}` by {_signed(r['sites'])}" for r in movers)
    (default,) = (r for r in found["defaults"] if r["outcome"] == "sites of the status quo")
    (pattern,) = (
        r for r in found["patterns"] if r["pattern"] == "sites" and "restates" in r and r["restates"]
    )
    (count,) = (r for r in found["counts"] if r["count"] == "sites after three waves")
    small = max(found["few"] // 2, 2)
    rows = [
        ["`juste-retour run`, the app", "nothing", str(default["default_draws"]), default["default"]],
        ["Robustness, baseline", "politics", str(small), found["robustness"][0]["sites of the status quo"]],
        ["Defaults and medians", "politics", str(default["politics_draws"]), default["politics"]],
        ["Patterns", "politics", str(found["worlds"]), pattern["median"]],
        ["Counts after three waves", "politics", f"all {found['kept']} kept", count["median"]],
        ["Sites by protocol, own rule", "everything", str(found["worlds"]), own["median"]],
        ["Scenarios side by side", "everything", str(found["worlds"]), preset["sites"]],
    ]
    return (
        "## Why the status quo's number of sites differs by table\n\nThe tables draw different things. Where nothing is drawn, the "
        "calibrated parameters are at their defaults, which give more sites than the middle of the posterior. The other tables differ "
        "by one or two sites: they have other samples of the politics, or draw all parameters. Moved alone to the middle of "
        f"its range, no other parameter explains that; the largest changes of the mean are: {said or 'none'}.\n\n*Median number of "
        "sites of the status quo.*\n\n"
        + table(["where", "drawn", "draws", "sites"], [[*row[:3], number(row[3])] for row in rows])
    )


def price_line(found: PlainVerdict) -> str:
    """The price of politics in a sentence."""
    of = {row["part"]: row for row in found["price"] if row["scenario"] == "eu-status-quo"}

    def said(part: str) -> str:
        return f"{of[part]['mean']:.2f} ± {of[part]['error']:.2f}"

    return (
        f"A planner for capability with the same money, procurement, operations and access would be {said('price_of_politics')} "
        f"years less behind (mean of {found['few']} draws and its standard error). Of this, {said('rules')} are due to the rules of "
        f"decision, {said('payers')} to who pays, and {said('goals')} to states that also want other things than capability"
    )


def _price(found: PlainVerdict) -> str:
    names = {
        "price_of_politics": "price of politics",
        "price_where": "of it, where and when the committed money goes",
        "price_unspent": "of it, money not committed",
        "rules": "of it, rules of decision",
        "payers": "of it, who pays",
        "goals": "of it, the states' goals",
        "goals at 0.5": "goals, if the race is worth half as much",
        "goals at 2": "goals, if the race is worth twice as much",
        "goals per doubling": "change of the goals per doubling of the race's value",
    }
    orders = {f"{part}, {words} order": f"{names[part].removeprefix('of it, ')}, {words} over the orders"
              for part in ("rules", "payers", "goals") for words in ("smallest", "largest")}  # fmt: skip
    rows = [
        [
            row["scenario"],
            (names | orders)[row["part"]],
            f"{row['mean']:.2f} ± {row['error']:.2f}",
            within(row),
        ]
        for row in found["price"]
        if row["part"] in names | orders
    ]
    return (
        "## What the price of politics is, and is not\n\nThe price is a scenario's years behind less those of a planner who spends "
        "the same envelope to minimize years behind, with the same procurement, operations, access and pooling. It is the "
        "capability forgone by this allocation, and no measure of waste: states also want hosts, local spending and open "
        "capacity. It leaves out what slow procurement, audit and access cost, because the planner "
        "has them too. The planner pays by national income and is not held back by what hosts can match. The price has two splits. "
        "One is by money. The other goes through planners for the sum of the states' payoffs, under the same funding or by income, and "
        "is the mean over the three orders in which the rules change before the goals. What the states think that the race is worth is "
        "assumed; the last rows vary it.\n\n*Years, first "
        f"{found['few']} draws of everything: mean with its standard error, median and 90 % of the draws.*\n\n"
        + table(["scenario", "part", "mean", "median (90 %)"], rows)
    )
