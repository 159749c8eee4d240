"""What uncertainty costs, in a sentence for each number."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.analysis.uncertainty.replicates import REPLICATES
from deal_solve.analysis.uncertainty.result import (
    Apart,
    Estimate,
    FirstTerm,
    MeanValue,
    OutOfSample,
    PerfectInformation,
    UncertaintyCost,
)
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.report.sentences import api_sentence
from deal_solve.report.text import bullets, money, percent


def uncertainty_report(deal: Deal, solution: Solution, found: UncertaintyCost) -> str:
    """Return what planning with averages, not knowing and a longer term cost, and how sure the answer is."""
    measure = "expected cost" if deal.risk.weight == 0 else "objective, risk included"
    title = f"What uncertainty costs (USD over {counted(deal.compared_months, 'month')}, {measure}"
    title += "; in brackets 95% intervals)" if found.fresh else ")"
    stated = [
        _averages(deal, found.mean_value) if found.mean_value else "",
        _knowing(found.information) if found.information else "",
        _term(deal, found.first_term),
        _fresh(found.fresh),
        *(_apart(deal, solution, found.apart) if found.apart else ()),
    ]
    if found.not_in_time:
        stated.append(f"The time limit passed before this was found: {', '.join(found.not_in_time)}.")
    return bullets(title, [text for text in stated if text])


def amount(found: Estimate, sign: float = 1.0) -> str:
    """Return an amount with its interval; `sign` -1 turns it round."""
    found = found if sign > 0 else found.reversed
    if found.low_usd is None or found.high_usd is None:
        return money(found.usd)
    return f"{money(found.usd)} [{money(found.low_usd)} to {money(found.high_usd)}]"


def signed(deal: Deal, plan: Plan) -> str:
    """Return what a plan signs, in the middle of a sentence."""
    seats = [
        f"{'/'.join(_counts(each.contracted))} {name} seats"
        for name, each in plan.seats.items()
        if any(each.contracted)
    ]
    return ", ".join([api_sentence(deal, plan.api, with_title=False).replace("API agreement ", ""), *seats])


def _counts(contracted: tuple[int, ...]) -> list[str]:
    return list(dict.fromkeys(map(str, contracted))) if len(set(contracted)) == 1 else list(map(str, contracted))


def _averages(deal: Deal, found: MeanValue) -> str:
    if found.vss is None or found.plan is None:
        named = f" ({signed(deal, found.plan)})" if found.plan else ""
        return f"Planning with averages: the deal of the expected scenario{named} could not be signed: {found.reason}."
    return (
        f"Planning with averages would cost {amount(found.vss)} more: the value of the stochastic solution (VSS). "
        f"The deal of the expected scenario would be {signed(deal, found.plan)}."
    )


def _knowing(found: PerfectInformation) -> str:
    basis = f"{'all' if found.is_all else 'a sample of'} {counted(found.futures, 'scenario')} solved one by one"
    return (
        f"Knowing the future would save {amount(found.evpi)} of expected cost (EVPI, from {basis}): "
        "no forecast and no option to wait has a higher value."
    )


def _term(deal: Deal, found: FirstTerm | None) -> str:
    if found is None:
        return ""
    longer, shorter = found.longer.api.term_months, found.shorter.api.term_months
    is_costlier = found.worth.usd < 0
    verb = f"costs {amount(found.worth, -1)} more" if is_costlier else f"saves {amount(found.worth)}"
    months, plan = (shorter, found.shorter) if is_costlier else (longer, found.longer)
    return (
        f"A first term of {counted(shorter, 'month')} instead of {longer} {verb}, each at its best, renewals decided "
        f"today. The best deal of {counted(months, 'month')} would be {signed(deal, plan)}."
    )


def _fresh(found: OutOfSample | None) -> str:
    if found is None:
        return ""
    apart = f"{percent(abs(found.above), 2)} {'above' if found.above >= 0 else 'below'}"
    fresh = f"{counted(found.futures, 'fresh scenario')} ({counted(found.sets, 'set')})"
    chosen = f"{apart} the {money(found.found_usd)} of those it was chosen for"
    text = f"On {fresh} this deal comes to {amount(found.fresh)}, {chosen}."
    for limit in found.limits:
        if limit.probability is not None:
            text += f" {limit.limit} {money(limit.at_most_usd)}: achieved {percent(limit.probability, 2)}."
        if limit.kept_in < found.sets:
            text += f" The limit on {limit.limit} is kept in {limit.kept_in} of {counted(found.sets, 'set')}."
    return text


def _apart(deal: Deal, solution: Solution, found: Apart) -> Iterator[str]:
    if found.dearer is not None and found.runner_up is not None:
        named = signed(deal, found.runner_up)
        yield f"The next agreement or band costs {amount(found.dearer)} more, on the same scenarios: {named}."
    if found.gap is not None:
        maximum = max(found.gap.above.high_usd or 0.0, 0.0)
        share = percent(maximum / max(abs(solution.objective_usd), 1e-9), 3)
        searched = f"at 97.5% confidence, from {REPLICATES} searches over {counted(found.gap.futures, 'scenario')} each"
        yield f"No deal is better than this one by more than {money(maximum)} ({share}), {searched}."
    if not found.is_apart:
        yield _open(found)


def _open(found: Apart) -> str:
    """Return that the answer is not sure of itself, and what would help."""
    pair = "this deal and the next one" if found.runner_up else "this deal and better ones"
    if found.needed is None:
        return f"These scenarios cannot tell {pair} apart, and more of them hardly would: choose on other grounds."
    return (
        f"These scenarios cannot tell {pair} apart; about {found.needed:,} would (--scenarios), "
        "if intervals shrink with the square root of their number."
    )
