"""Settlements of blocks of scenarios, put together: nothing is added up across scenarios, so nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Part = TypeVar("Part")
Where = NDArray[np.int64] | None
"""Indices of scenarios; None: all in order."""


def joined(parts: Sequence[Part], order: Where = None) -> Part:
    """Return one value of the parts' kind: arrays (…, S) are laid end to end, all else is that of the first part.

    Tuples, dicts and dataclasses are joined item by item. `order` says where each scenario is found, if they are not
    end to end in their own order. What is 0 in all of them, as most lines of a plan are, is a view of one 0: it may not
    be written to.
    """
    first = parts[0]
    if isinstance(first, np.ndarray):
        arrays: list[Any] = list(parts)
        if not any(array.any() for array in arrays):
            size = sum(array.shape[-1] for array in arrays)
            nothing: Any = np.broadcast_to(first.dtype.type(0), (*first.shape[:-1], size))
            return nothing  # type: ignore[no-any-return]
        whole: Any = np.concatenate(arrays, axis=-1)
        return whole if order is None else whole[..., order]  # type: ignore[no-any-return]
    if isinstance(first, tuple):
        return tuple(joined(items, order) for items in zip(*parts, strict=True))  # type: ignore[return-value]
    if isinstance(first, dict):
        return {key: joined([part[key] for part in parts], order) for key in first}  # type: ignore[return-value,index]
    if is_dataclass(first):
        values = {field.name: joined([getattr(part, field.name) for part in parts], order) for field in fields(first)}
        return replace(first, **values)  # type: ignore[type-var]
    return first
