"""The routing options of every workload and cohort, epoch by epoch (model §3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from deal_solve.deal.cohort import Use
from deal_solve.deal.cross_checks import family_of, quality_of
from deal_solve.deal.deal import Deal
from deal_solve.deal.rate_card import FAMILIES, Model, Rates
from deal_solve.deal.requests.tokenizers import counted_in
from deal_solve.deal.workload import Cascade, ProjectName, Workload


@dataclass(frozen=True)
class Part:
    """One model asked by an option, as it is in one epoch; `weight` is the share of requests that pay it."""

    model_id: str
    family: str
    rates: Rates
    token_factor: float
    min_cacheable_tokens: float
    weight: float = 1.0
    price_factor: float = 1.0
    output_factor: float = 1.0


@dataclass(frozen=True)
class Option:
    """One way to answer a request in one epoch: a model or cascade, cached or not, in batch or not."""

    key: str
    parts: tuple[Part, ...]
    cached: bool
    batch: bool
    quality: float | None
    projects: tuple[ProjectName, ...]
    check_usd: float
    counts_as: frozenset[str]

    @property
    def equivalence_key(self) -> tuple[object, ...]:
        """Options with equal keys differ in name only."""
        return (self.parts, self.cached, self.batch, self.quality, self.projects, self.check_usd)


@dataclass(frozen=True)
class Epoch:
    """Months [start, end) of constant routing, with the options open in all of them, today's first.

    `dates` are those months of the calendar.
    """

    start: int
    end: int
    options: tuple[Option, ...]
    dates: str = ""

    @property
    def months(self) -> str:
        """The months for a message: the numbers as files have them, with their dates."""
        numbers = f"months {self.start} to {self.end - 1}" if self.end - self.start > 1 else f"month {self.start}"
        return f"{numbers} ({self.dates})"

    @property
    def year(self) -> int:
        """The contract year of the epoch."""
        return self.start // 12

    @cached_property
    def distinct(self) -> tuple[Option, ...]:
        """The options without those that differ in name only from one before."""
        seen: dict[tuple[object, ...], Option] = {}
        for option in self.options:
            seen.setdefault((*option.equivalence_key, option.counts_as), option)
        return tuple(seen.values())

    def option(self, key: str) -> Option | None:
        """Return the open option of this name, or None."""
        return next((option for option in self.options if option.key == key), None)


def epochs_of(deal: Deal, request: Workload | Use, requires: tuple[str, ...]) -> tuple[Epoch, ...]:
    """Return the epochs of a request's routing with the options open in each; `requires` are the controls it needs."""
    names = allowed_models(deal, request)
    cuts = sorted({0, *_cuts(deal, request, names), deal.horizon_months})
    known: dict[tuple[object, ...], tuple[Option, ...]] = {}
    epochs = []
    for start, end in pairwise(cuts):
        what = _what_decides(deal, request, names, start)
        if what not in known:
            known[what] = tuple(_options(deal, request, requires, names, start))
        epochs.append(Epoch(start, end, known[what], deal.span(start, end)))
    return tuple(epochs)


def allowed_models(deal: Deal, request: Workload | Use) -> tuple[str, ...]:
    """Return the names a request may be routed to: today's first, then as the file says (else scored, else slots)."""
    slots = tuple(family for family in FAMILIES if any(m.family == family for m in deal.card.models))
    today = (request.today.model,) if isinstance(request, Workload) and request.today else ()
    listed = request.models if request.models is not None else (tuple(request.quality.scores) or slots)
    return tuple(dict.fromkeys((*today, *listed)))


def _cuts(deal: Deal, request: Workload | Use, names: tuple[str, ...]) -> Iterator[int]:
    months = list(range(0, deal.horizon_months, 12))
    if isinstance(request, Workload):
        months += [project.ready_month for project in request.projects.values()]
    for name in _with_cascades(request, names):
        base = deal.variants[name].model if name in deal.variants else name
        family = family_of(deal, base)
        for model in deal.card.models:
            # A slot changes its meaning at releases of its family; so does a retired id.
            if model.family == family:
                months.append(deal.month_after(model.released))
            if model.id == base and model.retires:
                months.append(deal.month_after(model.retires))
    yield from (month for month in months if 0 < month < deal.horizon_months)


def _with_cascades(request: Workload | Use, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names with those of the cascades of a workload."""
    cascades = request.cascades if isinstance(request, Workload) else ()
    return (*names, *(name for cascade in cascades for name in (cascade.first, cascade.then)))


def _what_decides(deal: Deal, request: Workload | Use, names: tuple[str, ...], month: int) -> tuple[object, ...]:
    """Return all that the options of a month depend on: what each name means, what is retired and what is ready."""
    names = _with_cascades(request, names)
    models = (_resolve(deal, name, month) for name in names)
    projects = request.projects.values() if isinstance(request, Workload) else ()
    return (
        *(model and model.id for model in models),
        *(_is_retired(deal, name, month) for name in names),
        *(project.ready_month <= month for project in projects),
    )


def _resolve(deal: Deal, name: str, month: int) -> Model | None:
    """Return the model that a slot, id or variant means in a month, or None before its release."""
    base = deal.variants[name].model if name in deal.variants else name
    if base not in FAMILIES:
        model = deal.card.model(base)
        if not (model.retires and deal.month_after(model.retires) <= month):
            return model if deal.month_after(model.released) <= month else None
        base = model.family
    newest = deal.card.newest(base, deal.calendar(month))
    return newest if deal.month_after(newest.released) <= month else None


def _is_retired(deal: Deal, name: str, month: int) -> bool:
    if name in FAMILIES or name in deal.variants:
        return False
    retires = deal.card.model(name).retires
    return retires is not None and deal.month_after(retires) <= month


def _part(deal: Deal, request: Workload | Use, name: str, month: int, weight: float) -> Part | None:
    model = _resolve(deal, name, month)
    return part_of(deal, request, name, model, weight) if model else None


def part_of(deal: Deal, request: Workload | Use, name: str, model: Model, weight: float = 1.0) -> Part:
    """Return a slot, id or variant that means `model`, as a share of requests (`weight`) pays it."""
    variant = deal.variants.get(name)
    factors = request.output_factor
    output = next((factors[key] for key in (name, model.id, model.family) if key in factors), 1.0)
    tokenizers = deal.card.tokenizers
    return Part(
        model_id=model.id,
        family=model.family,
        rates=deal.card.rates(model.id),
        token_factor=tokenizers[model.tokenizer] / tokenizers[counted_in(deal, request)],
        min_cacheable_tokens=model.min_cacheable_tokens or 1024,
        weight=weight,
        price_factor=variant.price_factor if variant else 1.0,
        output_factor=output * (variant.output_factor if variant else 1.0),
    )


def _quality(deal: Deal, request: Workload | Use, name: str, month: int) -> float | None:
    """Return the score of a name; a retired id has its slot's, the family's, else its own."""
    scores = request.quality.scores
    if _is_retired(deal, name, month):
        family = family_of(deal, name)
        return scores.get(family, scores.get(name))
    return quality_of(deal, scores, name)


def _counts_as(deal: Deal, name: str, part: Part) -> frozenset[str]:
    base = deal.variants[name].model if name in deal.variants else name
    return frozenset((name, base, part.model_id, part.family))


def _options(
    deal: Deal, request: Workload | Use, requires: tuple[str, ...], names: tuple[str, ...], month: int
) -> Iterator[Option]:
    """Yield the options open from `month` on: on sale, not closed by a control or the floor, projects ready."""
    controls = [deal.card.controls[name] for name in requires]
    residency = any(control.needs_us_residency for control in controls)
    no_batch = any(control.closes_batch for control in controls)
    for answer in _answers(deal, request, names, month):
        quality = answer.quality
        if request.quality.floor is not None and (quality is None or quality < request.quality.floor - 1e-12):
            continue
        if residency and not all(deal.card.model(part.model_id).us_residency for part in answer.parts):
            continue
        is_current = _is_current(deal, request, answer, month)
        for cached, batch in _modes(deal, request, answer.key, no_batch):
            projects = _projects(request, cached, batch, is_current)
            if isinstance(request, Workload) and any(request.projects[p].ready_month > month for p in projects):
                continue
            key = answer.key + "+cache" * cached + "+batch" * batch
            yield Option(key, answer.parts, cached, batch, quality, projects, answer.check_usd, answer.counts_as)


def _answers(deal: Deal, request: Workload | Use, names: tuple[str, ...], month: int) -> Iterator[Option]:
    """Yield each model and each cascade that is on sale, uncached and not in batch."""
    for name in names:
        part = _part(deal, request, name, month, 1.0)
        if part:
            quality, counts_as = _quality(deal, request, name, month), _counts_as(deal, name, part)
            yield Option(name, (part,), False, False, quality, (), 0.0, counts_as)
    for cascade in request.cascades if isinstance(request, Workload) else ():
        first = _part(deal, request, cascade.first, month, 1.0)
        then = _part(deal, request, cascade.then, month, 1 - cascade.pass_rate)
        if first and then:
            quality = _cascade_quality(deal, request, cascade, month)
            counts_as = _counts_as(deal, cascade.then, then)
            key, check_usd = f"{cascade.first}>{cascade.then}", cascade.check_usd_per_request
            yield Option(key, (first, then), False, False, quality, (), check_usd, counts_as)


def _cascade_quality(deal: Deal, request: Workload | Use, cascade: Cascade, month: int) -> float | None:
    if cascade.quality is not None:
        return cascade.quality
    first, then = (_quality(deal, request, name, month) for name in (cascade.first, cascade.then))
    if first is None or then is None:
        return None
    return cascade.pass_rate * first + (1 - cascade.pass_rate) * then


def _modes(deal: Deal, request: Workload | Use, name: str, no_batch: bool) -> list[tuple[bool, bool]]:
    """Return (cached, batch) for one candidate: people's clients cache where they can and never batch."""
    if not isinstance(request, Workload):
        return [(request.cache is not None, False)]
    caching = [False, True] if request.cache else [False]
    can_batch = request.batchable > 0 and not no_batch
    can_batch = can_batch and all(deal.variants[n].batch for n in name.split(">") if n in deal.variants)
    modes = [(cached, batch) for batch in ([False, True] if can_batch else [False]) for cached in caching]
    today = request.today
    if today and name == today.model and (today.cached, today.batch) in modes:
        modes.sort(key=lambda mode: mode != (today.cached, today.batch))  # today's own way first
    return modes


def _projects(request: Workload | Use, cached: bool, batch: bool, is_current: bool) -> tuple[ProjectName, ...]:
    """Return the projects an option needs; what the workload does today needs none."""
    if not isinstance(request, Workload) or not request.projects:
        return ()
    today = request.today
    needs: list[ProjectName] = []
    if cached and not (today and today.cached):
        needs.append("caching")
    if batch and not (today and today.batch):
        needs.append("batch")
    if not is_current:
        needs.append("rerouting")
    return tuple(project for project in needs if project in request.projects)


def _is_current(deal: Deal, request: Workload | Use, answer: Option, month: int) -> bool:
    """Whether a workload runs on an option's models today (a retired id means its slot); yes where nothing is said."""
    if not isinstance(request, Workload) or request.today is None:
        return True
    today = request.today.model
    if today in deal.variants or answer.key in deal.variants:
        return answer.key == today
    current = _resolve(deal, today, month)
    return len(answer.parts) == 1 and current is not None and answer.parts[0].model_id == current.id
