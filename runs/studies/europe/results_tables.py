"""The page of further tables: robustness, variance, curves, evidence and further checks of the measure."""

from __future__ import annotations

from juste_retour.runs.base.numerals import number, span, within
from juste_retour.runs.studies.europe.odd import table
from juste_retour.runs.studies.europe.plain import PlainVerdict
from juste_retour.runs.studies.europe.results_checks import further_checks
from juste_retour.runs.studies.europe.results_evidence import columns, evidence_tables
from juste_retour.runs.studies.europe.results_figures import markdown, results_figures
from juste_retour.runs.studies.europe.trials import NEARLY

BETWEEN = {"median": "median", "low": "5 %", "high": "95 %"}


def tables_page(found: PlainVerdict) -> str:
    """The page, from a verdict's plain values."""
    first = (
        "# Further tables\n\n*Tables behind [the page of results](RESULTS.md), which says how they are made. Made by the same command "
        "from the same numbers.*"
    )
    parts = [
        first,
        _votes(found),
        _committed(found),
        _robustness(found),
        _variance(found),
        _trends(found),
        _geography(found),
        _audit(found),
    ]
    parts += [_later(found), _money(found), _presets(found), *evidence_tables(found), *further_checks(found)]
    return "\n\n".join(parts).rstrip() + "\n"


def _figure(found: PlainVerdict, name: str) -> str:
    return markdown(results_figures(found)[name])


def _votes(found: PlainVerdict) -> str:
    rows = [
        [
            r["protocol"],
            r["ways"],
            r["sunk"],
            within(r),
            f"{100 * r['more']:.0f} %",
            f"{100 * r['fewer']:.0f} %",
        ]
        for r in found["sunk"]
    ]
    sites = [
        [r["protocol"], r["votes"], within(r), f"{100 * r['known']:.0f} %"]
        for r in found["votes"]
        if " at " not in r["votes"]
    ]
    return (
        "## Sites by protocol and voting rule\n\n*What a vote changes in the number of sites, the first way less the second, by the share "
        "of the money that is sunk if an offer fails: median and 90 % of the draws, and the shares of draws with more and with fewer.*\n\n"
        + table(["protocol", "ways to decide", "sunk", "difference", "more", "fewer"], rows)
        + "\n\n*Number of sites, median and 90 % of the draws. Under Baron and Ferejohn (1989) states expect stationary continuation "
        f"values, which are solved for the first {found['few']} draws only; draws for which none were found are left out.*\n\n"
        + table(["protocol", "votes", "sites", "draws solved"], sites)
    )


def _committed(found: PlainVerdict) -> str:
    short = sorted(found["committed"], key=lambda row: -row["less"])
    rows = [[r["mixture"], f"{100 * r['less']:.0f} %", within(r)] for r in short]
    return (
        "## Mixtures that spend less\n\n*Share of the draws in which a mixture of the status quo and the reform commits less than "
        f"{100 * NEARLY:.0f} % of the common sum at equal spending, and what it commits as a share of that sum, median and 90 %.*\n\n"
        + table(["mixture", "draws below", "committed"], rows)
    )


def _robustness(found: PlainVerdict) -> str:
    columns = [key for key in found["robustness"][0] if key != "assumption"]
    rows = [[r["assumption"], *(number(r[c]) for c in columns)] for r in found["robustness"]]
    return (
        "## Robustness: one assumption at a time\n\n*Medians over "
        f"{found['few'] // 2} draws of the politics, all else at its default; equal envelopes, five years. A part's number is "
        "what it adds last.*\n\n" + table(["assumption", *columns], rows)
    )


def _variance(found: PlainVerdict) -> str:
    parts = []
    for outcome in dict.fromkeys(row["outcome"] for row in found["variance"]):
        rows = sorted((r for r in found["variance"] if r["outcome"] == outcome), key=lambda r: -r["total"])
        heads = {
            "factor": "group",
            "first": "alone",
            "first_low": "2.5 %",
            "first_high": "97.5 %",
            "total": "with interactions",
            "total_low": "2.5 % ",
            "total_high": "97.5 % ",
        }
        parts.append(
            f"**{outcome[0].upper()}{outcome[1:]}**: standard deviation {number(rows[0]['spread'])} years, of whose variance "
            f"chance has {number(rows[0]['chance'])}.\n\n" + columns(rows, heads)
        )
    return (
        "## Where the uncertainty comes from\n\n*Sobol indices by group of parameters, all drawn jointly; "
        f"{found['base']} base points, two replications per point, equal envelopes, five years. With so few points the estimates are rough: shares below 0 or above 1, and "
        "totals below the first share, are errors of estimation. Read the intervals, and the order of the first three groups.*\n\n"
        + "\n\n".join(parts)
    )


def _trends(found: PlainVerdict) -> str:
    lags = {r["growth"]: r for r in found["trends"] if r["year"] == found["trends"][0]["year"]}
    heads = {
        "growth": "growth a year after mid-2025",
        "status_quo": "status quo",
        "reform": "reform",
        "gain": "gain",
    }
    implied = {
        "growth": "growth a year after mid-2025",
        "year": "year",
        "frontier_flop": "FLOP",
        "chips": "accelerators",
        "cost_eur_bn": "EUR bn",
        "power_gw": "GW",
    }
    ends = [{**r, "year": str(r["year"])} for r in found["trends"] if r["year"] in (2028, 2030, 2034)]
    return (
        f"## The frontier's own uncertainty\n\n*Years behind by frontier trend, medians of {found['few'] // 2} draws.*\n\n"
        + columns(list(lags.values()), heads)
        + "\n\nGrowth after mid-2025 changes a lag only where Europe's run is one that the frontier made after that date; a run "
        "that the frontier made before is as old as it is."
        "\n\n*What a trend implies: the accelerators of the year that one frontier run needs, what they cost with halls and "
        "grid, and the power they draw. A trend whose run costs more than anyone invests will not last.*\n\n"
        + columns(ends, implied)
    )


def _geography(found: PlainVerdict) -> str:
    flip, rows = found["geography_flips_at"], found["geography"]
    at = (
        "at no exponent tried" if flip["median"] is None else f"at an exponent of {number(flip['median'], 4)}"
    )
    return (
        "## Training across sites\n\nThe status quo's sites training together with little communication, as a share of one "
        "campus with their chips, by the exponent at which efficiency falls with the number of sites (0.24 by the joint law "
        f"of 2025, weak above 10B parameters). The two are equal {at}.\n\n{_figure(found, 'geography')}\n\n"
        + columns(rows, {"exponent": "exponent", **BETWEEN}, 3)
    )


def _audit(found: PlainVerdict) -> str:
    even = found["audit_break_even"]
    return (
        f"## What audit buys\n\nOperators would have to lose {number(100 * even['median'], 0)} % of the money "
        f"({span(100 * even['low'], 100 * even['high'], lambda x: number(x, 0))} %) before the reform under audit first were "
        f"as good; known in {number(100 * even['known'], 0)} % of the draws.\n\n*Years behind of the reform by share of the "
        "money lost; the last row is audit first.*\n\n"
        + columns(found["audit"], {"money_lost": "share lost", **BETWEEN})
    )


def _later(found: PlainVerdict) -> str:
    curve: dict[str, dict[str, str]] = {}
    for row in found["later"]:
        curve.setdefault(row["announced"], {"announced": row["announced"]})[row["read"]] = within(row)
    heads = list(next(iter(curve.values())))
    dates = [
        {"years_behind": row["years_behind"]}
        | {name: f"{row[key]:.1f}" if row[key] is not None else "-" for key, name in BETWEEN.items()}
        | {k: f"{100 * row[k]:.0f} %" for k in row if k[:2] == "20"}
        for row in found["structural"]
    ]
    return (
        "## How late a reform still pays\n\n*A reform announced at a date spends the same envelope in place of the program: "
        f"years behind, read in 2034 and at its best within four years.*\n\n{_figure(found, 'window')}\n\n"
        + columns(list(curve.values()), {c: c for c in heads})
        + "\n\n*The gap is structural, for a number of years behind, from the first announcement after which even the reform "
        "never gets below it within four years: the date, and the share of the draws by announcement.*\n\n"
        + columns(dates, {c: c.replace("_", " ") for c in dates[0]})
        + "\n\nEach year of delay raises the smallest lag that a reform can reach. Money that is spent once buys better chips later, so "
        "that at one fixed date a later reform may be nearer to the frontier."
    )


def _money(found: PlainVerdict) -> str:
    heads = {"envelope_eur_bn": "EUR bn", "scenario": "scenario", "sites": "sites", **BETWEEN}
    return (
        f"## What more money buys\n\n*Years behind by envelope, {found['few']} draws of the politics, all else at its default.*\n\n"
        + columns(found["money"], heads)
    )


def _presets(found: PlainVerdict) -> str:
    heads = {
        "scenario": "scenario",
        "sites": "sites",
        "hosts": "hosts",
        "committed_eur_bn": "EUR bn committed",
        "spend_eur_bn": "EUR bn spent",
        "read": "window ends",
        "largest_site_accelerators": "largest site",
        **{k: f"years behind, {v}" for k, v in BETWEEN.items()},
    }
    return (
        f"## Scenarios side by side\n\n*Medians of all {found['worlds']} draws with common random numbers, equal envelopes. Machines that stood already "
        f"count, so a scenario that builds nothing has their lag.*\n\n{_figure(found, 'scenarios')}\n\n"
        + columns(found["presets"], heads)
    )
