"""The rate card in print."""

from __future__ import annotations

from deal_solve.currency import converted
from deal_solve.deal.allowance import Allowance
from deal_solve.deal.rate_card import BILLINGS, Card, Model, SeatPlan, SeatType
from deal_solve.messages import counted
from deal_solve.report.text import heading, labelled, percent, round_money, table


def rates_report(card: Card) -> str:
    """Return models, seats and controls of a card with the sources they cite."""
    headers = [
        "model",
        "released",
        "retires",
        "input",
        "cache read",
        "5m write",
        "1h write",
        "output",
        "batch",
        "tokens",
    ]
    rows = [row for model in card.models for row in _model_rows(card, model)]
    models = table(f"{card.name}@{card.as_of}: USD per million tokens", headers, rows, left=3)
    seats = table(
        "Seats: USD per user-month at list, billed yearly or monthly",
        ["seat type", "yearly", "monthly", "usage included", "plan"],
        [
            [
                seat.id,
                *(_billed(seat.usd_on(card.as_of).billed(billing)) for billing in BILLINGS),
                _included(seat),
                _plan(card.plan_of(seat.id)),
            ]
            for seat in card.seats
        ],
    )
    provided = {"API at list": card.api_provides, **{seat.id: seat.provides for seat in card.seats}}
    lines = [line for who, names in provided.items() for line in labelled(who, ", ".join(names) or "none", 17)]
    controls = table("Controls", ["control", "means"], [[name, c.title] for name, c in card.controls.items()], left=2)
    cited = {key for model in card.models for rates in model.rates for key in rates.sources}
    cited |= {key for seat in card.seats for price in seat.prices for key in price.sources}
    named = [(f"{key}:", f"{s.what}, {s.where} ({s.date})") for key, s in card.sources.items() if key in cited]
    sources = "\n".join([*heading("Sources"), *(line for each in named for line in labelled(*each, 5))])
    return "\n\n".join([models, seats, "\n".join([*heading("Controls provided"), *lines]), controls, sources]) + "\n"


def _plan(plan: SeatPlan | None) -> str:
    """Return a plan with the seats that all its types count together."""
    if plan is None:
        return "-"
    return (
        f"{plan.id}, {counted(plan.minimum, 'seat')} or more"
        if plan.maximum is None
        else f"{plan.id}, {plan.minimum} to {counted(plan.maximum, 'seat')}"
    )


def _included(seat: SeatType) -> str:
    """Return what a seat includes: a share of the usage, or dollars of it a month."""
    if isinstance(seat.allowance, Allowance):
        return f"{round_money(seat.allowance.usd_per_user_month)} a month{', pooled' * seat.allowance.pooled}"
    return percent(seat.covered_share if seat.allowance is None else 1.0)


def _billed(usd: float | None) -> str:
    return "-" if usd is None else round_money(usd)


def _model_rows(card: Card, model: Model) -> list[list[str]]:
    rates = model.rates_on(card.as_of)
    a, b = rates.input_usd_per_mtok, rates.output_usd_per_mtok
    retires = f"{model.retires}" if model.retires else "-"
    head = [model.id, f"{model.released}", retires]
    batch = percent(rates.batch_multiplier)
    tokens = f"{card.tokenizers[model.tokenizer]:g}"
    rows = [[*head, *_figures(rates, a), rate(b), batch, tokens]]
    if rates.long_above_prompt_tokens:
        long_a = rates.long_input_usd_per_mtok or a
        long_b = rates.long_output_usd_per_mtok or b
        above = f"  above {rates.long_above_prompt_tokens:,.0f} prompt tokens"
        rows.append([above, "", "", *_figures(rates, long_a), rate(long_b), batch, tokens])
    return rows


def _figures(rates: object, a: float) -> list[str]:
    names = ("cache_read_multiplier", "cache_write_5m_multiplier", "cache_write_1h_multiplier")
    return [rate(a), *(rate(a * getattr(rates, name)) for name in names)]


def rate(usd: float) -> str:
    """Return USD per million tokens with as many digits as it has, at least two."""
    text = f"{converted(usd):.6f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))
