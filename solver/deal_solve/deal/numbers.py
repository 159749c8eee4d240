"""Numbers as buyers write them: 900k, 1.4M, 60%, 14M ± 20%, and bands of three quantiles (model §1)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from deal_solve.messages import shown

_SUFFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "%": 1e-2}
_NUMBER = re.compile(r"([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([kKMB%]?)")
_PLUS_MINUS = re.compile(r"(?P<mid>.+?)\s*(?:±|\+/-|\+-)\s*(?P<half>.+)")
_GROUPED = re.compile(r"([-+]?\d{1,3}(?:([ ,.'’\u00a0\u202f])\d{3})(?:\2\d{3})*)((?:[.,]\d+)?)\s*([kKMB%]?)")
MAX_NUMBER = 60
"""Characters of a number, and twice as many of a band."""
EXPECTED = "expected one like 1200, 900k, 1.4M or 60%"
_NUMBER_TEXT = r"^[-+]?[0-9._]+([eE][-+]?[0-9]+)?\s*[kKMB%]?$"
NUMBER_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _NUMBER_TEXT}]}


LARGEST = 1e15
"""Nothing in a deal is larger; beyond it sums and products of floats lose cents."""


LARGEST_CHANGE = 100.0
"""Nothing grows faster in a year: a hundredfold every year is 1e10 in five, and a month of that beside the first one is
as far apart as two amounts of one deal may be (`optimise.solver.highs_session.LARGEST_COEFFICIENT`, in cents)."""
LARGEST_REQUEST = 1e8
"""Tokens of one request: a hundred times the longest context on the card."""


def parse_number(value: Any) -> float:
    """Return `value` as a finite float.

    >>> parse_number("900k"), parse_number("1.4M"), parse_number("60%"), parse_number(3)
    (900000.0, 1400000.0, 0.6, 3.0)
    """
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip()) if len(value) <= MAX_NUMBER else None
        if not match:
            raise ValueError(f"{shown(value)} is not a number; {_grouped(value) or _signed(value) or EXPECTED}")
        number = float(match[1].replace("_", "")) * _SUFFIX[match[2]]
        if match[2] == "%":
            number = round(number, 12)  # 7% is 0.07, not 0.07000000000000001
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number like 1200, 900k, 1.4M or 60%, found {shown(value)}")
    else:
        number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a finite number")
    if abs(number) > LARGEST:
        raise ValueError(f"{value} is too large; expected at most {LARGEST:g}")
    return number


def _grouped(text: str) -> str:
    """Return how to write a number whose thousands are set apart; '' where they are not.

    >>> _grouped("4,200"), _grouped("1.500.000 k"), _grouped("1,5")
    ('write it without thousands separators: 4200', 'write it without thousands separators: 1500000k', '')
    """
    match = _GROUPED.fullmatch(text.strip()) if len(text) <= MAX_NUMBER else None
    if not match:
        return ""
    digits = re.sub(r"[^-+0-9]", "", match[1])
    rest = match[3].replace(",", ".") + match[4]
    return f"write it without thousands separators: {digits}{rest}"


def _signed(text: str) -> str:
    """Return how to write an amount that has a sign of a currency; '' where it has none.

    >>> _signed("$20"), _signed("100k €"), _signed("20 a seat")
    ('write it without the sign of a currency: 20', 'write it without the sign of a currency: 100k', '')
    """
    bare = text.strip("$€£ ") if len(text) <= MAX_NUMBER else ""
    return f"write it without the sign of a currency: {bare}" if bare != text and _NUMBER.fullmatch(bare) else ""


def _at_least(low: float, what: str) -> AfterValidator:
    def check(number: float) -> float:
        if number < low:
            raise ValueError(f"{number:g} is below {low:g}; {what}")
        return number

    return AfterValidator(check)


def _share(number: float) -> float:
    if not 0 <= number <= 1:
        meant = f"; is {number:g}% meant?" if 2 <= number <= 100 else ""
        raise ValueError(f"{number:g} is not a share; expected a value from 0 to 1, or 0% to 100%{meant}")
    return number


def _positive(number: float) -> float:
    if number <= 0:
        raise ValueError(f"{number:g} is not above 0")
    return number


def _tokens(number: float) -> float:
    if number > LARGEST_REQUEST:
        raise ValueError(f"{number:g} tokens are more than one request can have; expected at most {LARGEST_REQUEST:g}")
    return number


def _discount(number: float) -> float:
    if not 0 <= number < 1:
        meant = f"; is {number:g}% meant?" if 1 < number < 100 else ""
        raise ValueError(f"{number:g} is not a discount; expected a value from 0 up to, not including, 1 (100%){meant}")
    return number


def _change(number: float) -> float:
    if number <= -1:
        raise ValueError(f"{number:g} is a fall of 100% or more; expected a value above -100%")
    if number > LARGEST_CHANGE:
        rise = f"{number:g} is a rise of {number:,.0%}; expected at most {LARGEST_CHANGE:,.0%}"
        raise ValueError(f"{rise}. Is {number:g}% meant?")
    return number


def parse_count(value: Any) -> int:
    """Return `value` as a whole number; '1k' is 1000."""
    number = parse_number(value)
    if number != int(number):
        raise ValueError(f"{value} is not a whole number")
    return int(number)


Count = Annotated[int, BeforeValidator(parse_count), WithJsonSchema(NUMBER_SCHEMA)]
Number = Annotated[float, BeforeValidator(parse_number), WithJsonSchema(NUMBER_SCHEMA)]
NonNegative = Annotated[Number, _at_least(0.0, "a price, a size or a count is never negative")]
Positive = Annotated[Number, AfterValidator(_positive)]
Tokens = Annotated[NonNegative, AfterValidator(_tokens)]
Share = Annotated[Number, AfterValidator(_share)]
Discount = Annotated[Number, AfterValidator(_discount)]
YES_NO: dict[Any, float] = {True: 1.0, "yes": 1.0, "no": 0.0, False: 0.0}
ShareOrYesNo = Annotated[
    Share,
    BeforeValidator(lambda value: YES_NO[value] if isinstance(value, bool | str) and value in YES_NO else value),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no"]}, *NUMBER_SCHEMA["anyOf"]]}),
]
"""A share; yes is all of it and no is nothing."""
Change = Annotated[Number, AfterValidator(_change)]


class Band(BaseModel):
    """A quantity known by its 10 %, 50 % and 90 % quantiles; a plain number is three times the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    p10: float
    p50: float
    p90: float

    @property
    def is_certain(self) -> bool:
        """Whether the three quantiles are one number."""
        return self.p10 == self.p50 == self.p90

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """P10, P50, P90."""
        return self.p10, self.p50, self.p90


def parse_band(value: Any) -> Any:
    """Return a `Band` from a number, {p10, p50, p90}, {low, high}, {p50, plus_minus} or the text '14M ± 20%'."""
    if isinstance(value, Band):
        return value
    if isinstance(value, str) and len(value) <= 2 * MAX_NUMBER and (match := _PLUS_MINUS.fullmatch(value.strip())):
        value = {"p50": match["mid"], "plus_minus": match["half"]}
    if isinstance(value, dict):
        numbers = {}
        for key, item in value.items():
            try:
                numbers[key] = parse_number(item)
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None
        match sorted(numbers):
            case ["p10", "p50", "p90"]:
                low, mid, high = numbers["p10"], numbers["p50"], numbers["p90"]
            case ["high", "low"]:
                low, high = numbers["low"], numbers["high"]
                mid = (low + high) / 2
            case ["p50", "plus_minus"]:
                mid, half = numbers["p50"], numbers["plus_minus"]
                step = abs(mid) * half if str(value["plus_minus"]).strip().endswith("%") else half
                low, high = mid - step, mid + step
            case keys:
                raise ValueError(
                    f"a band cannot be read from {', '.join(map(str, keys)) or 'an empty map'}; expected p10, p50 "
                    "and p90, or low and high, or p50 and plus_minus, or one number"
                )
        if not low <= mid <= high:
            raise ValueError(
                f"the quantiles cross: P10 {low:,.10g}, P50 {mid:,.10g}, P90 {high:,.10g}; expected P10 <= P50 <= P90"
            )
        return Band(p10=low, p50=mid, p90=high)
    number = parse_number(value)
    return Band(p10=number, p50=number, p90=number)


def _each(check: Any) -> AfterValidator:
    def run(band: Band) -> Band:
        for quantile in band.quantiles:
            check(quantile)
        return band

    return AfterValidator(run)


BAND_SCHEMA = {
    "anyOf": [
        *NUMBER_SCHEMA["anyOf"],
        {"type": "string", "pattern": "±|\\+/?-"},
        *(
            {
                "type": "object",
                "properties": dict.fromkeys(keys, NUMBER_SCHEMA),
                "required": list(keys),
                "additionalProperties": False,
            }
            for keys in (("p10", "p50", "p90"), ("low", "high"), ("p50", "plus_minus"))
        ),
    ]
}
AnyBand = Annotated[Band, BeforeValidator(parse_band), WithJsonSchema(BAND_SCHEMA)]
NonNegativeBand = Annotated[AnyBand, _each(_at_least(0.0, "a volume or a count is never negative").func)]
ShareBand = Annotated[AnyBand, _each(_share)]
ChangeBand = Annotated[AnyBand, _each(_change)]


def certain(number: float) -> Band:
    """Return the band of a number that is known."""
    return Band(p10=number, p50=number, p90=number)


def listed(values: Iterable[float]) -> str:
    """Return numbers for a message, one above another: 0, 250000, 200000000."""
    return ", ".join(f"{value:.10g}" for value in values)
