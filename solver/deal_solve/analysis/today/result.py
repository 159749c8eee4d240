"""The file that holds today's bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from deal_solve.facts.today import TodaysBill
from deal_solve.report.basics import SCHEMA_KEY, ResultFile


@dataclass(frozen=True, kw_only=True)
class TodayResult(TodaysBill, ResultFile):
    """What `today --json` writes; USD of one month."""

    schema_version: Annotated[Literal["deal-solve-today/1"], SCHEMA_KEY] = "deal-solve-today/1"
