"""The page of results: one page for a reader in a hurry, then the tables. No number is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping

from juste_retour.runs.base.numerals import number, span, within
from juste_retour.runs.studies.europe.claims import (
    CLAIMS,
    IDENTITY,
    LEVEL,
    NOT_SUPPORTED,
    PARTS,
    READ_AS,
    SENSITIVE,
    SUPPORTED,
    UNKNOWN,
)
from juste_retour.runs.studies.europe.odd import table
from juste_retour.runs.studies.europe.plain import PlainFinding, PlainVerdict
from juste_retour.runs.studies.europe.results_checks import (
    GAIN,
    LEFT,
    QUO,
    by_source,
    checks_tables,
    elsewhere,
    moving,
    other_levels,
    price_line,
    short_price,
)
from juste_retour.runs.studies.europe.results_evidence import columns, evidence_tables
from juste_retour.runs.studies.europe.results_figures import FOLDER, markdown, results_figures
from juste_retour.runs.studies.europe.results_sampling import left_open, unsettled
from juste_retour.runs.studies.europe.sizes import FULL, MEASURED, SECONDS

BEGIN, END = "<!-- findings -->", "<!-- /findings -->"
BETWEEN = {"median": "median", "low": "5 %", "high": "95 %"}
ABSENT = "absent"  # at most a tenth of the draws exceed the least effect that counts
PROGRAM = "what today's program gains over no new site"
ALL_MONEY = "equal envelopes, 5 years"


def page(found: PlainVerdict) -> str:
    """The page, from a verdict's plain values."""
    parts = [_first_page(found), "# The tables", _how(found), _findings(found), _shares(found), _votes(found)]
    parts += [_robustness(found), _variance(found), _trends(found), _geography(found), _audit(found)]
    parts += [_later(found), _money(found), _presets(found)]
    return "\n\n".join([*parts, *evidence_tables(found), *checks_tables(found)]).rstrip() + "\n"


def front_page(found: PlainVerdict) -> str:
    """The lines of the repository's front page, from the same numbers."""
    named = _by_name(found)
    quo, left, gain = (named[q]["answer"] for q in (QUO, LEFT, GAIN))
    free = named[GAIN]["variants"][ALL_MONEY]
    counted = [f for f in found["findings"] if f["status"] not in (IDENTITY, UNKNOWN)]
    count = {s: sum(f["status"] == s for f in counted) for s in (SUPPORTED, SENSITIVE, NOT_SUPPORTED)}
    page = "runs/studies/europe/RESULTS.md"
    lines = [
        f"**The gap.** Under today's institutions the largest training run on Europe's public machines is {within(quo)} years behind "
        f"the frontier, on average over the five years after July 2024. Without any new site it would be {_to_cents(named[PROGRAM])} "
        f"years more.",
        f"**The reform.** Had the essay's reform been in force from July 2024, the gap would be {within(free)} years smaller with the "
        f"same envelope, and {within(gain)} if both spend the same. It would still be {within(left)} years at equal spending "
        f"([best and last quarter]({page}#other-readings-of-the-same-runs)).",
        f"**The parts.** At equal spending, in years: {_ranked(named)}. {_largest(named)}",
        f"**Politics alone.** {price_line(found)} ([what this means]({page}#what-the-price-of-politics-is-and-is-not)).",
        f"**The essay's claims.** Of {len(counted)} findings, {count[SUPPORTED]} are supported, {count[SENSITIVE]} depend"
        f"{'s' if count[SENSITIVE] == 1 else ''} on the comparison, and {count[NOT_SUPPORTED]} are not supported "
        f"([all findings]({page}#all-findings)). Supported means that {100 * LEVEL:.0f} % of the draws exceed the least effect that "
        f"counts. {other_levels(found)[:-1]} ([thresholds]({page}#other-thresholds)).",
        f"**What could change this.** {_by_source(found)} More draws could turn {len(unsettled(counted))} of the verdicts.",
    ]
    return (
        f"Medians, with 90 % of the draws in parentheses: {found['worlds']} draws of {len(found['uncertain'])} uncertain parameters, of "
        f"which {len(moving(found))} change an outcome, and of the calibrated politics (`{_command(found)}`, seed {found['seed']}).\n\n"
        + "\n".join(f"- {line}" for line in lines)
        + f"\n\n{markdown(results_figures(found)['parts'], f'runs/studies/europe/{FOLDER}')}"
    )


def _caught_up(named: Mapping[str, PlainFinding]) -> str:
    """Whether the reform catches up, also by its best quarter, which the mean cannot show."""
    own, free = (named[LEFT]["variants"][f"equal {e}, {READ_AS['least']}"] for e in ("spending", "envelopes"))
    said = {
        SUPPORTED: "Europe does not catch up, whatever is read",
        SENSITIVE: "Whether Europe comes close depends on the reading",
        NOT_SUPPORTED: "Europe may catch up",
    }[named[LEFT]["status"]]
    return (
        f" on average and {within(own)} in its best quarter. With the whole envelope its best quarter is {within(free)} years behind. "
        f"{said}: {number(100 * named[LEFT]['answer']['share_above'], 0)} % of the draws are more than a year behind on average, and "
        f"{number(100 * free['share_above'], 0)} % in the best quarter with the whole envelope."
    )


def _by_source(found: PlainVerdict) -> str:
    """The headline with the growth that the frontier's source gives."""
    quo, gain = by_source(found, "status_quo"), by_source(found, "gain")
    return (
        f"The lag depends on how fast the frontier grew. In the draws with {quo['growth']}-fold growth a year, which is what the source "
        f"gives for the past, today's lag is {within(quo)} years and the gain at equal spending {within(gain)}."
    )


def _to_cents(finding: PlainFinding) -> str:
    """A finding's median and range to a hundredth, for numbers that may be close to zero."""
    median, low, high = (round(finding["answer"][key], 2) + 0.0 for key in ("median", "low", "high"))
    return f"{median:.2f} ({low:.2f} to {high:.2f})"


def renewed(text: str, found: PlainVerdict) -> str:
    """The front page's text with its findings renewed between `BEGIN` and `END`."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{front_page(found)}\n{END}{rest.split(END)[1]}"


def _command(found: PlainVerdict) -> str:
    """The command that makes a verdict of this size."""
    size = {"worlds": found["worlds"], "few": found["few"], "base": found["base"]}
    usual = {"worlds": FULL.worlds, "few": FULL.few, "base": FULL.base}
    asked = "".join(f" --{key} {value}" for key, value in size.items() if value != usual[key])
    return f"juste-retour verdict{asked} --write"


def _by_name(found: PlainVerdict) -> dict[str, PlainFinding]:
    return {f["question"]: f for f in found["findings"]}


def _first_page(found: PlainVerdict) -> str:
    named = _by_name(found)
    quo, left, gain = (named[q]["answer"] for q in (QUO, LEFT, GAIN))
    free_left, free_gain = (named[q]["variants"][ALL_MONEY] for q in (LEFT, GAIN))
    counted = [f for f in found["findings"] if f["status"] not in (IDENTITY, UNKNOWN)]
    count = {s: sum(f["status"] == s for f in counted) for s in (SUPPORTED, SENSITIVE, NOT_SUPPORTED)}
    return f"""# The essay, claim by claim

*Made by `{_command(found)}`: seed {found["seed"]}, {found["worlds"]} draws of {len(found["uncertain"])} parameters, {len(moving(found))} of which change an outcome, with the calibrated politics, one replication per draw. In parentheses: 90 % of the draws. Years behind: how long ago the frontier had the computing power of the largest training run on Europe's public machines, as a mean over the five years after the announcement of July 2024.*

**Where Europe stands.** Under today's institutions the largest training run on Europe's public machines is {within(quo)} years behind the frontier. With no new site it would be {_to_cents(named[PROGRAM])} years more: for these years the lag is mostly that of the machines that stand already. The reform is a counterfactual: it replaces the call of July 2024. With the same envelope it would leave {within(free_left)} years, a gain of {within(free_gain)}. Part of that comes from spending more, because today's call places only a part of the money. If both spend the same, the reform leaves {within(left)} years{_caught_up(named)} It gains {within(gain)} at equal spending. {_by_source(found)} {short_price(found)}

**What makes the difference.** At equal spending, in years: {_ranked(named)}. Of the parts that the essay names, {_essays(named)}. {_largest(named)}

{_figure(found, "parts")}

**Which claims hold.** Of {len(counted)} findings, supported: {count[SUPPORTED]}; sensitive to the comparison: {count[SENSITIVE]}; not supported: {count[NOT_SUPPORTED]}. A finding is supported if at least {100 * LEVEL:.0f} % of the draws exceed the least effect that counts. It is sensitive if that holds at equal spending over five years but not in another comparison. Not supported means undecided, or absent if at most {100 * (1 - LEVEL):.0f} % exceed it; [the table](#all-findings) has each share of the draws. {other_levels(found)[:-1]} ([table](#other-thresholds)). Of those not supported, {elsewhere(found)} hold in another comparison. {sum(f["status"] == IDENTITY for f in found["findings"])} further statements follow from the model's own equations and are not counted.

{_claims(found)}

{left_open(counted)}

**What would change it.** {_extremes(found)}

**How far to believe it.** We built the model with all nineteen sites in view, so the sites do not test its mechanisms. It forecasts who hosts about as well as simple rules of thumb do, and the third wave, which is not fitted, no better than a uniform guess ([table](#who-hosts-wave-by-wave)). Access shares rest on four observed projects. Nobody has measured what audit costs or how fast a rapid procurement is. The intervals cover assumed ranges for these. [Checks of the measure](#checks-of-the-measure) test these numbers."""


def _figure(found: PlainVerdict, name: str) -> str:
    return markdown(results_figures(found)[name])


def _part(named: Mapping[str, PlainFinding], part: str) -> PlainFinding:
    return named["what operations gain" if part == "operations" else f"what {part} gains"]


def _ranked(named: Mapping[str, PlainFinding]) -> str:
    parts = [part for part in PARTS if part != "money"]
    order = sorted(parts, key=lambda part: -_part(named, part)["answer"]["median"])
    return ", ".join(f"{part} {within(_part(named, part)['answer'])}" for part in order)


def _essays(named: Mapping[str, PlainFinding]) -> str:
    """How the essay's own parts fare, in the order of what they gain."""
    parts = sorted(
        ("placement", "operations", "procurement"), key=lambda part: -_part(named, part)["answer"]["median"]
    )
    said = []
    for part in parts:
        f = _part(named, part)
        above = round(100 * f["answer"]["share_above"])
        said.append(
            f"{part} gains more than {number(f['least'])} years in {above} % of the draws ({f['status']})"
        )
    return ", ".join(said)


def _largest(named: Mapping[str, PlainFinding]) -> str:
    beyond = named["what access gains beyond the largest other part"]
    share = number(100 * beyond["answer"]["share_above"], 0)
    return (
        f"Access, the share of a site that one training run may have, is the largest part in {share} % of the draws; "
        "the essay does not mention it."
    )


def _claims(found: PlainVerdict) -> str:
    lines = []
    for claim, title in CLAIMS.items():
        mine = [f for f in found["findings"] if f["claim"] == claim]
        said = []
        absent = [f for f in mine if f["status"] == NOT_SUPPORTED and f["answer"]["share_above"] <= 1 - LEVEL]
        for status, words in (
            (SUPPORTED, "Supported"),
            (SENSITIVE, "Sensitive"),
            (NOT_SUPPORTED, "Not supported, and undecided"),
            (UNKNOWN, "Not known"),
            (ABSENT, "Not supported, and absent"),
        ):
            these = (
                absent if status == ABSENT else [f for f in mine if f["status"] == status and f not in absent]
            )
            texts = _grouped([f["says"].rstrip(".") for f in these])
            if texts:
                said.append(f"{words}: {'; '.join(texts)}.")
        lines.append(f"{claim}. *{title}.* {' '.join(said)}")
    return "\n".join(lines)


def _grouped(texts: list[str]) -> list[str]:
    """Statements in lower case, those that differ only by what stands in parentheses at the end as one."""
    found: dict[str, list[str]] = {}
    for text in texts:
        head, _, tail = text.partition(" (")
        found.setdefault(head[0].lower() + head[1:], []).append(tail.rstrip(")"))
    return [f"{head} ({', '.join(tails)})" if tails != [""] else head for head, tails in found.items()]


def _extremes(found: PlainVerdict) -> str:
    key = "gain of the reform, years"
    rows = [row for row in found["robustness"] if row[key] is not None]
    low, high = min(rows, key=lambda r: r[key]), max(rows, key=lambda r: r[key])
    matters = [r for r in found["variance"] if r["outcome"] == GAIN]
    first = sorted(matters, key=lambda r: -r["total"])[:3]
    return (
        f"With politics drawn, all else at its default and one assumption changed at a time, the gain at equal envelopes ranges from {number(low[key])} years "
        f"({low['assumption']}) to {number(high[key])} ({high['assumption']}). The uncertain parameters that move the gain "
        f"most are: {'; '.join(r['factor'] for r in first)}."
    )


def _how(found: PlainVerdict) -> str:
    held = "\n".join(f"  - `{name}`: {why}." for name, why in found["held"].items())
    return f"""## How the numbers are made

- **Command.** `{_command(found)}` (seed {found["seed"]}) makes this page and `results.json`. {MEASURED.worlds} draws take about {SECONDS / 60:.0f} minutes of processor time on a virtual machine of 2026. `juste-retour verdict --quick` makes a rough page.
- **Politics.** Draws of the posterior of `runs/specs/calibration.toml` (seed {found["calibration_seed"]}): {found["kept"]} of {found["draws"]:,} prior draws kept, worth {number(found["effective"], 0)} with equal weights.
- **Everything else.** {len(found["uncertain"])} parameters are drawn from their plausible ranges, independently; {len(moving(found))} of them [change an outcome](#drawn-parameters-that-change-nothing): costs, frontier growth before and after mid-2025, grid, access, noise, run length, procurement, operations and others. The same parameter of two rules, as `operations.audit_first.repair_h` and `operations.operator_led.repair_h`, is drawn together, from a range for each rule. Results at the defaults [differ from medians over the draws](#defaults-and-medians).
- **Held**, although they have a range:

{held}

- **Comparisons.** Equal envelopes: both scenarios may spend EUR 10 bn. Equal spending: both commit the smaller of the two sums, draw by draw. The headline is equal spending over five years.
- **Parts.** Shapley shares over {found["mixtures"]} mixtures of the status quo and the reform. Money is a part: what the reform commits beyond the status quo.
- **Monte Carlo error.** The column `error` is the standard error of the median over draws, by bootstrap. Medians of differences are not differences of medians.
- **Smaller samples.** Curves and prices use the first {found["few"]} draws; money uses as many of the politics alone, alternative assumptions and trends {found["few"] // 2}, all else at its default."""


def _findings(found: PlainVerdict) -> str:
    rows = []
    for f in found["findings"]:
        a = f["answer"]
        status = f"identity: {f['identity']}" if f["status"] == IDENTITY else f["status"]
        rows.append(
            [
                str(f["claim"]),
                f["question"],
                f["unit"],
                within(a),
                number(a["median_error"]),
                number(f["least"]),
                f"{number(100 * a['share_above'], 0)} % ± {number(100 * a['share_error'], 0)}",
                str(a["draws"]),
                status,
                "; ".join(f["sensitive"]) or "-",
            ]
        )
    heads = ["claim", "what", "unit", "median (90 %)", "error", "least", "draws above it", "draws", "verdict"]
    return (
        "## All findings\n\n*Headline: equal spending, five years. `error`: Monte Carlo standard error of the median. "
        "`least`: least effect that counts. The last column names comparisons with the other answer.*\n\n"
        + table([*heads, "otherwise in"], rows)
    )


def _shares(found: PlainVerdict) -> str:
    rows = []
    for equal in ("spending", "envelopes"):
        for part in ("total", *PARTS):
            if part == "money" and equal == "spending":
                continue  # zero by construction
            mine = [r for r in found["shares"] if r["equal"] == equal and r["part"] == part]
            rows.append([f"equal {equal}", part, *(within(r) for r in mine)])
    return (
        "## What each part gains\n\n*Years that each part of the reform takes off, median and 90 % of the draws, over windows "
        "of 5, 7 and 10 years from the announcement. At equal spending money gains nothing by construction.*\n\n"
        + table(["comparison", "part", "5 years", "7 years", "10 years"], rows)
    )


def _votes(found: PlainVerdict) -> str:
    rows = [[r["protocol"], r["votes"], within(r), f"{100 * r['known']:.0f} %"] for r in found["votes"]]
    return (
        "## Sites by protocol and voting rule\n\n*Number of sites, median and 90 % of the draws. Under Baron and Ferejohn "
        f"(1989) states expect stationary continuation values, which are solved for the first {found['few']} draws only; draws for "
        "which none were found are left out.*\n\n"
        + table(["protocol", "votes", "sites", "draws solved"], rows)
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
