"""Would Europe adopt the essay's reform? The vote on its packages, over draws, and whether today's program would survive.

If a package has all states in favor and Europe has not adopted it, the model's states may value the race more than real
ones do, or the model leaves out a cost of changing. The race value at which today's program survives under its own rule
is therefore reported with the answer, and `stable_cost_eur_bn` of each vote.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace

import pandas as pd

from juste_retour.abm.base.members import Members
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.runs.analysis.reforms import EACH, WORLDS, InDraws, Package, Reforms, counted, reforms
from juste_retour.runs.base.chunked import Progress
from juste_retour.runs.base.numerals import span
from juste_retour.runs.results.parameter_ranges import setting
from juste_retour.runs.studies.europe.bench import Bench

STATUS_QUO, REFORM = "eu-status-quo", "reform-with-access"  # the essay's reform, our completion, and access
NAMED = ("operations", "placement", "procurement")  # the parts that the essay names
ACCESS = ("access", "standing")
RACE = "race_value_eur_bn"
LEGAL, PASSES = "legal basis", "best that passes"


@dataclass(frozen=True, eq=False)
class PackageVote:
    """The vote on the essay's reform.

    Attributes:
        by_legal_basis: the vote under the rules of the legal bases, with draws.
        by_own_rule: the vote under the rule by which today's program decides, with break-even values of the race.
        at_stable_value: the vote by legal basis at the largest race value at which today's program survives under its own
            rule; None if it survives at none, or already at the default.
    """

    by_legal_basis: Reforms
    by_own_rule: Reforms
    at_stable_value: Reforms | None = None
    stable_value_eur_bn: float | None = None
    cuts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def package(self, cut: str, found: Reforms | None = None) -> Package:
        """The package of a cut of the reform: "named", "completed" or "with access"."""
        found = self.by_legal_basis if found is None else found
        return next(p for p in found.packages if p.parts == self.cuts[cut])

    def in_draws(self, cut: str) -> InDraws:
        """The same over the draws."""
        return next(p for p in self.by_legal_basis.in_draws if p.parts == self.cuts[cut])

    @property
    def today_survives(self) -> bool:
        """Whether no package would replace today's program under its own rule."""
        return () in self.by_own_rule.stable

    @property
    def unanimous(self) -> list[Package]:
        """The packages that every state would vote for."""
        return [p for p in self.by_legal_basis.packages if not p.against]


def vote_on_the_reform(
    *,
    worlds: int = WORLDS,
    draws: int | None = 128,
    each: int = EACH,
    from_prior: bool = True,
    posterior: pd.DataFrame | None = None,
    seed: int = 0,
    target: str | Scenario = REFORM,
    members: Members | None = None,
    workers: int = 1,
    progress: Progress | bool | None = None,
) -> PackageVote:
    """Vote on the packages of the essay's reform by legal basis, by today's own rule, and where today's program is stable.

    Args:
        worlds, draws, each, from_prior, posterior, seed, members, workers, progress: as in `reforms`.
        target: the whole reform; its packages contain those without access.
    """
    today, whole = load(STATUS_QUO), load(target)
    how = {"worlds": worlds, "seed": seed, "members": members, "workers": workers, "progress": progress}
    drawn = {"draws": draws, "each": each, "from_prior": from_prior, "posterior": posterior}
    legal = reforms(today, whole, equal="spending", break_even=RACE, **drawn, **how)  # type: ignore[arg-type]
    own_rule = today.rules["voting"].rule
    ran = legal.ran  # the draws and equal spending are reported by legal basis alone
    ran = replace(ran, drawn=None, sample=replace(ran.sample, at_equal_spending=None))
    own = counted(ran, own_rule, legal.reading, legal.package)
    parts = legal.packages[-1].parts
    cuts = {
        "named": tuple(p for p in parts if p in NAMED),
        "completed": tuple(p for p in parts if p not in ACCESS),
        "with access": parts,
    }
    value = max((high for _, high in own.stays), default=None)
    if value is None or () in own.stable:
        return PackageVote(legal, own, cuts=cuts)
    there = [s.changed({RACE: value}, s.name) for s in (today, whole)]
    return PackageVote(legal, own, reforms(*there, **how), value, cuts)  # type: ignore[arg-type]


def voted(bench: Bench, worlds: int, each: int) -> tuple[pd.DataFrame, dict[str, object]]:
    """The vote on the reform as a job of the verdict, over the draws of its bench.

    Returns:
        one row per rule ("legal basis", "today's rule", and "where today is stable" if the race must be worth less for
        that) and cut, the best package and the best that passes among them: the fields of a `Package`, and under the
        legal bases those of `InDraws`, prefixed by `draws_`; and the numbers that belong to no package.
    """
    found = vote_on_the_reform(
        worlds=worlds,
        draws=bench.count,
        each=each,
        from_prior=False,
        posterior=bench.draws,
        seed=bench.seed,
        target=REFORM,
        members=bench.members,
    )
    legal, own = found.by_legal_basis, found.by_own_rule
    by_rule = {LEGAL: legal, "today's rule": own, "where today is stable": found.at_stable_value}
    over = {p.parts: {f"draws_{k}": v for k, v in asdict(p).items() if k != "parts"} for p in legal.in_draws}
    rows = []
    for rule, vote in by_rule.items():
        if vote is None:
            continue
        listed = {cut: found.package(cut, vote) for cut in found.cuts} | {
            "best": vote.best,
            PASSES: vote.best_that_passes,
        }
        for cut, package in listed.items():
            if package is not None:
                worth = next((b.intervals for b in vote.break_even if b.parts == package.parts), [])
                told = asdict(package) | {key: " ".join(getattr(package, key)) for key in ("rules", "undecided")}
                told |= {"parts": ", ".join(package.parts), "count": len(package.parts)}
                told["race_values"] = "; ".join(span(*ends) for ends in worth)
                rows.append({"rule": rule, "package": cut} | told | (over[package.parts] if rule == LEGAL else {}))
    share, low, high = legal.nothing_passes or (math.nan,) * 3
    said = {
        "packages": len(legal.packages),
        "passing": sum(p.passes for p in legal.packages),
        "passing_today": sum(p.passes for p in own.packages),
        "unanimous": len(found.unanimous),
        "unanimous_parts": ", ".join(dict.fromkeys(part for p in found.unanimous for part in p.parts)),
        "unanimous_passing": sum(p.passes for p in found.unanimous),
        "passing_at_equal_spending": sum(bool(p.passes_at_equal_spending) for p in legal.packages),
        "states": legal.packages[0].in_favor + legal.packages[0].against,
        "nothing_passes": share,
        "nothing_low": low,
        "nothing_high": high,
        "price_of_consent": legal.price_of_consent_years,
        "stable_cost": own.stable_cost_eur_bn,
        "stable_value": math.nan if found.stable_value_eur_bn is None else found.stable_value_eur_bn,
        "race_value": setting(load(STATUS_QUO), RACE) or math.nan,
    }
    return pd.DataFrame(rows), said
