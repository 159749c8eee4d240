"""Names of models as vendors, clouds and people write them: which model of the rate card is meant (model §2).

A model has one id on the card. Aliases without a date (claude-haiku-4-5), dated ids, ids of Bedrock and Vertex, paths
of routers and display names (Claude Haiku 4.5) mean the same model, and are read as its id. A name that means no model
is never taken for another one: what is proposed instead is of the same family and generation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator

from deal_solve.deal.base import Name
from deal_solve.deal.rate_card import FAMILIES, Card, Model, load_card
from deal_solve.messages import nearest, one_of

_FAMILY = "|".join(FAMILIES)
_CORE = re.compile(
    rf"claude-(?:(?P<f1>{_FAMILY})-(?P<g1>\d(?:-\d)?)|(?P<g2>\d(?:-\d)?)-(?P<f2>{_FAMILY}))(?:-(?P<day>\d{{8}}))?"
)
_SLOT = re.compile(rf"(?:claude )?({_FAMILY})")
_PREFIX = re.compile(r"(?:.*/)?(?:[a-z-]+\.)?(?:anthropic\.)?")
_SUFFIX = re.compile(r"(?:-v\d+(?::\d+)*(?::\d+k)?|@default|[-@]latest|\[1m\]|:\d+)$")
_GENERATION = re.compile(r"(?<!\d)(\d)(?:[-.](\d))?(?!\d)")


def canonical(text: str) -> str:
    """Return the id of the card's model that a name means; the name itself where it means none.

    >>> canonical("claude-haiku-4-5"), canonical("us.anthropic.claude-sonnet-4-20250514-v1:0")
    ('claude-haiku-4-5-20251001', 'claude-sonnet-4-20250514')
    >>> canonical("Claude 3.7 Sonnet"), canonical("claude-opus-4-5@20251101"), canonical("claude-haiku-9")
    ('claude-3-7-sonnet-20250219', 'claude-opus-4-5-20251101', 'claude-haiku-9')
    """
    return _known().get(text) or _meant(text) or text


def canonical_option(key: str) -> str:
    """Return the key of a routing option, or of a cascade, with the ids of its models.

    >>> canonical_option("claude-haiku-4-5>claude-opus-5+cached")
    'claude-haiku-4-5-20251001>claude-opus-5+cached'
    """
    models, plus, modes = key.partition("+")
    return ">".join(map(canonical, models.split(">"))) + plus + modes


def unknown_model(name: str, card: Card, others: Iterable[str]) -> str:
    """Return that there is no such model, and what may be meant: one of its own family and generation, or nothing.

    `others` are slots and variants, which have names of their own.
    """
    family = next((word for word in FAMILIES if word in name), None) or _nearest_family(name)
    generation = _generation(name)
    problem = f"there is no model {name!r}"
    of_family = [model for model in card.models if model.family == family]
    if generation is not None and of_family:
        same = [model.id for model in of_family if model.generation == generation]
        if same:
            return f"{problem}; did you mean {same[0]!r}?"
        return f"{problem}; of {family} the card has {', '.join(model.id for model in of_family)}"
    others = tuple(others)
    meant = family if family in others and not name.replace(family, "").strip("claude-") else nearest(name, others)
    if meant is not None and family in (None, meant, *(word for word in FAMILIES if word in meant)):
        return f"{problem}; did you mean {meant!r}?"
    return f"{problem}; expected {one_of(FAMILIES)}, a model id such as {card.models[0].id}, or a variant of the file"


def _nearest_family(name: str) -> str | None:
    return next((found for word in re.split(r"[^a-z]+", name) if (found := nearest(word, FAMILIES))), None)


def _generation(name: str) -> str | None:
    match = _GENERATION.search(re.sub(r"\d{8}", "", name))
    if match is None:
        return None
    return match[1] if match[2] in (None, "0") else f"{match[1]}.{match[2]}"


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    return {model.id: model.id for model in load_card().models}


@lru_cache(maxsize=256)
def _meant(text: str) -> str | None:
    """Return the id that another way to write a name means."""
    name = text.strip().lower()
    if "claude" not in name and " " not in name:
        return None
    name = re.sub(_PREFIX, "", name, count=1)
    while (shorter := _SUFFIX.sub("", name)) != name:
        name = shorter
    name = re.sub(r"[\s_.@]+", "-", name)
    match = _CORE.fullmatch(name if name.startswith("claude") else f"claude-{name}")
    if match is None:
        return None
    family, generation = match["f1"] or match["f2"], _generation(match["g1"] or match["g2"])
    found = [model for model in load_card().models if (model.family, model.generation) == (family, generation)]
    return found[0].id if found and _is_of(found[0], match["day"]) else None


def _is_of(model: Model, day: str | None) -> bool:
    """Whether a dated name is of the model: of the day in its id, or else of its release."""
    dated = re.search(r"\d{8}$", model.id)
    return day is None or day == (dated[0] if dated else f"{model.released:%Y%m%d}")


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    slot = _SLOT.fullmatch(value.strip().lower())
    return slot[1] if slot else canonical(value)


def _refuse_twice(value: Any) -> Any:
    """Refuse a map that names one model in two ways."""
    names: dict[str, str] = {}
    for name in value if isinstance(value, dict) else ():
        other = names.setdefault(canonical(str(name)), str(name))
        if other != name:
            raise ValueError(f"{other!r} and {name!r} are the same model; keep one of them")
    return value


Value = TypeVar("Value")
ModelName = Annotated[Name, BeforeValidator(_read)]
"""The id of a model, a slot or a variant; other ways to write a model's name are read as its id."""
ByModel = Annotated[dict[ModelName, Value], BeforeValidator(_refuse_twice)]
"""A map from models, slots, families or variants."""
