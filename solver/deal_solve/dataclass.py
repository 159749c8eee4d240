"""`dataclass`, at a quarter of the cost: the standard library compiles up to six methods of each class, called or not.

To type checkers, and to whoever uses a class, it is `dataclasses.dataclass`. Here the constructor is compiled when the
first object is made, and what compares, hashes, prints and refuses to change needs no text of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect import Signature

ByName = dict[str, Any]


def _dataclass(cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, kw_only: bool = False) -> Any:
    """Make a class a dataclass; one that inherits from a dataclass is made by the standard library."""

    def made(cls: type) -> type:
        if any(map(dataclasses.is_dataclass, cls.__mro__[1:])):
            return dataclasses.dataclass(frozen=frozen, eq=eq, kw_only=kw_only)(cls)
        written = {name for name, value in cls.__dict__.items() if value is not None}  # __eq__ alone sets __hash__ so
        any_class: Any = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        any_class.__dataclass_params__.frozen = frozen
        for name, method in _methods(cls, frozen, eq).items():
            if name not in written:
                setattr(cls, name, method)
        return cls

    return made if cls is None else made(cls)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    dataclass = _dataclass


def _methods(cls: Any, frozen: bool, eq: bool) -> ByName:
    every = dataclasses.fields(cls)
    methods: ByName = {"__init__": _first_call(cls, frozen), "__signature__": _SIGNATURE}
    methods["__repr__"] = _printing([field.name for field in every if field.repr])
    if frozen:
        methods |= _refusing(cls, {field.name for field in every})
    if eq:
        compared = [field for field in every if field.compare]
        methods["__eq__"] = _equality(_values([field.name for field in compared]))
        methods["__hash__"] = (
            _hash(_values([field.name for field in compared if field.hash is None])) if frozen else None
        )
    return methods


def _first_call(cls: Any, frozen: bool) -> Callable[..., None]:
    """Return a constructor that has the real one compiled, and makes way for it."""

    def __init__(self: Any, /, *args: Any, **values: Any) -> None:
        cls.__init__ = _compiled(cls, frozen)
        cls.__init__(self, *args, **values)

    __init__.compiled = lambda: _compiled(cls, frozen)  # type: ignore[attr-defined]
    return __init__


def _compiled(cls: Any, frozen: bool) -> Callable[..., None]:
    """Return the constructor: each field is set to what is given, to its default, or to what its factory makes."""
    names: ByName = {"__set": object.__setattr__, "__made": _MADE}
    positional, by_name, body = ["self"], ["*"], []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        default, factory = f"__default_{name}", f"__factory_{name}"
        has_default, has_factory = (
            field.default is not dataclasses.MISSING,
            field.default_factory is not dataclasses.MISSING,
        )
        names |= {default: field.default} if has_default else {factory: field.default_factory} if has_factory else {}
        if field.init:
            end = f"={default}" if has_default else "=__made" if has_factory else ""
            (by_name if field.kw_only else positional).append(name + end)
            value = f"{factory}() if {name} is __made else {name}" if has_factory else name
        elif has_factory:
            value = f"{factory}()"
        else:
            continue
        body.append(f"__set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = positional + by_name * (len(by_name) > 1)
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(body or ["pass"]), names)
    constructor: Callable[..., None] = names["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    constructor.__module__ = cls.__module__
    types: ByName = {field.name: field.type for field in dataclasses.fields(cls) if field.init}
    constructor.__annotations__ = types | {"return": None}
    return constructor


class _Made:
    """Stands in a signature for what a factory makes."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE = _Made()


class _Signature:
    """The signature of a constructor, which need not be compiled yet."""

    def __get__(self, instance: object, owner: Any) -> Signature:
        from inspect import signature

        called = signature(getattr(owner.__init__, "compiled", lambda: owner.__init__)())
        return called.replace(parameters=list(called.parameters.values())[1:])


_SIGNATURE = _Signature()


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads some fields of an object, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda owner: tuple(getattr(owner, name) for name in names)


def _printing(names: list[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _equality(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __hash__


def _refusing(cls: Any, names: set[str]) -> ByName:
    """Return what keeps objects as they were made."""

    def __setattr__(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": __setattr__, "__delattr__": __delattr__}
