"""The schema of what uncertainty costs."""

from __future__ import annotations

from pydantic import Field

from deal_solve.plan.plan import Plan
from deal_solve.report.record import Part


class EstimateFacts(Part):
    """An amount, USD, with its 95 % interval from 16 replicates; null: nothing was sampled, the amount is exact."""

    usd: float = Field(description="the amount")
    low_usd: float | None = Field(description="lower end of the interval")
    high_usd: float | None = Field(description="upper end of the interval")


class MeanValueFacts(Part):
    """Planning with averages."""

    plan: Plan | None = Field(description="the mean-value deal")
    vss: EstimateFacts | None = Field(description="its objective above that of the result; null: not defined")
    reason: str = Field(description="why it is not defined")


class InformationFacts(Part):
    """Knowing the future."""

    evpi: EstimateFacts = Field(description="expected cost of the plan less that of the best deal of each future")
    futures: int = Field(description="futures that were solved one by one")
    is_all: bool = Field(description="whether there are no others")


class FirstTermFacts(Part):
    """A shorter first term."""

    shorter: Plan = Field(description="the best plan with the shortest first term")
    longer: Plan = Field(description="the best with a longer one")
    worth: EstimateFacts = Field(description="objective of the longer less that of the shorter")


class FreshLimitFacts(Part):
    """One limit over the fresh futures."""

    limit: str = Field(description="what is bounded")
    at_most_usd: float = Field(description="the bound")
    achieved_usd: float | None = Field(description="mean over the sets of what the plan does")
    probability: float | None = Field(description="mean over the sets of the achieved probability")
    kept_in: int = Field(description="sets in which the limit is kept")


class OutOfSampleFacts(Part):
    """The plan on futures that it was not chosen for."""

    found_usd: float = Field(description="objective over the futures it was chosen for")
    fresh: EstimateFacts = Field(description="objective over fresh ones")
    futures: int = Field(description="fresh futures in all")
    sets: int = Field(description="independent sets they came in")
    limits: tuple[FreshLimitFacts, ...] = Field(description="the limits of the deal there")


class GapFacts(Part):
    """How far the plan may be from the best one over all futures."""

    above: EstimateFacts = Field(description="its objective above the best one, too large on average")
    futures: int = Field(description="futures of each of the 16 searches")


class ApartFacts(Part):
    """Whether the futures can tell the two best agreements apart."""

    runner_up: Plan | None = Field(description="the best plan of the next agreement")
    dearer: EstimateFacts | None = Field(description="its objective above that of the result")
    gap: GapFacts | None = Field(description="null: nothing was sampled, or a search found no plan")
    is_apart: bool = Field(description="whether they can be told apart")
    needed: int | None = Field(description="futures that would; null: they are apart, or no number would")


class UncertaintyFacts(Part):
    """What uncertainty costs, and how sure the answer is of itself."""

    mean_value: MeanValueFacts = Field(description="planning with averages")
    information: InformationFacts = Field(description="knowing the future")
    first_term: FirstTermFacts | None = Field(description="a shorter first term; null: there is one length only")
    fresh: OutOfSampleFacts | None = Field(description="on fresh futures; null: nothing was sampled")
    apart: ApartFacts = Field(description="the two best agreements")
