"""How later terms are decided: at signing, or by a table over what is observed by then (model §6)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import NUMBER_SCHEMA, Positive, parse_count
from deal_solve.messages import counted

AT_SIGNING, OBSERVED = "at_signing", "observed"
TERCILES = 3


def _count_or_edges(value: Any) -> Any:
    return value if value is None or isinstance(value, list | tuple) else parse_count(value)


def _checked(value: int | tuple[float, ...] | None) -> int | tuple[float, ...] | None:
    if isinstance(value, int) and not 1 <= value <= 10:
        raise ValueError(f"{counted(value, 'bucket')}; expected 1 to 10, or their edges")
    if isinstance(value, tuple) and (not value or any(low >= high for low, high in pairwise(value))):
        raise ValueError("edges out of order; expected at least one, each above the one before")
    return value


_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}]}
BucketsOrEdges = Annotated[
    int | tuple[Positive, ...] | None,
    BeforeValidator(_count_or_edges),
    AfterValidator(_checked),
    WithJsonSchema(_SCHEMA),
]


class Observed(DealModel):
    """Later terms are decided when they start, by buckets of the twelve months before; an edge lies in the lower one.

    Without a word on either, usage is observed in terciles (in a deal without workloads, users are).
    """

    usage: BucketsOrEdges = Field(
        None, description="buckets of equal probability, or their edges in USD: requests of the last twelve months at "
        "each workload's baseline option, at today's list"
    )  # fmt: skip
    users: BucketsOrEdges = Field(
        None, description="the same of the highest number of active users in these months, all cohorts together"
    )

    def split(self, has_workloads: bool) -> tuple[int | tuple[float, ...], int | tuple[float, ...]]:
        """Return buckets or edges of usage and of users; 1 where a quantity is not looked at."""
        if self.usage is None and self.users is None:
            return (TERCILES, 1) if has_workloads else (1, TERCILES)
        return self.usage or 1, self.users or 1


def _decisions(value: Any) -> Any:
    if isinstance(value, str) and value not in (AT_SIGNING, OBSERVED):
        raise ValueError(
            f"{value!r} is no way to decide; expected {AT_SIGNING}, {OBSERVED}, or a map with usage, users"
        )
    return {AT_SIGNING: None, OBSERVED: {}}[value] if isinstance(value, str) else value


RenewalDecisions = Annotated[
    Observed | None,
    BeforeValidator(_decisions),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [AT_SIGNING, OBSERVED]},
                {
                    "type": "object",
                    "properties": {"usage": _SCHEMA, "users": _SCHEMA},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
