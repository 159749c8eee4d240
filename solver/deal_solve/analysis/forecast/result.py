"""What `forecast` returns and writes: the fan of every workload by month, and how such fans did on history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.analysis.measure.backtest import Backtest
from deal_solve.analysis.measure.growth import Floats
from deal_solve.frames import Table
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Written


@dataclass(frozen=True)
class ForecastMonth(Record):
    """Requests of one workload in one month to come."""

    workload: Annotated[str, Field(description="its name")]
    month: Annotated[str, Field(description="YYYY-MM")]
    months_ahead: Annotated[int, Field(description="from the last 28 days measured")]
    p10: Annotated[float, Field(description="requests that are exceeded in 90 %, or units of 10,000 input tokens")]
    p50: Annotated[float, Field(description="median")]
    p90: Annotated[float, Field(description="requests that are exceeded in 10 %")]


@dataclass(frozen=True, kw_only=True)
class ForecastResult(Written):
    """The fan of every workload, and its test on history."""

    schema_version: Annotated[Literal["deal-solve-forecast/1"], SCHEMA_KEY] = "deal-solve-forecast/1"
    last: Annotated[str, Field(description="last day measured, UTC")]
    widening: Annotated[float, Field(description="factor on the declared width, from how far forecasts missed before")]
    months: Annotated[Table[ForecastMonth], Field(description="workload by workload, month by month")]
    backtest: Annotated[Table[Backtest], Field(description="how such forecasts did on this history")]
    daily: NotWritten[dict[str, Floats] | None] = field(default=None, repr=False)
    """Requests or units of each day measured, for Python alone."""
