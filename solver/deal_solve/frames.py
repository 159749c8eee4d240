"""A table of rows of one kind: what every analysis returns where it has more than one line."""

from __future__ import annotations

import re
from dataclasses import fields
from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    import pandas as pd

_AMOUNT = re.compile(r"[-+][\d.,_]+([eE][-+]?\d+)?\s*[kKMB%]?")
"""Text that a spreadsheet may read as a number: nothing is computed."""
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


def csv_text(frame: pd.DataFrame) -> str:
    """Return a data frame as CSV, in which no text is a formula (`not_a_formula`)."""
    texts = frame.select_dtypes(include=["object", "string"]).columns
    safe = frame.assign(**{str(name): frame[name].map(not_a_formula) for name in texts}) if len(texts) else frame
    return str(safe.to_csv(index=False, lineterminator="\n"))


def not_a_formula(value: Any) -> Any:
    """Return a value of a table; text that a spreadsheet would compute is marked as text, as spreadsheets do.

    >>> not_a_formula("=1+1"), not_a_formula("-28%"), not_a_formula("-"), not_a_formula(-3)
    ("'=1+1", '-28%', '-', -3)
    """
    is_formula = isinstance(value, str) and len(value) > 1 and value[0] in "=+-@\t\r" and not _AMOUNT.fullmatch(value)
    return f"'{value}" if is_formula else value
