"""Parameters of the delivery: what a site yields, how sites pool, what chips cost and how fast the frontier moves.

E-numbers name the equations of this room (see README.md). Years are calendar years with decimals, money is EUR of the
day, hours and seconds are said in the name.
"""

from types import SimpleNamespace
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from juste_retour.agents.rules import Parameter

H100_PEAK = 989e12  # FLOP/s, dense BF16
CHIP_DATE = 2022.8  # the H100, to which peak and power are anchored
PRICE_DATE = 2024.9
HOURS_A_YEAR = 8766.0
LLAMA_INTERRUPTIONS = 419 / (16_384 * 54 * 24)  # an accelerator-hour; 1.973282e-5
JOINT_LAW_PENALTY = 2 * 0.0116 / 0.0985  # 0.235533


def _p(unit: str, low: float, high: float, about: str, span: tuple[float, float], **more: Any) -> Parameter:
    return Parameter(unit=unit, low=low, high=high, about=about, range=span, **more)


class DeliveryParameters(BaseModel):
    """Physics, prices and the frontier: all that is the same under every rule of the scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # fmt: off
    mfu_reference: Annotated[float, _p(
        "1", 0.05, 0.95, "model FLOP utilisation of 16,384 accelerators, m0",
        (0.3, 0.5), source="E1; Llama 3 (2024): 38 to 43 %", group="runs"
    )] = 0.41
    mfu_decay: Annotated[float, _p(
        "1", 0, 0.5, "exponent by which utilisation falls with accelerators, k",
        (0.02, 0.1), source="E1; Llama 3 (2024), MegaScale (2024)", group="runs"
    )] = 0.05
    run_days: Annotated[float, _p(
        "days", 1, 1000, "length of the flagship run, T", (60, 180), source="E3", group="runs"
    )] = 120.0
    run_share: Annotated[float, _p(
        "share", 0.001, 1, "share of a site's time given to the flagship run",
        (0.1, 1), source="E3; a site that serves 500 projects is near 0.1", group="runs"
    )] = 1.0
    tokens_per_parameter: Annotated[float, _p(
        "tokens a parameter", 1, 1000, "tokens a parameter, r",
        (20, 40), source="E4; Hoffmann et al. (2022): 20; Besiroglu et al. (2024): 25.6", group="runs"
    )] = 20.0
    critical_batch_tokens: Annotated[float, _p(
        "tokens", 1, 1e5, "critical batch at one token: 2,048 x 0.0471",
        (30, 300), scale="log", source="E5; Bergsma et al. (2025), coefficients from memory", group="runs"
    )] = 2048 * 0.0471
    critical_batch_exponent: Annotated[float, _p(
        "1", 0, 1, "growth of the critical batch with training tokens",
        (0.4, 0.5), source="E5; Bergsma et al. (2025); range assumed", group="runs"
    )] = 0.462

    interruptions: Annotated[float, _p(
        "1 an accelerator-hour", 1e-8, 1e-2, "interruptions, lambda",
        (1e-5, 4e-5), scale="log", source="E10; Llama 3 (2024): 419 in 54 days on 16,384; Meta RSC-1 3.39e-5", group="reliability"
    )] = LLAMA_INTERRUPTIONS
    checkpoint_s: Annotated[float, _p(
        "s", 0.01, 3600, "time that a checkpoint blocks, delta_c",
        (1, 60), scale="log", source="E11; assumed", group="reliability"
    )] = 5.0
    hardware_failures: Annotated[float, _p(
        "1 a year", 0, 5, "hardware failures of an accelerator",
        (0.03, 0.15), scale="log", source="E14; one secondary source", group="reliability"
    )] = 0.09
    node_accelerators: Annotated[float, _p(
        "accelerators", 1, 1000, "accelerators taken out together: 8 a node, 72 a rack swapped whole",
        (4, 72), scale="log", source="E14", group="reliability"
    )] = 8.0
    spares: Annotated[float, _p(
        "share", 0, 0.5, "nodes in reserve", (0, 0.05), source="E14; assumed", group="reliability"
    )] = 0.02
    site_outages: Annotated[float, _p(
        "1 a year", 0, 1000, "outages of a whole site",
        (1, 12), scale="log", source="E14b; assumed", group="reliability"
    )] = 2.0
    outage_hours: Annotated[float, _p(
        "h", 0, 8760, "length of a site's outage",
        (2, 24), scale="log", source="E14b; assumed", group="reliability"
    )] = 8.0

    bits: Annotated[float, _p(
        "bit", 1, 64, "bits a parameter exchanged in a synchronous pool",
        (8, 32), source="E6", group="pooling"
    )] = 16.0
    outer_bits: Annotated[float, _p(
        "bit", 1, 64, "bits a parameter exchanged in a low-communication pool",
        (4, 32), scale="log", source="E8; Streaming DiLoCo (2025): 4 without measured loss up to 4B parameters", group="pooling"
    )] = 4.0
    bandwidth_bps: Annotated[float, _p(
        "bit/s", 1e8, 1e17, "link of the ring, each direction: 0.1-0.4e12 a shared research network, 1.6e12 leased waves, 3e13 a fibre pair",
        (1e11, 1e14), scale="log", source="E6; a decision more than an uncertainty", group="pooling"
    )] = 1.6e12
    detour: Annotated[float, _p(
        "1", 1, 5, "fibre per great-circle km, kappa", (1.2, 2.1), source="E6; assumed", group="pooling"
    )] = 1.5
    straggler: Annotated[float, _p(
        "1", 0, 1, "slow-down of an exchange for each doubling of sites, s",
        (0, 0.1), source="E6; form of MIRI (2025)", group="pooling"
    )] = 0.05
    overlap: Annotated[float, _p(
        "share", 0, 0.99, "share of a synchronous exchange hidden behind computing, o",
        (0, 0.9), source="E7; assumed", group="pooling"
    )] = 0.5
    inner_steps: Annotated[float, _p(
        "steps", 1, 1e4, "steps between exchanges of a low-communication pool, H",
        (10, 200), scale="log", source="E8; dependence of the penalty on H unvalidated", group="pooling"
    )] = 30.0
    replica_penalty: Annotated[float, _p(
        "1", 0, 2, "exponent of the loss of efficiency with replicas, delta",
        (0.03, 0.29), source="E8; joint law of Charles et al. (2025), table 10: 2 x 0.0116 / 0.0985; weak above 10B parameters", group="pooling"
    )] = JOINT_LAW_PENALTY
    inner_batch: Annotated[float, _p(
        "share", 1e-4, 10, "batch of a low-communication pool, of the critical one",
        (0.03, 1), scale="log", source="E8; assumed", group="pooling"
    )] = 0.1

    chip_peak: Annotated[float, _p(
        "FLOP/s", 1e12, 1e18, "peak of a chip of 2022.8, dense BF16",
        (H100_PEAK, H100_PEAK), source="E15; H100 data sheet", group="chips"
    )] = H100_PEAK
    chip_peak_growth: Annotated[float, _p(
        "1 a year", 1, 5, "growth of a chip's peak",
        (1.4, 1.8), source="E15; Epoch supercomputers: 1.6", group="chips"
    )] = 1.6
    chip_price_eur: Annotated[float, _p(
        "EUR", 1000, 1e7, "price of a chip of 2024.9, all in: host, network, building, services",
        (30_000, 90_000), source="E15; assumed; USD 53k by Epoch's USD 38 bn a GW, EUR 40k by the gigafactory call", group="chips"
    )] = 60_000.0
    chip_price_growth: Annotated[float, _p(
        "1 a year", 0.5, 5, "growth of a chip's price", (1.1, 1.3), source="E15; assumed", group="chips"
    )] = 1.185
    chip_power_kw: Annotated[float, _p(
        "kW", 0.01, 100, "power of a chip of 2022.8, host and network included",
        (1.2, 1.6), source="E15; assumed", group="chips"
    )] = 1.4
    chip_power_growth: Annotated[float, _p(
        "1 a year", 0.5, 5, "growth of a chip's power", (1.08, 1.2), source="E15; assumed", group="chips"
    )] = 1.143
    life_years: Annotated[float, _p(
        "years", 0, 100, "age at which a machine is renewed; 0: never",
        (0, 7), source="assumed", group="chips"
    )] = 0.0

    pue_base: Annotated[float, _p(
        "1", 1, 3, "power usage effectiveness at 5 degrees C and below",
        (1.04, 1.2), source="E17; assumed, liquid-cooled new sites", group="sites"
    )] = 1.08
    pue_slope: Annotated[float, _p(
        "1 a degree C", 0, 0.1, "what each degree of yearly mean above 5 adds to it",
        (0.004, 0.012), source="E17; assumed", group="sites"
    )] = 0.008
    headroom_scale: Annotated[float, _p(
        "1", 0.01, 100, "power headroom of all sites, times the listed",
        (0.3, 3), scale="log", source="headroom is estimated; it decides how many large sites there can be", group="sites"
    )] = 1.0
    build_exponent: Annotated[float, _p(
        "1", 0, 1, "growth of building time with power, x: a campus builds halls side by side",
        (0, 0.25), source="E16; assumed", group="sites"
    )] = 0.1
    build_cv: Annotated[float, _p(
        "1", 0, 3, "spread of building time, as a share of its mean",
        (0.1, 0.5), source="E16; assumed", group="sites"
    )] = 0.3
    grid_years: Annotated[float, _p(
        "years", 0, 30, "wait for a grid connection on top of building",
        (0, 7), source="E16; can add 2 to 7 years; 0: listed headroom is there", group="sites"
    )] = 0.0
    running_cost: Annotated[float, _p(
        "share a year", 0, 1, "running cost, of the capital cost",
        (0.015, 0.1), source="E18; Epoch (2026): USD 0.9 bn of 38 a GW", group="sites"
    )] = 0.9 / 38
    facility_share: Annotated[float, _p(
        "share", 0, 1, "share of the capital cost that is building, not machine",
        (0.2, 0.45), source="E19; Epoch (2026): USD 12.5 bn of 38 a GW", group="sites"
    )] = 12.5 / 38
    interest: Annotated[float, _p(
        "1 a year", 0.001, 1, "interest", (0.02, 0.1), source="E19; fitted with E19 to Epoch", group="sites"
    )] = 0.07
    write_off_years: Annotated[float, _p(
        "years", 1, 100, "years over which a machine is written off",
        (3, 7), source="E19; Epoch (2026)", group="sites"
    )] = 5.0

    frontier_anchor: Annotated[float, _p(
        "FLOP", 1e20, 1e35, "frontier run of mid-2025",
        (3e26, 8e26), scale="log", source="E20; Grok 4 about 5e26; developers do not publish", group="frontier"
    )] = 5e26
    frontier_growth: Annotated[float, _p(
        "1 a year", 1.01, 100, "growth of the frontier run, g; after 2027 a scenario",
        (2.5, 5), source="E20; Epoch: 4 to 5 a year", group="frontier"
    )] = 4.0
    algorithm_growth: Annotated[float, _p(
        "1 a year", 1, 100, "growth of algorithmic efficiency, g_a",
        (1.5, 4), source="E22; Epoch, from memory", group="frontier"
    )] = 3.0
    algorithm_delay: Annotated[float, _p(
        "years", 0, 20, "delay in importing algorithms, l_a",
        (0, 0.75), source="E22; assumed", group="frontier"
    )] = 0.0
    talent_elasticity: Annotated[float, _p(
        "1", 0, 1, "elasticity of a site's rate to researchers within reach; contested",
        (0, 0.07), source="E24; Moretti (2021) 0.0676; Wiebe's comment: null when corrected", group="frontier"
    )] = 0.0
    talent_mobility: Annotated[float, _p(
        "share a year", 0, 1, "researchers who follow the machines that work",
        (0, 0.3), source="E24; assumed", group="frontier"
    )] = 0.1
    talent_drain: Annotated[float, _p(
        "share a year", 0, 1, "researchers who leave for each year of gap, and with the labs that leave",
        (0, 0.05), source="E24; assumed", group="frontier"
    )] = 0.01
    # fmt: on


def defaults(**changes: float) -> SimpleNamespace:
    """Return the parameters of one world as arrays of shape (1, 1), some of them changed."""
    values = DeliveryParameters(**changes).model_dump()
    return SimpleNamespace(**{name: np.full((1, 1), float(value)) for name, value in values.items()})


def matching(value: Any, parameter: Any) -> Any:
    """Return a parameter (worlds, 1) in the shape that goes with a value: (worlds,) where the value has no second axis.

    >>> matching(np.ones(3), np.ones((3, 1))).shape, matching(np.ones((3, 2)), np.ones((3, 1))).shape
    ((3,), (3, 1))
    """
    parameter = np.asarray(parameter)
    return parameter[..., 0] if np.ndim(value) < 2 <= parameter.ndim else parameter
