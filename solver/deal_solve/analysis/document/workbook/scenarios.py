"""The sheet of scenarios: the percentiles of the cost, and what each scenario costs."""

from __future__ import annotations

from deal_solve.analysis.document.workbook.cells import Book, Number, Sheet
from deal_solve.facts.spending.spending import COARSE_LEVELS, LEVELS
from deal_solve.messages import counted
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.measures import quantile

MAX_ROWS = 2000


def write_scenarios(book: Book, settlement: Settlement) -> None:
    """Write the percentiles of the cost by contract year and in all, then every scenario, or the first 2,000."""
    deal, weights = settlement.deal, settlement.weights
    years = range(deal.years)
    sheet = Sheet(book, "Scenarios", "What each scenario costs", [30, 12, *[16] * deal.years, 18, 18])
    sheet.prose(
        "USD; not discounted by the contract year that a payment belongs to, and in all; then the present value, by "
        "which plans are compared."
    )
    headers = [*(f"year {year + 1}" for year in years), "all", "present value"]
    columns = [*settlement.by_year, settlement.undiscounted, settlement.cost]
    sheet.header(["percentile", "", *headers], left=2)
    for level in COARSE_LEVELS if settlement.scenarios.is_coarse else LEVELS:
        sheet.row([f"P{100 * level:g}", "", *(Number(quantile(values, weights, level)) for values in columns)])
    sheet.row(["expected", "", *(Number(settlement.mean(values)) for values in columns)], bold=True)
    sheet.skip()
    if len(weights) > MAX_ROWS:
        sheet.prose(f"The first {MAX_ROWS:,} of {counted(len(weights), 'scenario')}")
    sheet.header(["scenario", "probability", *headers], is_frozen=True)
    for index, name in enumerate(settlement.scenarios.names[:MAX_ROWS]):
        chance = Number(float(weights[index]), "0.0000%")
        sheet.row([name, chance, *(Number(float(values[index])) for values in columns)])
    sheet.done()
