"""Models that cost more above a length of prompt which no report tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from deal_solve.exports.prices import LONG_TOKENS, list_prices, long_above
from deal_solve.exports.row import NANO
from deal_solve.exports.uses import Uses


def unreported_lengths(used: Uses) -> Iterator[str]:
    """Yield in a line each such model, what its usage is priced at as of short prompts, and what if all are long.

    Reports divide windows at 200,000 tokens; a log of single requests tells their length.
    """
    priced: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    bounds: dict[str, float] = {}
    for place, row in used.rows():
        model = place.model or ""
        bound = long_above(model, place.day)
        if bound < LONG_TOKENS and place.window != "long":
            bounds[model] = bound
            priced[model][0] += sum(list_prices(place, row))
            priced[model][1] += sum(list_prices(place._replace(window="long"), row))
    for model, (short, long) in priced.items():
        if long > short:
            usd, all_long = (f"{each / NANO:,.2f}" for each in (short, long))
            yield (
                f"{model}: prompts of more tokens than {bounds[model]:,.0f} cost more, and reports do not tell which "
                f"those are: priced as short ones, {usd} USD at list, up to {all_long} if all are long; "
                "what was billed tells, or an export of single requests"
            )
