"""A plain table of usage, whose columns the buyer names: `--map day=Date --map input=Tokens`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deal_solve.errors import InputError
from deal_solve.exports.fields import FIELDS
from deal_solve.exports.files import ExportFile, Header, is_json
from deal_solve.exports.parquet import table_header
from deal_solve.exports.reader import Source, TableReader, charge_frame, use_frame
from deal_solve.exports.row import Place
from deal_solve.exports.tally import Tally
from deal_solve.exports.uses import QUANTITIES
from deal_solve.exports.values import ACCEPTED, column_of
from deal_solve.messages import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

PLAIN = Source("plain table", "api", 3)


@dataclass(frozen=True)
class Mapping:
    """The column of each field."""

    columns: dict[str, str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Mapping | None:
        """Return the mapping of texts `field=column`; None where there are none. Raises InputError."""
        columns: dict[str, str] = {}
        for text in texts:
            name, equals, column = text.partition("=")
            if not equals or not column:
                fields = f"the fields are {', '.join(FIELDS)}"
                raise InputError(f"--map {text}: expected FIELD=COLUMN, such as day=Date; {fields}")
            if name not in FIELDS:
                known = did_you_mean(name, FIELDS) or f"; the fields are {', '.join(FIELDS)}"
                raise InputError(f"--map {text}: there is no field {name!r}{known}")
            columns[name] = column
        if columns and not {"day", "model"} <= columns.keys():
            raise InputError("--map: expected day=COLUMN and model=COLUMN at least")
        return cls(columns) if columns else None

    def reader(self, file: ExportFile) -> tuple[TableReader, Header] | None:
        """Return the reader of a table that has all mapped columns, None for another file."""
        if is_json(file.head):
            return None
        header = table_header(file)
        if not set(self.columns.values()) <= set(header.columns):
            return None
        texts = tuple(column for name, column in self.columns.items() if name not in QUANTITIES)
        return TableReader(PLAIN, tuple(self.columns.values()), (), self._read, texts), header

    def _read(self, frame: pd.DataFrame, tally: Tally) -> None:
        places = {name: column for name, column in self.columns.items() if name in Place._fields}
        quantities = {name: column for name, column in self.columns.items() if name in QUANTITIES}
        known = {
            self.columns[name]: values for name, values in ACCEPTED["a plain table"].items() if name in self.columns
        }
        frame = frame.assign(**{column: column_of(frame, column, values) for column, values in known.items()})
        use_frame(tally, frame, places, quantities)
        if "usd" in self.columns:
            kind = frame[self.columns["day"]].map(lambda _: "usage")
            charge_frame(tally, frame, places, kind, self.columns["usd"], None)
