"""The tables of later decisions in print: what to sign at a renewal, by what the twelve months before came to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from deal_solve.deal.deal import Deal
from deal_solve.facts.baseline_usage import ObservedBucket, observed_buckets
from deal_solve.messages import counted
from deal_solve.plan.plan import EntriesIfLeft, Plan, RenewalRow, RenewalTable, Route
from deal_solve.report.sentences import api_sentence, seat_sentence
from deal_solve.report.text import chance, joined, labelled, percent, round_money, table
from deal_solve.settlement.settle import Settlement

IF_LEFT = ", left before"
"""Added to the name of what is decided for a part that was left before."""


def renewal_sentence(deal: Deal, plan: Plan) -> str:
    """Return that later terms are looked up; '' where all is decided at signing."""
    months = joined([f"{deal.calendar(each.month):%Y-%m}" for each in plan.later])
    return (
        f"later terms by the table of {months}; here as on the likeliest path, committed dollars as on the costliest"
        if plan.later
        else ""
    )


def plan_lines(deal: Deal, plan: Plan, label: str = "Plan") -> list[str]:
    """Return the agreements of a plan under a label: the API, the seats of each type, and later terms."""
    lines = labelled(label, api_sentence(deal, plan.api))
    for name in plan.seats:
        lines += labelled("", seat_sentence(deal, plan, name))
    return lines + (labelled("Later", renewal_sentence(deal, plan)) if plan.later else [])


def renewal_tables(deal: Deal, plan: Plan, settlement: Settlement | None = None) -> list[str]:
    """Return one table per month in which something is looked up, one row per bucket.

    With the settlement of the plan, what a bucket comes to in requests and in billed dollars stands below.
    """
    found = observed_buckets(deal, settlement) if settlement is not None and plan.later else ()
    return [
        "\n".join([_table(deal, each), *_billed(each, [own for own in found if own.month == each.month])])
        for each in plan.later
    ]


def _billed(each: RenewalTable, found: list[ObservedBucket]) -> list[str]:
    """Return the lines that say what each bucket of usage comes to, and which of the two is the rule."""
    if not each.usage_edges_usd or not found:
        return []
    names = _ranges(each.usage_edges_usd)
    lines = [
        f"{names[own.bucket]}: {own.requests[0]:,.0f} to {counted(round(own.requests[1]), 'request')}, "
        f"{round_money(own.billed_usd[0])} to {round_money(own.billed_usd[1])} billed at contracted rates"
        for own in found
    ]
    rule = "billed dollars are the rule" if found[0].dollars_are_the_rule else "requests are the rule: billed overlap"
    return [line for note in (*lines, rule) for line in labelled("-", note, 2)]


def _table(deal: Deal, each: RenewalTable) -> str:
    seen = list(_seen(each))
    columns = list(_columns(each))
    headers = [name for name, _ in [*seen, *columns]]
    cells = [values for _, values in [*seen, *columns]]
    before = deal.span(each.month - 12, each.month)
    title = f"To sign in {deal.calendar(each.month):%Y-%m}, by what {before} came to (USD; what differs)"
    lines = [table(title, headers, zip(*cells, strict=True), left=len(seen) - 1, keys=len(seen) - 1)]
    notes = []
    if each.usage_edges_usd:
        notes.append("usage: requests of these months at each workload's baseline option, at list prices of signing")
    if each.users_edges:
        notes.append("users: the most active users of any of these months, all cohorts together")
    lines += [line for note in notes for line in labelled("-", note, 2)]
    return "\n".join(lines)


def _seen(each: RenewalTable) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns that tell the buckets apart, and how likely each is."""
    usage, users = _ranges(each.usage_edges_usd), _ranges(each.users_edges)
    if each.usage_edges_usd:
        yield "usage", [text for text in usage for _ in users]
    if each.users_edges:
        yield "users", [text for _ in usage for text in users]
    yield "chance", [chance(row.probability) for row in each.rows]


def _ranges(edges: tuple[float, ...]) -> list[str]:
    """Return what lies between edges, in words.

    >>> _ranges((80.0, 130.0))
    ['at most 80', '80 to 130', 'above 130']
    """
    if not edges:
        return [""]
    ends = [round_money(edge) for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(ends)]
    return [f"at most {ends[0]}", *between, f"above {ends[-1]}"]


def _columns(each: RenewalTable) -> Iterator[tuple[str, list[str]]]:
    """Yield what the rows decide, where they differ, and what depends on whether it was left before."""
    stated = [dict(_stated(row)) for row in each.rows]
    for name in dict.fromkeys(name for row in stated for name in row):
        values = [row.get(name, "-") for row in stated]
        stays = name.removesuffix(IF_LEFT)
        differs = any(row.get(stays) != row[stays + IF_LEFT] for row in stated if stays + IF_LEFT in row)
        if differs or len(set(values)) > 1:
            yield name, values


def _stated(row: RenewalRow) -> Iterator[tuple[str, str]]:
    if row.api is not None:
        yield "band from", round_money(row.api.band_usd_per_year) if row.api.offer is None else "left, at list"
        yield "commitment a year", joined([round_money(round(usd, 2)) for usd in row.api.commitment_usd])
    for name, counts in row.seats.items():
        left = f"left, {row.at_list[name]} " if name in row.at_list else ""
        yield f"{name} seats", left + joined([f"{count:,}" for count in counts])
    yield from _used(row)
    if row.if_left is not None:
        if row.if_left.api is not None:
            yield f"band from{IF_LEFT}", f"again, {round_money(row.if_left.api.band_usd_per_year)}"
            committed = [round_money(round(usd, 2)) for usd in row.if_left.api.commitment_usd]
            yield f"commitment a year{IF_LEFT}", joined(committed)
        for name, counts in row.if_left.seats.items():
            again = "again, " if name in row.if_left.taken_again else ""
            yield f"{name} seats{IF_LEFT}", again + joined([f"{count:,}" for count in counts])
        yield from ((f"{name}{IF_LEFT}", value) for name, value in _used(row.if_left))


def _used(row: RenewalRow | EntriesIfLeft) -> Iterator[tuple[str, str]]:
    for cohort, tracks in row.tracks.items():
        yield f"track of {cohort}", joined(tracks)
    for user, routes in (*row.routing.items(), *row.use.items()):
        yield f"routing of {user}", _mix(routes)


def _mix(routes: tuple[Route, ...]) -> str:
    """Return the shares of every epoch, slashes between those that differ."""
    texts = []
    for route in routes:
        ordered = sorted(((key, share) for key, share in route.shares.items() if share > 0), key=lambda item: -item[1])
        texts.append(", ".join(key if share > 0.99995 else f"{key} {percent(share)}" for key, share in ordered))
    return joined(texts)
