"""Parameters of the politics: what states want, what a bid costs, how an offer is made and priced.

Values marked as calibrated are the centre of the posterior of `runs/specs/calibration.toml`, which sees the first two
waves only and starts from the ranges, not from these values; all others are assumed unless a source is named.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict

from juste_retour.agents.rules import Parameter

CALIBRATED = "calibrated on the first two waves"


def _p(
    unit: str, low: float, high: float, about: str, span: tuple[float, float] | None = None, **more: Any
) -> Parameter:
    return Parameter(unit=unit, low=low, high=high, about=about, range=span, **more)


class PoliticsParameters(BaseModel):
    """The politics of a scenario, in EUR bn and quarters unless said otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    envelope_eur_bn: Annotated[
        float,
        _p(
            "EUR bn",
            0,
            1000,
            "money to place, the Union's and all others' together",
            (5, 20),
            source="the essay: EUR 10 bn",
            group="money",
        ),
    ] = 10.0
    smallest_eur_bn: Annotated[
        float,
        _p(
            "EUR bn",
            0.001,
            10,
            "smallest facility worth the name, m",
            (0.01, 0.1),
            source=CALIBRATED,
            group="sites",
        ),
    ] = 0.065
    ceiling_eur_bn: Annotated[
        float,
        _p(
            "EUR bn",
            0.01,
            1000,
            "most that a site may ask in a call",
            (0.2, 2),
            source=CALIBRATED,
            group="sites",
        ),
    ] = 1.1
    first_trophy_eur_bn: Annotated[
        float,
        _p(
            "EUR bn",
            0,
            10,
            "value of a state's first site, tau",
            (0.02, 0.3),
            source=CALIBRATED,
            group="states",
        ),
    ] = 0.18
    further_trophies: Annotated[
        float,
        _p(
            "1",
            0,
            0.99,
            "each further trophy is worth this share of the last, rho",
            (0, 0.9),
            source=CALIBRATED,
            group="states",
        ),
    ] = 0.55
    trophy_fade: Annotated[
        float,
        _p(
            "1 a year",
            0,
            10,
            "rate at which voters' credit for a site that produces nothing fades",
            (0, 0.5),
            group="states",
        ),
    ] = 0.0
    host_cost_eur_bn: Annotated[
        float,
        _p(
            "EUR bn",
            0,
            10,
            "a host's own fixed cost of a site, c",
            (0, 0.15),
            source=CALIBRATED,
            group="states",
        ),
    ] = 0.055
    local_value: Annotated[
        float,
        _p(
            "1",
            0,
            10,
            "value of the first euro spent at home, lambda",
            (0.8, 1.5),
            source=CALIBRATED,
            group="states",
        ),
    ] = 1.2
    local_scale: Annotated[
        float,
        _p(
            "share of mean GDP",
            1e-7,
            1,
            "scale of the local good, s",
            (3e-5, 5e-4),
            scale="log",
            source=CALIBRATED,
            group="states",
        ),
    ] = 1.9e-4
    local_size_exponent: Annotated[
        float,
        _p(
            "1",
            0,
            2,
            "how the local good grows with a state's GDP, gamma",
            (0, 1),
            source=CALIBRATED,
            group="states",
        ),
    ] = 0.55
    ambition_sd: Annotated[
        float,
        _p(
            "log units",
            0,
            3,
            "spread of ln a, a state's ambition in a world",
            (0.3, 1.5),
            source=CALIBRATED,
            group="states",
        ),
    ] = 0.95
    race_value_eur_bn: Annotated[
        float,
        _p(
            "EUR bn",
            0,
            1e5,
            "what the race is worth to the Union, v",
            (10, 1000),
            scale="log",
            group="states",
        ),
    ] = 100.0
    race_curvature: Annotated[
        float,
        _p(
            "1",
            0.05,
            2,
            "how value grows with the share of the frontier reached, eta",
            (0.3, 1),
            group="states",
        ),
    ] = 0.5
    race_weight: Annotated[
        float,
        _p("1", 0, 10, "weight of the race in a state's payoff, beta", (0.2, 3), scale="log", group="states"),
    ] = 1.0
    open_value_eur_bn: Annotated[
        float,
        _p(
            "EUR bn",
            0,
            1000,
            "value of accelerators that add up, v_A",
            (0.2, 10),
            scale="log",
            group="states",
        ),
    ] = 2.0
    open_scale: Annotated[
        float,
        _p(
            "accelerators",
            100,
            1e7,
            "accelerators at which their value bends, A_0",
            (5e3, 1e5),
            scale="log",
            group="states",
        ),
    ] = 20_000.0
    match_share_of_gdp: Annotated[
        float,
        _p(
            "share of GDP",
            0,
            1,
            "most that a state can match, phi",
            (3e-4, 3e-3),
            scale="log",
            source=CALIBRATED,
            group="money",
        ),
    ] = 6e-4
    learning_rate: Annotated[
        float,
        _p(
            "1",
            0,
            1,
            "weight of the newest offer in memory, alpha",
            (0.05, 0.3),
            source="agents learn adaptively; Camerer and Ho (1999) for ranges",
            group="states",
        ),
    ] = 0.2
    dissent_cost_eur_bn: Annotated[
        float,
        _p("EUR bn", 0, 1, "small cost of saying no, eps; without it ties decide", (0, 0.01), group="states"),
    ] = 0.001
    reservation_noise: Annotated[
        float,
        _p(
            "share of the mean stake",
            0,
            2,
            "spread of a state's reservation value in a world",
            (0, 0.2),
            group="states",
        ),
    ] = 0.05
    patience: Annotated[
        float,
        _p(
            "1 a quarter",
            0,
            1,
            "discount factor from one round to the next, delta",
            (0.9, 0.99),
            source="institutions.md 1; Baron and Ferejohn (1989)",
            group="states",
        ),
    ] = 0.95
    dossier_centre_months: Annotated[
        float,
        _p(
            "months",
            0.1,
            240,
            "to write a bid that passes, where a centre exists (median)",
            (2, 9),
            source=CALIBRATED,
            group="call",
        ),
    ] = 5.5
    dossier_new_months: Annotated[
        float,
        _p(
            "months",
            0.1,
            240,
            "to write a bid that passes, where none exists (median)",
            (8, 40),
            source=CALIBRATED,
            group="call",
        ),
    ] = 27.0
    dossier_sd: Annotated[
        float,
        _p(
            "log units",
            0,
            3,
            "spread of the log of the time to write a bid",
            (0.3, 1),
            source=CALIBRATED,
            group="call",
        ),
    ] = 0.75
    panel_noise: Annotated[
        float,
        _p("score units", 0, 10, "noise of the expert panel", (0.1, 1), source=CALIBRATED, group="call"),
    ] = 0.5
    panel_threshold: Annotated[
        float,
        _p("score units", -10, 10, "score below which a bid fails", (-3, 1), source=CALIBRATED, group="call"),
    ] = -1.0
    panel_experience: Annotated[
        float,
        _p(
            "score units",
            -10,
            10,
            "weight of an existing centre in the score",
            (0, 2),
            source="Regulation (EU) 2021/1173, article 9(5): experience; value calibrated on the first two waves",
            group="call",
        ),
    ] = 1.15
    panel_conditions: Annotated[
        float,
        _p(
            "score units",
            -10,
            10,
            "weight of power price, climate and specialists in the score, each per standard deviation",
            (0, 0.5),
            source="article 9(5): total cost of ownership, talent; weight assumed",
            group="call",
        ),
    ] = 0.1
    panel_support: Annotated[
        float,
        _p(
            "score units",
            -10,
            10,
            "weight of private money pledged, per doubling of the bid",
            (0, 1),
            source="article 9(5): cooperation; weight assumed",
            group="call",
        ),
    ] = 0.3
    cancellation: Annotated[
        float,
        _p(
            "share",
            0,
            1,
            "selections that end without a contract",
            (0, 0.15),
            source="three of 20 EuroHPC selections had no contract after four years; most late, not dead",
            group="call",
        ),
    ] = 0.03
    inequality_aversion: Annotated[
        float,
        _p(
            "1",
            0,
            5,
            "what a euro that others gain more takes from a state's gain: alpha of Fehr and Schmidt",
            (0, 1),
            source="Fehr and Schmidt (1999)",
            group="minds",
        ),
    ] = 0.0
    consensus_norm: Annotated[
        float,
        _p(
            "probability",
            0,
            1,
            "chance that a proposer buys every yes that can be had, and not only those it needs",
            (0, 0.9),
            source="about 80 % of Council acts pass without a no (Hayes-Renshaw, Van Aken and Wallace 2006)",
            group="minds",
        ),
    ] = 0.0
    rounds_limit: Annotated[
        int, _p("quarters", 1, 400, "rounds of bargaining before it is given up", group="bargaining")
    ] = 12
    side_payments: Annotated[
        bool,
        Parameter(
            about="may a proposer pay for a yes in cash where that serves it better than a site",
            group="bargaining",
        ),
    ] = False
    cost_of_public_funds: Annotated[
        float,
        _p("1", 0, 2, "what a euro of side payment costs beyond itself", (0.2, 0.5), group="bargaining"),
    ] = 0.3
    state_weight: Annotated[
        float,
        _p(
            "1",
            0,
            1,
            "a commissioner's weight on the home state, alpha",
            (0.15, 0.45),
            source="Thomson (2008); Gehring and Schneider (2018)",
            group="commissioners",
        ),
    ] = 0.3
    portfolio_weight: Annotated[
        float,
        _p(
            "1",
            0,
            1,
            "a commissioner's weight on the portfolio, beta",
            (0.3, 0.6),
            source="Egeberg (2006)",
            group="commissioners",
        ),
    ] = 0.4
    party_weight: Annotated[
        float,
        _p(
            "1",
            0,
            1,
            "a commissioner's weight on the party, pi; the rest goes to the Union",
            (0, 0.15),
            source="Wonka (2008)",
            group="commissioners",
        ),
    ] = 0.05
    cloud_price_eur_year: Annotated[
        float,
        _p(
            "EUR an accelerator and year",
            100,
            1e6,
            "price of an H100 in a cloud",
            (8_000, 30_000),
            scale="log",
            source="about USD 2 an hour",
            group="labs",
        ),
    ] = 16_000.0
    access_share: Annotated[
        float,
        _p(
            "share",
            0,
            1,
            "most of a site that labs may use",
            (0.1, 0.8),
            source="the Union's half of access time is open to all; the host's is not",
            group="labs",
        ),
    ] = 0.5
    access_years: Annotated[
        float, _p("years", 0, 20, "years of access that a letter of intent buys", (2, 6), group="labs")
    ] = 3.0
    home_value: Annotated[
        float,
        _p(
            "log units",
            -3,
            3,
            "home bias of a lab, h: log of the compute it gives up to stay at home",
            (0, 1),
            group="labs",
        ),
    ] = 0.25
    wait_discount: Annotated[
        float,
        _p(
            "1 a year", 0, 5, "rate at which a lab discounts the wait until operation", (0.1, 1), group="labs"
        ),
    ] = 0.4
    host_bargaining_power: Annotated[
        float,
        _p(
            "share",
            0,
            1,
            "share of the surplus between lab and host that goes to the host",
            (0.3, 0.7),
            source="Nash (1950): one half",
            group="labs",
        ),
    ] = 0.5
    exit_cost: Annotated[
        float,
        _p(
            "share of V",
            0,
            1,
            "what the race loses when all labs of the Union leave for a cloud abroad",
            (0, 0.5),
            group="labs",
        ),
    ] = 0.1
