"""Offers bought through the marketplace of a cloud provider, and what a cloud commitment lacks (model §6).

Fees are on top of what is paid through a channel. What a cloud commitment lacks is written as rows here, or valued as
recourse in `channel_cost`.

    short + Σ counts · pay ≥ CC - O
    (1 - cap share) · CC - O ≤ short ≤ CC - O     and not below 0
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.offers.cloud_years import cloud_years, months_of_cloud_year, share_of_cloud_year
from deal_solve.formulation.clauses.channel_cost import ChannelCost, Channelled
from deal_solve.formulation.model.expression import Expression
from deal_solve.formulation.model.payments import Metered, Payments, Share
from deal_solve.formulation.model.program import Due, Program
from deal_solve.uncertainty.scenario_set import Array


def settle_channels(program: Program, deal: Deal) -> None:
    """Add what cloud commitments lack in each of their years, and the fees of what is paid through channels."""
    for name in deal.cloud_commitments:
        for year in range(cloud_years(deal)):
            bounds = _bounds(program, deal, name, year)
            if program.by_cuts:
                program.recourse.append(_cost(program, deal, name, year, bounds))
            else:
                _rows(program, deal, name, year, bounds)
    _fees(program)


def _fees(program: Program) -> None:
    """Charge the fee of every payment through a channel; that of recourse is part of its own cost."""
    for payment in [each for each in program.payments if _fee(each.channel)]:
        value, present = (_fee(payment.channel) * usd for usd in (payment.value, payment.present))
        program.payments.append(payment._replace(line="fee", value=value, present=present, channel=None))
    for metered in [each for each in program.metered if _fee(each.channel)]:
        program.metered.append(replace(metered.times(_fee(metered.channel)), line="fee", channel=None))


def _fee(channel: Channel | None) -> float:
    return channel.fee if channel else 0.0


def _counts(channel: Channel | None, name: str) -> float:
    """Return the share of a payment that counts toward a cloud commitment."""
    return channel.counts if channel and channel.through == name else 0.0


def _bounds(program: Program, deal: Deal, name: str, year: int) -> tuple[Array, Array]:
    """Return what is short if nothing is retired, and if the cap is, (S,), money units."""
    sums, cloud, part = program.sums, deal.cloud_commitments[name], share_of_cloud_year(deal, year)
    committed = part * cloud.usd_per_year[year]
    lacking = committed - part * sums.other_spend[name][year]
    minimum = np.maximum(lacking - cloud.cap_share * committed, 0.0)
    if name in sums.retired_before:
        lacking = lacking - sums.retired_before[name][year]
    lacking = lacking - (0.0 if year else cloud.retired_usd)
    return np.maximum(lacking, minimum) / program.unit_usd, minimum / program.unit_usd


def _rows(program: Program, deal: Deal, name: str, year: int, bounds: tuple[Array, Array]) -> None:
    """Add short + Σ counts · pay >= maximum, minimum <= short <= maximum, in each group of scenarios that are alike."""
    (maximum, minimum), end = bounds, months_of_cloud_year(deal, year).stop
    groups: dict[object, list[int]] = {}
    paid = _paid(program, name, year)
    for index, amounts in enumerate(paid):
        groups.setdefault((maximum[index], minimum[index], *amounts.items()), []).append(index)
    for members in groups.values():
        first = members[0]
        terms = [(program.variables[index], usd) for index, usd in paid[first].items()]
        low, high = (float(bound[first]) for bound in (minimum, maximum))
        short = program.variable("cloud_short", low if terms else high, high)
        if terms and low < high:
            program.add("cloud_commitment", short + Expression(terms) >= high)
        due = Due(end, end - 1, np.array(members))
        program.pay("cloud_shortfall", short, program.unit_usd, due)


def _paid(program: Program, name: str, year: int) -> list[dict[int, float]]:
    """Return Σ counts · pay in each scenario, in money units, by the place of the variable."""
    found: list[defaultdict[int, float]] = [defaultdict(float) for _ in range(program.size)]
    for payment in program.payments:
        counts = _counts(payment.channel, name)
        if counts and payment.cloud_year == year:
            where = np.arange(program.size) if payment.where is None else payment.where
            amounts = np.broadcast_to(counts * payment.value * payment.column, where.shape)
            for scenario, usd in zip(where.tolist(), amounts.tolist(), strict=True):
                found[scenario][payment.variable.place] += usd
    for metered in _metered(program, name, year):
        for index, by_scenario in zip(metered.indices.tolist(), metered.plain.per_scenario(), strict=True):
            for scenario, usd in enumerate(by_scenario.tolist()):
                found[scenario][index] += usd
    return [{index: usd for index, usd in amounts.items() if usd} for amounts in found]


def _metered(program: Program, name: str, year: int) -> list[Metered]:
    """Return what of the usage that is billed by the month counts."""
    return [
        metered.times(_counts(metered.channel, name))
        for metered in program.metered
        if metered.cloud_year == year and _counts(metered.channel, name)
    ]


def _cost(program: Program, deal: Deal, name: str, year: int, bounds: tuple[Array, Array]) -> ChannelCost:
    """Return what is short, with all recourse that is paid through channels toward this commitment in the year."""
    shares = [
        Share(each.variable.place, each.column, _counts(each.channel, name) * each.value, 0.0, each.year)
        for each in program.payments
        if each.cloud_year == year and _counts(each.channel, name)
    ]
    parts = [
        Channelled(each.part, each.channel.counts, each.channel.fee)
        for each in program.channelled
        if each.cloud_year == year and each.channel.through == name
    ]
    one = program.linear(1.0 * program.variable("certain", 1, 1))
    paid = Payments(tuple(shares), program.size)
    end = months_of_cloud_year(deal, year).stop
    return ChannelCost(tuple(parts), (paid, *_metered(program, name, year)), one, *bounds, end)
