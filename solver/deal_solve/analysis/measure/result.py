"""What `measure` returns and writes: the files, the reconciliation, the workloads, the people, and the deal file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.analysis.measure.backtest import Backtest
from deal_solve.analysis.measure.growth import Floats
from deal_solve.analysis.measure.people import MeasuredPeople
from deal_solve.analysis.measure.reconcile import Reconciled
from deal_solve.analysis.measure.workloads import MeasuredWorkload
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.exports.read import Exports
from deal_solve.frames import Table
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Written


@dataclass(frozen=True, kw_only=True)
class ExportRead(Record):
    """One file that was read."""

    name: Annotated[str, Field(description="the file, and the member of an archive")]
    export: Annotated[str, Field(description="which export it is")]
    first: Annotated[str | None, Field(description="first day in it, UTC; null: it has no days")]
    last: Annotated[str | None, Field(description="last day in it")]
    not_counted: Annotated[dict[str, int], Field(description="rows that were left out, by the reason")]
    columns_not_read: Annotated[tuple[str, ...], Field(description="columns that are not known")]


@dataclass(frozen=True, kw_only=True)
class MeasureResult(Written):
    """What exports of usage say; dollars are USD, months those of UTC days."""

    schema_version: Annotated[Literal["deal-solve-measure/1"], SCHEMA_KEY] = "deal-solve-measure/1"
    first: Annotated[str, Field(description="first day measured, UTC")]
    last: Annotated[str, Field(description="last day measured")]
    grouped_by: Annotated[str, Field(description="what tells workloads apart")]
    files: Annotated[Table[ExportRead], Field(description="what was read")]
    reconciliation: Annotated[Table[Reconciled], Field(description="list price against billed, by month and model")]
    workloads: Annotated[Table[MeasuredWorkload], Field(description="dearest first")]
    backtest: Annotated[Table[Backtest], Field(description="how the forecasts did on this history")]
    people: Annotated[MeasuredPeople | None, Field(description="seats and their use; null: no export says")]
    seats_assigned: Annotated[
        int | None, Field(description="by the summaries, else people on the list of members; null: no export says")
    ] = None
    notes: Annotated[tuple[str, ...], Field(description="what was left out, and why")]
    deal_text: Annotated[str, Field(description="the deal file that follows")]
    daily: NotWritten[dict[str, Floats] | None] = field(default=None, repr=False)
    """Requests or units of each day of each workload, for Python alone."""
    exports: NotWritten[Exports | None] = field(default=None, repr=False)
    """The rows behind it, for Python alone."""

    def deal(self) -> Deal:
        """Return the deal that follows; offers are still to be added."""
        return loads(self.deal_text, "measured")
