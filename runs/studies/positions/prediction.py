"""`positions`: predict outcomes from a table of positions with several models, and score the models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.politics.council_history import rule_in_force
from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.base.chunked import Progress, reporter
from juste_retour.runs.base.provenance import platform_facts
from juste_retour.runs.results.result_tables import declared
from juste_retour.runs.studies.positions import line_models  # noqa: F401  registers its models
from juste_retour.runs.studies.positions.capability import (
    EQUAL,
    POWER,
    SHARE,
    Weighed,
    unknown_actors,
    weighed,
)
from juste_retour.runs.studies.positions.distributions import cases, table
from juste_retour.runs.studies.positions.models import MODELS
from juste_retour.runs.studies.positions.position_tables import Issue, Source, read_with_digest
from juste_retour.runs.studies.positions.scores import BY, compared, in_common, scores

COLUMNS = declared(Path(__file__).with_name("columns.csv"))[""]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted outcomes and their scores, as pandas DataFrames.

    Attributes:
        outcomes: a row per issue and model: issue, model, outcome (predicted), actual, proposal, council_rule, procedure
            and period.
        scores: a row per model (and group), as from `compared`; errors are in points, 0 to 100.
        omitted: a row per model and reason: model, reason, and the number of issues without an outcome.
        forecasts: a row per issue with a weighted actor: quantiles of the decision's distribution (`distributions.py`), the
            likeliest position, and scores where the decision is known.
        issues, proposals, rows: their numbers; a row is an actor's position on an issue.
        rows_without_salience: number of rows that the weighted models omit for want of a salience.
        rows_without_capability: likewise of a capability, on issues that have some.
        issues_without_outcome: number of issues that cannot be scored.
        share: capability of each of Commission and Parliament, if capabilities are voting power; else None.
        capability: number of issues by source of the capabilities: `table`, `voting power` or `equal`.
        unknown_actors: codes of the actors because of which issues have equal capabilities.
        provenance: source and digest of the data, arguments, versions and platform.
    """

    outcomes: pd.DataFrame
    scores: pd.DataFrame
    omitted: pd.DataFrame
    forecasts: pd.DataFrame
    issues: int
    proposals: int
    rows: int
    rows_without_salience: int
    rows_without_capability: int
    issues_without_outcome: int
    share: float | None
    capability: dict[str, int]
    unknown_actors: tuple[str, ...]
    provenance: dict[str, object]

    def write(self, out: Path | str, formats: Iterable[str] = ("parquet",)) -> list[Path]:
        """Write the tables and `provenance.json` to a folder, as parquet, csv or dta, and return the files."""
        from juste_retour.runs.results.export import write

        return write(self.tables, out, formats, self.provenance, COLUMNS)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "outcomes": self.outcomes,
            "scores": self.scores,
            "omitted": self.omitted,
            "forecasts": self.forecasts,
        }

    def _repr_html_(self) -> str:
        """HTML for notebooks: numbers of issues and proposals, the scores, and the number of omitted rows."""
        said = f"<p>{self.issues} issues of {self.proposals} proposals</p>"
        said += self.scores.to_html(index=False, border=0, float_format="{:.4g}".format)
        if self.rows_without_salience:
            said += f"<p>The weighted models omit {self.rows_without_salience} rows without a salience.</p>"
        return said

    def __repr__(self) -> str:
        """The numbers of issues and proposals, and the scores."""
        return f"{self.issues} issues of {self.proposals} proposals\n{self.scores.to_string(index=False)}"


def positions(
    source: Source,
    models: Iterable[str] | None = None,
    *,
    by: str | None = None,
    share: float = SHARE,
    common: bool = False,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> Predictions:
    """Predict the outcome of each issue from the positions of the actors, and score the models.

    No model has a parameter that is fitted to outcomes. The distribution in `forecasts` is fitted to the shipped decisions
    of the European Union, to other proposals than the one that is forecast.

    Args:
        source: a CSV file with the columns issue, actor, position and salience, and optionally capability, outcome,
            reference_point, council_rule, proposal, procedure and introduced; a data frame with these columns; a
            folder with issues.csv and positions.csv; or `deu`, the shipped data.
        models: names of models, from `juste_retour.runs.studies.positions.models.MODELS`; all by default.
        by: score each "rule", "procedure" or "period" separately.
        share: capability of the Commission, and of the Parliament, as a share of the sum over all states, 0 to 100.
        common: score only the issues that every model predicts.
        seed: random seed of the bootstrap.
        progress: called with the number of models done and the number of all; True prints it from time to time.

    Raises:
        BadInput: a malformed table (all malformed rows are listed) or an invalid argument.

    Example:
        `positions("deu", ["compromise", "mean"]).scores` has a row for each model.
    """
    chosen = _chosen(models)
    _check(by, share, seed)
    issues, sha256 = read_with_digest(source)
    found = [weighed(issue, share) for issue in issues]
    outcomes, omitted = _predicted(found, chosen, reporter(progress, "models"))
    groups = [] if by is None else [BY[by]]
    rows = in_common(outcomes) if common else outcomes
    scored = compared(scores(rows, groups, seed), rows, groups, seed)
    capability = Counter(w.source for w in found)
    asked = {"by": by, "share": share, "common": common, "seed": seed}
    name = "a data frame" if isinstance(source, pd.DataFrame) else str(source)
    unknown = [actor for w in found if w.source == EQUAL for actor in unknown_actors(w.issue)]
    return Predictions(
        outcomes,
        scored,
        omitted,
        table(cases(found)),
        len(issues),
        len({issue.proposal for issue in issues}),
        sum(len(issue.actors) for issue in issues),
        sum(int(np.isnan(issue.salience).sum()) for issue in issues),
        sum(0 if issue.capability is None else int(np.isnan(issue.capability).sum()) for issue in issues),
        sum(issue.outcome != issue.outcome for issue in issues),
        share if capability[POWER] else None,
        dict(capability),
        tuple(sorted(set(unknown))),
        {"source": name, "sha256": sha256, "models": chosen, **asked, **platform_facts()},
    )


def _check(by: str | None, share: float, seed: int) -> None:
    if by is not None and by not in BY:
        raise BadInput(f"by is {by!r}; it must be one of {', '.join(BY)}.")
    if isinstance(share, bool) or not (isinstance(share, int | float) and 0 <= share <= 100):
        raise BadInput(f"share is {share!r}; it must be a number from 0 to 100, such as {SHARE}.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise BadInput(f"seed is {seed!r}; it must be an integer of at least 0.")


def _chosen(models: Iterable[str] | None) -> list[str]:
    if isinstance(models, str):
        models = [models]
    chosen = list(dict.fromkeys(MODELS if models is None else models))
    for name in chosen:
        if name not in MODELS:
            raise BadInput(f"{name!r} is not a model; {near(name, MODELS)}")
    if not chosen:
        raise BadInput(f"models is empty; name at least one of {', '.join(MODELS)}.")
    return chosen


def _predicted(
    found: Sequence[Weighed], models: Sequence[str], progress: Progress | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    proposals: dict[str, list[Weighed]] = {}
    for each in found:
        proposals.setdefault(each.issue.proposal, []).append(each)
    predicted: dict[tuple[str, str], float] = {}
    reasons: Counter[tuple[str, str]] = Counter()
    for done, name in enumerate(models):
        if progress is not None:
            progress(done, len(models))
        for issues in proposals.values():
            for each, outcome in zip(issues, MODELS[name](issues), strict=True):
                if isinstance(outcome, str):
                    reasons[name, outcome] += 1
                    outcome = np.nan
                predicted[each.issue.name, name] = outcome
    rows = [
        (issue.name, model, predicted[issue.name, model], issue.outcome, *_about(issue))
        for issue in (each.issue for each in found)
        for model in models
    ]
    outcomes = pd.DataFrame(
        rows,
        columns=["issue", "model", "outcome", "actual", "proposal", "council_rule", "procedure", "period"],
    )
    omitted = [(model, reason, count) for (model, reason), count in reasons.items()]
    return outcomes, pd.DataFrame(omitted, columns=["model", "reason", "issues"])


def _about(issue: Issue) -> tuple[str, str, str, str]:
    period = "" if issue.introduced is None else rule_in_force(issue.introduced).union
    return issue.proposal, issue.council_rule, issue.procedure, period
