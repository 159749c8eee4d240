"""Requirements that conflict, and what relaxing them takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.record import NullIfInfinite, Record


@dataclass(frozen=True)
class Conflicting(Record):
    """One of the requirements that conflict."""

    path: Annotated[str, Field(description="where it stands in the deal file")]
    line: Annotated[int | None, Field(description="its line")]
    words: Annotated[str, Field(description="what it asks")]
    amount: Annotated[float | None, Field(description="its amount, if it has one")]
    least_usd: Annotated[
        float | None, Field(description="of a limit: the least it could be with the rest kept, rounded up")
    ]


@dataclass(frozen=True)
class Relaxation(Record):
    """Requirements that, dropped or raised together, make the deal possible."""

    paths: Annotated[tuple[str, ...], Field(description="where they stand in the deal file")]
    words: Annotated[tuple[str, ...], Field(description="what they ask")]
    to_usd: Annotated[tuple[float | None, ...], Field(description="what each limit is raised to; null: dropped")]
    objective_usd: Annotated[
        NullIfInfinite, Field(description="objective of the best deal then; null where none was proven")
    ]
    is_priced: Annotated[bool, Field(description="false if people are left unserved at a cost the deal does not state")]
    is_negotiated: Annotated[
        bool, Field(description="whether the vendor has to agree: part of an offer or of the rate card is changed")
    ] = False

    def rank(self) -> tuple[bool, float]:
        """Return what relaxations are compared by: the priced ones first, then the objective."""
        return not self.is_priced, self.objective_usd


@dataclass(frozen=True)
class Conflict(Record):
    """Requirements that no plan meets together, and what would help."""

    requirements: Annotated[Table[Conflicting], Field(description="without any one of them the others can be met")]
    relaxations: Annotated[Table[Relaxation], Field(description="of fewest requirements")]
    is_smallest: Annotated[bool, Field(description="whether no smaller conflict exists")]

    @property
    def cheapest(self) -> Relaxation | None:
        """The relaxation whose best deal has the least objective, None where none was found."""
        return min(self.relaxations, key=Relaxation.rank, default=None)
