"""A table of rows of one kind: what every analysis returns where it has more than one line."""

from __future__ import annotations

from dataclasses import fields
from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row", covariant=True)


class Table(tuple[Row, ...]):
    """A tuple of rows, each a frozen dataclass; a column is a field of plain values (one that its `repr` shows)."""

    __slots__ = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a data frame, one column per plain field."""
        import pandas as pd

        names = [field.name for field in fields(cast(Any, self[0])) if field.repr] if self else []
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self], columns=names)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """Return the schema of a table in a file: a list of rows."""
        (row,) = get_args(source)
        return core_schema.no_info_after_validator_function(
            cls, handler.generate_schema(GenericAlias(tuple, (row, ...)))
        )
