"""What uncertainty costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record


@dataclass(frozen=True)
class Estimate(Record):
    """An amount, USD, with its 95 % interval from 16 replicates; null: nothing was sampled, the amount is exact."""

    usd: Annotated[float, Field(description="the amount")]
    low_usd: Annotated[float | None, Field(description="lower end of the interval")] = None
    high_usd: Annotated[float | None, Field(description="upper end of the interval")] = None

    @property
    def half_usd(self) -> float:
        """Half the width of the interval, 0 without one."""
        return 0.0 if self.high_usd is None else self.high_usd - self.usd

    @property
    def reversed(self) -> Estimate:
        """The same difference, taken the other way round."""
        low, high = (None if end is None else -end for end in (self.high_usd, self.low_usd))
        return Estimate(-self.usd, low, high)


@dataclass(frozen=True)
class MeanValue(Record):
    """Planning with averages: the deal one would sign for the expected scenario, and what that costs."""

    plan: Annotated[Plan | None, Field(description="the mean-value deal")] = field(repr=False)
    vss: Annotated[
        Estimate | None,
        Field(description="its objective above that of the result; null: it has no plan, or breaks a limit"),
    ]
    reason: Annotated[str, Field(description="why it is not defined")] = ""


@dataclass(frozen=True)
class PerfectInformation(Record):
    """Knowing the future: the most that any forecast is worth.

    It counts expected cost, whatever the risk weight, and no limits but those on committed dollars.
    """

    evpi: Annotated[
        Estimate, Field(description="expected cost of the plan less that of the best deal of each scenario")
    ]
    futures: Annotated[int, Field(description="scenarios that were solved one by one")]
    is_all: Annotated[bool, Field(description="whether there are no others")]


@dataclass(frozen=True)
class FirstTerm(Record):
    """A shorter first term; renewals are decided at signing in both, so that it is not the value of waiting to see."""

    shorter: Annotated[Plan, Field(description="the best plan with the shortest first term")] = field(repr=False)
    longer: Annotated[Plan, Field(description="the best with a longer one")] = field(repr=False)
    worth: Annotated[
        Estimate, Field(description="objective of the longer less that of the shorter; negative: the longer is cheaper")
    ]


@dataclass(frozen=True)
class FreshLimit(Record):
    """One limit over the fresh scenarios."""

    limit: Annotated[str, Field(description="what is bounded")]
    at_most_usd: Annotated[float, Field(description="the bound")]
    achieved_usd: Annotated[float | None, Field(description="mean over the sets of what the plan does")]
    probability: Annotated[float | None, Field(description="mean over the sets of the achieved probability")]
    kept_in: Annotated[int, Field(description="sets in which the limit is kept")]


@dataclass(frozen=True)
class OutOfSample(Record):
    """The plan on scenarios that it was not chosen for."""

    found_usd: Annotated[float, Field(description="objective over the scenarios it was chosen for")]
    fresh: Annotated[Estimate, Field(description="objective over fresh ones")]
    futures: Annotated[int, Field(description="fresh scenarios in all")]
    sets: Annotated[int, Field(description="independent sets they came in")]
    limits: Annotated[Table[FreshLimit], Field(description="the limits of the deal there")] = field(repr=False)

    @property
    def above(self) -> float:
        """How much more it costs on the fresh scenarios, as a share: a plan is a little too good on its own."""
        return (self.fresh.usd - self.found_usd) / max(abs(self.found_usd), 1e-9)


@dataclass(frozen=True)
class Gap(Record):
    """How far the plan may be from the best one over all scenarios (multiple replications procedure)."""

    above: Annotated[Estimate, Field(description="its objective above the best one, too large on average")]
    futures: Annotated[int, Field(description="scenarios of each of the 16 searches")]


@dataclass(frozen=True)
class Apart(Record):
    """Whether the scenarios can tell the two best agreements apart.

    They are apart where the interval of `dearer` is above 0 and that of the gap ends below 1 % of the cost and below
    `dearer`; where nothing was sampled, by `dearer` alone.
    """

    runner_up: Annotated[Plan | None, Field(description="the best plan of the next agreement")] = field(repr=False)
    dearer: Annotated[Estimate | None, Field(description="its objective above that of the result")]
    gap: Annotated[Gap | None, Field(description="null: nothing was sampled, or a search found no plan")]
    is_apart: Annotated[bool, Field(description="whether the difference is significant")]
    needed: Annotated[int | None, Field(description="scenarios that would; null: they are apart, or no number would")]


@dataclass(frozen=True, kw_only=True)
class UncertaintyCost(Record):
    """What uncertainty costs, and how sure the answer is of itself."""

    mean_value: Annotated[MeanValue | None, Field(description="planning with averages; null: not in time")]
    information: Annotated[PerfectInformation | None, Field(description="knowing the future; null: not in time")]
    first_term: Annotated[
        FirstTerm | None, Field(description="a shorter first term; null: there is one length only, or not in time")
    ]
    fresh: Annotated[
        OutOfSample | None, Field(description="on fresh scenarios; null: nothing was sampled, or not in time")
    ]
    apart: Annotated[Apart | None, Field(description="the two best agreements; null: not in time")]
    solution: NotWritten[Solution] = field(repr=False)
    not_in_time: Annotated[tuple[str, ...], Field(description="what the time limit left out, in words")] = ()
