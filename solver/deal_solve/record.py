"""Records: the frozen dataclasses of a result, each declared once for Python, for JSON and for its JSON Schema.

A field is described where it is declared, `x: Annotated[float, Field(description=...)]`. Pydantic makes the schema, the
JSON text and the reading back from these declarations. What differs between Python and a file is a type of its own,
declared here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, TypeAdapter, WithJsonSchema, WrapValidator
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")


class Record:
    """A part of a result; amounts are USD and not rounded. A file with other keys is refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", json_schema_serialization_defaults_required=True
    )


class _Absent:
    """Annotates a field that no file holds: its type needs no schema, and what is read has None there."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.none_schema()


def _none_or_number(value: Any, number: Callable[[Any], float]) -> float | None:
    return None if value is None else number(value)


NotWritten = Annotated[T, Field(default=None, exclude=True), _Absent()]
"""A field for Python alone, such as a solution; a record that is read from a file has None there."""
ContractYear = Annotated[
    int,
    AfterValidator(lambda year: year - 1),
    PlainSerializer(lambda year: year + 1, return_type=int),
    Field(description="counted from 1"),
]
"""A contract year: counted from 0 in Python and from 1 in files."""
NullIfInfinite = Annotated[
    float, WrapValidator(_none_or_number), WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "null"}]})
]
"""A number that need not be finite; JSON has no such number, so that it is null in a file, and None when it is read."""


@cache
def adapter_of(kind: type[T]) -> TypeAdapter[T]:
    """Return what validates, writes and describes a kind of record."""
    return TypeAdapter(kind)


def to_text(record: Any) -> str:
    """Return a record, or a table of records, as JSON text; numbers that are not finite are null."""
    kind: Any = type(record)
    if isinstance(record, tuple):
        kind = GenericAlias(tuple, (type(record[0]) if record else Any, ...))
    text: bytes = adapter_of(kind).dump_json(record, by_alias=True, indent=2)
    return text.decode() + "\n"
