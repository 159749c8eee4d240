"""Every field of a deal in turn: where it stands, which model declares it, and the deal with another value there."""

from __future__ import annotations

import copy
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from deal_solve import Deal, InputError
from deal_solve.deal.load import deal_from
from deal_solve.deal.numbers import Band
from deal_solve.deal.yaml_source import Loc, Source, dotted

Field = tuple[str, str]
"""A model's name and the name of one of its fields."""

OTHER_NAMES = ("opus", "sonnet", "haiku", "enterprise", "none", "sso", "zero_retention", "own", "new", "all", "GBP")
"""Values that may stand in the place of a name."""


@dataclass(frozen=True)
class Place:
    """Where a field stands in a deal."""

    loc: Loc
    field: Field
    annotation: Any
    is_model: bool = False

    @property
    def path(self) -> str:
        return dotted(self.loc)


def declared(model: type[BaseModel] = Deal) -> set[Field]:
    """Return every field of every model that a deal can hold."""
    models = {model}
    todo = [model]
    while todo:
        for info in todo.pop().model_fields.values():
            found = {each for each in _models_in(info.annotation) if each not in models}
            models |= found
            todo += found
    return {(each.__name__, name) for each in models for name in each.model_fields}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def places(model: BaseModel, loc: Loc = ()) -> Iterator[Place]:
    """Yield the place of every field that is set in a model or below it."""
    for name, info in type(model).model_fields.items():
        if name not in model.model_fields_set:
            continue
        here = (*loc, info.alias or name)
        value = getattr(model, name)
        is_model = isinstance(value, BaseModel) and not isinstance(value, Band)
        yield Place(here, (type(model).__name__, name), info.annotation, is_model)
        yield from _below(value, here)


def _below(value: Any, loc: Loc) -> Iterator[Place]:
    if isinstance(value, BaseModel):
        yield from places(value, loc)
    elif isinstance(value, dict | tuple):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _below(part, (*loc, key))


def changed(deal: Deal, place: Place) -> Deal | None:
    """Return the deal with another value at a place, the first that makes a deal; None if none does."""
    data = deal.model_dump(mode="json", by_alias=True, exclude_unset=True)
    *above, last = place.loc
    others = [LEFT_OUT] if place.is_model else _others(_at(data, place.loc), place.annotation)  # its fields have places
    for other in others:
        edited = copy.deepcopy(data)
        node = _at(edited, tuple(above))
        if other is LEFT_OUT:
            del node[last]
        else:
            node[last] = other
        try:
            found = deal_from(Source("changed", edited))
        except (InputError, ValueError):
            continue
        if found != deal:
            return found
    return None


LEFT_OUT = object()
"""The default in the place of a value."""


def _at(data: Any, loc: Loc) -> Any:
    for part in loc:
        data = data[part] if part in data or isinstance(data, list) else data[str(part)]
    return data


def _others(value: Any, annotation: Any) -> Iterator[Any]:
    """Yield what may stand in the place of a value: first another one of its kind, last its default."""
    yield from (other for other in _literals(annotation) if other != value)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (round(value * 1.2, 9), round(value * 0.8, 9), value + 1, value - 1)
    elif isinstance(value, str):
        yield from _other_texts(value)
    elif isinstance(value, list):
        yield from _other_lists(value)
    elif isinstance(value, dict) and any(isinstance(part, dict) for part in value.values()):  # one more, one less
        yield {**value, "more": [*value.values()][-1]}
        yield from ({name: kept for name, kept in value.items() if name != key} for key in value)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from ({**value, key: other} for other in _others(part, None) if other is not LEFT_OUT)
            yield {name: kept for name, kept in value.items() if name != key}
    yield LEFT_OUT


def _literals(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (types.UnionType, Union, Annotated):
        for part in get_args(annotation):
            yield from _literals(part)


def _other_texts(text: str) -> Iterator[str]:
    try:
        day = date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    except ValueError:
        yield from (name for name in (*OTHER_NAMES, f"{text}x") if name != text)
    else:
        for month in (day.month % 12 + 1, (day.month + 1) % 12 + 1):
            yield f"{day.replace(month=month):%Y-%m-%d}"[: len(text)]


def _other_lists(values: list[Any]) -> Iterator[list[Any]]:
    if values and all(isinstance(part, dict) and "share" in part for part in values):  # they add up to 1
        turned = [*values[1:], values[0]]
        yield [{**part, "share": other["share"]} for part, other in zip(values, turned, strict=True)]
    yield [*values, *values[-1:]]
    for index, part in enumerate(values):
        yield [*values[:index], *values[index + 1 :]]
        yield from (
            [*values[:index], other, *values[index + 1 :]] for other in _others(part, None) if other is not LEFT_OUT
        )
