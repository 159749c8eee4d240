"""A table of rows of one kind: what every analysis returns where it has more than one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")


@dataclass(frozen=True)
class Table(Generic[Row]):
    """Rows, each a frozen dataclass; a column is a field of plain values (one that its `repr` shows)."""

    rows: tuple[Row, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a data frame, one column per plain field."""
        import pandas as pd

        names = [field.name for field in fields(cast(Any, self.rows[0])) if field.repr] if self.rows else []
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self.rows], columns=names)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))
