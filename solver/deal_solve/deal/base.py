"""What all models of the deal file share: frozen, no unknown fields, ids short enough for dotted paths."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)

from deal_solve.deal.problems import WORD_OR_MAP, problems_of
from deal_solve.deal.yaml_source import Source, parse
from deal_solve.errors import InputError
from deal_solve.messages import shown

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

_ID = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?")
YEARS = range(1900, 2200)
"""Years of a month in a deal: before and after them contracts end in no calendar."""
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class _Refusing(ModelMetaclass):
    """Makes a constructor refuse wrong values as everything here does; what pydantic itself makes does not pass it."""

    def __call__(cls, *args: Any, **values: Any) -> Any:
        try:
            return super().__call__(*args, **values)
        except ValidationError as error:
            raise _refused(error, cls, values) from None


class DealModel(BaseModel, metaclass=_Refusing):
    """A part of a deal file. What cannot be is an InputError, however a model is made.

    `class Premium(DealModel, or_a_word=True)` is one that stands where the file may also have a plain word.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, defer_build=True)

    def __init_subclass__(cls, *, or_a_word: bool = False, **settings: Any) -> None:
        """Tell apart, in messages, what is wrong with the map from what is wrong with the word."""
        super().__init_subclass__(**settings)
        if or_a_word:
            WORD_OR_MAP.add(cls.__name__)

    @classmethod
    def model_validate(cls, obj: Any, **settings: Any) -> Self:
        """Return the model of plain data; raises InputError with every problem."""
        try:
            return cls.part_of_file(obj, **settings)
        except ValidationError as error:
            raise _refused(error, cls, obj) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **settings: Any) -> Self:
        """Return the model of JSON or YAML text; raises InputError with every problem and its line."""
        text = json_data if isinstance(json_data, str) else json_data.decode()
        source = parse(text, "")
        try:
            return cls.part_of_file(source.data, **settings)
        except ValidationError as error:
            raise _refused(error, cls, source) from None

    @classmethod
    def part_of_file(cls, data: Any, **settings: Any) -> Self:
        """Return the model of plain data; raises pydantic's own error, for whoever knows the rest of the file."""
        return super().model_validate(data, **settings)


def _refused(error: ValidationError, model: type[Any], data: Any) -> InputError:
    return InputError(problems_of(error, data if isinstance(data, Source) else Source("", data), model))


def _id(text: str) -> str:
    if not _ID.fullmatch(text) or len(text) > 40:
        raise ValueError(f"{text!r} is not an id; expected up to 40 of a-z, 0-9 and - (so that paths stay plain)")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text) or len(text) > 60:
        raise ValueError(f"{text!r} is not a name; expected lower-case letters, digits, - and _")
    return text


def parse_month(value: Any) -> date:
    """Return the first day of a month written YYYY-MM."""
    if isinstance(value, date):
        return value.replace(day=1)
    match = _MONTH.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{shown(value)} is not a month; expected one like 2027-01")
    if int(match[1]) not in YEARS:
        raise ValueError(f"{value} is not possible; expected a month from {YEARS[0]} to {YEARS[-1]}")
    return date(int(match[1]), int(match[2]), 1)


def _month_text(month: date) -> str:  # not a built-in such as str.format: pydantic reads the signature of what it calls
    return f"{month:%Y-%m}"


Id = Annotated[str, AfterValidator(_id)]
Name = Annotated[str, AfterValidator(_name)]
Month = Annotated[
    date,
    BeforeValidator(parse_month),
    PlainSerializer(_month_text, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _MONTH.pattern}),
]
Title = Annotated[str, Field(max_length=200)]


def months_later(start: date, months: int) -> date:
    """Return the first day of the month so many after that of `start`.

    >>> months_later(date(2026, 11, 30), 2)
    datetime.date(2027, 1, 1)
    """
    year, index = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, index + 1, 1)


def months_between(start: date, end: date) -> int:
    """Return whole calendar months from the month of `start` to the month of `end` (negative if earlier)."""
    return (end.year - start.year) * 12 + end.month - start.month


def first_month_on_or_after(start: date, day: date) -> int:
    """Return the index of the first month, counted from `start`, that begins on or after `day`."""
    return months_between(start, day) + (day.day > 1)
