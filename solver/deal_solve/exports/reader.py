"""What a reader is: the name of its export, by which records or columns it is recognised, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import repeat
from sys import intern
from typing import TYPE_CHECKING, Any

from deal_solve.exports.files import MAX_COUNT, Json
from deal_solve.exports.row import MAX_USD, NANO, Channel, Place, Quantity
from deal_solve.exports.tally import Tally
from deal_solve.exports.uses import COLUMN, MAX_TOTAL, WIDTH
from deal_solve.messages import shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


YEARS = 2000, 2199
"""Years of which a day of usage can be."""


@dataclass(frozen=True)
class Source:
    """A kind of export. Where two of one channel cover the same days, the one of the lower rank is counted.

    Files of a log hold different requests, and add up; of other exports the later file replaces what an earlier says.
    """

    name: str
    channel: Channel
    rank: int
    is_log: bool = False


@dataclass(frozen=True)
class JsonReader:
    """Reads records; `keys` are those by which a record is recognised, `read` raises ValueError for a bad one."""

    source: Source
    keys: frozenset[str]
    read: Callable[[Json, Tally], None]
    also: Callable[[Json], bool] = lambda record: True

    def fits(self, record: Json) -> bool:
        """Whether a record is one of this export."""
        return self.keys <= record.keys() and self.also(record)


@dataclass(frozen=True)
class TableReader:
    """Reads a table in parts; `needs` are the columns by which it is recognised, `knows` those it may have besides."""

    source: Source
    needs: tuple[str, ...]
    knows: tuple[str, ...]
    read: Callable[[pd.DataFrame, Tally], None]
    texts: tuple[str, ...] = ()
    """Columns that are text or dollars; all others that it needs or knows are counts."""


def utc_day(text: object) -> date:
    """Return the day of a date or a moment in UTC; a moment without an offset is taken as UTC.

    >>> utc_day("2026-03-01T23:30:00-05:00"), utc_day("2026-03-01")
    (datetime.date(2026, 3, 2), datetime.date(2026, 3, 1))
    """
    try:
        if isinstance(text, int | float) and not isinstance(text, bool):  # seconds, milliseconds or nanoseconds
            day = _day_of_seconds(float(text))
        else:
            moment = datetime.fromisoformat(str(text).strip().replace(" UTC", "+00:00"))
            day = moment.date() if moment.tzinfo is None else moment.astimezone(UTC).date()
    except (ValueError, OverflowError):
        raise ValueError(f"expected a date such as 2026-03-01 or a moment, found {shown(text)}") from None
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValueError(f"expected a day of the years {YEARS[0]} to {YEARS[1]}, found {shown(text)}")
    return day


def _day_of_seconds(moment: float) -> date:
    scale = next((scale for scale in (1, 1e3, 1e6, 1e9) if abs(moment) / scale <= 1e11), None)
    if scale is None:  # infinite, or no number
        raise ValueError
    return datetime.fromtimestamp(moment / scale, UTC).date()


def usd_only(currency: object) -> None:
    """Raise ValueError unless amounts are stated in USD: an amount without a currency is not taken for dollars."""
    if currency is None or currency == "":
        raise ValueError("currency is missing; expected USD beside every amount")
    if str(currency).upper() != "USD":
        raise ValueError(f"currency: amounts in {shown(currency)} are not read; export them in USD")


def counts(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of counts as integers, thousands separators removed; an absent column or an empty cell is 0."""
    import pandas as pd

    if column not in frame:
        return pd.Series(0, index=frame.index)
    values = frame[column]
    if not pd.api.types.is_numeric_dtype(values):
        text = values.astype(str).str.replace(",", "", regex=False).str.strip()
        values = pd.to_numeric(text.where(text != "", "0"), errors="coerce")
        if values.isna().any():
            raise ValueError(
                f"{column}: expected whole numbers, found {shown(str(frame[column][values.isna()].iloc[0]))}"
            )
    if not pd.api.types.is_integer_dtype(values):
        values = values.fillna(0)
        if (values % 1 != 0).any():
            raise ValueError(f"{column}: expected whole numbers, found {shown(float(values[values % 1 != 0].iloc[0]))}")
    is_off = (values < 0) | (values > MAX_COUNT)
    if is_off.any():
        raise ValueError(
            f"{column}: expected numbers from 0 to {MAX_COUNT:.0e}, found {shown(float(values[is_off].iloc[0]))}"
        )
    return values.astype("int64")


def dollars(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of dollars in billionths; an empty cell is 0. Raises ValueError for what is no number."""
    import pandas as pd

    values = pd.to_numeric(frame[column], errors="coerce")
    is_odd = values.isna()
    if is_odd.any():
        text = frame[column][is_odd].astype(str).str.replace(r"[,$]", "", regex=True).str.strip()
        plain = pd.to_numeric(text.where(~text.isin(["", "nan", "None"]), "0"), errors="coerce")
        values = values.astype(float).where(~is_odd, plain)
    if values.isna().any():
        raise ValueError(f"{column}: expected dollars, found {shown(str(frame[column][values.isna()].iloc[0]))}")
    is_off = values.abs() > MAX_USD
    if is_off.any():
        raise ValueError(
            f"{column}: expected dollars up to {MAX_USD:.0e}, found {shown(str(frame[column][is_off].iloc[0]))}"
        )
    return (values * NANO).round().astype("int64")


def use_frame(tally: Tally, frame: pd.DataFrame, places: Mapping[str, str], quantities: Mapping[Quantity, str]) -> None:
    """Add a part of a table: `places` and `quantities` name the column of each field and of each quantity."""
    import numpy as np

    if frame.empty:
        return
    numbers = np.zeros((len(frame), WIDTH), dtype=np.int64)
    for name, column in quantities.items():
        numbers[:, COLUMN[name]] = counts(frame, column)
    held, rows = _places(frame, places)
    tally.used.add_rows(held, _sums(numbers, rows, len(held)))


def charge_frame(
    tally: Tally, frame: pd.DataFrame, places: Mapping[str, str], kind: pd.Series, net: str, gross: str | None
) -> None:
    """Add charges of a part of a table: `net` and `gross` name the columns of what was billed and of list."""
    import numpy as np

    if frame.empty:
        return
    has_list = gross is not None and gross in frame
    columns = [dollars(frame, net), *([dollars(frame, gross)] if has_list and gross else [])]
    held, rows = _places(frame, places)
    of_kind, kinds = _distinct(kind)
    both, first = _joined(rows, of_kind, len(kinds))
    sums = _sums(np.column_stack(columns), both, len(first))
    for index, billed in zip(first.tolist(), sums.tolist(), strict=True):
        tally.charge(held[rows[index]], str(kinds[of_kind[index]]), billed[0], billed[1] if has_list else None)


def _sums(numbers: NDArray[np.int64], rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return numbers (N, Q) added up by the row (N,) that each belongs to; raises ValueError beyond 64 bits."""
    import numpy as np

    if np.abs(numbers).sum(axis=0, dtype=float).max() > MAX_TOTAL:
        raise ValueError(f"numbers add up to more than {MAX_TOTAL:.0e}")
    sums = np.zeros((count, numbers.shape[1]), dtype=np.int64)
    np.add.at(sums, rows, numbers)
    return sums


def _places(frame: pd.DataFrame, places: Mapping[str, str]) -> tuple[list[Place], NDArray[np.int64]]:
    """Return the different places of a part of a table, and which of them each row is of.

    Empty text and what is no value are None.
    """
    import numpy as np

    rows, first = np.zeros(len(frame), dtype=np.int64), np.zeros(1, dtype=np.int64)
    codes: dict[str, tuple[NDArray[np.int64], list[Any]]] = {}
    for field, column in places.items():
        if column in frame:
            own, values = _distinct(frame[column])
            codes[field] = own, [_field(field, value) for value in values]
            rows, first = _joined(rows, own, len(values))
    fields: list[Iterable[Any]] = [repeat(None)] * len(Place._fields)
    for index, field in enumerate(Place._fields):
        if field in codes:
            own, named = codes[field]
            fields[index] = [named[code] for code in own[first].tolist()]
    return list(map(Place, *fields)), rows


def _distinct(column: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """Return which of the different values of a column each row has, and these values."""
    import pandas as pd

    codes, values = pd.factorize(column, use_na_sentinel=False)
    return codes, list(values)


def _joined(
    rows: NDArray[np.int64], codes: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different pairs of two codes by row, numbered as they come, and the first row of each."""
    import numpy as np
    import pandas as pd

    joined, _ = pd.factorize(rows * count + codes)
    return joined, np.unique(joined, return_index=True)[1]


def _field(name: str, value: object) -> object:
    import pandas as pd

    text = None if value == "" or pd.isna(value) else str(value)  # type: ignore[call-overload]
    if name == "day":
        return _day(text)
    return None if text is None else intern(text)


@lru_cache(maxsize=10_000)
def _day(text: str | None) -> date:
    return utc_day(text)
