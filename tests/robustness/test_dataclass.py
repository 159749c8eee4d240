"""Dataclasses of this package do what those of the standard library do, and the two are compared here."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import field

import pytest

from deal_solve.dataclass import dataclass


def pair(**settings):
    """Return a class made by the standard library, and the same made here."""
    body = {**BODY, "__annotations__": ANNOTATIONS, "__doc__": "A term."}
    return [decorate(**settings)(type("Term", (), dict(body))) for decorate in (dataclasses.dataclass, dataclass)]


ANNOTATIONS = {"months": int, "title": str, "years": list, "usd": float, "seen": list, "name": str}
BODY = {
    "__module__": __name__,
    "title": field(default="a", repr=False, kw_only=True),
    "years": field(default_factory=list, compare=False),
    "usd": 0.0,
    "seen": field(init=False, default_factory=list, hash=False),
    "name": field(init=False, default="none"),
    "__post_init__": lambda self: self.seen.append(self.months),
}
CALLS = (((1,), {}), ((1,), {"title": "b"}), ((2, [3]), {"usd": 4.0}), ((), {"months": 1, "years": [5]}))


@pytest.mark.parametrize("settings", [{}, {"frozen": True}, {"frozen": True, "eq": False}, {"kw_only": True}])
def test_objects_are_those_of_the_standard_library(settings):
    standard, own = pair(**settings)
    assert str(inspect.signature(own)) == str(inspect.signature(standard))
    assert [each.name for each in dataclasses.fields(own)] == [each.name for each in dataclasses.fields(standard)]
    assert own.__dataclass_params__.frozen == standard.__dataclass_params__.frozen
    calls = [call for call in CALLS if not (settings.get("kw_only") and call[0])]
    made = [[cls(*args, **values) for args, values in calls] for cls in (standard, own)]
    for theirs, ours in zip(*made, strict=True):
        assert repr(ours) == repr(theirs)
        assert vars(ours) == vars(theirs)
        assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
        assert vars(copy.deepcopy(ours)) == vars(ours)
        assert ours != theirs
    assert [[a == b for a in made[0]] for b in made[0]] == [[a == b for a in made[1]] for b in made[1]]


def test_what_is_frozen_refuses_to_change_and_can_be_a_key():
    standard, own = (cls(1, title="b") for cls in pair(frozen=True))
    for change in (lambda term: setattr(term, "usd", 1.0), lambda term: delattr(term, "usd")):
        refused = []
        for term in (standard, own):
            with pytest.raises(dataclasses.FrozenInstanceError) as error:
                change(term)
            refused.append(str(error.value))
        assert refused[0] == refused[1]
    assert hash(own) == hash(type(own)(1, title="b")) != hash(dataclasses.replace(own, usd=1.0))
    assert own.__class__(1, [2], title="b") == own  # years are not compared


def test_what_can_change_is_no_key_and_what_is_compared_by_identity_is_one():
    changeable, by_identity = pair()[1], pair(eq=False)[1]
    with pytest.raises(TypeError, match="unhashable"):
        hash(changeable(1))
    assert by_identity(1) != by_identity(1) and hash(by_identity(1)) is not None


def test_a_missing_or_unknown_value_is_refused_as_by_any_function():
    for cls in pair():
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'months'"):
            cls()
        with pytest.raises(TypeError, match="unexpected keyword argument 'month'"):
            cls(month=1)


@dataclass(frozen=True)
class Base:
    """A base."""

    first: int

    def __eq__(self, other):
        return NotImplemented


@dataclass(frozen=True)
class Derived(Base):
    """A class that inherits fields."""

    second: int = 2


def test_fields_are_inherited_and_own_methods_stay():
    assert Derived(1) == Derived(1, 2) and repr(Derived(1)) == "Derived(first=1, second=2)"
    assert pickle.loads(pickle.dumps(Derived(1, 3))).second == 3
    assert Base(1) != Base(1) and hash(Base(1)) == hash(Base(1))
