"""What to sign: each agreement with its term, what is signed now and what is planned after it, and who gets what."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from deal_solve.analysis.solve.page.subject import LABEL, Subject
from deal_solve.currency import converted
from deal_solve.deal.deal import LIST, LIST_MONTHLY, Deal
from deal_solve.deal.offers.true_up import HARD_CAP
from deal_solve.facts.names import line_title, listed, quoted_offer, track_name, user_name
from deal_solve.facts.summary import CertainCharge
from deal_solve.facts.usage.routing import runs
from deal_solve.messages import counted
from deal_solve.plan.plan import ApiTerm, Route, SeatAgreement
from deal_solve.plan.resolved import Agreement, resolve
from deal_solve.report.renewal import renewal_sentence
from deal_solve.report.sentences import committed
from deal_solve.report.signing import signing_sentence
from deal_solve.report.text import heading, labelled, page_width, percent, round_money, whole_money

MAX_SEAT_TYPES = 6
MANY_USERS = 1.5
"""So many times the contracted seats are expected users: it is said why no more are contracted."""
SPARE = 8
"""Characters that wrapping may leave free."""


SIGN = "What to sign"
CERTAIN = {"true_up": "true-up"}
"""Lines of a bill by a shorter name than their own."""


def sign_block(subject: Subject, is_short: bool = False) -> list[str]:
    """Return what to sign in print."""
    rows = sign_rows(subject, is_short)
    return [*heading(SIGN), *(line for label, text in rows for line in labelled(label, text, LABEL))]


def sign_rows(subject: Subject, is_short: bool = False) -> list[tuple[str, str]]:
    """Return what to sign, a labelled sentence for each agreement, of seats those that are signed first."""
    rows = [
        ("When", signing_sentence(subject.deal, subject.solution)),
        ("API", _api(subject)),
        *_seats(subject, is_short),
        ("Later", renewal_sentence(subject.deal, subject.plan)),
        ("People", _people(subject)),
        ("Models", _models(subject, is_short)),
        ("Projects", _projects(subject)),
        ("Committed", _committed(subject, is_short)),
    ]
    return [(label, text) for label, text in rows if text]


def _api(subject: Subject) -> str:
    api = subject.plan.api
    if api.offer == LIST:
        return "pay as you go at list prices; nothing is signed"
    first, *later = api.terms
    taken, signed = _agreement(subject, api), first.commitment_usd
    if any(signed):
        noun = f" {committed(subject.deal, api.offer)}"
        text = f"{taken}: {_by_year(0, list(map(_to_sign, signed)), noun)}"
        text += ", rounded up" if any(_has_cents(usd) for usd in signed) else ""
        if {round_money(usd) for usd in signed} != {round_money(first.band_usd_per_year)}:
            text += f" (discount band from {round_money(first.band_usd_per_year)} a year)"
    else:
        text = f"{taken}: nothing committed, usage billed at its rates"
    return f"{text}; planned after: {_later(len(signed), later)}" if later else text


def _has_cents(usd: float) -> bool:
    return "." in round_money(usd)


def _to_sign(usd: float) -> str:
    """Return a commitment as an order form has it: in whole dollars, rounded up so that its band is reached."""
    return f"{math.ceil(converted(usd)):,}" if _has_cents(usd) else round_money(usd)


def _later(start: int, terms: Sequence[ApiTerm]) -> str:
    """Return what later terms commit, and where the agreement is left for list; the first year is `start`."""
    parts = []
    for is_left, group in groupby(terms, lambda term: term.offer is not None):
        usd = [whole_money(usd) for term in group for usd in term.commitment_usd]
        years = f"year {start + 1}" if len(usd) == 1 else f"years {start + 1} to {start + len(usd)}"
        parts.append(f"left for list prices in {years}" if is_left else _by_year(start, usd))
        start += len(usd)
    return ", then ".join(parts)


def _by_year(start: int, values: Sequence[str], noun: str = "") -> str:
    """Return values with the years that they belong to, the first of them `start`, counted from 0.

    >>> _by_year(0, ["5"]), _by_year(0, ["5", "5", "5"], " seats"), _by_year(1, ["5", "6"])
    ('5 in year 1', '5 seats in each of years 1 to 3', '5 / 6 in years 2 / 3')
    """
    if len(values) == 1:
        return f"{values[0]}{noun} in year {start + 1}"
    if len(set(values)) == 1:
        return f"{values[0]}{noun} in each of years {start + 1} to {start + len(values)}"
    years = " / ".join(str(start + year + 1) for year in range(len(values)))
    return f"{' / '.join(values)}{noun} in years {years}"


def _agreement(subject: Subject, agreement: Agreement) -> str:
    return f"{quoted_offer(subject.deal, agreement.offer)}, {counted(agreement.term_months, 'month')}"


def _seats(subject: Subject, is_short: bool) -> Iterator[tuple[str, str]]:
    """Yield a sentence per seat type that is bought or used without a contract, the label before the first."""
    deal, plan = subject.deal, subject.plan
    label = "Seats"
    taken = {name: agreement for name, agreement in plan.seats.items() if _is_signed(subject, name)}
    for name, agreement in sorted(taken.items(), key=lambda item: not item[1].contracted[0])[:MAX_SEAT_TYPES]:
        with_api = agreement.offer == plan.api.offer and agreement.offer != LIST
        under = "same agreement" if with_api else _agreement(subject, agreement)
        signed = len(resolve(deal).taken(agreement).spans[0].years)
        now = _seat_years(0, agreement.contracted[:signed])
        kept = [
            seats if seller is None else 0
            for seats, seller in zip(agreement.contracted, agreement.at_list, strict=True)
        ]
        after = _seat_years(signed, kept[signed:])
        if not any(agreement.contracted):
            now = "none contracted, users are counted by true-up"
        parts = [now] * bool(now) + [f"planned{' after' * bool(now)}: {after}"] * bool(after)
        parts += [f"planned after: {left}" for left in _at_list(agreement)]
        parts += [] if is_short else _few(subject, name)
        yield label, f"{track_name(deal, name)} ({under}): {'; '.join(parts)}"
        label = ""
    if len(taken) > MAX_SEAT_TYPES:
        yield (
            "",
            f"and {counted(len(taken) - MAX_SEAT_TYPES, 'more seat type')}: {subject.where('seats')}",
        )
    used = {track for tracks in plan.tracks.values() for track in tracks}
    free = [name for name, agreement in plan.seats.items() if agreement.offer == LIST_MONTHLY and name in used]
    if free:
        yield label, f"{listed([track_name(deal, name) for name in free])}: billed monthly at list, no contract"


def _few(subject: Subject, seat_type: str) -> Iterator[str]:
    """Yield why few seats are contracted for many people in the first such year: what becomes of those above them."""
    deal, plan, settlement = subject.deal, subject.plan, subject.settlement
    agreement = plan.seats[seat_type]
    users = settlement.seats[seat_type].count @ settlement.weights
    for year in range(deal.years):
        seats, month = agreement.contracted[year], 12 * year + int(users[12 * year : 12 * year + 12].argmax())
        expected = round(float(users[month]))
        if seats and expected > MANY_USERS * seats and agreement.seller(year) == agreement.offer:
            is_capped = resolve(deal).seat_of(agreement, seat_type, year).part.true_up == HARD_CAP
            fate = "are added by true-up" if subject.is_pinned else "cost no more by true-up"
            fate = "go without" if is_capped else fate
            yield f"{counted(expected, 'user')} expected by {deal.calendar(month):%Y-%m}: those above {seats:,} {fate}"
            return


def _is_signed(subject: Subject, seat_type: str) -> bool:
    """Whether a seat agreement has to be signed: seats are taken in some contract year, and not billed monthly."""
    plan, agreement = subject.plan, subject.plan.seats[seat_type]
    years = [year for year in range(subject.deal.years) if agreement.seller(year) != LIST_MONTHLY]
    return any(plan.takes_seats(seat_type, year) for year in years)


def _at_list(agreement: SeatAgreement) -> Iterator[str]:
    """Yield what is planned at list once an agreement is left."""
    if LIST in agreement.at_list:
        counts = zip(agreement.contracted, agreement.at_list, strict=True)
        bought = _seat_years(0, [seats if seller == LIST else 0 for seats, seller in counts])
        yield f"list, {bought}" if bought else "list"
    if LIST_MONTHLY in agreement.at_list:
        yield f"list billed monthly from year {agreement.at_list.index(LIST_MONTHLY) + 1}"


def _seat_years(start: int, counts: Sequence[int]) -> str:
    """Return the seats of some years; years without any at the beginning and at the end are left out."""
    while counts and not counts[0]:
        start, counts = start + 1, counts[1:]
    while counts and not counts[-1]:
        counts = counts[:-1]
    return _by_year(start, [f"{count:,}" for count in counts]) if counts else ""


def _people(subject: Subject) -> str:
    """Return who is served how, where a cohort had a choice."""
    deal = subject.deal
    found = []
    for cohort, tracks in subject.plan.tracks.items():
        if len(deal.cohorts[cohort].tracks) > 1:
            names = [track_name(deal, track) for track, _ in groupby(tracks)]
            found.append(f"{user_name(deal, cohort)}: {', then '.join(names)}")
    return _within(found, page_width() - LABEL, subject.where("tracks"))


def _models(subject: Subject, is_short: bool) -> str:
    """Return which models answer each workload, one after another where that changes, in the end where room is short;
    those alike stand together."""
    deal, routed = subject.deal, subject.plan.routing
    mixes = {name: [mix for mix, _ in groupby(_mixes(deal, name, routes))] for name, routes in routed.items()}
    mixes = {name: found for name, found in mixes.items() if found}
    columns = page_width() - LABEL
    columns = columns if is_short else 2 * columns - SPARE
    texts: list[str] = []
    for last_only in (True,) if is_short else (False, True):
        together: dict[str, list[str]] = {}
        for name, found in mixes.items():
            text = f"{found[-1]} in the end" if last_only and len(found) > 1 else ", then ".join(found)
            together.setdefault(text, []).append(user_name(deal, name))
        texts = [f"{models} for {listed(names)}" for models, names in together.items()]
        if len("; ".join(texts)) <= columns:
            return "; ".join(texts)
    if is_short:
        return _within(
            ["; ".join(dict.fromkeys(found[-1] for found in mixes.values())) + f": {subject.where('routing')}"],
            columns,
            subject.where("routing"),
        )
    return _within(texts, columns, subject.where("routing"))


def _mixes(deal: Deal, workload: str, routes: tuple[Route, ...]) -> Iterator[str]:
    """Yield the models that share the requests of a workload, run by run."""
    for _, _, shares in runs(deal, workload, routes):
        if shares:
            yield _mix(shares)


def _mix(shares: Mapping[str, float]) -> str:
    """Return the models that share the requests of some months, the largest share first."""
    models: dict[str, float] = {}
    for option, share in shares.items():
        model = option.partition("+")[0]
        models[model] = models.get(model, 0.0) + share
    if len(models) == 1:
        return next(iter(models))
    return listed(
        [f"{percent(share, 0)} {model}" for model, share in sorted(models.items(), key=lambda item: -item[1])]
    )


def _within(found: Sequence[str], columns: int, where: str) -> str:
    """Return as many of what is found as fit, the rest counted, with the table that has it."""
    for end in range(len(found), 0, -1):
        more = [f"and {len(found) - end} more: {where}"] * (end < len(found))
        text = "; ".join([*found[:end], *more])
        if len(text) <= columns:
            return text
    return f"by year: {where}" if found else ""


def _projects(subject: Subject) -> str:
    work = subject.deal.workloads
    bought = [(name, work[user].projects[name].usd) for user, names in subject.plan.projects.items() for name in names]
    if not bought:
        return ""
    counts = Counter(name for name, _ in bought)
    kinds = [f"{count} × {name}" if count > 1 else name for name, count in counts.items()]
    return f"{listed(kinds)}, {whole_money(sum(usd for _, usd in bought))} at signing"


def when_signed(deal: Deal) -> str:
    """Return when the agreement of a deal that is signed later is signed; now for any other."""
    return "now" if deal.whole is deal else f"in {deal.calendar(0):%Y-%m}"


def _committed(subject: Subject, is_short: bool) -> str:
    """Return what is signed now and what is committed as planned, and where there is room what no scenario escapes."""
    summary, deal = subject.summary, subject.deal
    when = when_signed(deal)
    text = f"{whole_money(summary.signed_usd)} signed {when}, {whole_money(summary.committed_usd)} as planned"
    is_all_signed = whole_money(summary.signed_usd) == whole_money(summary.committed_usd)
    if is_all_signed:
        is_any = whole_money(summary.signed_usd) != "0"
        text = f"{whole_money(summary.signed_usd)}, all of it signed {when}" if is_any else "nothing"
    if summary.beyond_horizon_usd:
        text += (
            f", inside the {counted(deal.compared_months, 'month')}; {whole_money(summary.beyond_horizon_usd)} after"
        )
        whole = whole_money(summary.committed_usd + summary.beyond_horizon_usd)
        text += f" them: {whole} in the order form" if is_all_signed else " them"
    return "; ".join([text, *([] if is_short else _inescapable(subject, summary.certain_growth))])


def _inescapable(subject: Subject, charges: Sequence[CertainCharge]) -> list[str]:
    """Return what is charged on top in every scenario: in the first terms, and over the horizon as planned."""
    if not charges:
        return []
    titles = {line: line_title(subject.deal, subject.plan, line) for line in (each.line for each in charges)}
    names = listed([CERTAIN.get(line, title) for line, title in titles.items()])
    first = whole_money(sum(each.signed_usd for each in charges))
    all_of_it = whole_money(sum(each.planned_usd for each in charges))
    amounts = all_of_it if first == all_of_it else f"{first} on what is signed now, {all_of_it} as planned"
    return [f"plus {names} in any case: {amounts}"]
