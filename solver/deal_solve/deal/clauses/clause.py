"""What is known of a clause: where it stands, how it is printed, what a buyer would ask for next."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from deal_solve.deal.offers.offer import Offer

Part = Literal["api", "seats", "offer"]
Lever = Literal["commitment", "bundle", "clauses"]
Need = Literal["commitment", "renewal", "price changes"]
Ends = Callable[[float], tuple[float, float]]

POINT, SHARE, MONEY = 0.01, 0.1, 0.05
"""A step of a discount or a rise (one point), of a share (ten points), and of an amount (of itself)."""
FIFTH, QUARTER = 0.2, 0.25
"""How much lower a threshold, and how much larger a share, a buyer asks for."""


def one_point(today: float) -> tuple[float, float]:
    """Return a discount or a rise one point lower and higher."""
    return max(today - POINT, 0.0), today + POINT


def one_point_either_way(today: float) -> tuple[float, float]:
    """Return a premium, which may be a discount, one point lower and higher."""
    return max(today - POINT, POINT - 1), today + POINT


def ten_points(today: float) -> tuple[float, float]:
    """Return a share ten points lower and higher."""
    return max(today - SHARE, 0.0), today + SHARE


def a_twentieth(today: float) -> tuple[float, float]:
    """Return an amount in dollars 5 % lower and higher."""
    return today * (1 - MONEY), today * (1 + MONEY)


def a_tenth_in_whole(today: float) -> tuple[float, float]:
    """Return a count a tenth, rounded up to whole ones, lower and higher."""
    whole = math.ceil(SHARE * today)
    return today - whole, today + whole


@dataclass(frozen=True)
class Wording:
    """How a clause stands, what is asked for (None: nothing is better), and the fields of the part that say so."""

    was: str
    asked: str | None = None
    fields: dict[str, Any] | None = None


def _always(_: Any) -> bool:
    return True


@dataclass(frozen=True)
class Clause:
    """One clause of an offer.

    - `name` as it is printed; `part` and `path` say where it stands: `offers.<offer>.api.<path>`,
      `offers.<offer>.seats.<type>.<path>`, or `offers.<offer>.<path>`
    - `is_in` whether a part has the clause at all, `fits` whether an offer can; `is_of_both_parts` where it only
      matters if seats and API are both in the offer
    - `printed` how a value of it reads; `better` of a part the value one step towards the buyer, today's where nothing
      is better, and None for a clause without such a step. `asked` prints what is asked for, from the value today and
      the better one, where `printed` does not do; `along` are other fields of the part that the step changes, and it
      states those in `stated` as they are, because their default depends on this one
    - `step` the step in words, for docs/guides/clauses.md. `is_law`: the step only adds to what can be signed or lowers
      what has to be paid, so it never costs the buyer. Steps that are no law move payments in time or change what later
      terms are: of those the old wording may be the better one, and a buyer would keep it
    - `numbers` the negotiable numbers in it, by the last key of their path, each with its ends one step away
    - `lever` the step of the waterfall with which it comes into force: with the commitment (prices and what is for
      sale), with the bundle, or with the clauses. Before that it is as a deal file leaves it
    - `needs` what a deal must have for it to matter, and `idle` why it does nothing in a part of
      an offer (None: it may)
    - `ask` is the sentence to write to a vendor, with places for the `name`, how it `was` and what is `asked`
    """

    name: str
    part: Part
    path: tuple[str, ...]
    lever: Lever
    step: str = ""
    is_law: bool = True
    better: Callable[[Any], Any] | None = None
    printed: Callable[[Any], str] = str
    asked: Callable[[Any, Any], str] | None = None
    along: Mapping[str, Any] = field(default_factory=dict)
    stated: tuple[str, ...] = ()
    is_in: Callable[[Any], bool] = _always
    fits: Callable[[Offer], bool] = _always
    is_of_both_parts: bool = False
    numbers: Mapping[str, Ends] = field(default_factory=dict)
    needs: Need | None = None
    idle: Callable[[Offer, Any], str | None] | None = None
    ask: str = "Please change the clause “{name}” (now: {was}; asked: {asked})."

    def value(self, part: Any) -> Any:
        """Return the value of the clause in a part of an offer that has it."""
        for key in self.path:
            part = getattr(part, key)
        return part

    def wording(self, part: Any) -> Wording | None:
        """Return how the clause stands in a part and what to ask for; None if the part has no such clause."""
        if self.better is None or not self.is_in(part):
            return None
        today, better = self.value(part), self.better(part)
        was = self.printed(today)
        if better == today:
            return Wording(was)
        return Wording(
            was, self.asked(today, better) if self.asked else self.printed(better), self._fields(part, better)
        )

    def _fields(self, part: Any, value: Any) -> dict[str, Any]:
        """Return the fields of a part with another value of the clause."""
        first, *inner = self.path
        if inner:
            value = getattr(part, first).model_copy(update={inner[0]: value})
        return {first: value, **{name: getattr(part, name) for name in self.stated}, **self.along}


def percent(share: float) -> str:
    """Return a share as it stands in a deal file: 12.5%."""
    return f"{100 * share:.6g}%"


def next_of(field_name: str, *ladder: Any) -> Callable[[Any], Any]:
    """Return what is better than today's value of a field: the next one of a ladder, at its end the same."""

    def better(part: Any) -> Any:
        index = ladder.index(getattr(part, field_name))
        return ladder[min(index + 1, len(ladder) - 1)]

    return better


def always(value: Any) -> Callable[[Any], Any]:
    """Return that one value is better than any other."""
    return lambda _: value
