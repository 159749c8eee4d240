"""Lengths of term on offer, and the discount each earns (model §6)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import NUMBER_SCHEMA, Discount
from deal_solve.messages import counted

TERM_MONTHS = (12, 24, 36, 48, 60)
"""Lengths that a term can have."""


class Term(DealModel):
    """A length of term and the discount it earns."""

    api: Discount = Field(0.0, description="discount on API rates")
    seats: Discount = Field(0.0, description="discount on seats")


def _terms(value: Any) -> Any:
    pairs = [(length, None) for length in value] if isinstance(value, list | tuple) else value
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    if not isinstance(pairs, list) or not pairs:
        raise ValueError("expected the lengths on offer, like [12, 36] or {12: {}, 36: {api: 4%, seats: 4%}}")
    terms = {}
    for key, item in pairs:
        length = int(key) if isinstance(key, str) and key.isdigit() else key
        if isinstance(length, bool) or not isinstance(length, int) or length not in TERM_MONTHS:
            raise ValueError(f"{key!r} is not a term; expected 12, 24, 36, 48 or 60 months")
        if length in terms:
            raise ValueError(f"the term of {counted(length, 'month')} is given twice")
        terms[length] = {} if item is None else item
    return dict(sorted(terms.items()))


Terms = Annotated[
    dict[int, Term],
    BeforeValidator(_terms),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"enum": [*TERM_MONTHS]}},
                {
                    "type": "object",
                    "patternProperties": {
                        f"^({'|'.join(map(str, TERM_MONTHS))})$": {
                            "type": ["object", "null"],
                            "properties": {"api": NUMBER_SCHEMA, "seats": NUMBER_SCHEMA},
                            "additionalProperties": False,
                        }
                    },
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
