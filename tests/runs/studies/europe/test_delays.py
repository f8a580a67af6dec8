"""Delays: dates, censoring, and the lognormal fit."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from juste_retour.agents.errors import BadInput
from juste_retour.runs.studies.europe import delays
from juste_retour.runs.studies.europe.delays import Spans, decimal, fit, log_likelihood, quarters, spans


def test_dates_of_every_precision():
    assert decimal("2019-06-07") == pytest.approx(2019 + (5 + 6.5 / 30) / 12)
    assert decimal("2027") == 2027.5
    assert decimal("2026 (spring)") is None


def test_history_includes_unfinished_machines():
    found = spans("selection to operation")
    assert (len(found.months), int(found.finished.sum())) == (18, 9)
    waiting = found.months[~found.finished]
    assert (waiting > 48).sum() == 3  # DAEDALUS, CASPIr, Levente since June 2022
    signed = spans("selection to contract")
    assert (len(signed.months), int((~signed.finished).sum())) == (18, 4)


def test_planned_dates_do_not_count_as_finished():
    rows = [{"selected": "2024-01-01", "contract": "2025-01-01", "operation": "2026-01-01", "status": "planned"}]
    assert not spans("selection to operation", rows).finished[0]
    assert spans("selection to contract", rows).finished[0]


@pytest.mark.slow
def test_fit_recovers_the_parameters_of_half_censored_data():
    rng = np.random.default_rng(5)
    even = (np.arange(120) + 0.5) / 120
    months = np.exp(np.log(36) + 0.35 * norm.ppf(rng.permutation(even)))
    stopped = 24 + 24 * even
    found = Spans(np.minimum(months, stopped), months <= stopped)
    law = fit("made", found)
    assert 0.3 < found.finished.mean() < 0.7
    assert law.median_low < 36 < law.median_high
    assert law.median == pytest.approx(36, rel=0.12)
    assert law.spread == pytest.approx(0.35, rel=0.25)
    naive = fit("naive", Spans(found.months[found.finished], np.ones(found.finished.sum(), dtype=bool)))
    assert naive.median < 0.9 * law.median  # omitting unfinished machines would bias the median downward


def test_censored_spans_count_by_survival():
    found = Spans(np.array([30.0]), np.array([False]))
    assert log_likelihood(found, np.log(30.0), 0.4) == pytest.approx(np.log(0.5))


def test_unfinished_machines_raise_the_median():
    found = spans("selection to operation")
    done = fit("done", Spans(found.months[found.finished], np.ones(9, dtype=bool)))
    assert fit("all", found).median > done.median + 5


def test_history_without_finished_machines_is_refused():
    with pytest.raises(BadInput, match="none"):
        fit("none", Spans(np.array([3.0, 4.0]), np.array([False, False])))


def test_quarters_from_labels_and_numbers():
    assert quarters(["2026Q3", None])[0] == 4 * 2026 + 2
    assert np.isnan(quarters(["2026Q3", None])[1])
    assert np.isnan(quarters([8106, -1])[1])


def test_unfinished_simulated_sites_are_censored():
    table = pd.DataFrame(
        {
            "selected": ["2024Q4", "2024Q4"],
            "contracted": ["2026Q2", "2026Q3"],
            "operational": ["2027Q4", None],
        }
    )
    found = delays.simulated(table, 4 * 2030)["selection to operation"]
    assert found.months.tolist() == [36.0, 3.0 * (4 * 2030 - 4 * 2024 - 3)]
    assert found.finished.tolist() == [True, False]
