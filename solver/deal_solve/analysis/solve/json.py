"""Results read back from JSON text."""

from __future__ import annotations

from typing import Any, TypeVar, cast, overload

from pydantic import TypeAdapter, ValidationError

from deal_solve.analysis.solve.schema import Result
from deal_solve.deal.problems import problems_of
from deal_solve.deal.yaml_source import parse
from deal_solve.errors import InputError
from deal_solve.record import Record, adapter_of

P = TypeVar("P", bound=Record)


@overload
def from_json(text: str) -> Result: ...
@overload
def from_json(text: str, kind: type[P]) -> P: ...
def from_json(text: str, kind: type[Any] = Result) -> Any:
    """Return the result written in a text: of `solve`, or of `kind`, what `settle` or an infeasible deal wrote.

    Raises InputError for another schema, or another version of it, and for text that does not follow it.
    """
    source = parse(text, "result")
    adapter: TypeAdapter[Any] = adapter_of(cast(Any, kind))
    expected = adapter.json_schema()["properties"]["schema"]["const"]
    found = source.data.get("schema") if isinstance(source.data, dict) else None
    if found != expected:
        raise InputError(source.problem(("schema",), f"{found!r} is not known here; expected {expected}"))
    try:
        return adapter.validate_python(source.data)
    except ValidationError as error:
        raise InputError(problems_of(error, source, kind)) from None
