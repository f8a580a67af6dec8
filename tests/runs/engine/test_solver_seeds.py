"""Several solves of each point's stationary values in one batch."""

import tomllib

import numpy as np
import pytest

from juste_retour.abm.bargaining.continuation import solver_seed
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.clustered import over_replications
from juste_retour.runs.analysis.crossed_effects import Crossed
from juste_retour.runs.base.statistics import clustered_means
from juste_retour.runs.engine.chunks import ChunkPlan, replay
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import spec_of
from juste_retour.runs.engine.verification import verify
from tests.runs.small import manifest, run_small

SPEC = """
scenario = { agenda = "commission_proposal", expect = "stationary", window_years = 1 }
replications = 6
solver_seeds = 3
outcomes = ["sites"]
[design]
kind = "grid"
[factors]
expect = ["stationary", "status_quo"]
"""
CONTENT = tomllib.loads(SPEC)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    return Results(run_small(tmp_path_factory.mktemp("seeded"), text=SPEC))


@pytest.mark.parametrize("chunk", [1, 4, 7, 1000])
def test_solver_seed_depends_on_the_replication_alone(chunk):
    plan = ChunkPlan(spec_of({**CONTENT, "replications": 30, "chunk": chunk}))
    found = {}
    for cell in (c for n in range(plan.chunks) for c in plan.cells_of(n)):
        for k in range(cell.first, cell.first + cell.worlds):
            assert (cell.point, k) not in found
            found[cell.point, k] = solver_seed(plan.scenario(cell))
    assert found == {(p, k): 0 if p else k // 10 for p in (0, 1) for k in range(30)}


def test_batch_records_each_seed_and_its_values(seeded):
    worlds = seeded["worlds"]
    assert [*worlds.solver_seed[worlds.point == 0]] == [0, 0, 1, 1, 2, 2]
    assert worlds.solver_seed[worlds.point == 1].isna().all()
    kept = manifest(seeded.out)["solutions"]
    assert len({tuple(digests) for digests in kept.values()}) == len(kept) == 3
    assert "seed = 2" in replay(seeded.spec, 0, 5)
    assert verify(seeded.out, every=True, workers=0).differences == []


def test_dry_run_says_when_its_intervals_leave_out_the_error_of_the_solver(tmp_path, call):
    printed = {}
    for seeds in (1, 3):
        (tmp_path / "spec.toml").write_text(SPEC.replace("solver_seeds = 3", f"solver_seeds = {seeds}"))
        printed[seeds] = call("batch", tmp_path / "spec.toml", "--dry-run")[1]
    assert "leaves out the error of the solver" in " ".join(printed[1].split())
    assert "95 % interval" in " ".join(printed[3].split())
    assert "leaves out" not in " ".join(printed[3].split())


def test_dry_run_says_so_in_a_large_grid_where_every_second_point_uses_stationary_values(tmp_path, call):
    levels = [round(4 + k / 10, 1) for k in range(65)]
    text = SPEC.replace("solver_seeds = 3", "solver_seeds = 1").replace(
        '["stationary", "status_quo"]', '["status_quo", "stationary"]'
    )
    (tmp_path / "spec.toml").write_text(text.replace("[factors]", f"[factors]\nenvelope_eur_bn = {levels}"))
    assert "leaves out the error of the solver" in " ".join(
        call("batch", tmp_path / "spec.toml", "--dry-run")[1].split()
    )


def test_intervals_of_effects_are_over_solver_seeds(seeded):
    values = seeded.outcome("sites")[1]
    (contrast,) = Crossed.of(seeded, "sites").contrasts()
    apart = (values[1] - values[0]).reshape(3, 2).mean(1)
    assert (contrast.low, contrast.high) == pytest.approx(tuple(map(float, over_replications(apart)[1:])))


def test_intervals_over_seeds_contain_the_error_of_the_solver():
    """Errors of five solves beside replications of the same variance: an interval over replications is far too narrow."""
    rng = np.random.default_rng(0)
    seeds = np.arange(50) // 10
    values = rng.normal(size=(4000, 50)) + rng.normal(size=(4000, 5))[:, seeds]

    def covered(of):
        _, low, high = over_replications(of)
        return ((low < 0) & (high > 0)).mean()

    assert covered(values) < 0.6
    assert 0.94 < covered(clustered_means(values, seeds)) < 0.96


def test_actors_with_expectations_of_their_own_are_solved_with_each_seed():
    own = {"expect": {"rule": "status_quo", "HU": "stationary"}, "agenda": "commission_proposal"}
    found = spec_of({**CONTENT, "scenario": own, "factors": {"patience": [0.5, 0.9]}})
    assert [solver_seed(found.scenario_at(0, k)) for k in range(6)] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"solver_seeds": 4}, "4 solver seeds"),
        ({"solver_seeds": 0}, "solver_seeds"),
        ({"solver_seeds": "two"}, "solver_seeds"),
        ({"scenario": "eu-status-quo", "factors": {"patience": [0.5, 0.9]}}, "no point uses stationary"),
        ({"factors": {"expect.seed": [1, 2]}}, "expect.seed"),
    ],
)
def test_unusable_seeds_are_refused(changes, named):
    with pytest.raises(BadInput, match=named):
        spec_of({**CONTENT, **changes})
