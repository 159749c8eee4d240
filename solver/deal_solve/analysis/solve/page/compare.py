"""What else there is: nothing committed, going on as today, and the runner-up; expected, and in the worst tenth."""

from __future__ import annotations

from deal_solve.analysis.solve.agreements import others
from deal_solve.analysis.solve.comparisons import ComparedPlan, Comparisons
from deal_solve.analysis.solve.page.subject import LABEL, Subject
from deal_solve.analysis.solve.page.ties import tie_reason
from deal_solve.deal.deal import LIST
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.risk import Risk
from deal_solve.facts.controls import control_table
from deal_solve.facts.names import listed, quoted_offer
from deal_solve.facts.today import end_in_force
from deal_solve.facts.unstated import unstated
from deal_solve.messages import counted
from deal_solve.optimise.search.settings import TIE_TOLERANCE
from deal_solve.plan.plan import ApiAgreement
from deal_solve.report.sentences import basis
from deal_solve.report.text import heading, labelled, percent, round_money, whole_money
from deal_solve.settlement.settle import settle

SAME = "the same"
SIGN_NOTHING = "with nothing signed"
FREE = "nothing committed"
BEST_FREE = "for the best plan without one"


def compare_block(subject: Subject) -> list[str]:
    """Return what this plan costs beside others in print."""
    rows = compare_rows(subject)
    title = heading(compare_title(subject)) if rows else []
    return [*title, *(line for label, text in rows for line in labelled(label, text, LABEL))]


def compare_title(subject: Subject) -> str:
    """Return over which months costs are compared, and at which rate they are present values."""
    certainty = "" if subject.is_certain else ", expected"
    return f"Compared over {counted(subject.deal.compared_months, 'month')} (USD{certainty}{basis(subject.deal)})"


def compare_rows(subject: Subject) -> list[tuple[str, str]]:
    """Return what this plan costs beside others, a labelled sentence each."""
    compared = subject.compared
    if compared is None:
        return []
    rows = [("This plan", _this(subject))]
    free, today = compared.no_commitment, compared.as_today
    is_same = free is not None and today is not None and abs(free.expected_usd - today.expected_usd) < 1
    retired = (row for row in unstated(subject.deal) if row.kind == "retired" and row.path.endswith(".today.model"))
    gone = ", ".join(f"{row.value} for {row.compared}" for row in retired)
    goes_on = f"{SIGN_NOTHING}, with {gone}" if gone else SIGN_NOTHING
    lacking = [row.control for row in control_table(subject.deal) if row.offer == LIST and row.api_gap]
    if subject.is_in_document:
        lacking = [name.replace("_", " ") for name in lacking]
    goes_on += f", but list lacks {listed(lacking)}" if lacking else ""
    if free is not None:
        what = f"{BEST_FREE}: {goes_on}, as today" if is_same else BEST_FREE
        rows.append(("No commitment", _beside(subject, free, what) + _tail(subject, compared, free)))
    if today is not None and not is_same:
        rows.append(("Going on" if gone else "As today", _beside(subject, today, goes_on)))
    rows.append(("Runner-up", _runner_up(subject, compared)))
    if compared.cheapest is not None:
        rows.append(("Cheapest", _cheapest(subject, compared, compared.cheapest)))
    return rows


def _this(subject: Subject) -> str:
    total = subject.summary.total
    if subject.is_certain:
        return f"{whole_money(total.expected_usd)}, certain"
    return f"{whole_money(total.expected_usd)}; P10 {whole_money(total.p10_usd)}, P90 {whole_money(total.p90_usd)}"


def _beside(subject: Subject, other: ComparedPlan, what: str) -> str:
    """Return what another plan costs, what it is, and what this one saves or adds in expectation."""
    saved = other.expected_usd - subject.summary.total.expected_usd
    share = f" ({percent(abs(saved) / other.expected_usd)})" if other.expected_usd else ""
    return f"{whole_money(other.expected_usd)} {what}; this {_saves(saved)}{share}"


def _tail(subject: Subject, compared: Comparisons, other: ComparedPlan) -> str:
    """Return what this plan saves or adds in the worst tenth, the word only where it is not that of the expectation."""
    if subject.is_certain:
        return ""
    saved = other.expected_usd - subject.summary.total.expected_usd
    tail = other.worst_tenth_usd - compared.worst_tenth_usd
    return f", {_saves(tail) if (tail < 0) != (saved < 0) else whole_money(abs(tail))} in the worst tenth"


def _saves(usd: float) -> str:
    return f"{'saves' if usd >= 0 else 'adds'} {whole_money(abs(usd))}"


def _runner_up(subject: Subject, compared: Comparisons) -> str:
    other = compared.runner_up
    if other is None:
        return _not_solved(subject)
    api = other.plan.api
    return _costs(subject, compared, other, _agreement(subject, api.offer, api.term_months, _from_band(_band(api))))


def _cheapest(subject: Subject, compared: Comparisons, other: ComparedPlan) -> str:
    """Return the plan of least expected cost, with what it commits first."""
    api = other.plan.api
    first = api.terms[0].commitment_usd[0]
    committed = f"{whole_money(first)} committed in year 1" if first else FREE
    return _costs(subject, compared, other, _agreement(subject, api.offer, api.term_months, committed))


def _costs(subject: Subject, compared: Comparisons, other: ComparedPlan, name: str) -> str:
    """Return what another plan costs more or less than this one, in expectation and in the worst tenth."""
    expected = _more(other.expected_usd - subject.summary.total.expected_usd)
    if subject.is_certain:
        return f"{name}: costs {expected}{_signs(subject, other)}{_tied(subject, other)}"
    if expected == SAME == _more(other.worst_tenth_usd - compared.worst_tenth_usd):
        same = "costs the same, in expectation and in the worst tenth"
        return f"{name}: {same}{_signs(subject, other)}{_tied(subject, other)}"
    amount, _, word = _more(other.worst_tenth_usd - compared.worst_tenth_usd).partition(" ")
    worst = amount if expected.endswith(f" {word}") and word != "same" else f"{amount} {word}"
    why = _why(subject, compared, other)
    return f"{name}: costs {expected} in expectation, {worst} in the worst tenth{_signs(subject, other)}{why}"


def _tied(subject: Subject, other: ComparedPlan) -> str:
    """Return by what this plan is taken where another one is as good; '' where it is not."""
    objective = subject.solution.objective_usd
    tied = max(TIE_TOLERANCE * abs(objective), CENT_TOLERANCE_USD)
    if other.objective_usd is None or abs(other.objective_usd - objective) > tied:
        return ""
    settled = settle(subject.deal, other.plan, subject.scenarios)
    return f"; of the two this one is taken for {tie_reason(subject.settlement, settled)}"


def _signs(subject: Subject, other: ComparedPlan) -> str:
    """Return how much more or less another plan commits by being signed now, if it does."""
    if other.signed_usd is None:
        return ""
    usd = _more(other.signed_usd - subject.summary.signed_usd)
    return "" if usd == SAME else f", {usd} signed"


def _more(usd: float) -> str:
    text = whole_money(abs(usd))
    return SAME if text == "0" else f"{text} {'more' if usd > 0 else 'less'}"


def _why(subject: Subject, compared: Comparisons, other: ComparedPlan) -> str:
    """Return why a plan that costs less, in expectation or in the worst tenth, is not the one to sign."""
    is_cheaper = _more(other.expected_usd - subject.summary.total.expected_usd).endswith(" less")
    is_safer = _more(other.worst_tenth_usd - compared.worst_tenth_usd).endswith(" less")
    risk = subject.deal.risk
    if not is_cheaper:
        return _tail_counts(risk) if is_safer else ""
    if risk.criterion != "expected":
        return "; by expected cost alone you would rather sign it"
    if risk.weight == 0:  # the plan is that by expected cost alone: within the gap the two are the same
        return ""
    above = ""
    if is_safer and other.worst_tenth_above_usd is not None and compared.worst_tenth_above_usd is not None:
        worse = _more(other.worst_tenth_above_usd - compared.worst_tenth_above_usd)
        above = f", but {worse} where it is costliest against no commitment" if worse.endswith(" more") else ""
    if compared.cheapest is not None and other is not compared.cheapest:
        return above
    how = "by expected cost alone" if subject.is_in_document else "with --risk neutral"
    return f"{above}; {how} you would rather sign it"


def _tail_counts(risk: Risk) -> str:
    """Return how much of the objective a worst tenth that is better stands for."""
    if risk.criterion != "expected":
        return ""
    if risk.weight == 0:
        return ", which does not count by expected cost alone"
    return f", which counts {percent(risk.weight)}{', as loss against no commitment' * (risk.on == 'loss')}"


def _not_solved(subject: Subject) -> str:
    """Return the nearest other agreement by its bound, where it was not solved."""
    nearest = others(subject.solution)
    if not nearest:
        return f"no other API agreement is {'left open by what is pinned' if subject.is_pinned else 'on the table'}"
    name = _agreement(subject, nearest[0].offer, nearest[0].term_months, _from_band(nearest[0].band_usd_per_year))
    return f"not worked out; the nearest by its bound is {name}"


def _band(api: ApiAgreement) -> float:
    return api.terms[0].band_usd_per_year


def _from_band(usd_per_year: float) -> str:
    return f"band from {round_money(usd_per_year)} a year" if usd_per_year else FREE


def _agreement(subject: Subject, offer: str, months: int, committed: str) -> str:
    name = "the same offer" if offer == subject.plan.api.offer else quoted_offer(subject.deal, offer)
    if offer == LIST:
        is_early = subject.deal.signing_month < end_in_force(subject.deal.whole)
        given_up = f" from {subject.deal.start:%Y-%m}, what is in force given up" if is_early else ""
        return f"{quoted_offer(subject.deal, offer)}{given_up}, {FREE}"
    return f"{name}, {counted(months, 'month')}, {committed}"
