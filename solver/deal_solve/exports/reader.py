"""What a reader is: the name of its export, by which records or columns it is recognised, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, Any

from deal_solve.exports.files import MAX_COUNT, Json
from deal_solve.exports.row import MAX_USD, NANO, Channel, Place, Quantity, Tally
from deal_solve.messages import shown

if TYPE_CHECKING:
    import pandas as pd


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

    text = frame[column].astype(str).str.replace(r"[,$]", "", regex=True).str.strip()
    values = pd.to_numeric(text.where(~text.isin(["", "nan", "None"]), "0"), errors="coerce")
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
    import pandas as pd

    held = {field: frame[column] for field, column in places.items() if column in frame}
    numbers = pd.DataFrame({name: counts(frame, column) for name, column in quantities.items()})
    summed = pd.concat([pd.DataFrame(held), numbers], axis=1).groupby(list(held), observed=True, dropna=False).sum()
    for index, row in zip(summed.index, summed.itertuples(index=False), strict=True):
        values = dict(zip(held, index if isinstance(index, tuple) else (index,), strict=True))
        tally.use(place_of(values), **{str(name): int(value) for name, value in zip(quantities, row, strict=True)})


def charge_frame(
    tally: Tally, frame: pd.DataFrame, places: Mapping[str, str], kind: pd.Series, net: str, gross: str | None
) -> None:
    """Add charges of a part of a table: `net` and `gross` name the columns of what was billed and of list."""
    import pandas as pd

    held = {field: frame[column] for field, column in places.items() if column in frame}
    has_list = gross is not None and gross in frame
    numbers = {"net": dollars(frame, net), "gross": dollars(frame, gross) if has_list and gross else 0}
    table = pd.DataFrame({**held, "kind": kind, **numbers})
    summed = table.groupby([*held, "kind"], observed=True, dropna=False).sum()
    for index, billed, listed in zip(summed.index, summed["net"], summed["gross"], strict=True):
        *names, what = index
        place = place_of(dict(zip(held, names, strict=True)))
        tally.charge(place, str(what), int(billed), int(listed) if has_list else None)


def place_of(values: Mapping[str, Any]) -> Place:
    """Return the place of named values; empty text and what is no value are None."""
    import pandas as pd

    texts = {name: None if value == "" or pd.isna(value) else str(value) for name, value in values.items()}
    known = {name: None if text is None else intern(text) for name, text in texts.items() if name != "day"}
    return Place(_day(texts["day"]), known.pop("model", None), **known)


@lru_cache(maxsize=10_000)
def _day(text: str | None) -> date:
    return utc_day(text)
