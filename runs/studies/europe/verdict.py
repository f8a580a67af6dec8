"""The verdict on the essay: findings on every claim from draws of all uncertain parameters, and the tables behind them."""

from __future__ import annotations

import tempfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from juste_retour.abm.base.toml import JsonMapping
from juste_retour.runs.base.chunked import Progress
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import Spec, spec_of
from juste_retour.runs.engine.store import Store
from juste_retour.runs.engine.studies import packed, unpacked
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.export import MANIFEST
from juste_retour.runs.results.parameter_ranges import range_draws
from juste_retour.runs.studies.europe import checks, curves, evidence, trials, variance
from juste_retour.runs.studies.europe.alternatives import ALTERNATIVES, tried
from juste_retour.runs.studies.europe.bench import HELD, REFORM, STATUS_QUO, Bench, joint, uncertain
from juste_retour.runs.studies.europe.calibration import Posterior, calibrate, prior
from juste_retour.runs.studies.europe.calibration_spec import CalibrationSpec
from juste_retour.runs.studies.europe.claims import VOTED, Finding, findings
from juste_retour.runs.studies.europe.plain import PlainVerdict
from juste_retour.runs.studies.europe.reform_vote import voted
from juste_retour.runs.studies.europe.sizes import FULL, Size
from juste_retour.runs.studies.europe.trials import Numbers

SEED = 20260114
PART = 16  # draws per job
SOLVED = 4  # draws per job if stationary values are solved, which takes seconds per draw
MOVED = 14  # parameters per job that are moved one at a time
AT_DEFAULTS = 64  # replications at the defaults
NARROWED = 0.1  # share of a parameter's spread that the data must take away for it to count as identified
STUDY = "europe-verdict"
BARGAINED = trials.BARON_FEREJOHN
Job = tuple[Callable[..., object], tuple[object, ...]]


@dataclass(frozen=True, eq=False)
class Verdict:
    """Findings, tables, and the settings (`facts`) with which they were computed."""

    findings: list[Finding]
    tables: dict[str, pd.DataFrame]
    facts: dict[str, object]

    def plain(self) -> PlainVerdict:
        """The verdict as a dictionary for JSON."""
        found = {
            **self.facts,
            "findings": [asdict(f) for f in self.findings],
            **{name: table.to_dict("records") for name, table in self.tables.items()},
        }
        return cast(PlainVerdict, found)


def judge(
    size: Size = FULL,
    seed: int = SEED,
    workers: int = 2,
    progress: Progress | None = None,
    out: Path | None = None,
    cluster: str | None = None,
) -> Verdict:
    """Test the essay's claims. The runs are a batch, which the same call resumes after a stop and `verify` reruns.

    Args:
        size: numbers of draws.
        seed: random seed of the parameter draws and of the runs.
        workers: number of processes; with 1, no other process is started.
        progress: called with the number done and of all: first draws of the calibration, then jobs.
        out: folder of the batch; a temporary one by default.
        cluster: address of a Dask scheduler whose workers run the jobs instead.

    Raises:
        BadInput: a size, seed or number of workers that cannot be used, or a folder that holds something else.
        Interrupted: stopped by Ctrl-C or SIGTERM; finished jobs are kept.
    """
    check(size, seed, workers)
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            return judge(size, seed, workers, progress, Path(folder) / "runs", cluster)
    batch(
        _spec(out, size, seed, progress),
        out,
        workers=None if cluster else workers * (workers > 1),  # with 1, this process runs the jobs
        cluster=cluster,
        progress=None if progress is None else lambda tally: progress(tally.chunks_done, tally.chunks),
    )
    results = Results(out)
    made_of = _read(results.spec.content["settings"])
    return assembled(*made_of, _by_name(jobs_of(*made_of), results.returned()))


def jobs_from(settings: JsonMapping) -> list[Callable[[], object]]:
    """The jobs of a verdict in the order of its batch's points, from the settings in the batch's spec."""
    return [partial(job, *given) for part in jobs_of(*_read(settings)).values() for job, given in part]


def _spec(out: Path, size: Size, seed: int, progress: Progress | None) -> Spec:
    """The spec of a verdict's batch, with the calibration's posterior; the one in the folder if it is of this verdict."""
    asked = {"size": asdict(size), "seed": seed}
    content = begun(out, size, seed)
    if content is not None:
        return spec_of(content, out)
    plan = _plan(size)
    posterior = calibrate(plan, progress)
    jobs = jobs_of(size, seed, plan, posterior)
    points = [{"label": f"{name} {k}"} for name, part in jobs.items() for k in range(1, len(part) + 1)]
    return spec_of(
        {
            "title": "Verdict on the essay",
            "scenario": STATUS_QUO,
            "seed": seed,
            "replications": 1,
            "design": {"kind": "list", "points": points},
            "study": STUDY,
            "settings": asked | {"posterior": b64encode(packed(posterior)).decode()},
        }
    )


def begun(out: Path, size: Size, seed: int) -> JsonMapping | None:
    """The content of the spec in a folder; None if the folder holds no verdict of this size and seed."""
    if not (out / MANIFEST).exists():
        return None
    content = Store(out).manifest()["spec"]
    asked = {"size": asdict(size), "seed": seed}
    return content if asked.items() <= dict(content.get("settings", {})).items() else None


def _plan(size: Size) -> CalibrationSpec:
    return evidence.plan_of(draws=size.draws, least=min(size.worlds, 200))


def _read(settings: JsonMapping) -> tuple[Size, int, CalibrationSpec, Posterior]:
    size = Size(**settings["size"])
    found = unpacked(b64decode(settings["posterior"]))
    posterior = Posterior(**{**found, "observed": pd.Series(found["observed"])})
    return size, settings["seed"], _plan(size), posterior


def check(size: Size, seed: int, workers: int) -> None:
    """Raise `BadInput` for an argument that cannot be used, before anything runs."""
    checked_integer(size.worlds, "worlds", 20)
    checked_integer(seed, "seed", 0)
    checked_integer(size.few, "few", 2)
    checked_integer(workers, "workers", 1, 1024)
    variance.checked(size.base)


def benches(size: Size, seed: int, plan: CalibrationSpec, posterior: Posterior) -> tuple[Bench, Bench, Bench]:
    """Three benches: draws of all uncertain parameters, and of the political ones from the posterior and from the prior.

    Of the political parameters, those that the data narrow come from the posterior, and the others from their ranges.
    """
    known, names = identified(posterior), tuple(plan.names)
    ranges = pd.DataFrame(range_draws([n for n in names if n not in known], size.worlds, plan.seed + 2))
    politics = pd.concat([posterior.sample(size.worlds, plan.seed)[known], ranges], axis=1)[list(names)]
    everything = Bench(joint(politics, seed), seed, calibrated=tuple(known))
    before = Bench(prior(plan.names, size.worlds, plan.seed + 1), seed, calibrated=names)
    return everything, Bench(politics, seed, calibrated=names), before


def identified(posterior: Posterior) -> list[str]:
    """The calibrated parameters whose spread the data narrow by at least `NARROWED`."""
    rows = posterior.summary()
    return [str(name) for name in rows.parameter[rows.narrowed >= NARROWED]]


def jobs_of(size: Size, seed: int, plan: CalibrationSpec, posterior: Posterior) -> dict[str, list[Job]]:
    """The jobs by name. Each is a pure function with its arguments."""
    bench, politics, before = benches(size, seed, plan, posterior)
    parts = [bench.part(k, min(k + PART, bench.count)) for k in range(0, bench.count, PART)]
    bargained = [bench.part(k, min(k + SOLVED, size.few)) for k in range(0, size.few, SOLVED)]
    few, alone = bench.part(0, size.few), politics.part(0, size.few)
    small, fewest = politics.part(0, max(size.few // 2, 2)), bench.part(0, max(size.few // 8, 1))
    names = uncertain(bench.calibrated)
    units = checks.drawn_together(names)
    return {
        "vote": [(voted, (bench, 2 * size.worlds, max(size.few // 3, 2)))],  # the longest job, so that it begins first
        "attribution": [(trials.attribution, (part,)) for part in parts],
        "opened": [(trials.opened, (part,)) for part in parts],
        "levels": [(trials.equal_access, (part,)) for part in parts],
        "ends": [(trials.ends, (part,)) for part in parts],
        "geography": [(trials.geography, (part,)) for part in parts],
        **{
            name: [(trials.protocol, (part, name)) for part in (parts if name != BARGAINED else bargained)]
            for name in trials.PROTOCOLS
        },
        "later": [(curves.later, (few,))],
        "audit": [(curves.what_audit_buys, (few,))],
        "exponents": [(curves.where_geography_flips, (few,))],
        "money": [(curves.what_money_buys, (alone,))],
        "presets": [(curves.side_by_side, (bench,))],
        "trends": [(curves.frontier_trends, (small,))],
        "alternatives": [(tried, (small, alternative)) for alternative in ALTERNATIVES],
        "lags": [(variance.lags, (bench, name, size.base)) for name in (STATUS_QUO, REFORM)],
        "patterns": [(evidence.unfitted, (politics, before))],
        "evidence": [(evidence.tables, (plan, posterior))],
        "bidding": [(evidence.bidding, (plan, dossiers)) for dossiers in evidence.DOSSIERS],
        "giga": [(evidence.gigafactories, (alone,))],
        "defaults": [(checks.headline, (checks.at_defaults(AT_DEFAULTS, seed),))],
        "politics": [(checks.headline, (alone,))],
        "middle": [(checks.at_the_middle, (small, names, part)) for part in _split(units)],
        "moved": [(checks.one_at_a_time, (fewest, part)) for part in _split(names)],
        "price": [(checks.price_of_politics, (few,))],
    }


def _split(every: Sequence[Any]) -> list[Sequence[Any]]:
    return [every[k : k + MOVED] for k in range(0, len(every), MOVED)]


def assembled(
    size: Size,
    seed: int,
    plan: CalibrationSpec,
    posterior: Posterior,
    done: Mapping[str, Sequence[Any]],
) -> Verdict:
    """The verdict, from the results of the jobs by name."""
    bench = benches(size, seed, plan, posterior)[0]
    numbers = _joined(
        [done[name] for name in ("attribution", "opened", "levels", "ends", "geography", *trials.PROTOCOLS)]
    )
    later = curves.Later(**done["later"][0])
    numbers |= curves.waiting(later)
    return Verdict(
        findings(numbers),
        _tables(bench, numbers, later, done),
        {
            "worlds": size.worlds,
            "few": size.few,
            "base": size.base,
            "seed": seed,
            "draws": plan.draws,
            "kept": plan.keep,
            "effective": posterior.effective,
            "calibration_seed": plan.seed,
            "uncertain": uncertain(bench.calibrated),
            "identified": identified(posterior),
            "moved_draws": max(size.few // 8, 1),
            "held": HELD,
            "mixtures": int(numbers["mixtures"][0]),
            "audit_break_even": done["audit"][0][1],
            "geography_flips_at": done["exponents"][0][1],
            "vote_on_reform": done["vote"][0][1],
        },
    )


def _joined(jobs: Sequence[Sequence[Numbers]]) -> Numbers:
    """The numbers of the draws that were tried, joined from the parts: fewer if a protocol was tried for the first ones only."""
    return {key: np.concatenate([part[key] for part in parts]) for parts in jobs for key in parts[0]}


def _tables(
    bench: Bench, numbers: Numbers, reforms: curves.Later, done: Mapping[str, Sequence[Any]]
) -> dict[str, pd.DataFrame]:
    later, dates = curves.later_reforms(reforms)
    return {
        "shares": _shares(numbers),
        "votes": _votes(numbers),
        "robustness": _robustness(done["alternatives"]),
        "variance": variance.shares(bench, *done["lags"]),
        "audit": done["audit"][0][0],
        "geography": done["exponents"][0][0],
        "later": later,
        "structural": dates,
        "money": done["money"][0],
        "presets": done["presets"][0],
        "trends": done["trends"][0],
        "patterns": done["patterns"][0],
        "bidding": pd.concat(done["bidding"], ignore_index=True),
        "gigafactories": done["giga"][0],
        "ranges": checks.places(uncertain(bench.calibrated)).merge(pd.concat(done["moved"])),
        "middle": pd.concat(done["middle"], ignore_index=True),
        "defaults": checks.beside_defaults(done["defaults"][0], done["politics"][0], numbers),
        "growth": checks.by_growth(bench.draws["frontier_growth_later"].to_numpy(), numbers),
        "sunk": _sunk(numbers),
        "readings": _readings(numbers),
        "levels": _levels(numbers),
        "committed": _committed(numbers),
        "fair": _fair(numbers),
        "thresholds": checks.thresholds(numbers),
        "price": done["price"][0],
        "reform_votes": done["vote"][0][0],
        **done["evidence"][0],
    }


def _shares(numbers: Numbers) -> pd.DataFrame:
    """One row per comparison, window and part: the Shapley share of the reform's gain, and the gain itself."""
    rows = []
    for key, values in numbers.items():
        kind, _, rest = key.partition("|")
        if kind in ("share", "gain"):
            equal, years, *part = rest.split("|")
            name = part[0] if part else "total"
            rows.append({"equal": equal, "window_years": int(years), "part": name} | known_summary(values))
    return pd.DataFrame(rows)


def _votes(numbers: Numbers) -> pd.DataFrame:
    """One row per protocol and voting rule: the number of sites, and in which share of the draws `tried` it is known."""
    rows = []
    for key, values in numbers.items():
        kind, _, rest = key.partition("|")
        if kind == "sites" and "bids" not in rest:
            protocol, rule = rest.split("|")
            known = float(np.isfinite(values).mean())
            rows.append(
                {"protocol": protocol, "votes": rule}
                | known_summary(values)
                | {"known": known, "tried": float(len(values))}
            )
    return pd.DataFrame(rows)


def _sunk(numbers: Numbers) -> pd.DataFrame:
    """One row per protocol, pair of ways to decide and share of money sunk: the difference in sites, and its sign."""
    rows = []
    for protocol in trials.PROTOCOLS:
        for more, less, words, _ in VOTED:
            for at in ("", *(f" at {s:g}" for s in trials.SUNK)):
                ends = [numbers.get(f"sites{at}|{protocol}|{way}") for way in (more, less)]
                if ends[0] is None or ends[1] is None:
                    continue
                change = ends[0] - ends[1]
                known = change[~np.isnan(change)]
                rows.append(
                    {"protocol": protocol, "ways": words, "sunk": at.removeprefix(" at ") or "as drawn"}
                    | known_summary(change)
                    | {"more": float((known > 0).mean()), "fewer": float((known < 0).mean())}
                )
    return pd.DataFrame(rows)


def _readings(numbers: Numbers) -> pd.DataFrame:
    """One row per comparison, reading of capability and end: years behind, and the gain over the status quo."""
    rows = []
    for equal in trials.EQUAL:
        for reading in ("mean", "whole", "all", "program", "added", "without"):
            for end in ("quo", "named", "reform"):
                values = numbers[f"{reading}|{equal}|{end}"]
                gain = numbers[f"{reading}|{equal}|quo"] - values
                rows.append(
                    {"equal": equal, "reading": reading, "end": end}
                    | known_summary(values)
                    | {f"gain_{k}": v for k, v in known_summary(gain).items()}
                )
    return pd.DataFrame(rows)


def _levels(numbers: Numbers) -> pd.DataFrame:
    """One row per comparison, share of chips on both sides and end: today's lag, and the gain."""
    rows = []
    for equal in trials.EQUAL:
        for level in trials.CHIPS:
            for end in ("named", "reform"):
                name = f"{equal}|{end} at {level:g}"
                lag = known_summary(numbers[f"quo|{name}"])
                rows.append(
                    {"equal": equal, "chips": level, "end": end}
                    | known_summary(numbers[f"won|{name}"])
                    | {f"quo_{k}": v for k, v in lag.items()}
                )
    return pd.DataFrame(rows)


def _committed(numbers: Numbers) -> pd.DataFrame:
    """One row per mixture that does not always spend what all should: the share of draws in which it commits less."""
    rows = []
    for key, ratio in numbers.items():
        kind, _, mixture = key.partition("|")
        known = ratio[~np.isnan(ratio)] if kind == "ratio" else np.empty(0)
        if len(known) and (known < trials.NEARLY).any():
            rows.append({"mixture": mixture, "less": float((known < trials.NEARLY).mean())} | known_summary(known))
    return pd.DataFrame(rows, columns=["mixture", "less", "median", "low", "high"])


def _fair(numbers: Numbers) -> pd.DataFrame:
    """One row per part: its share at equal spending over the mixtures that commit nearly all, and over all mixtures."""
    rows = []
    for key, values in numbers.items():
        kind, _, part = key.partition("|")
        if kind == "fair" and part != "money":
            every = known_summary(numbers[f"share|spending|5|{part}"])
            known = float(np.isfinite(values).mean())
            rows.append(
                {"part": part, "known": known} | known_summary(values) | {f"all_{k}": v for k, v in every.items()}
            )
    return pd.DataFrame(rows)


def _robustness(found: Sequence[Numbers]) -> pd.DataFrame:
    """One row per alternative assumption: the medians of the main findings."""
    rows = []
    for alternative, numbers in zip(ALTERNATIVES, found, strict=True):
        medians = {name: known_summary(values)["median"] for name, values in numbers.items()}
        rows.append({"assumption": alternative.name} | medians)
    return pd.DataFrame(rows)


def _by_name(jobs: Mapping[str, Sequence[Job]], done: Sequence[Any]) -> dict[str, list[Any]]:
    found = iter(done)
    return {name: [next(found) for _ in part] for name, part in jobs.items()}
