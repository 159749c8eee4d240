"""`deal-solve settle`: what any plan costs, line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support import completion
from deal_solve.cli.support.months import in_one_month
from deal_solve.cli.support.options import (
    DealFile,
    deal_argument,
    fiscal_option,
    json_option,
    load_deal,
    order_option,
    plan_option,
    progress_to,
    routing_option,
    scenario_options,
    verbose_option,
)
from deal_solve.cli.support.solving import read_plan, solved

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.optimise.options import SolveOptions
    from deal_solve.plan.plan import Plan
    from deal_solve.plan.proposal import Proposal
    from deal_solve.settlement.settle import Settlement
    from deal_solve.uncertainty.scenario_set import Scenarios

MAX_COMPARED = 1000
"""Names that a misspelt one is compared with."""
ROUTED = {
    "today": "Routing and projects, of which an order form says nothing, are as today (--routing today), as settle "
    "takes them; review takes them at their best.",
    "best": "Routing and projects, of which an order form says nothing, are at their best (--routing best), as review "
    "takes them; settle takes them as today.",
}
"""What is assumed where a proposal leaves routing and projects open, by `--routing`: two commands have two defaults."""
ROUTING_NOT_PROVEN = "The time limit passed before what the proposal leaves open was proven to be at its best."
MIN_LIKENESS = 0.6
"""Share of the spelling from which a name without a word in common is proposed."""


@click.command(
    epilog="Example:  deal-solve settle deal.yaml --plan proposal.yaml --out invoice.csv",
)
@deal_argument
@plan_option
@routing_option
@click.option(
    "--scenario",
    shell_complete=completion.scenarios,
    help="Scenario of the invoice: its name or number from 1.  [default: the most likely]",
)
@scenario_options
@order_option
@json_option("all of it")
@click.option("--out", "invoice_file", metavar="FILE", help="Write the invoice as CSV.")
@fiscal_option
@verbose_option
def command(
    deal_file: DealFile,
    plan_file: str,
    routing: str,
    scenario: str | None,
    order: str,
    json_file: str | None,
    invoice_file: str | None,
    fiscal_year_start: int | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
) -> int:
    """Settle a plan over the scenarios of DEAL and print what it costs, with the invoice of one scenario.

    The plan may leave anything out: what is assumed is printed. An impossible plan is refused by naming the clause.
    """
    from deal_solve.analysis.settle.text import settlement_report
    from deal_solve.optimise.options import SolveOptions
    from deal_solve.plan.proposal import load_proposal
    from deal_solve.settlement.settle import settle

    month = load_proposal(plan_file).signing_month
    deal = in_one_month(load_deal(deal_file), month)
    scenarios = scenarios_from(deal).in_memory()
    index = scenario_named(scenarios, scenario)
    options = SolveOptions(progress=progress_to(verbose))
    plan, assumed = read_plan(
        deal, plan_file, lambda given: completed(deal, given, scenarios, routing, options), scenarios
    )
    order_name: Any = order.replace("-", "_")
    settlement = settle(deal, plan, scenarios, order=order_name)
    _write(settlement, assumed, index, json_file, invoice_file)
    if json_file != "-":
        click.echo(settlement_report(settlement, assumed, index, _notes(settlement), fiscal_year_start), nl=False)
    return 0


def scenario_named(scenarios: Scenarios, given: str | None) -> int:
    """Return the index of a scenario: by name, by number from 1, or the most likely one."""
    if given is None:
        return int(scenarios.weights.argmax())
    if given in scenarios.names:
        return scenarios.names.index(given)
    if given.isascii() and given.isdigit() and len(given) < 20 and 1 <= int(given) <= scenarios.size:
        return int(given) - 1
    from deal_solve.errors import InputError, Problem

    near = nearest_scenario(given, scenarios.names)
    hint = "" if near is None else f"; did you mean {near!r}?"
    raise InputError(
        Problem("--scenario", f"there is no scenario {given!r}{hint}; expected a name, or 1 to {scenarios.size}")
    )


def nearest_scenario(given: str, names: Sequence[str]) -> str | None:
    """Return the name that shares most words with what is given, then the one nearest in numbers, then in spelling.

    None where no name has a word or most of the spelling in common.

    >>> nearest_scenario("adoption p90 usage P95", ["usage P10 adoption P90", "usage P90 adoption P90"])
    'usage P90 adoption P90'
    """

    def likeness(name: str) -> tuple[int, int, int, float]:
        asked, words = given.lower().split(), name.lower().split()
        shared, pairs = {*asked} & {*words}, {*pairwise(asked)} & {*pairwise(words)}
        ours, theirs = (sorted(map(int, re.findall(r"\d{1,18}", text))) for text in (given, name))
        apart = sum(abs(a - b) for a, b in zip(ours, theirs, strict=False)) if len(ours) == len(theirs) else 0
        return len(shared), len(pairs), -apart, SequenceMatcher(None, given.lower(), name.lower()).ratio()

    near = max(names[:MAX_COMPARED], key=likeness)
    shared, _, _, spelling = likeness(near)
    return near if shared or spelling > MIN_LIKENESS else None


def completed(
    deal: Deal, proposal: Proposal, scenarios: Scenarios, routing: str, options: SolveOptions
) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan a proposal means, routed as `--routing` says where it says nothing, and what was assumed."""
    from deal_solve.plan.completion.complete import complete, complete_agreements
    from deal_solve.plan.resolved import resolve

    is_order_form = not (proposal.routing or proposal.use or proposal.projects) and bool(resolve(deal).users)
    stated = (ROUTED[routing],) * is_order_form
    if routing == "today":
        plan, assumed = complete(deal, proposal, scenarios.in_memory())
        return plan, (*assumed, *stated)
    from deal_solve.plan.completion.optimised import assumed_of, fixed

    agreements = complete_agreements(deal, proposal, scenarios.in_memory())
    found = solved(deal, scenarios, replace(options, fix=fixed(agreements, proposal)))
    stated += (ROUTING_NOT_PROVEN,) * (found.status != "optimal")
    return found.plan, (*assumed_of(found.plan, agreements, proposal), *stated)


def _notes(settlement: Settlement) -> tuple[str, ...]:
    from deal_solve.facts.notes import plan_notes
    from deal_solve.report.scenarios import scenarios_notes

    return (*scenarios_notes(settlement.scenarios), *plan_notes(settlement))


def _write(
    settlement: Settlement,
    assumed: tuple[str, ...],
    scenario: int,
    json_file: str | None,
    invoice_file: str | None,
) -> None:
    from deal_solve.analysis.settle.invoice import invoice_csv
    from deal_solve.analysis.solve.result import settlement_result_of
    from deal_solve.cli.support.printing import write_json
    from deal_solve.files import write_text
    from deal_solve.record import to_text

    if invoice_file:
        write_text(invoice_file, invoice_csv(settlement.deal, settlement.invoice(scenario)))
    if json_file:
        write_json(json_file, to_text(settlement_result_of(settlement.deal, settlement, assumed, scenario)))
