"""The parameters of the model, as a table with one row for each.

A row gives the unit, bounds, plausible range, meaning and source of a parameter, and then its default. The command
`juste-retour scenarios parameters` prints the table. A parameter that only one rule uses is an argument of that rule. A
scenario may set any value within the bounds. Robustness checks draw from the plausible range, or between the bounds if
it is None.

Sources are entries of `BIBLIOGRAPHY.md` or files of the repository. A value was read in its source unless "from memory"
follows. "assumed" means that nobody has measured the value, and "a choice" that someone decides it. "calibrated" means
that it is the center of the posterior of `runs/specs/calibration.toml`. That calibration uses only the first two waves,
and starts from the ranges, not from these values. Equation numbers are those of `delivery/README.md`.
"""

from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Annotated, get_args

import numpy as np

from juste_retour.abm.base.members import UNIONS
from juste_retour.agents.arrays import Floats, Number
from juste_retour.agents.rules import Parameter, Setting
from juste_retour.agents.values import Values

CALIBRATED = "calibrated on the first two waves"
CHARTER = "Regulation (EU) 2021/1173, article 9(5)"
H100_PEAK = 989e12  # FLOP/s, dense BF16
LLAMA_INTERRUPTIONS = 419 / (16_384 * 54 * 24)  # an accelerator-hour; 1.973282e-5
JOINT_LAW_PENALTY = 2 * 0.0116 / 0.0985  # 0.235533


def _row(
    group: str, unit: str, bounds: tuple[float, float] | None, span: tuple[float, float] | None, meaning: str,
    source: str = "assumed", scale: str = "linear",
) -> Parameter:  # fmt: skip
    low, high = bounds or (None, None)
    return Parameter(unit, low, high, meaning, source, span, scale, group)


runs, reliability, pooling, chips, sites, frontier = (
    partial(_row, group) for group in ("runs", "reliability", "pooling", "chips", "sites", "frontier")
)
money, states, call, behavior, bargaining, commissioners, labs, time = (
    partial(_row, group)
    for group in (
        "money",
        "states",
        "call",
        "behavior",
        "bargaining",
        "commissioners",
        "labs",
        "time and actors",
    )
)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The table of parameters, which is all that a scenario sets besides its rules. Money is in current EUR."""

    # fmt: off
    # -- a training run ---------------------------------------------------------------------------------------------
    mfu_reference: Annotated[float, runs("1", (0.05, 0.95), (0.3, 0.5), "model FLOP utilization of 16,384 accelerators, m0", "Grattafiori et al. (2024), Llama 3: 38 to 43 %")] = 0.41
    mfu_decay: Annotated[float, runs("1", (0, 0.5), (0, 0.1), "exponent by which utilization falls with the number of accelerators, k; measured for one model on 8,192 to 16,384 of them", "fitted to Grattafiori et al. (2024), 0.07, and Jiang et al. (2024), MegaScale, 0.05, from memory; 0 if the model grows with the machine")] = 0.05
    run_days: Annotated[float, runs("days", (1, 1000), (60, 180), "length of the largest training run, T", "a choice of developers; Sevilla et al. (2022) on the longest sensible run")] = 120.0
    tokens_per_parameter: Annotated[float, runs("tokens per parameter", (1, 1000), (20, 40), "training tokens per parameter of the model, r", "Hoffmann et al. (2022): 20; Besiroglu et al. (2024): 25.6")] = 20.0
    critical_batch_tokens: Annotated[float, runs("tokens", (1, 1e5), (30, 300), "critical batch at one token: 2,048 x 0.0471", "Bergsma et al. (2025), coefficients from memory", "log")] = 2048 * 0.0471
    critical_batch_exponent: Annotated[float, runs("1", (0, 1), (0.4, 0.5), "growth of the critical batch with training tokens", "Bergsma et al. (2025); range assumed")] = 0.462

    # -- failures and repair ----------------------------------------------------------------------------------------
    interruptions: Annotated[float, reliability("1 per accelerator-hour", (1e-8, 1e-2), (1e-5, 4e-5), "interruptions, lambda", "Grattafiori et al. (2024): 419 in 54 days on 16,384; Kokolis et al. (2024), Meta's RSC-1: 3.39e-5, from memory", "log")] = LLAMA_INTERRUPTIONS
    checkpoint_s: Annotated[float, reliability("s", (0.01, 3600), (1, 60), "time that a checkpoint blocks, delta_c", "assumed", "log")] = 5.0
    checkpoint_hours: Annotated[float, reliability("h", (0, 1000), (0, 2), "time between checkpoints; 0 for the optimum of Young (1974)", "a choice of developers; many runs keep a fixed schedule")] = 0.0
    hardware_failures: Annotated[float, reliability("1 per year", (0, 5), (0.03, 0.15), "hardware failures per accelerator", "one secondary source", "log")] = 0.09
    node_accelerators: Annotated[float, reliability("accelerators", (1, 1000), (4, 72), "accelerators that fail together: 8 for a node, 72 for a rack that is replaced as a whole", "NVIDIA (2024), from memory", "log")] = 8.0
    spares: Annotated[float, reliability("share", (0, 0.5), (0, 0.05), "share of nodes in reserve")] = 0.02
    site_outages: Annotated[float, reliability("1 per year", (0, 1000), (1, 12), "outages of a whole site", "assumed", "log")] = 2.0
    outage_hours: Annotated[float, reliability("h", (0, 8760), (2, 24), "length of a site's outage", "assumed", "log")] = 8.0

    # -- training across sites --------------------------------------------------------------------------------------
    bits: Annotated[float, pooling("bit", (1, 64), (8, 32), "bits exchanged per parameter in a synchronous pool", "a choice of developers: BF16")] = 16.0
    outer_bits: Annotated[float, pooling("bit", (1, 64), (4, 32), "bits exchanged per parameter in a low-communication pool", "Douillard et al. (2025), Streaming DiLoCo: 4 without measured loss up to 4B parameters", "log")] = 4.0
    bandwidth_bps: Annotated[float, pooling("bit/s", (1e8, 1e17), (1e11, 1e14), "link of the ring, each direction: 0.1-0.4e12 a shared research network, 1.6e12 leased waves, 3e13 a fiber pair", "a choice of who builds the network", "log")] = 1.6e12
    detour: Annotated[float, pooling("1", (1, 5), (1.2, 2.1), "fiber length per great-circle distance, kappa")] = 1.5
    straggler: Annotated[float, pooling("1", (0, 1), (0, 0.1), "slowdown of an exchange for each doubling of the number of sites, s", "form of MIRI (2025); value not measured")] = 0.05
    overlap: Annotated[float, pooling("share", (0, 0.99), (0, 0.9), "share of a synchronous exchange hidden behind computing, o", "assumed; NVIDIA (2025) reaches 0.96 of the rate of one site on two")] = 0.5
    site_batch_tokens: Annotated[float, pooling("tokens", (1e4, 1e9), (4e6, 1.6e7), "batch that a single site uses; a pool with at most this batch needs no more tokens", "Grattafiori et al. (2024): 4, 8, then 16 million; Adler et al. (2024): 9.4 million", "log")] = 4e6
    outer_overlap: Annotated[float, pooling("share", (0, 0.99), (0, 0.99), "share of a low-communication exchange hidden behind the inner steps; 0 if it blocks", "Douillard et al. (2025) hide nearly all; Jaghouar et al. (2024), INTELLECT-1, block")] = 0.95
    inner_steps: Annotated[float, pooling("steps", (1, 1e4), (10, 200), "steps between exchanges of a low-communication pool, H", "a choice of developers; the penalty's dependence on H is that of MIRI (2025), which no experiment has tested", "log")] = 30.0
    replica_penalty: Annotated[float, pooling("1", (0, 2), (0.03, 0.29), "exponent of the loss of efficiency with replicas, delta", "joint law of Charles et al. (2025), table 10: 2 x 0.0116 / 0.0985; weak above 10B parameters")] = JOINT_LAW_PENALTY
    inner_batch: Annotated[float, pooling("share", (1e-4, 10), (0.03, 1), "batch of a low-communication pool, relative to the critical batch", "assumed", "log")] = 0.1

    # -- chips ------------------------------------------------------------------------------------------------------
    chip_peak: Annotated[float, chips("FLOP/s", (1e12, 1e18), (H100_PEAK, H100_PEAK), "peak of a chip of 2022.8, dense BF16", "NVIDIA (2023), data sheet of the H100")] = H100_PEAK
    chip_peak_growth: Annotated[float, chips("1 per year", (1, 5), (1.4, 1.8), "growth of a chip's peak", "Epoch AI (2025a), data on supercomputers: 1.6")] = 1.6
    announced_peak: Annotated[float, chips("1", (0.01, 100), (0.5, 2), "factor on the peak of chips that are announced and not measured, such as the MI430X", "abm/data/machines.csv, column peak_guessed; range assumed", "log")] = 1.0
    chip_price_eur: Annotated[float, chips("EUR", (1000, 1e7), (55_000, 110_000), "price of a chip of 2024.9 with machine, network, hall and grid connection, without running cost", "abm/data/costs.csv, fitted by runs/studies/europe/costs.py; some of its accelerators are estimated")] = 81_000.0
    chip_price_growth: Annotated[float, chips("1 per year", (0.5, 5), (1.15, 1.4), "growth of a chip's price", "abm/data/costs.csv, fitted by runs/studies/europe/costs.py; some of its accelerators are estimated; held near Epoch AI (2025a)")] = 1.25
    chip_power_kw: Annotated[float, chips("kW", (0.01, 100), (1.2, 2.1), "power of a chip of 2022.8 with host and network, without cooling", "abm/data/costs.csv, fitted by runs/studies/europe/costs.py; some of its accelerators are estimated")] = 1.61
    chip_power_growth: Annotated[float, chips("1 per year", (0.5, 5), (1.1, 1.35), "growth of a chip's power", "abm/data/costs.csv, fitted by runs/studies/europe/costs.py; some of its accelerators are estimated; held near Epoch AI (2025a)")] = 1.18
    export_peak: Annotated[float, chips("1", (0.01, 1), None, "peak of the chips that export controls allow, relative to a chip of the date", "a choice of the exporter; abm/unions/china_observed for China")] = 1.0
    export_supply: Annotated[float, chips("share", (0.01, 1), None, "share of the chips that the money would buy which export controls allow; the rest of the money is not spent", "a choice of the exporter; abm/unions/china_observed for China")] = 1.0
    trains: Annotated[bool, chips("1", None, None, "whether the machines train models; not so for quantum computers and antennas, and then no lag is read", "a choice")] = True
    life_years: Annotated[float, chips("years", (0, 100), (0, 7), "age at which a machine is renewed from uncommitted money; 0 for never")] = 0.0

    # -- sites ------------------------------------------------------------------------------------------------------
    pue_base: Annotated[float, sites("1", (1, 3), (1.04, 1.2), "power usage effectiveness at `free_cooling_c` and below", "assumed, liquid-cooled new sites")] = 1.08
    pue_slope: Annotated[float, sites("1 per degree C", (0, 0.1), (0.004, 0.012), "increase of power usage effectiveness for each degree of yearly mean above `free_cooling_c`")] = 0.008
    free_cooling_c: Annotated[float, sites("degrees C", (-20, 40), (0, 15), "yearly mean temperature up to which cooling needs no extra power")] = 5.0
    headroom_scale: Annotated[float, sites("1", (0.01, 100), (0.3, 3), "factor on the listed power headroom of all sites", "abm/data/sites.csv: headroom is estimated, and limits the number of large sites", "log")] = 1.0
    beyond_headroom: Annotated[float, sites("1", (1, 3), (1, 3), "power that a site may reach, relative to its headroom; power above the headroom comes `grid_years` later", "assumed; abm/data/sites.csv lists the power that is available at once")] = 1.0
    build_exponent: Annotated[float, sites("1", (0, 1), (0, 0.25), "exponent of building time in power, x; small because a campus builds halls in parallel")] = 0.1
    build_cv: Annotated[float, sites("1", (0, 3), (0.1, 0.5), "coefficient of variation of building time")] = 0.3
    sketch_mw: Annotated[float, sites("MW", (0.1, 10_000), (5, 100), "size of a site for which the date of the chips is planned", "assumed", "log")] = 30.0
    longest_litigation_years: Annotated[float, sites("years", (0.25, 10), (0.5, 2), "longest delay of an award by a court; delays from one quarter to this are equally likely")] = 1.0
    grid_years: Annotated[float, sites("years", (0, 30), None, "wait for power above a site's headroom; 0 for the value of each state; not drawn, since a site that is built for EUR 10 bn has the power that it needs", "abm/data/grid.csv; mostly estimated")] = 0.0
    running_cost: Annotated[float, sites("share per year", (0, 1), (0.015, 0.1), "running cost, relative to the capital cost", "Epoch AI (2026): USD 0.9 bn of 38 bn per GW")] = 0.9 / 38
    facility_share: Annotated[float, sites("share", (0, 1), (0.2, 0.45), "share of the capital cost that is for the building, not the machine", "fitted to the yearly costs of Epoch AI (2026): USD 12.5 bn of 38 bn per GW")] = 12.5 / 38
    facility_life_years: Annotated[float, sites("years", (1, 100), (10, 25), "years over which a building is depreciated", "fitted to the yearly costs of Epoch AI (2026)")] = 14.0
    install_years: Annotated[float, sites("years", (0, 5), (0.25, 1), "years to install machines in an existing hall", "assumed")] = 0.5
    interest: Annotated[float, sites("1 per year", (0.001, 1), (0.02, 0.1), "interest rate", "fitted to the yearly costs of Epoch AI (2026)")] = 0.07
    write_off_years: Annotated[float, sites("years", (1, 100), (3, 7), "years over which a machine is depreciated", "Epoch AI (2026)")] = 5.0

    # -- the frontier and talent ------------------------------------------------------------------------------------
    frontier_anchor: Annotated[float, frontier("FLOP", (1e20, 1e35), (3e26, 8e26), "frontier run of mid-2025", "Grok 4, about 5e26: Epoch AI (2025b), from memory; developers do not publish", "log")] = 5e26
    frontier_growth: Annotated[float, frontier("1 per year", (1.01, 100), (4, 5), "growth of the frontier run until mid-2025, g", "Sevilla and Roldán (2024): 4 to 5 a year; with 4.0 it passes through GPT-4, 2.1e25 in March 2023: Epoch AI (2025b), from memory")] = 4.0
    frontier_growth_later: Annotated[float, frontier("1 per year", (1.01, 100), (2, 5), "growth of the frontier run after mid-2025, g'", "assumed: the trend goes on, or power and capital slow it; see the table of what a trend implies in runs/studies/europe/RESULTS.md")] = 4.0
    algorithm_growth: Annotated[float, frontier("1 per year", (1, 100), (1.5, 4), "growth of algorithmic efficiency, g_a", "Ho et al. (2024), from memory")] = 3.0
    algorithm_delay: Annotated[float, frontier("years", (0, 20), (0, 0.75), "delay until the Union uses new algorithms, l_a")] = 0.0
    talent_elasticity: Annotated[float, frontier("1", (0, 1), (0, 0.07), "elasticity of a site's rate with respect to researchers within reach; contested", "Moretti (2021): 0.0676; Wiebe's comment finds no effect after corrections")] = 0.0
    talent_mobility: Annotated[float, frontier("share per year", (0, 1), (0, 0.3), "share of researchers who move toward machines that work")] = 0.1
    talent_gap_years: Annotated[float, frontier("years", (0, 100), (5, 20), "gap to the frontier above which no more researchers leave")] = 10.0
    talent_drain: Annotated[float, frontier("share per year", (0, 1), (0, 0.05), "share of researchers who leave for each year of gap, and with the labs that leave")] = 0.01

    # -- money and the size of sites --------------------------------------------------------------------------------
    envelope_eur_bn: Annotated[float, money("EUR bn", (0, 1000), (5, 20), "money to place, the Union's and all others' together", "the essay, Krüger (2026): EUR 10 bn")] = 10.0
    tranches: Annotated[int, money("orders", (1, 20), None, "number of yearly orders in which a site's money is spent, from its selection on", "a choice")] = 1
    schedule: Annotated[str, money("years and EUR bn", None, None, "years and amounts of the orders, as in 2025:4 2027:6; replaces tranches", "a choice")] = ""
    smallest_eur_bn: Annotated[float, sites("EUR bn", (0.001, 10), (0.01, 0.1), "smallest facility, m", CALIBRATED)] = 0.065
    ceiling_eur_bn: Annotated[float, sites("EUR bn", (0.01, 1000), (0.2, 2), "largest bid for a site in a call", CALIBRATED)] = 1.1

    # -- what states want -------------------------------------------------------------------------------------------
    first_trophy_eur_bn: Annotated[float, states("EUR bn", (0, 10), (0.02, 0.3), "value of a state's first site, tau", CALIBRATED)] = 0.18
    further_trophies: Annotated[float, states("1", (0, 0.99), (0, 0.9), "value of each further site's trophy, relative to the one before, rho", CALIBRATED)] = 0.55
    trophy_fade: Annotated[float, states("1 per year", (0, 10), (0, 0.5), "rate at which voters withdraw credit for a site that produces nothing")] = 0.0
    host_cost_eur_bn: Annotated[float, states("EUR bn", (0, 10), (0, 0.15), "fixed cost of a site to its host, c", CALIBRATED)] = 0.055
    local_value: Annotated[float, states("1", (0, 10), (0.8, 1.5), "value of the first euro spent at home, lambda", CALIBRATED)] = 1.2
    local_scale: Annotated[float, states("share of mean GDP", (1e-7, 1), (3e-5, 5e-4), "scale of the local good, s", CALIBRATED, "log")] = 1.9e-4
    local_size_exponent: Annotated[float, states("1", (0, 2), (0, 1), "exponent of the local good's scale in a state's GDP, gamma", CALIBRATED)] = 0.55
    ambition_sd: Annotated[float, states("log units", (0, 3), (0.3, 1.5), "standard deviation of ln a, the log of a state's ambition in a world", CALIBRATED)] = 0.95
    race_value_eur_bn: Annotated[float, states("EUR bn", (0, 1e5), (10, 1000), "value of the race to the Union, v", "assumed", "log")] = 100.0
    race_first_year: Annotated[int, states("years", (0, 50), None, "first year after a decision in which the race counts")] = 2
    race_last_year: Annotated[int, states("years", (0, 50), None, "last year after a decision in which the race counts")] = 7
    race_curvature: Annotated[float, states("1", (0.05, 2), (0.3, 1), "curvature of the race's value in the share of the frontier reached, eta")] = 0.5
    race_weight: Annotated[float, states("1", (0, 10), (0.2, 3), "weight of the race in a state's payoff, beta", "assumed", "log")] = 1.0
    open_value_eur_bn: Annotated[float, states("EUR bn", (0, 1000), (0.2, 10), "value of open accelerators, v_A", "assumed", "log")] = 2.0
    open_scale: Annotated[float, states("accelerators", (100, 1e7), (5e3, 1e5), "number of open accelerators at which their marginal value is halved, A_0", "assumed", "log")] = 20_000.0
    match_share_of_gdp: Annotated[float, money("share of GDP", (0, 1), (3e-4, 3e-3), "largest amount that a state can match, phi", CALIBRATED, "log")] = 6e-4
    learning_rate: Annotated[float, states("1", (0, 1), (0.05, 0.3), "weight of the newest offer in a state's average of past offers, alpha", "adaptive learning; ranges from Camerer and Ho (1999), from memory")] = 0.2
    dissent_cost_eur_bn: Annotated[float, states("EUR bn", (0, 1), (0, 0.01), "small cost of voting no, eps; at 0, ties decide votes")] = 0.001
    reservation_noise: Annotated[float, states("share of its gross stake", (0, 2), (0, 0.2), "standard deviation of a state's reservation value in a world")] = 0.05
    patience: Annotated[float, states("1 per quarter", (0, 1), (0.9, 0.99), "discount factor from one round to the next, delta", "role after Baron and Ferejohn (1989); the value is a choice for rounds of one quarter")] = 0.95

    # -- the call for proposals -------------------------------------------------------------------------------------
    dossier_centre_months: Annotated[float, call("months", (0.1, 240), (2, 9), "median time to write a successful bid where a center exists", CALIBRATED)] = 5.5
    dossier_new_months: Annotated[float, call("months", (0.1, 240), (8, 40), "median time to write a successful bid where none exists", CALIBRATED)] = 27.0
    dossier_sd: Annotated[float, call("log units", (0, 3), (0.3, 1), "standard deviation of the log of the time to write a bid", CALIBRATED)] = 0.75
    panel_noise: Annotated[float, call("score units", (0, 10), (0.1, 1), "standard deviation of the expert panel's noise", CALIBRATED)] = 0.5
    panel_threshold: Annotated[float, call("score units", (-10, 10), (-3, 1), "score below which a bid fails", CALIBRATED)] = -1.0
    panel_experience: Annotated[float, call("score units", (-10, 10), (0, 2), "weight of an existing center in the score", f"{CHARTER}: experience; value {CALIBRATED}")] = 1.15
    panel_conditions: Annotated[float, call("score units", (-10, 10), (0, 0.5), "weight of power price, climate and specialists in the score, each per standard deviation", f"{CHARTER}: total cost of ownership, talent; weight assumed")] = 0.1
    panel_support: Annotated[float, call("score units", (-10, 10), (0, 1), "weight of private money pledged, per doubling of the bid", f"{CHARTER}: cooperation; weight assumed")] = 0.3
    cancellation: Annotated[float, call("share", (0, 1), (0, 0.15), "share of selections that end without a contract", "abm/data/procurement_history.csv: three of 20 EuroHPC selections had no contract after four years, most of them late rather than abandoned")] = 0.03

    # -- behavior ---------------------------------------------------------------------------------------------------
    inequality_aversion: Annotated[float, behavior("1", (0, 5), (0, 1), "loss of a state for each euro that others gain more than it, alpha", "Fehr and Schmidt (1999)")] = 0.0
    consensus_norm: Annotated[float, behavior("probability", (0, 1), (0, 0.9), "probability that a proposer seeks every yes that it can get, and not only those that it needs", "about 80 % of Council acts pass without a no: Hayes-Renshaw et al. (2006), from memory")] = 0.0
    consultation: Annotated[str, Parameter(about="whether states are sounded out before a ballot: with outcome it is held only if it passes, and those whom it outvotes do not vote no; with consensus it is held only if it passes, and a proposer also buys each yes that costs it at most dissent_cost_eur_bn", source="outcome: Novak (2013); consensus: Mattila (2004) and Hayes-Renshaw et al. (2006), about 80 % of Council acts pass without a no", group="behavior", choices=("none", "outcome", "consensus"))] = "none"
    rounds_limit: Annotated[int, bargaining("quarters", (1, 400), None, "number of rounds after which bargaining ends without agreement")] = 12
    side_payments: Annotated[bool, bargaining("1", None, None, "whether a proposer may buy a yes by a side payment where that is cheaper than a site")] = False
    cost_of_public_funds: Annotated[float, bargaining("1", (0, 2), (0.2, 0.5), "cost of a euro of side payment in excess of that euro")] = 0.3
    state_weight: Annotated[float, commissioners("1", (0, 1), (0.15, 0.45), "a commissioner's weight on the home state, alpha", "Thomson (2008); Gehring and Schneider (2018)")] = 0.3
    portfolio_weight: Annotated[float, commissioners("1", (0, 1), (0.3, 0.6), "a commissioner's weight on the portfolio, beta", "Egeberg (2006)")] = 0.4
    party_weight: Annotated[float, commissioners("1", (0, 1), (0, 0.15), "a commissioner's weight on the party, pi; the remaining weight is on the Union", "Wonka (2008)")] = 0.05

    # -- labs -------------------------------------------------------------------------------------------------------
    cloud_price_eur_year: Annotated[float, labs("EUR per accelerator and year", (100, 1e6), (8_000, 30_000), "price of an H100 in a cloud", "about USD 2 an hour, from memory", "log")] = 16_000.0
    access_years: Annotated[float, labs("years", (0, 20), (2, 6), "years of access that a letter of intent buys")] = 3.0
    home_value: Annotated[float, labs("log units", (-3, 3), (0, 1), "home bias of a lab, h: the log of the compute that it gives up to stay at home")] = 0.25
    wait_discount: Annotated[float, labs("1 per year", (0, 5), (0.1, 1), "rate at which a lab discounts the wait until operation")] = 0.4
    host_bargaining_power: Annotated[float, labs("share", (0, 1), (0.3, 0.7), "share of the surplus between lab and host that goes to the host", "Nash (1950): one half")] = 0.5
    least_outside_accelerators: Annotated[float, labs("accelerators", (1, 1e5), (10, 1000), "smallest number of accelerators that any lab has outside the program", "assumed", "log")] = 100.0
    exit_cost: Annotated[float, labs("share of V", (0, 1), (0, 0.5), "share of the race's value that is lost if all labs of the Union leave for a cloud abroad")] = 0.1

    # -- time and actors --------------------------------------------------------------------------------------------
    decider: Annotated[str, time("1", None, None, "who decides under single_decider and dictator: a lab, a state or EU", "a choice")] = "EU"
    start: Annotated[str, time("quarter", None, None, "first quarter", "a choice")] = "2024Q1"
    end: Annotated[str, time("quarter", None, None, "last quarter", "a choice")] = "2034Q4"
    announcement: Annotated[str, time("quarter", None, None, "when the program is announced", "Regulation (EU) 2024/1732, AI factories, July 2024")] = "2024Q3"
    window_years: Annotated[float, time("years", (0.25, 50), (5, 10), "length of the window over which years behind are averaged, from the quarter after its start", "a choice; results are reported for 5, 7 and 10")] = 5.0
    window_start: Annotated[str, time("quarter", None, None, "quarter after which the window begins; empty for the announcement", "a choice")] = ""
    lag_cap_years: Annotated[float, time("years", (1, 1000), (10, 30), "largest lag that counts, also where nothing runs", "a choice")] = 20.0
    members: Annotated[str, Parameter(about="the union, unless a folder of tables is named", source="a choice", group="time and actors", choices=UNIONS)] = UNIONS[0]
    priced: Annotated[bool, time("1", None, None, "whether the price of politics is computed; it is not for unions as observed", "a choice")] = True
    # fmt: on


@cache
def parameters() -> dict[str, tuple[Setting, Parameter]]:
    """The default and the description of every parameter, by name, in the order of the table."""
    return {row.name: (getattr(Parameters, row.name), get_args(row.type)[1]) for row in fields(Parameters)}


def defaults(**changes: float) -> Values:
    """The parameters of one world without texts: defaults, except for the given changes; numbers are arrays (1, 1)."""
    values = vars(Parameters(**changes))  # type: ignore[arg-type]  # arrays hold floats alone
    return Values(
        **{
            k: v if isinstance(v, bool) else np.full((1, 1), float(v))
            for k, v in values.items()
            if not isinstance(v, str)
        }
    )


def matching(value: Number, parameter: Floats) -> Floats:
    """A parameter (worlds, 1) in a shape that broadcasts with a value: (worlds,) if the value has no second axis.

    >>> matching(np.ones(3), np.ones((3, 1))).shape, matching(np.ones((3, 2)), np.ones((3, 1))).shape
    ((3,), (3, 1))
    """
    parameter = np.asarray(parameter)
    return parameter[..., 0] if np.ndim(value) < 2 <= parameter.ndim else parameter
