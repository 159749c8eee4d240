"""The schema of a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from deal_solve.analysis.sweep.design import Design, is_number, key_of
from deal_solve.facts.decisions import NONE, DecisionKind
from deal_solve.frames import Table
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, ResultFile

if TYPE_CHECKING:
    import pandas as pd

RowStatus = Literal["optimal", "limit", "infeasible", "stopped", "invalid", "failed"]

KINDS = {"status": "string", "reason": "string", "agreement": "string", "term_months": "Int64"}
"""Columns that are no amounts."""


@dataclass(frozen=True)
class SweepRow(Record):
    """One solved run; USD over the horizon, discounted unless said, null where there is no plan."""

    cell: Annotated[int, Field(description="counted from 1")]
    inputs: Annotated[dict[str, Any], Field(description="the value of every varied field, by its path")]
    status: Annotated[
        RowStatus,
        Field(
            description="limit: a plan, not proven to the gap; stopped: the time limit passed without one; "
            "invalid: no deal"
        ),
    ]
    reason: Annotated[str, Field(description="why there is no plan, or no proof")] = ""
    objective_usd: Annotated[float | None, Field(description="objective")] = None
    bound_usd: Annotated[float | None, Field(description="a valid lower bound on it")] = None
    gap: Annotated[float | None, Field(description="(objective - bound) / |objective|")] = None
    agreement: Annotated[str | None, Field(description="offer of the API agreement")] = None
    term_months: Annotated[int | None, Field(description="its first term")] = None
    band_usd_per_year: Annotated[float | None, Field(description="threshold of the band in the first term")] = None
    commitment_usd_per_year: Annotated[float | None, Field(description="mean over the contract years")] = None
    committed_usd: Annotated[
        float | None, Field(description="what is owed whatever happens: API commitment and seats")
    ] = None
    seats: Annotated[dict[str, float], Field(description="contracted seats per type, mean over the contract years")] = (
        field(default_factory=dict)
    )
    shares: Annotated[
        dict[str, float],
        Field(
            description="of the expected API requests: by model family (a cascade counts as its last), cached, in batch"
        ),
    ] = field(default_factory=dict)
    expected_usd: Annotated[float | None, Field(description="expected cost, discounted")] = None
    p10_usd: Annotated[float | None, Field(description="P10 of the cost")] = None
    p90_usd: Annotated[float | None, Field(description="P90 of the cost")] = None
    cvar_usd: Annotated[float | None, Field(description="mean of the worst costs")] = None
    worst_usd: Annotated[
        float | None, Field(description="cost in the worst scenario, where there are enough to say")
    ] = None
    savings_usd: Annotated[
        float | None, Field(description="against the plan without commitment, where the objective has it")
    ] = None
    savings_rate: Annotated[
        float | None, Field(description="1 - what counted usage costs / the same at list, not discounted")
    ] = None
    decisions: Annotated[dict[str, str], Field(description="what the plan decides, in words")] = field(
        default_factory=dict
    )
    seconds: Annotated[float, Field(description="what the solve took")] = 0.0
    kinds: Annotated[dict[str, DecisionKind], Field(description="what each of the decisions is about")] = field(
        default_factory=dict, repr=False
    )

    @property
    def has_plan(self) -> bool:
        """Whether there is a plan."""
        return self.objective_usd is not None

    @property
    def deal(self) -> str:
        """What is signed, in a line: all decisions but routing."""
        stated = [(what, plan) for what, plan in self.decisions.items() if self.kinds[what] != "routing"]
        return "; ".join(f"{what}: {plan}" for what, plan in stated if plan != NONE)


def _frame_of(paths: Sequence[str], rows: Iterable[SweepRow]) -> pd.DataFrame:
    """Return one line per row: inputs by path, seats by type, shares by name; no type depends on what is missing."""
    import pandas as pd

    rows = list(rows)
    columns: dict[str, tuple[str, list[Any]]] = {"cell": ("Int64", [row.cell for row in rows])}
    for path in paths:
        values = [row.inputs[path] for row in rows]
        is_text = not all(map(is_number, values))
        texts = [value if isinstance(value, str) else key_of(value) for value in values] if is_text else values
        columns[path] = "string" if is_text else "float64", texts
    for each in (column for column in fields(SweepRow)[2:] if column.repr):
        if each.name in ("seats", "shares"):
            for name in dict.fromkeys(name for row in rows for name in getattr(row, each.name)):
                found = [getattr(row, each.name).get(name, 0.0) if row.has_plan else None for row in rows]
                columns[f"{each.name}.{name}"] = "float64", found
        elif each.name == "decisions":
            columns["deal"] = "string", [row.deal for row in rows]
        else:
            columns[each.name] = KINDS.get(each.name, "float64"), [getattr(row, each.name) for row in rows]
    return pd.DataFrame({name: pd.Series(values, dtype=kind) for name, (kind, values) in columns.items()})


@dataclass(frozen=True, kw_only=True)
class Sweep(Answered):
    """The rows of a sweep, in the order of the design; a stopped one lacks some. It is about the deal as it stands."""

    paths: Annotated[tuple[str, ...], Field(description="the varied fields")]
    cells: Annotated[int, Field(description="in all; a sweep that was stopped has fewer rows")]
    rows: Annotated[Table[SweepRow], Field(description="one per run, in the order of the design")]
    planned: NotWritten[Design] = field(repr=False, compare=False)

    @property
    def design(self) -> Design:
        """The runs of the sweep; of one that was read from a file those that have a row."""
        rows = (tuple(row.inputs[path] for path in self.paths) for row in self.rows)
        return self.planned or Design(self.paths, tuple(rows))

    @property
    def is_complete(self) -> bool:
        """Whether every run has its row."""
        return len(self.rows) == self.cells

    def to_frame(self) -> pd.DataFrame:
        """Return one line per row: inputs by path, seats by type, shares by name, what is signed in a line."""
        return _frame_of(self.paths, self.rows)


@dataclass(frozen=True, kw_only=True)
class SweepResult(Sweep, ResultFile):
    """What `sweep --out FILE.json` writes; USD over the horizon; the scenarios are those of the deal as it stands."""

    schema_version: Annotated[Literal["deal-solve-sweep/1"], SCHEMA_KEY] = "deal-solve-sweep/1"
