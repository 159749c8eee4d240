"""What can be done with any result: look at it, write it as JSON, draw it.

What an analysis returns stands in `result.py` of its folder; `text.py` there prints it as `<result>_report(deal,
found)`, `picture.py` draws it as `figure_of(deal, found)`, and `<Result>Result` is its file.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Unpack

from deal_solve.analysis.conflict.result import Conflict
from deal_solve.analysis.conflict.text import conflict_report
from deal_solve.analysis.criteria.result import Criteria
from deal_solve.analysis.criteria.text import criteria_report
from deal_solve.analysis.settle.text import settlement_report
from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.page.page import decision_page
from deal_solve.analysis.solve.result import Answers, result_of, settlement_result_of
from deal_solve.analysis.solve.tables import TABLES
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.analysis.sweep.regions import Regions
from deal_solve.analysis.uncertainty.result import UncertaintyCost
from deal_solve.analysis.uncertainty.text import uncertainty_report
from deal_solve.analysis.why_not.alternatives import alternatives
from deal_solve.currency import coded
from deal_solve.deal.currency import Currency
from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.facts.calendar import calendar
from deal_solve.facts.controls import control_table
from deal_solve.facts.cost_split import cost_split
from deal_solve.facts.decisions import decisions
from deal_solve.facts.health import commitment_health, seat_health
from deal_solve.facts.notes import plan_notes
from deal_solve.facts.summary import periods
from deal_solve.facts.usage.routing import routing
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.record import to_text
from deal_solve.report.basics import Answered, ResultFile
from deal_solve.report.scenarios import scenarios_notes
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import Settlement

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPEN = ("decisions", "sides", "rows")
"""The tables that a notebook shows at once; the others open with a click."""


@dataclass(frozen=True)
class Shown:
    """What `show` returns: `text` as the command line prints it, and `tables` by name, each with `to_frame()`."""

    text: str
    tables: Mapping[str, Table[Any]]
    head: str = ""
    """What a notebook shows of the text: the decision page, or the first block of another report."""

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        tables = (_folded(name, rows) for name, rows in self.tables.items() if rows)
        return f"<pre>{escape(self.head)}</pre>{''.join(tables)}"


def _folded(name: str, rows: Table[Any]) -> str:
    frame = rows.to_frame()
    if "contract_year" in frame:
        frame["contract_year"] += 1
    body = frame.to_html(index=False, float_format="{:,.2f}".format, na_rep="")
    return f"<details{' open' * (name in OPEN)}><summary>{name.replace('_', ' ')}</summary>{body}</details>"


def show(found: Any) -> Shown:
    """Return any result to look at: print it, or end a notebook's cell with it.

    `text` is what the command line prints of it, else its rows. The tables of a solution or a settlement are named
    after the functions that compute them, those of another result after its fields. Months count from 0; contract years
    count from 0 in a table and, as in every report, from 1 where it is displayed.
    """
    match found:
        case Solution():
            text, head = _in_currency(found, _pages_of)
            return Shown(text, {**_settled_tables(found.settlement), "alternatives": alternatives(found)}, head)
        case Settlement():
            tables = _settled_tables(found)
        case Table():
            tables = {"rows": found}
        case _:
            fields = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
            tables = {name: value for name, value in fields.items() if isinstance(value, Table)}
    text = text_of(found)
    return Shown(text, tables, text.partition("\n\n")[0])


def text_of(found: Any) -> str:
    """Return what the command line prints of a result; one without a report of its own is printed as its rows.

    It is in the currency of the deal.
    """
    return _in_currency(found, lambda result: (_text_of(result),))[0]


def _in_currency(found: Any, written: Callable[[Any], tuple[str, ...]]) -> tuple[str, ...]:
    """Return texts of a result in the currency of its deal."""
    with _currency_of(found).reported():
        return tuple(coded(text) for text in written(found))


def _currency_of(found: Any) -> Currency:
    """Return the currency of the deal that a result is about; USD where it holds no deal."""
    match found:
        case Solution():
            return found.settlement.deal.currency
        case Settlement():
            return found.deal.currency
        case UncertaintyCost():
            return _currency_of(found.solution)
        case Criteria():
            return _currency_of(found[0].solution)
        case Regions():
            return _currency_of(found.sweep)
        case Answered() if found.about is not None:
            return found.about.deal.currency
    return Currency()


def _text_of(found: Any) -> str:
    match found:
        case Solution():
            return _pages_of(found)[0]
        case Settlement():
            likely = int(found.scenarios.weights.argmax())
            return settlement_report(found, (), likely, (*scenarios_notes(found.scenarios), *plan_notes(found)))
        case UncertaintyCost():
            return uncertainty_report(found.solution.settlement.deal, found.solution, found)
        case Criteria():
            return criteria_report(found[0].deal, found)
        case Conflict():
            return conflict_report(found)
        case Regions():
            return text_of(found.sweep)
        case Answered():
            kind = re.sub("(?<=[a-z])(?=[A-Z])", "_", _class_of(found).__name__).lower()
            report: Callable[[Deal, Any], str] = getattr(_module(found, "text"), f"{kind}_report")
            return report(_deal_of(found), found)
    frame = found.to_frame() if hasattr(found, "to_frame") else Table((found,)).to_frame()
    return f"{frame.to_string(index=False)}\n"


def to_json(found: Any, **answers: Unpack[Answers]) -> str:
    """Return any result as JSON text, a solution with `answers`: what else was asked of it.

    What a command writes to a file is written alike, for `from_json` to read; a part of such a file, such as
    alternatives or levers, as it stands there. A settlement comes with its likeliest invoice.
    """
    if answers and not isinstance(found, Solution):
        raise TypeError(f"{', '.join(answers)}: nothing was asked of a {type(found).__name__}; expected a solution")
    match found:
        case Solution():
            settlement = found.settlement
            return to_text(result_of(settlement.deal, settlement.scenarios, found, **answers))
        case Settlement():
            likeliest = int(found.weights.argmax())
            return to_text(settlement_result_of(found.deal, found, (), likeliest))
        case Answered() if not isinstance(found, ResultFile):
            own = _class_of(found)
            file: type[ResultFile] | None = getattr(_module(found, "result"), f"{own.__name__}Result", None)
            return to_text(file.of(found) if file else found)
    return to_text(found)


def figure(found: Any) -> Figure:
    """Return the picture of a result as a figure of matplotlib, to look at, change or save.

    It is in the currency of the deal. Raises InputError for a result that has no picture, and where matplotlib is not
    installed.
    """
    with _currency_of(found).reported():
        return _figure(found)


def _figure(found: Any) -> Figure:
    if isinstance(found, Regions):
        return _figure(found.sweep)
    if isinstance(found, Solution):
        return _figure(found.settlement)
    if isinstance(found, Criteria):
        compared: Figure = import_module("deal_solve.analysis.criteria.picture").figure_of(found[0].deal, found)
        return compared
    if isinstance(found, Settlement):
        settled: Figure = import_module("deal_solve.report.spending.picture").figure_of(found.deal, found)
        return settled
    if not has_picture(found):
        raise InputError(
            f"a {type(found).__name__} has no picture; expected what solve, curve, frontier, sweep … return"
        )
    drawn: Figure = _module(found, "picture").figure_of(_deal_of(found), found)
    return drawn


def has_picture(found: Any) -> bool:
    """Whether a result of an analysis has a picture."""
    return isinstance(found, Answered) and find_spec(f"{_folder(found)}.picture") is not None


def question_of(found: Answered) -> str:
    """Return the question that a result answers."""
    return (import_module(_folder(found)).__doc__ or "").strip()


def _pages_of(solution: Solution) -> tuple[str, str]:
    """Return the report of a solution with all its tables, and its decision page alone."""
    subject = subject_of(solution, comparisons(solution, None))
    return solution_report(subject, tuple(TABLES)), decision_page(subject)


def _settled_tables(settlement: Settlement) -> dict[str, Table[Any]]:
    deal, plan = settlement.deal, settlement.plan
    return {
        "decisions": decisions(settlement),
        "sides": cost_split(settlement),
        "periods": periods(settlement),
        "commitment_health": commitment_health(settlement),
        "seat_health": seat_health(settlement),
        "routing": routing(deal, plan),
        "limit_checks": limit_checks(deal, settlement),
        "calendar": calendar(settlement),
        "control_table": control_table(deal),
    }


def _class_of(found: Answered) -> type:
    """Return the class of a result, without what makes it a file."""
    return next(each for each in type(found).__mro__ if not issubclass(each, ResultFile))


def _folder(found: Answered) -> str:
    """Return the package of the question that a result answers."""
    return _class_of(found).__module__.rpartition(".")[0]


def _module(found: Answered, name: str) -> Any:
    return import_module(f"{_folder(found)}.{name}")


def _deal_of(found: Answered) -> Deal:
    """Return the deal a result is about; raises InputError for one that was read from a file, which holds none."""
    if found.about is None:
        raise InputError(f"a {type(found).__name__} read from a file has no deal; expected what the analysis returned")
    return found.about.deal
