"""How growth above contracted seats is counted and charged (model §5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.base import DealModel
from deal_solve.messages import shown


class TrueUp(DealModel, or_a_word=True):
    """How growth above the contracted seats is counted and charged."""

    check: Literal[1, 3, 12] = Field(1, description="months in a window")
    count: Literal["peak", "snapshot"] = Field(
        "peak", description="peak: highest month of the window; snapshot: its last"
    )
    retroactive: bool = Field(True, description="charged from the window's start, not from its end")
    price: Literal["contracted", "list"] = Field(
        "contracted", description="of added seats: the contracted rate, or the card price"
    )
    ratchet: Literal["term", "year", "none"] = Field(
        "year", description="how long added seats stay licensed: the term, the contract year, or none (the window)"
    )

    @model_validator(mode="after")
    def _none_needs_retroactive(self) -> Self:
        if self.ratchet == "none" and not self.retroactive:
            raise ValueError("ratchet: none charges the window only, so it needs retroactive: true")
        return self


PRESETS: dict[str, dict[str, Any]] = {
    "add-on-demand": {"check": 1, "count": "peak", "retroactive": True, "price": "contracted", "ratchet": "year"},
    "quarterly-reconciliation": {
        "check": 3,
        "count": "peak",
        "retroactive": True,
        "price": "contracted",
        "ratchet": "year",
    },
    "annual-true-up": {"check": 12, "count": "peak", "retroactive": True, "price": "contracted", "ratchet": "term"},
    "true-forward": {"check": 12, "count": "peak", "retroactive": False, "price": "contracted", "ratchet": "term"},
}
HARD_CAP = "hard_cap"
_TRUE_UPS = f"{', '.join([*PRESETS, HARD_CAP])}, or a map with preset, {', '.join(TrueUp.model_fields)}"


def _true_up(value: Any) -> Any:
    if value == HARD_CAP:
        return value
    if isinstance(value, str):
        value = {"preset": value}
    if isinstance(value, dict) and "preset" in value:
        if not isinstance(value["preset"], str) or value["preset"] not in PRESETS:
            raise ValueError(f"there is no true-up preset {value['preset']!r}; expected {_TRUE_UPS}")
        value = {**PRESETS[value["preset"]], **{key: item for key, item in value.items() if key != "preset"}}
    if not isinstance(value, dict | TrueUp):
        raise ValueError(f"expected one of {_TRUE_UPS}, found {shown(value)}")
    return value if isinstance(value, TrueUp) else TrueUp.part_of_file(value)


TRUE_UP_SCHEMA = {
    "anyOf": [
        {"enum": [*PRESETS, HARD_CAP]},
        {
            "type": "object",
            "properties": {
                "preset": {"enum": [*PRESETS]},
                "check": {"enum": [1, 3, 12]},
                "count": {"enum": ["peak", "snapshot"]},
                "retroactive": {"type": "boolean"},
                "price": {"enum": ["contracted", "list"]},
                "ratchet": {"enum": ["term", "year", "none"]},
            },
            "additionalProperties": False,
        },
    ]
}
TrueUpClause = Annotated[TrueUp | Literal["hard_cap"], BeforeValidator(_true_up), WithJsonSchema(TRUE_UP_SCHEMA)]
