"""Observations with which results are compared; the model does not use them.

They cover the nineteen AI Factories, the time that earlier machines took, real votes on seats, sites elsewhere in the
world, and populations for voting. Each function returns the rows of a table of `abm/data` as dictionaries of texts; an
empty text means unknown. `abm/data/README.md` describes the columns.
"""

from __future__ import annotations

from juste_retour.abm.base.csv_tables import read_rows
from juste_retour.abm.base.members import EUROPE, SHIPPED

Rows = list[dict[str, str]]


def observed() -> Rows:
    """Return the AI Factories selected from December 2024 to October 2025; `site` is a site of `sites.csv`."""
    return read_rows(EUROPE / "observed.csv")


def calls() -> Rows:
    """Return calls other than those for AI Factories, with their money, bids and hosts: EuroHPC's, and one of another union."""
    return [row for folder in (EUROPE, SHIPPED["united_states"]) for row in read_rows(folder / "calls.csv")]


def antennas() -> Rows:
    """Return the countries with an antenna, which gives access to a factory without a machine of their own."""
    return read_rows(EUROPE / "antennas.csv")


def procurement_history() -> Rows:
    """Return the dates of EuroHPC machines from selection to operation; `status` marks unfinished ones."""
    return read_rows(EUROPE / "procurement_history.csv")


def seat_votes() -> Rows:
    """Return the tallies of real ballots on the seat of a Union body."""
    return read_rows(EUROPE / "seat_votes.csv")


def comparators() -> Rows:
    """Return large sites in the United States, China and Europe, with start, operation, power and accelerators."""
    return read_rows(EUROPE / "comparators.csv")


def largest_runs() -> Rows:
    """Return the largest known training runs of the United States and China, in order of publication."""
    return read_rows(EUROPE / "largest_runs.csv")


def costs() -> Rows:
    """Return the costs of machines, halls and power of sites; columns tell which of the three a figure includes."""
    return read_rows(EUROPE / "costs.csv")


def voting_populations() -> Rows:
    """Return the populations and population shares that the Council used in 2025 and, with the United Kingdom, 2016."""
    return read_rows(EUROPE / "voting_populations.csv")


def budget_by_state() -> Rows:
    """Return each state's receipts from and payments to the Union's budget, 2000 to 2020."""
    return read_rows(EUROPE / "budget_by_state.csv")
