"""Whether the tables of a plan can be looked up: a row per bucket, with entries of what is decided then (model §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from deal_solve.deal.deal import Deal
from deal_solve.errors import Problem
from deal_solve.messages import counted
from deal_solve.plan.offers import clause
from deal_solve.plan.plan import (
    ApiAgreement,
    ApiTerm,
    EntriesIfLeft,
    Plan,
    RenewalRow,
    RenewalTable,
    Route,
    SeatAgreement,
)
from deal_solve.plan.renewal_tables import edges_of_table
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import possible_terms


def broken_tables(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Yield what is wrong with the shape of the tables of a plan, whatever rows scenarios take."""
    starts = range(12, deal.horizon_months, 12)
    months = [table.month for table in plan.later]
    if months != sorted(set(months) & set(starts)):
        given, wanted = (", ".join(map(deal.dated, each)) for each in (months, starts))
        yield Problem("later", f"tables of months {given}; expected some of {wanted}, in order")
        return
    for index, table in enumerate(plan.later):
        yield from _buckets(table, f"later[{index}]")
        for number, row in enumerate(table.rows):
            where = f"later[{index}].rows[{number}]"
            yield from list(_unknown(plan, row, where)) or _Row(deal, plan, table.month, row, where).problems()


def _buckets(table: RenewalTable, where: str) -> Iterator[Problem]:
    for name in ("usage_edges_usd", "users_edges"):
        edges = getattr(table, name)
        if any(low >= high for low, high in pairwise(edges)):
            given = ", ".join(f"{edge:g}" for edge in edges)
            yield Problem(f"{where}.{name}", f"{given}; edges out of order, expected each above the one before")
    if len(table.rows) != edges_of_table(table).count:
        expected = f"expected {edges_of_table(table).count}, one per bucket"
        yield Problem(f"{where}.rows", f"{len(table.rows)} given; {expected}")


def _unknown(plan: Plan, row: RenewalRow, where: str) -> Iterator[Problem]:
    """Yield the names in a row that the plan does not have."""
    for part, names in _named(row):
        known: Mapping[str, object] = getattr(plan, "seats" if part.endswith("at_list") else part.split(".")[-1])
        for name in names - known.keys():
            yield Problem(f"{where}.{part}.{name}", "is not in the plan")


def _named(row: RenewalRow) -> Iterator[tuple[str, set[str]]]:
    """Yield the parts of a row with the names that stand in each."""
    yield from ((part, set(getattr(row, part))) for part in ("seats", "at_list", "tracks", "routing", "use"))
    for part in ("seats", "tracks", "routing", "use") if row.if_left is not None else ():
        yield f"if_left.{part}", set(getattr(row.if_left, part))
    if row.if_left is not None:
        yield "if_left.taken_again.seats", set(row.if_left.taken_again)


class _Row:
    """A row of a table: its entries have the lengths of the terms that start in its month, and decide nothing else."""

    def __init__(self, deal: Deal, plan: Plan, month: int, row: RenewalRow, where: str) -> None:
        self._deal, self._plan, self._month, self._row, self._where = deal, plan, month, row, where
        self._dated = deal.dated(month)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the entries of the row."""
        left = self._row.if_left or EntriesIfLeft()
        yield from self._api(left)
        yield from self._seats(left)
        for part, entries in (("tracks", self._row.tracks), ("if_left.tracks", left.tracks)):
            yield from self._tracks(f"{self._where}.{part}", entries)
        of_term = self._month + 12 * (self._years(self._plan.api) or 1)
        for part, of, end in (
            ("routing", self._row.routing, of_term),
            ("use", self._row.use, self._month + 12),
            ("if_left.routing", left.routing, of_term),
            ("if_left.use", left.use, self._month + 12),
        ):
            yield from self._routes(f"{self._where}.{part}", of, end)

    def _years(self, agreement: ApiAgreement | SeatAgreement) -> int | None:
        """Return the contract years of a term that starts in the month, on whatever path; None where none can."""
        offer = resolve(self._deal).offers[agreement.offer].offer
        spans = resolve(self._deal).taken_for(agreement.offer, agreement.term_months).spans
        if offer.renewal.may_return:
            spans = possible_terms(offer, agreement.term_months, self._deal.horizon_months)
        return next((len(span.years) for span in spans if span.start == self._month and not span.left), None)

    def _may_not_return(self, offer: str, part: str) -> Iterator[Problem]:
        if not resolve(self._deal).offers[offer].offer.renewal.may_return:
            right = clause(offer, "renewal", "may_return")
            yield Problem(f"{self._where}.if_left.{part}", f"is taken again, and may not be: {right} is no")

    def _api(self, left: EntriesIfLeft) -> Iterator[Problem]:
        years, path = self._years(self._plan.api), f"{self._where}.api"
        if self._row.api is not None and years is None:
            yield Problem(path, f"no API term starts in month {self._dated}")
        elif self._row.api is not None:
            yield from _term(path, self._row.api, years or 0)
        if left.api is not None:
            yield from self._may_not_return(self._plan.api.offer, "api")
            yield from _term(f"{self._where}.if_left.api", left.api, years or 0)

    def _seats(self, left: EntriesIfLeft) -> Iterator[Problem]:
        for name in {**self._row.seats, **self._row.at_list}:
            years = self._years(self._plan.seats[name])
            if years is None:
                yield Problem(f"{self._where}.seats.{name}", f"no term of {name} starts in month {self._dated}")
            else:
                own = 1 if name in self._row.at_list else years
                yield from _counts(f"{self._where}.seats.{name}", self._row.seats.get(name, ()), own)
        for name in {**left.seats, **dict.fromkeys(left.taken_again)}:
            own = 1
            if name in left.taken_again:
                yield from self._may_not_return(self._plan.seats[name].offer, f"taken_again.{name}")
                own = self._years(self._plan.seats[name]) or 0
            yield from _counts(f"{self._where}.if_left.seats.{name}", left.seats.get(name, ()), own)

    def _tracks(self, where: str, entries: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
        for cohort, tracks in entries.items():
            known = self._deal.cohorts[cohort].tracks if cohort in self._deal.cohorts else tracks
            if len(set(tracks)) != 1 or tracks[0] not in known:
                given, wanted = ", ".join(tracks) or "nothing", ", ".join(known)
                what = f"{given} given; expected one of {wanted}, the same for all its years"
                yield Problem(f"{where}.{cohort}", what)

    def _routes(self, where: str, entries: Mapping[str, tuple[Route, ...]], end: int) -> Iterator[Problem]:
        for user, routes in entries.items():
            epochs = resolve(self._deal).users[user].epochs if user in resolve(self._deal).users else ()
            starts = [epoch.start for epoch in epochs if self._month <= epoch.start < end]
            others = [route.from_month for route in routes if route.from_month not in starts]
            if others:
                given, wanted = (", ".join(map(self._deal.dated, each)) for each in (others, starts))
                yield Problem(f"{where}.{user}", f"routes from month {given}; expected some of {wanted}")


def _term(where: str, term: ApiTerm, years: int) -> Iterator[Problem]:
    """A term has one commitment per contract year; at list it has none."""
    if term.offer is not None:
        if term.band_usd_per_year or any(term.commitment_usd):
            yield Problem(where, "a commitment is given; what is left for list has none")
    elif len(term.commitment_usd) != years:
        expected = f"expected {years}, one per contract year of the term that starts then"
        yield Problem(f"{where}.commitment_usd", f"{len(term.commitment_usd)} given; {expected}")


def _counts(where: str, counts: tuple[int, ...], years: int) -> Iterator[Problem]:
    if len(counts) != years:
        expected = f"expected {years}, one per contract year of the term"
        yield Problem(where, f"{counted(len(counts), 'number')} given; {expected}")
