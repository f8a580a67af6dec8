"""The page of results: one screen for a reader in a hurry, then the tables behind it. No number is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping

from juste_retour.runs.base.numerals import number, within
from juste_retour.runs.studies.europe.claims import (
    CLAIMS,
    IDENTITY,
    LEVEL,
    NOT_SUPPORTED,
    PARTS,
    SENSITIVE,
    SUPPORTED,
    UNKNOWN,
)
from juste_retour.runs.studies.europe.odd import table
from juste_retour.runs.studies.europe.plain import PlainAnswer, PlainFinding, PlainVerdict, Row
from juste_retour.runs.studies.europe.results_checks import checks_tables, moving, other_levels, price_line
from juste_retour.runs.studies.europe.results_figures import FOLDER, markdown, results_figures
from juste_retour.runs.studies.europe.results_sampling import left_open
from juste_retour.runs.studies.europe.sizes import FULL, MEASURED, SECONDS
from juste_retour.runs.studies.europe.trials import NAMED, NEARLY

BEGIN, END = "<!-- findings -->", "<!-- /findings -->"
ABSENT = "absent"  # at most a tenth of the draws exceed the least effect that counts
FREE = "equal envelopes, 5 years"
QUO, PROGRAM = "years behind under the status quo", "what today's program gains over no new site"
GAINS = {"named": "what the three named parts gain", "reform": "what the reform gains"}
LEFT = {"named": "years behind that the named parts leave", "reform": "years behind that the reform leaves"}
ADDED = "what the reform's sites gain over no new site"
ACCESS = (
    "what hours of the new sites for flagship models add",
    "what hours of the older machines for flagship models add",
)
READINGS = {
    "mean": "one project's largest run",
    "whole": "with whole machines",
    "all": "all machines as one",
    "program": "the program's machines alone",
}
COMPLETION = "the GNI key and pooling"


def page(found: PlainVerdict) -> str:
    """The page, from a verdict's plain values."""
    parts = [_first_page(found), _claim_by_claim(found), "# The tables", _how(found), _findings(found)]
    parts += [_readings(found), _levels(found), _shares(found), _fair(found)]
    return "\n\n".join([*parts, *checks_tables(found)]).rstrip() + "\n"


def front_page(found: PlainVerdict) -> str:
    """The lines of the repository's front page, from the same numbers."""
    _counted(found)
    here = "runs/studies/europe/RESULTS.md"
    lines = [
        f"**The gap.** {_gap(found)}",
        f"**The essay's reform.** {_named(found)} With {COMPLETION}, which the essay leaves open, it would be "
        f"{within(_by_name(found)[GAINS['reform']]['answer'])} years smaller if both spend the same.",
        f"**Politics alone.** {price_line(found)} ([what this means]({here}#what-the-price-of-politics-is-and-is-not)).",
        f"**The essay's claims.** {_counts(found)} ([all findings]({here}#all-findings)).",
    ]
    return (
        f"Medians, with 90 % of the draws in parentheses: {found['worlds']} draws of {len(found['uncertain'])} uncertain parameters, of "
        f"which {len(moving(found))} change an outcome, and of the politics (`{_command(found)}`, seed {found['seed']}).\n\n"
        + "\n".join(f"- {line}" for line in lines)
        + f"\n\n{markdown(results_figures(found)['parts'], f'runs/studies/europe/{FOLDER}')}"
    )


def _gap(found: PlainVerdict) -> str:
    named = _by_name(found)
    quo = named[QUO]
    whole, every = (quo["variants"][words] for words in ("whole machines", "all machines as one"))
    return (
        "Under today's institutions the largest training run that one project gets on Europe's public machines is "
        f"{within(quo['answer'])} years behind the frontier, on average over the five years after July 2024. With whole machines it "
        f"would be {within(whole)} years behind, and with all machines as if they were one {within(every)}. Most of this is the lag of "
        f"the machines that stood before: today's program shortens it by {_to_cents(named[PROGRAM]['answer'])} years."
    )


def _gain(found: PlainVerdict, end: str) -> str:
    gain, left = (_by_name(found)[names[end]] for names in (GAINS, LEFT))
    return (
        f"{within(gain['answer'])} years smaller if both spend the same, and {within(gain['variants'][FREE])} with the same envelope, "
        f"of which the reform spends more. It would still be {within(left['answer'])} years at equal spending"
    )


def _named(found: PlainVerdict) -> str:
    """The parts that the essay names."""
    return (
        "Had two or three large sites, rapid procurement, and operations apart from audit been in force from July 2024, the gap would "
        f"be {_gain(found, 'named')}."
    )


def _completed(found: PlainVerdict) -> str:
    """The named parts with what the essay leaves open, and whether the level of access matters."""
    levels = [row for row in found["levels"] if (row["equal"], row["end"]) == ("spending", "reform")]
    low, high = (f(row["median"] for row in levels) for f in (min, max))
    return (
        f"The essay leaves open who pays and whether sites train together. With {COMPLETION} the gap would be {_gain(found, 'reform')}. "
        f"Where one run has the same share of the chips of all machines on both sides, from {100 * levels[0]['chips']:.0f} to "
        f"{100 * levels[-1]['chips']:.0f} %, the median gain at equal spending is {number(low)} to {number(high)} years: the level of "
        "access moves the lag, and not the gain."
        if high - low <= _half(found)
        else f"With {COMPLETION} the gap would be {_gain(found, 'reform')}. The gain depends on the share of the chips that one run has "
        f"on both sides: {number(low)} to {number(high)} years ([by level](#the-same-access-on-both-sides))."
    )


def _half(found: PlainVerdict) -> float:
    """Half of the headline's interval."""
    answer = _by_name(found)[GAINS["reform"]]["answer"]
    return 0.5 * (answer["high"] - answer["low"])


def _access(found: PlainVerdict) -> str:
    new, old = (_by_name(found)[question] for question in ACCESS)
    return (
        f"Hours of the new sites reserved for flagship models would add {within(new['answer'])} years at equal spending, and hours of "
        f"the older machines another {within(old['answer'])}. The ranges of grants under calls and under reserves overlap, so that in "
        f"{100 * (1 - _share_positive(new)):.0f} % of the draws the first adds less than {number(new['least'])} years."
    )


def _share_positive(finding: PlainFinding) -> float:
    return finding["answer"]["share_above"]


def _parts(found: PlainVerdict) -> str:
    named = _by_name(found)
    parts = sorted((p for p in PARTS if p != "money"), key=lambda p: -_part(named, p)["answer"]["median"])
    said = ", ".join(f"{part} {within(_part(named, part)['answer'])}" for part in parts)
    return f"At equal spending, in years: {said}. The essay names {', '.join(NAMED[:-1])} and {NAMED[-1]}."


def _counts(found: PlainVerdict) -> str:
    counted = _counted(found)
    count = {s: sum(f["status"] == s for f in counted) for s in (SUPPORTED, SENSITIVE, NOT_SUPPORTED)}
    return (
        f"Of {len(counted)} findings, {count[SUPPORTED]} are supported, {count[SENSITIVE]} depend on the comparison, and "
        f"{count[NOT_SUPPORTED]} are not supported. Supported means that the share of draws above the least effect that counts is at "
        f"least {100 * LEVEL:.0f} % by the lower bound of its 95 % interval"
    )


def _counted(found: PlainVerdict) -> list[PlainFinding]:
    return [f for f in found["findings"] if f["status"] not in (IDENTITY, UNKNOWN)]


def _to_cents(answer: PlainAnswer) -> str:
    """Median and range to a hundredth, for numbers that may be close to zero."""
    return f"{answer['median'] + 0.0:.2f} ({answer['low'] + 0.0:.2f} to {answer['high'] + 0.0:.2f})"


def _first_page(found: PlainVerdict) -> str:
    return f"""# The essay, claim by claim

*Made by `{_command(found)}`: seed {found["seed"]}, {found["worlds"]} draws of {len(found["uncertain"])} parameters, {len(moving(found))} of which change an outcome, and of the politics, one replication per draw. In parentheses: 90 % of the draws. Years behind: how long ago the frontier had the computing power of the largest training run, as a mean over the five years after the announcement of July 2024. A grant of hours is used in one run, the upper reading.*

**Where Europe stands.** {_gap(found)}

**The essay's reform.** {_named(found)} The reform is a counterfactual: it replaces the call of July 2024.

**With our completion.** {_completed(found)}

**Access**, which the essay does not mention. {_access(found)}

**The parts.** {_parts(found)}

{markdown(results_figures(found)["parts"])}

**Politics alone.** {price_line(found)} ([what this means](#what-the-price-of-politics-is-and-is-not)).

**Which claims hold.** {_counts(found)} ([claim by claim](#claim-by-claim)).

**How far to believe it.** We built the model with all nineteen sites in view, so the sites do not test its mechanisms. The data narrow {len(found["identified"])} of the {len(found["parameters"])} calibrated parameters by a tenth or more; the others are not identified and drawn from their ranges. On the third wave, which is not fitted, the model does no better than a uniform guess ([table](TABLES.md#who-hosts-wave-by-wave)). The ranges of access rest on eight published grants (`abm/data/grants.csv`). Nobody has measured what audit costs or how fast a rapid procurement is; the intervals cover assumed ranges."""


def _claim_by_claim(found: PlainVerdict) -> str:
    return f"""## Claim by claim

Supported: see above. Sensitive: supported at equal spending over five years but not in another comparison. Not supported means undecided, or absent if at most {100 * (1 - LEVEL):.0f} % of the draws exceed the least effect. {other_levels(found)}

{_claims(found)}

{left_open(_counted(found))}

**What the program adds.** {_program(found)}"""


def _program(found: PlainVerdict) -> str:
    named = _by_name(found)
    added, quo = named[ADDED], named[PROGRAM]
    without = {
        row["end"]: row
        for row in found["readings"]
        if (row["equal"], row["reading"]) == ("spending", "without")
    }
    alone = {
        row["end"]: row
        for row in found["readings"]
        if (row["equal"], row["reading"]) == ("spending", "program")
    }
    return (
        f"Against no new site at all, today's program gains {_to_cents(quo['answer'])} years and the completed reform "
        f"{_to_cents(added['answer'])} at equal spending. Over seven and ten years today's program gains "
        f"{_to_cents(quo['variants']['7 years'])} and {_to_cents(quo['variants']['10 years'])} years. Alone, without the machines that stood before, today's program would be "
        f"{within(alone['quo'])} years behind and the reform {within(alone['reform'])}; much of this is the {number(100 * without['quo']['median'], 0)} % "
        f"and {number(100 * without['reform']['median'], 0)} % of the quarters in which no machine of theirs works yet, which count as 20 years."
    )


def _how(found: PlainVerdict) -> str:
    held = "; ".join(f"`{name}` ({why})" for name, why in found["held"].items())
    known = ", ".join(f"`{name}`" for name in found["identified"]) or "none"
    return f"""## How the numbers are made

- **Command.** `{_command(found)}` (seed {found["seed"]}) makes this page, [further tables](TABLES.md) and `results.json`. {MEASURED.worlds} draws take about {SECONDS / 60:.0f} minutes of processor time on a virtual machine of 2026. `juste-retour verdict --quick` makes a rough page.
- **Politics.** `runs/specs/calibration.toml` (seed {found["calibration_seed"]}) keeps {found["kept"]} of {found["draws"]:,} prior draws, worth {number(found["effective"], 0)} with equal weights. From its posterior come the parameters that the data narrow by a tenth or more: {known}. The others are drawn from their ranges.
- **Everything else.** {len(found["uncertain"])} parameters are drawn from their plausible ranges, independently; {len(moving(found))} of them [change an outcome](TABLES.md#drawn-parameters-that-change-nothing). A parameter that two rules, two scenarios, or old and new machines share is drawn once.
- **Held**, although they have a range: {held}.
- **Comparisons.** Equal envelopes: both scenarios may spend EUR 10 bn, and the reform spends more. Equal spending: both commit the smaller of the two sums, draw by draw. The headline is equal spending over five years.
- **Ends.** The named parts are placement, procurement and operations. The reform adds {COMPLETION}. Actors behave alike on both sides.
- **Parts.** Shapley shares over {found["mixtures"]} mixtures of the status quo and the reform. Money is a part: what the reform commits beyond the status quo.
- **Monte Carlo error.** The column `error` is the standard error of the median over draws, by bootstrap. Medians of differences are not differences of medians.
- **Smaller samples.** Curves, prices and the Baron–Ferejohn protocol use the first {found["few"]} draws; alternative assumptions and trends {found["few"] // 2} draws of the politics, all else at its default."""


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
                f"{number(100 * a['share_above'], 0)} % ({number(100 * a['share_low'], 0)} %)",
                str(a["draws"]),
                status,
                "; ".join(f["sensitive"]) or "-",
            ]
        )
    heads = ["claim", "what", "unit", "median (90 %)", "error", "least", "draws above it", "draws", "verdict"]
    return (
        "## All findings\n\n*Headline: equal spending, five years. `error`: Monte Carlo standard error of the median. "
        "`least`: least effect that counts. Draws above it: share, and the lower bound of its 95 % interval. The last column names "
        "comparisons with the other answer.*\n\n" + table([*heads, "otherwise in"], rows)
    )


def _readings(found: PlainVerdict) -> str:
    rows = []
    for equal in ("spending", "envelopes"):
        for reading, words in READINGS.items():
            ends: dict[str, Row] = {
                row["end"]: row
                for row in found["readings"]
                if (row["equal"], row["reading"]) == (equal, reading)
            }
            gains = [
                within({k: ends[end][f"gain_{k}"] for k in ("median", "low", "high")})
                for end in ("named", "reform")
            ]
            rows.append(
                [f"equal {equal}", words, *(within(ends[end]) for end in ("quo", "named", "reform")), *gains]
            )
    heads = [
        "comparison",
        "reading",
        "status quo",
        "named parts",
        "reform",
        "gain, named parts",
        "gain, reform",
    ]
    return (
        "## Readings of capability\n\n*Years behind over five years by what is read, median and 90 % of the draws. All machines as "
        "one: the sum of what each could train as a whole and alone, what the facilities add up to. The program alone: without the "
        "machines that stood before.*\n\n" + table(heads, rows)
    )


def _levels(found: PlainVerdict) -> str:
    rows = [
        [f"equal {row['equal']}", f"{100 * row['chips']:.0f} %", "named parts" if row["end"] == "named" else "reform",
         within({k: row[f"quo_{k}"] for k in ("median", "low", "high")}), within(row)]
        for row in found["levels"]
    ]  # fmt: skip
    heads = ["comparison", "share of the chips", "end", "status quo, years behind", "gain"]
    return (
        "## The same access on both sides\n\n*One run has the same share of the chips of all machines, old and new, under the status quo "
        "and at the other end; five years, median and 90 % of the draws.*\n\n" + table(heads, rows)
    )


def _fair(found: PlainVerdict) -> str:
    worst = sorted(found["committed"], key=lambda row: -row["less"])[:2]
    said = "; ".join(f"{row['mixture']} in {100 * row['less']:.0f} % of the draws" for row in worst) or "none"
    rows = [
        [
            r["part"],
            within({k: r[f"all_{k}"] for k in ("median", "low", "high")}),
            within(r),
            f"{100 * r['known']:.0f} %",
        ]
        for r in found["fair"]
    ]
    return (
        "## Is equal spending equal?\n\nA cap does not make a mixture spend: a call with few bids commits less than it may. "
        f"{len(found['committed'])} mixtures commit less than {100 * NEARLY:.0f} % of the common sum in some draws, most often: {said} "
        "([all](TABLES.md#mixtures-that-spend-less)).\n\n*What each part gains at equal spending over five years: over all mixtures, and "
        f"over the pairs of mixtures that both commit at least {100 * NEARLY:.0f} %.*\n\n"
        + table(["part", "all mixtures", "those that spend it", "draws with any"], rows)
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


def _part(named: Mapping[str, PlainFinding], part: str) -> PlainFinding:
    return named["what operations gain" if part == "operations" else f"what {part} gains"]


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
