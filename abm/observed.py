"""What happened, for comparison only: the model never reads it.

The nineteen AI Factories, how long earlier machines took, real votes on seats, sites elsewhere in the world, and the
populations that voting uses. Each function returns the rows of a table of `abm/data` as they stand, a dictionary a
row of texts; an empty text is unknown. Columns are described in `abm/data/README.md`.
"""

from __future__ import annotations

from juste_retour.abm.members import EUROPE
from juste_retour.abm.tables import read_rows

Rows = list[dict[str, str]]


def observed() -> Rows:
    """Return the AI Factories selected from December 2024 to October 2025; `site` is a site of `sites.csv`."""
    return read_rows(EUROPE / "observed.csv")


def antennas() -> Rows:
    """Return the countries that were given an antenna: access to a factory, without a machine."""
    return read_rows(EUROPE / "antennas.csv")


def procurement_history() -> Rows:
    """Return EuroHPC machines from selection to operation; `status` marks those that are not finished."""
    return read_rows(EUROPE / "procurement_history.csv")


def seat_votes() -> Rows:
    """Return the tallies of real ballots on where a Union body sits."""
    return read_rows(EUROPE / "seat_votes.csv")


def comparators() -> Rows:
    """Return large sites in the United States, China and Europe: start, operation, power and accelerators."""
    return read_rows(EUROPE / "comparators.csv")


def largest_runs() -> Rows:
    """Return the largest training runs known of the United States and China, in order of publication."""
    return read_rows(EUROPE / "largest_runs.csv")


def costs() -> Rows:
    """Return what machines, halls and power of sites cost, and which of the three each figure holds."""
    return read_rows(EUROPE / "costs.csv")


def voting_populations() -> Rows:
    """Return populations and the Council's own shares of them for 2025 and, with the United Kingdom, 2016."""
    return read_rows(EUROPE / "voting_populations.csv")


def budget_by_state() -> Rows:
    """Return what each state received from the Union's budget and paid into it, 2000 to 2020."""
    return read_rows(EUROPE / "budget_by_state.csv")
