"""The parameters of the model: one table, one row each.

A row gives unit, bounds, plausible range, meaning and source, then the value. `juste-retour scenarios parameters`
prints the table; a parameter that only one rule uses is an argument of that rule, beside it. Scenarios may set every
value between its bounds; robustness checks draw from the plausible range (`low` and `high` where it is None).

Sources name entries of `BIBLIOGRAPHY.md` or files of the repository. What they say was read there, unless "from
memory" follows. "assumed" means that nobody has measured it, "a choice" that someone decides it, "calibrated" that it
is the center of the posterior of `runs/specs/calibration.toml`. The calibration sees the first two waves only and
starts from the ranges, not from these values. Equation numbers are those of `delivery/README.md`.
"""

from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Annotated, get_args

import numpy as np

from juste_retour.abm.members import UNIONS
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
money, states, call, minds, bargaining, commissioners, labs, time = (
    partial(_row, group)
    for group in (
        "money",
        "states",
        "call",
        "minds",
        "bargaining",
        "commissioners",
        "labs",
        "time and actors",
    )
)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The table: everything that a scenario sets besides its rules. Money is in EUR of the day."""

    # fmt: off
    # -- a training run ---------------------------------------------------------------------------------------------
    mfu_reference: Annotated[float, runs("1", (0.05, 0.95), (0.3, 0.5), "model FLOP utilization of 16,384 accelerators, m0", "Grattafiori et al. (2024), Llama 3: 38 to 43 %")] = 0.41
    mfu_decay: Annotated[float, runs("1", (0, 0.5), (0.02, 0.1), "exponent by which utilization falls with accelerators, k", "fitted to Grattafiori et al. (2024), 0.07, and Jiang et al. (2024), MegaScale, 0.05, from memory")] = 0.05
    run_days: Annotated[float, runs("days", (1, 1000), (60, 180), "length of the flagship run, T", "a choice of developers; Sevilla et al. (2022) on the longest sensible run")] = 120.0
    tokens_per_parameter: Annotated[float, runs("tokens a parameter", (1, 1000), (20, 40), "tokens a parameter, r", "Hoffmann et al. (2022): 20; Besiroglu et al. (2024): 25.6")] = 20.0
    critical_batch_tokens: Annotated[float, runs("tokens", (1, 1e5), (30, 300), "critical batch at one token: 2,048 x 0.0471", "Bergsma et al. (2025), coefficients from memory", "log")] = 2048 * 0.0471
    critical_batch_exponent: Annotated[float, runs("1", (0, 1), (0.4, 0.5), "growth of the critical batch with training tokens", "Bergsma et al. (2025); range assumed")] = 0.462

    # -- failures and repair ----------------------------------------------------------------------------------------
    interruptions: Annotated[float, reliability("1 an accelerator-hour", (1e-8, 1e-2), (1e-5, 4e-5), "interruptions, lambda", "Grattafiori et al. (2024): 419 in 54 days on 16,384; Kokolis et al. (2024), Meta's RSC-1: 3.39e-5, from memory", "log")] = LLAMA_INTERRUPTIONS
    checkpoint_s: Annotated[float, reliability("s", (0.01, 3600), (1, 60), "time that a checkpoint blocks, delta_c", "assumed", "log")] = 5.0
    checkpoint_hours: Annotated[float, reliability("h", (0, 1000), (0, 2), "time between checkpoints; 0: the best, by Young (1974)", "a choice of developers; many runs keep a fixed schedule")] = 0.0
    hardware_failures: Annotated[float, reliability("1 a year", (0, 5), (0.03, 0.15), "hardware failures of an accelerator", "one secondary source", "log")] = 0.09
    node_accelerators: Annotated[float, reliability("accelerators", (1, 1000), (4, 72), "accelerators taken out together: 8 a node, 72 a rack swapped whole", "NVIDIA (2024), from memory", "log")] = 8.0
    spares: Annotated[float, reliability("share", (0, 0.5), (0, 0.05), "nodes in reserve")] = 0.02
    site_outages: Annotated[float, reliability("1 a year", (0, 1000), (1, 12), "outages of a whole site", "assumed", "log")] = 2.0
    outage_hours: Annotated[float, reliability("h", (0, 8760), (2, 24), "length of a site's outage", "assumed", "log")] = 8.0

    # -- training across sites --------------------------------------------------------------------------------------
    bits: Annotated[float, pooling("bit", (1, 64), (8, 32), "bits a parameter exchanged in a synchronous pool", "a choice of developers: BF16")] = 16.0
    outer_bits: Annotated[float, pooling("bit", (1, 64), (4, 32), "bits a parameter exchanged in a low-communication pool", "Douillard et al. (2025), Streaming DiLoCo: 4 without measured loss up to 4B parameters", "log")] = 4.0
    bandwidth_bps: Annotated[float, pooling("bit/s", (1e8, 1e17), (1e11, 1e14), "link of the ring, each direction: 0.1-0.4e12 a shared research network, 1.6e12 leased waves, 3e13 a fiber pair", "a choice of who builds the network", "log")] = 1.6e12
    detour: Annotated[float, pooling("1", (1, 5), (1.2, 2.1), "fiber per great-circle km, kappa")] = 1.5
    straggler: Annotated[float, pooling("1", (0, 1), (0, 0.1), "slow-down of an exchange for each doubling of sites, s", "form of MIRI (2025); value not measured")] = 0.05
    overlap: Annotated[float, pooling("share", (0, 0.99), (0, 0.9), "share of a synchronous exchange hidden behind computing, o", "assumed; never all: NVIDIA (2025) keeps 0.96 of one site on two")] = 0.5
    site_batch_tokens: Annotated[float, pooling("tokens", (1e4, 1e9), (4e6, 1.6e7), "batch that one site uses anyway; a pool that keeps it needs no more tokens", "Grattafiori et al. (2024): 4, 8, then 16 million; Adler et al. (2024): 9.4 million", "log")] = 4e6
    outer_overlap: Annotated[float, pooling("share", (0, 0.99), (0, 0.99), "share of a low-communication exchange hidden behind the inner steps; 0: it blocks", "Douillard et al. (2025) hide nearly all; Jaghouar et al. (2024), INTELLECT-1, block")] = 0.95
    inner_steps: Annotated[float, pooling("steps", (1, 1e4), (10, 200), "steps between exchanges of a low-communication pool, H", "a choice of developers; the penalty's dependence on H is that of MIRI (2025), which no experiment has tested", "log")] = 30.0
    replica_penalty: Annotated[float, pooling("1", (0, 2), (0.03, 0.29), "exponent of the loss of efficiency with replicas, delta", "joint law of Charles et al. (2025), table 10: 2 x 0.0116 / 0.0985; weak above 10B parameters")] = JOINT_LAW_PENALTY
    inner_batch: Annotated[float, pooling("share", (1e-4, 10), (0.03, 1), "batch of a low-communication pool, of the critical one", "assumed", "log")] = 0.1

    # -- chips ------------------------------------------------------------------------------------------------------
    chip_peak: Annotated[float, chips("FLOP/s", (1e12, 1e18), (H100_PEAK, H100_PEAK), "peak of a chip of 2022.8, dense BF16", "NVIDIA (2023), data sheet of the H100")] = H100_PEAK
    chip_peak_growth: Annotated[float, chips("1 a year", (1, 5), (1.4, 1.8), "growth of a chip's peak", "Epoch AI (2025a), data on supercomputers: 1.6")] = 1.6
    chip_price_eur: Annotated[float, chips("EUR", (1000, 1e7), (55_000, 110_000), "price of a chip of 2024.9: machine, network, hall and grid connection; running it is apart", "abm/data/costs.csv, fitted by runs/europe/costs.py; some of its accelerators are estimated")] = 81_000.0
    chip_price_growth: Annotated[float, chips("1 a year", (0.5, 5), (1.15, 1.4), "growth of a chip's price", "abm/data/costs.csv, fitted by runs/europe/costs.py; some of its accelerators are estimated; held near Epoch AI (2025a)")] = 1.25
    chip_power_kw: Annotated[float, chips("kW", (0.01, 100), (1.2, 2.1), "power of a chip of 2022.8, host and network included, cooling apart", "abm/data/costs.csv, fitted by runs/europe/costs.py; some of its accelerators are estimated")] = 1.61
    chip_power_growth: Annotated[float, chips("1 a year", (0.5, 5), (1.1, 1.35), "growth of a chip's power", "abm/data/costs.csv, fitted by runs/europe/costs.py; some of its accelerators are estimated; held near Epoch AI (2025a)")] = 1.18
    export_peak: Annotated[float, chips("1", (0.01, 1), None, "peak of the chips that export controls leave for sale, of a chip of the date", "a choice of the exporter; abm/unions/china_observed for China")] = 1.0
    export_supply: Annotated[float, chips("share", (0.01, 1), None, "chips that can be had under export controls, of those that the money would buy; the rest of the money is not spent", "a choice of the exporter; abm/unions/china_observed for China")] = 1.0
    life_years: Annotated[float, chips("years", (0, 100), (0, 7), "age at which a machine is renewed, from money that is uncommitted; 0: never")] = 0.0

    # -- sites ------------------------------------------------------------------------------------------------------
    pue_base: Annotated[float, sites("1", (1, 3), (1.04, 1.2), "power usage effectiveness at `free_cooling_c` and below", "assumed, liquid-cooled new sites")] = 1.08
    pue_slope: Annotated[float, sites("1 a degree C", (0, 0.1), (0.004, 0.012), "what each degree of yearly mean above `free_cooling_c` adds to it")] = 0.008
    free_cooling_c: Annotated[float, sites("degrees C", (-20, 40), (0, 15), "yearly mean up to which cooling costs nothing extra")] = 5.0
    headroom_scale: Annotated[float, sites("1", (0.01, 100), (0.3, 3), "power headroom of all sites, times the listed", "abm/data/sites.csv: headroom is estimated; it decides how many large sites there can be", "log")] = 1.0
    beyond_headroom: Annotated[float, sites("1", (1, 3), (1, 3), "power that a site may reach, times its headroom; what is above comes `grid_years` later", "abm/data/sites.csv lists what could be drawn at once; assumed")] = 1.0
    build_exponent: Annotated[float, sites("1", (0, 1), (0, 0.25), "growth of building time with power, x: a campus builds halls side by side")] = 0.1
    build_cv: Annotated[float, sites("1", (0, 3), (0.1, 0.5), "spread of building time, as a share of its mean")] = 0.3
    sketch_mw: Annotated[float, sites("MW", (0.1, 10_000), (5, 100), "size of the site on whose calendar the date of its chips is planned", "assumed", "log")] = 30.0
    longest_litigation_years: Annotated[float, sites("years", (0.25, 10), (0.5, 2), "longest delay of an award by a court; one quarter to this, equally likely")] = 1.0
    grid_years: Annotated[float, sites("years", (0, 30), (0, 7), "wait for power above a site's headroom; 0: each state's own", "abm/data/grid.csv; mostly estimated")] = 0.0
    running_cost: Annotated[float, sites("share a year", (0, 1), (0.015, 0.1), "running cost, of the capital cost", "Epoch AI (2026): USD 0.9 bn of 38 a GW")] = 0.9 / 38
    facility_share: Annotated[float, sites("share", (0, 1), (0.2, 0.45), "share of the capital cost that is building, not machine", "fitted to the yearly costs of Epoch AI (2026): USD 12.5 bn of 38 a GW")] = 12.5 / 38
    facility_life_years: Annotated[float, sites("years", (1, 100), (10, 25), "years over which a building is written off", "fitted to the yearly costs of Epoch AI (2026)")] = 14.0
    install_years: Annotated[float, sites("years", (0, 5), (0.25, 1), "years to install machines in a hall that stands", "assumed")] = 0.5
    interest: Annotated[float, sites("1 a year", (0.001, 1), (0.02, 0.1), "interest", "fitted to the yearly costs of Epoch AI (2026)")] = 0.07
    write_off_years: Annotated[float, sites("years", (1, 100), (3, 7), "years over which a machine is written off", "Epoch AI (2026)")] = 5.0

    # -- the frontier and talent ------------------------------------------------------------------------------------
    frontier_anchor: Annotated[float, frontier("FLOP", (1e20, 1e35), (3e26, 8e26), "frontier run of mid-2025", "Grok 4, about 5e26: Epoch AI (2025b), from memory; developers do not publish", "log")] = 5e26
    frontier_growth: Annotated[float, frontier("1 a year", (1.01, 100), (2.5, 5), "growth of the frontier run, g; after 2027 a scenario", "Sevilla and Roldán (2024): 4 to 5 a year")] = 4.0
    frontier_growth_later: Annotated[float, frontier("1 a year", (0, 100), (2, 5), "growth of the frontier run from `frontier_change_year` on; 0: as before", "assumed; power and capital set the bound, see the table of what a trend implies in runs/europe/RESULTS.md")] = 0.0
    frontier_change_year: Annotated[float, frontier("year", (2025, 2100), (2027, 2031), "date from which the frontier run grows by `frontier_growth_later`", "assumed: the power announced today lasts until about then")] = 2028.0
    algorithm_growth: Annotated[float, frontier("1 a year", (1, 100), (1.5, 4), "growth of algorithmic efficiency, g_a", "Ho et al. (2024), from memory")] = 3.0
    algorithm_delay: Annotated[float, frontier("years", (0, 20), (0, 0.75), "delay in importing algorithms, l_a")] = 0.0
    talent_elasticity: Annotated[float, frontier("1", (0, 1), (0, 0.07), "elasticity of a site's rate to researchers within reach; contested", "Moretti (2021): 0.0676; Wiebe's comment finds null when corrected")] = 0.0
    talent_mobility: Annotated[float, frontier("share a year", (0, 1), (0, 0.3), "researchers who follow the machines that work")] = 0.1
    talent_gap_years: Annotated[float, frontier("years", (0, 100), (5, 20), "gap beyond which no more researchers leave")] = 10.0
    talent_drain: Annotated[float, frontier("share a year", (0, 1), (0, 0.05), "researchers who leave for each year of gap, and with the labs that leave")] = 0.01

    # -- money and the size of sites --------------------------------------------------------------------------------
    envelope_eur_bn: Annotated[float, money("EUR bn", (0, 1000), (5, 20), "money to place, the Union's and all others' together", "the essay, Krüger (2026): EUR 10 bn")] = 10.0
    tranches: Annotated[int, money("orders", (1, 20), None, "yearly orders in which a site's money is spent, from its selection on", "a choice")] = 1
    schedule: Annotated[str, money("years and EUR bn", None, None, "what is ordered in which year, as 2025:4 2027:6; instead of tranches", "a choice")] = ""
    smallest_eur_bn: Annotated[float, sites("EUR bn", (0.001, 10), (0.01, 0.1), "smallest facility worth the name, m", CALIBRATED)] = 0.065
    ceiling_eur_bn: Annotated[float, sites("EUR bn", (0.01, 1000), (0.2, 2), "most that a site may ask in a call", CALIBRATED)] = 1.1

    # -- what states want -------------------------------------------------------------------------------------------
    first_trophy_eur_bn: Annotated[float, states("EUR bn", (0, 10), (0.02, 0.3), "value of a state's first site, tau", CALIBRATED)] = 0.18
    further_trophies: Annotated[float, states("1", (0, 0.99), (0, 0.9), "each further trophy is worth this share of the last, rho", CALIBRATED)] = 0.55
    trophy_fade: Annotated[float, states("1 a year", (0, 10), (0, 0.5), "rate at which voters' credit for a site that produces nothing fades")] = 0.0
    host_cost_eur_bn: Annotated[float, states("EUR bn", (0, 10), (0, 0.15), "a host's own fixed cost of a site, c", CALIBRATED)] = 0.055
    local_value: Annotated[float, states("1", (0, 10), (0.8, 1.5), "value of the first euro spent at home, lambda", CALIBRATED)] = 1.2
    local_scale: Annotated[float, states("share of mean GDP", (1e-7, 1), (3e-5, 5e-4), "scale of the local good, s", CALIBRATED, "log")] = 1.9e-4
    local_size_exponent: Annotated[float, states("1", (0, 2), (0, 1), "how the local good grows with a state's GDP, gamma", CALIBRATED)] = 0.55
    ambition_sd: Annotated[float, states("log units", (0, 3), (0.3, 1.5), "spread of ln a, a state's ambition in a world", CALIBRATED)] = 0.95
    race_value_eur_bn: Annotated[float, states("EUR bn", (0, 1e5), (10, 1000), "what the race is worth to the Union, v", "assumed", "log")] = 100.0
    race_first_year: Annotated[int, states("years", (0, 50), None, "first year after a decision whose race counts")] = 2
    race_last_year: Annotated[int, states("years", (0, 50), None, "last year after a decision whose race counts")] = 7
    race_curvature: Annotated[float, states("1", (0.05, 2), (0.3, 1), "how value grows with the share of the frontier reached, eta")] = 0.5
    race_weight: Annotated[float, states("1", (0, 10), (0.2, 3), "weight of the race in a state's payoff, beta", "assumed", "log")] = 1.0
    open_value_eur_bn: Annotated[float, states("EUR bn", (0, 1000), (0.2, 10), "value of accelerators that add up, v_A", "assumed", "log")] = 2.0
    open_scale: Annotated[float, states("accelerators", (100, 1e7), (5e3, 1e5), "accelerators at which their value bends, A_0", "assumed", "log")] = 20_000.0
    match_share_of_gdp: Annotated[float, money("share of GDP", (0, 1), (3e-4, 3e-3), "most that a state can match, phi", CALIBRATED, "log")] = 6e-4
    learning_rate: Annotated[float, states("1", (0, 1), (0.05, 0.3), "weight of the newest offer in memory, alpha", "agents learn adaptively; Camerer and Ho (1999) for ranges, from memory")] = 0.2
    dissent_cost_eur_bn: Annotated[float, states("EUR bn", (0, 1), (0, 0.01), "small cost of saying no, eps; without it ties decide")] = 0.001
    reservation_noise: Annotated[float, states("share of its gross stake", (0, 2), (0, 0.2), "spread of a state's reservation value in a world")] = 0.05
    patience: Annotated[float, states("1 a quarter", (0, 1), (0.9, 0.99), "discount factor from one round to the next, delta", "Baron and Ferejohn (1989) for the role; value a choice for rounds of one quarter")] = 0.95

    # -- the call for proposals -------------------------------------------------------------------------------------
    dossier_centre_months: Annotated[float, call("months", (0.1, 240), (2, 9), "to write a bid that passes, where a center exists (median)", CALIBRATED)] = 5.5
    dossier_new_months: Annotated[float, call("months", (0.1, 240), (8, 40), "to write a bid that passes, where none exists (median)", CALIBRATED)] = 27.0
    dossier_sd: Annotated[float, call("log units", (0, 3), (0.3, 1), "spread of the log of the time to write a bid", CALIBRATED)] = 0.75
    panel_noise: Annotated[float, call("score units", (0, 10), (0.1, 1), "noise of the expert panel", CALIBRATED)] = 0.5
    panel_threshold: Annotated[float, call("score units", (-10, 10), (-3, 1), "score below which a bid fails", CALIBRATED)] = -1.0
    panel_experience: Annotated[float, call("score units", (-10, 10), (0, 2), "weight of an existing center in the score", f"{CHARTER}: experience; value {CALIBRATED}")] = 1.15
    panel_conditions: Annotated[float, call("score units", (-10, 10), (0, 0.5), "weight of power price, climate and specialists in the score, each per standard deviation", f"{CHARTER}: total cost of ownership, talent; weight assumed")] = 0.1
    panel_support: Annotated[float, call("score units", (-10, 10), (0, 1), "weight of private money pledged, per doubling of the bid", f"{CHARTER}: cooperation; weight assumed")] = 0.3
    cancellation: Annotated[float, call("share", (0, 1), (0, 0.15), "selections that end without a contract", "abm/data/procurement_history.csv: three of 20 EuroHPC selections had no contract after four years; most late, not dead")] = 0.03

    # -- behavior ---------------------------------------------------------------------------------------------------
    inequality_aversion: Annotated[float, minds("1", (0, 5), (0, 1), "what a euro that others gain more takes from a state's gain: alpha of Fehr and Schmidt", "Fehr and Schmidt (1999)")] = 0.0
    consensus_norm: Annotated[float, minds("probability", (0, 1), (0, 0.9), "chance that a proposer buys every yes that can be had, and not only those it needs", "about 80 % of Council acts pass without a no: Hayes-Renshaw et al. (2006), from memory")] = 0.0
    rounds_limit: Annotated[int, bargaining("quarters", (1, 400), None, "rounds of bargaining before it is given up")] = 12
    side_payments: Annotated[bool, bargaining("1", None, None, "may a proposer pay for a yes in cash where that serves it better than a site")] = False
    cost_of_public_funds: Annotated[float, bargaining("1", (0, 2), (0.2, 0.5), "what a euro of side payment costs beyond itself")] = 0.3
    state_weight: Annotated[float, commissioners("1", (0, 1), (0.15, 0.45), "a commissioner's weight on the home state, alpha", "Thomson (2008); Gehring and Schneider (2018)")] = 0.3
    portfolio_weight: Annotated[float, commissioners("1", (0, 1), (0.3, 0.6), "a commissioner's weight on the portfolio, beta", "Egeberg (2006)")] = 0.4
    party_weight: Annotated[float, commissioners("1", (0, 1), (0, 0.15), "a commissioner's weight on the party, pi; the rest goes to the Union", "Wonka (2008)")] = 0.05

    # -- labs -------------------------------------------------------------------------------------------------------
    cloud_price_eur_year: Annotated[float, labs("EUR an accelerator and year", (100, 1e6), (8_000, 30_000), "price of an H100 in a cloud", "about USD 2 an hour, from memory", "log")] = 16_000.0
    access_years: Annotated[float, labs("years", (0, 20), (2, 6), "years of access that a letter of intent buys")] = 3.0
    home_value: Annotated[float, labs("log units", (-3, 3), (0, 1), "home bias of a lab, h: log of the compute it gives up to stay at home")] = 0.25
    wait_discount: Annotated[float, labs("1 a year", (0, 5), (0.1, 1), "rate at which a lab discounts the wait until operation")] = 0.4
    host_bargaining_power: Annotated[float, labs("share", (0, 1), (0.3, 0.7), "share of the surplus between lab and host that goes to the host", "Nash (1950): one half")] = 0.5
    least_outside_accelerators: Annotated[float, labs("accelerators", (1, 1e5), (10, 1000), "accelerators that any lab finds outside the program, whatever its capital", "assumed", "log")] = 100.0
    exit_cost: Annotated[float, labs("share of V", (0, 1), (0, 0.5), "what the race loses when all labs of the Union leave for a cloud abroad")] = 0.1

    # -- time and actors --------------------------------------------------------------------------------------------
    decider: Annotated[str, time("1", None, None, "who decides under single_decider and dictator: a lab, a state or EU", "a choice")] = "EU"
    start: Annotated[str, time("quarter", None, None, "first quarter", "a choice")] = "2024Q1"
    end: Annotated[str, time("quarter", None, None, "last quarter", "a choice")] = "2034Q4"
    announcement: Annotated[str, time("quarter", None, None, "when the program is announced", "Regulation (EU) 2024/1732, AI factories, July 2024")] = "2024Q3"
    window_years: Annotated[float, time("years", (0.25, 50), (5, 10), "length of the window over which the race is read, from the quarter after its start", "a choice; 5, 7 and 10 are reported side by side")] = 5.0
    window_start: Annotated[str, time("quarter", None, None, "quarter after which the window begins; empty for the announcement", "a choice")] = ""
    lag_cap_years: Annotated[float, time("years", (1, 1000), (10, 30), "lag that counts where nothing runs, or where the lag is longer", "a choice")] = 20.0
    members: Annotated[str, Parameter(about="the union that bargains, unless a folder of tables is named", source="a choice", group="time and actors", choices=UNIONS)] = UNIONS[0]
    priced: Annotated[bool, time("1", None, None, "whether the price of politics is asked for; no planner can replan what was observed", "a choice")] = True
    # fmt: on


@cache
def parameters() -> dict[str, tuple[Setting, Parameter]]:
    """Every scenario parameter: its default and what is known of it, in the order of the table."""
    return {row.name: (getattr(Parameters, row.name), get_args(row.type)[1]) for row in fields(Parameters)}


def defaults(**changes: float) -> Values:
    """Return the numeric parameters of one world as arrays of shape (1, 1), some of them changed."""
    values = vars(Parameters(**changes))  # type: ignore[arg-type]  # arrays hold floats alone
    return Values(
        **{k: np.full((1, 1), float(v)) for k, v in values.items() if not isinstance(v, str | bool)}
    )


def matching(value: Number, parameter: Floats) -> Floats:
    """Return a parameter (worlds, 1) in the shape that goes with a value: (worlds,) where the value has no second axis.

    >>> matching(np.ones(3), np.ones((3, 1))).shape, matching(np.ones((3, 2)), np.ones((3, 1))).shape
    ((3,), (3, 1))
    """
    parameter = np.asarray(parameter)
    return parameter[..., 0] if np.ndim(value) < 2 <= parameter.ndim else parameter
