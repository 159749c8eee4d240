"""What all parts of a result share: frozen, no unknown fields, read from the tables of the analyses."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class Part(BaseModel):
    """A part of a result; amounts are USD and not rounded."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        """Return None for a number that is not finite: JSON has none."""
        return None if isinstance(value, float) and not math.isfinite(value) else value
