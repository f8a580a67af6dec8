"""Access rules: which share of a site's chips the largest single run may use, and whether it may span several sites.

The rest of the chips is open to all other users. The share is of chips, not of time: a smaller job has a higher
utilization and loses less to failures. At a given date `dedicated` access is ahead of `calls` by at most
ln(0.9 / 0.06) / ln 4 = 1.95 years of frontier growth; this bound is an identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from juste_retour.agents.arrays import Number
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.some_worlds import each_world


@dataclass(frozen=True, eq=False)
class Regime:
    """The terms of access to a machine.

    Attributes:
        share: share of a site's chips that one run may use; a number or (worlds, 1).
        joins: whether a run may span several sites. It may not under `calls`: one project does not win many calls.
    """

    share: Number
    joins: bool


access = Family(
    "access",
    decides="which share of a site's chips the largest single run may use",
    signature="rule() -> Regime: the share of chips, a number or (worlds, 1), and whether a run may span sites.",
    group="access",
    lift=each_world,
)

STANDING = Parameter(
    choices=("calls", "strategic", "dedicated"),
    about="the access rule of machines that already exist, with its default share",
    source="EuroHPC access policy: regular and extreme-scale access by peer-reviewed calls",
)


def share(low: float, high: float, source: str) -> Parameter:
    """The parameter for an access rule's share, with its range and source."""
    return Parameter(
        unit="share",
        low=0,
        high=1,
        range=(low, high),
        about="share of a site's chips that the largest single run may use",
        source=source,
    )


Calls = share(
    0.02,
    0.22,
    "EuroLingua-GPT: 8.8 million GPU-hours a year on 4,480 H100, 0.22; SYNNQ: 400,000 node-hours in three months on "
    "LUMI-G, 0.06; Large AI Grand Challenge: 0.017 to 0.019 each",
)
Strategic = share(0.25, 0.6, "Apertus on Alps, about 0.38, from general knowledge")
Dedicated = share(0.8, 1.0, "BLOOM, 0.9 of its partition, from general knowledge")


@access(anonymous=True, deterministic=True)
def calls(*, share: Annotated[float, Calls] = 0.06, standing: Annotated[str, STANDING] = "calls") -> Regime:
    """Peer-reviewed calls for projects: a run gets the share that one project wins, at one site.

    Source: EuroHPC access calls; EuroLingua-GPT, SYNNQ and the Large AI Grand Challenge.
    """
    return Regime(share, False)


@access(anonymous=True, deterministic=True)
def strategic(
    *, share: Annotated[float, Strategic] = 0.4, standing: Annotated[str, STANDING] = "calls"
) -> Regime:
    """A share is reserved for flagship models, whose runs may span sites.

    Source: Apertus (2025) on Alps, from general knowledge.
    """
    return Regime(share, True)


@access(anonymous=True, deterministic=True)
def dedicated(
    *, share: Annotated[float, Dedicated] = 0.9, standing: Annotated[str, STANDING] = "calls"
) -> Regime:
    """One lab's run uses nearly all chips and may span sites.

    Source: BigScience (2022), BLOOM on Jean Zay, from general knowledge.
    """
    return Regime(share, True)
