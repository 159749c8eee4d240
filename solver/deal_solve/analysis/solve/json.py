"""Results as JSON text, there and back."""

from __future__ import annotations

from typing import Any, TypeVar, Unpack, cast, overload

from pydantic import TypeAdapter, ValidationError

from deal_solve.analysis.solve.result import Answers, result_of, settlement_result_of
from deal_solve.analysis.solve.schema import Result
from deal_solve.deal.problems import problems_of
from deal_solve.deal.yaml_source import parse
from deal_solve.errors import InputError
from deal_solve.facts.notes import chronological_usd
from deal_solve.optimise.solution import Solution
from deal_solve.record import Record, adapter_of, to_text
from deal_solve.settlement.settle import Settlement

P = TypeVar("P", bound=Record)


def to_json(found: Solution | Settlement, **answers: Unpack[Answers]) -> str:
    """Return a solution as JSON text for `from_json`; or a settlement, with its likeliest invoice.

    `asked` is what else was asked of a solution: alternatives, wrong_tracks, why_not (a list of answers), levers.
    """
    if isinstance(found, Settlement):
        if answers:
            raise TypeError(f"{', '.join(answers)}: nothing was asked of a settlement; expected a solution")
        likeliest = int(found.weights.argmax())
        return to_text(settlement_result_of(found.deal, found, (), likeliest, chronological_usd(found)))
    settlement = found.settlement
    as_used = chronological_usd(settlement)
    return to_text(result_of(settlement.deal, settlement.scenarios, found, as_used, **answers))


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
