"""What a settled solution pays for the months before the month of signing."""

import numpy as np

from deal_solve.optimise.solution import Solution


def before(solution: Solution) -> dict[str, float]:
    """Return the lines of the first scenario, not discounted, of the months before signing, those that are not 0."""
    found: dict[str, float] = {}
    settlement = solution.settlement
    bill = settlement.invoice(0)
    early = bill[bill["contract_year"] < 0]
    for line, usd in zip(early["line"], early["amount_usd"], strict=True):
        found[line] = round(found.get(line, 0.0) + float(usd), 2)
    np.testing.assert_allclose(sum(found.values()), settlement.before[0], atol=0.05)
    return found
