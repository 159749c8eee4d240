"""What a shell completes after an option: known words, or what stands in the deal file on the line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _from_deal(words_of: Callable[[Deal], Iterable[str]]) -> Completer:
    """Complete words of the deal file on the line; a file that cannot be read has none."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from deal_solve.deal.load import load
        from deal_solve.errors import DealSolveError

        try:
            deal = load(ctx.params.get("deal_file") or ctx.args[0])  # a line that ends in an option is not parsed whole
        except (DealSolveError, IndexError):
            return []
        return [CompletionItem(word) for word in words_of(deal) if word.startswith(incomplete)]

    return complete


def _paths(deal: Deal) -> Iterable[str]:
    from deal_solve.deal.edit import paths_of

    return (f"{path}=" for path in paths_of(deal))


def _scenarios(deal: Deal) -> Iterable[str]:
    from deal_solve.uncertainty.expansion import scenarios_of

    return scenarios_of(deal).names


def risks(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the risks that have a name; a weight is a number."""
    from deal_solve.deal.risk import RISK_WEIGHTS

    return [
        CompletionItem(name, help=f"weight {weight:g}")
        for name, weight in RISK_WEIGHTS.items()
        if name.startswith(incomplete)
    ]


def criteria(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the last of several criteria divided by commas; none is named twice."""
    from deal_solve.analysis.criteria.criteria import CRITERIA

    head, comma, last = incomplete.rpartition(",")
    named = head.split(",")
    return [CompletionItem(f"{head}{comma}{name}") for name in CRITERIA if name.startswith(last) and name not in named]


offers = _from_deal(lambda deal: deal.offers)
scenarios = _from_deal(_scenarios)
paths = _from_deal(_paths)
