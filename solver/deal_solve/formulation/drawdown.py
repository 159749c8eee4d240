"""What usage costs in a price regime: billed, drawn down, overage, shortfall, rollover (deal model, section 4)."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offer import ApiPart, Rollover
from deal_solve.formulation.commitment import Commitments
from deal_solve.formulation.drawdown_cost import DrawdownCost, Period
from deal_solve.formulation.drawdown_rows import Chain, Flow
from deal_solve.formulation.papers import Papers
from deal_solve.formulation.program import Program, Terms, Variable, Where, equal_rows, scaled
from deal_solve.formulation.rates import Rates, Regime
from deal_solve.formulation.routing import Routing
from deal_solve.uncertainty.scenarios import Array


def bill(program: Program, deal: Deal, rates: Rates, routing: Routing, regime: Regime | None) -> None:
    """Charge usage at the end of each month: at contracted rates, or (no regime) at list, line uncounted_usage."""
    for usage in routing.usage.get(regime, []):
        if regime is None:
            rate, line = program.scenarios.index[usage.family], "uncounted_usage"
        else:
            rate, line = rates.of(regime, usage.model_id, usage.family)[0], "usage"
        months = range(usage.epoch.start, usage.epoch.end)
        dollars = usage.pace * rate[:, months.start : months.stop] * program.unit_usd
        program.pay_monthly(line, usage.variable, dollars, months)


def draw_down(
    program: Program,
    deal: Deal,
    papers: Papers,
    commitments: Commitments,
    routing: Routing,
    rates: Rates,
    most_usage: dict[Regime, dict[int, float]],
) -> None:
    """Add billing, overage, shortfall and rollover of every regime."""
    for regime in papers.regimes:
        api = deal.offer(regime.agreement.offer).api
        assert api is not None
        if not regime.commits or api.payment == "arrears":
            bill(program, deal, rates, routing, regime)
        if not regime.commits:
            continue
        step = api.period_months
        periods = [range(t, t + step) for t in range(regime.span.start, regime.span.end, step)]
        flows = [_flows(rates, regime, routing, months) for months in periods]
        most = [
            (
                most_usage[regime][months[0] // 12] * step / 12,
                commitments.most.get((regime, months[0] // 12), 0) * step / 12,
            )
            for months in periods
        ]
        chains = [slice(None)] if isinstance(api.unused, Rollover) else [slice(p, p + 1) for p in range(len(periods))]
        for chain in chains:
            if program.by_cuts:
                cost = _cost(program, api, regime, commitments, periods[chain], flows[chain])
                program.recourse.append(cost)
                continue
            for members in _alike(program, [flow for period in flows[chain] for flow in period]):
                Chain(program, deal, api, regime, commitments, periods[chain], flows[chain], most[chain], members).add()
    bill(program, deal, rates, routing, None)


def _flows(rates: Rates, regime: Regime, routing: Routing, months: range) -> list[Flow]:
    flows = []
    for usage in routing.usage.get(regime, []):
        inside = range(max(months.start, usage.epoch.start), min(months.stop, usage.epoch.end))
        if inside:
            contracted, ratio = rates.of(regime, usage.model_id, usage.family)
            pace = usage.pace[:, inside.start - usage.epoch.start : inside.stop - usage.epoch.start]
            here = slice(inside.start, inside.stop)
            flows.append(Flow(usage.variable, inside, pace * contracted[:, here], ratio[:, here]))
    return flows


def _alike(program: Program, flows: list[Flow]) -> list[Where]:
    """Return the scenarios in groups in which these flows cost exactly the same."""
    columns = [array for flow in flows for array in (flow.billed, flow.ratio)]
    if not columns:
        return [np.arange(program.scenarios.size)]
    return equal_rows(np.hstack(columns))


def _cost(
    program: Program,
    api: ApiPart,
    regime: Regime,
    commitments: Commitments,
    periods: list[range],
    flows: list[list[Flow]],
) -> DrawdownCost:
    """Return the cost of consecutive periods as a function of usage and commitment."""
    settled = []
    for months, used in zip(periods, flows, strict=True):
        balance = scaled(commitments.get(regime, months[0] // 12), len(months) / 12)
        settled.append(_period(program, used, balance, months))
    share, cap = (api.unused.rollover, api.unused.cap) if isinstance(api.unused, Rollover) else (0.0, 0.0)
    return DrawdownCost(settled, api.payment == "arrears", share, cap)


def _period(program: Program, flows: list[Flow], balance: Terms, months: range) -> Period:
    """Return a period; months of one variable in which the overage ratio is the same are one item."""
    items: dict[tuple[Variable, bytes], tuple[Array, Array]] = {}
    for flow in flows:
        for billed, ratio in zip(flow.billed.T, np.round(flow.ratio.T, 12), strict=True):
            key = flow.variable, ratio.tobytes()
            items[key] = (items[key][0] + billed if key in items else billed, ratio)
    size = program.scenarios.size
    return Period(
        program.linear((variable, 1.0) for variable, _ in items).places,
        np.array([billed for billed, _ in items.values()]).reshape(-1, size).T,
        np.array([ratio for _, ratio in items.values()]).reshape(-1, size).T,
        program.linear(balance),
        (months.stop, months.stop - 1),
    )
