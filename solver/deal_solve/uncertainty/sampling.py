"""Sampled scenarios: metalogs joined by a copula, drawn block by block (model §1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import NormalDist
from typing import Any, Literal, cast, overload

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import Band
from deal_solve.deal.yaml_source import loc_of
from deal_solve.errors import InputError
from deal_solve.messages import counted
from deal_solve.uncertainty import metalog, scenario_set
from deal_solve.uncertainty.correlation import Copula, copula_of
from deal_solve.uncertainty.metalog import Metalog
from deal_solve.uncertainty.paths import GROUPS, bands_of, held, paths_of, refuse_large
from deal_solve.uncertainty.scenario_set import BLOCK, PATHS, Array, Scenarios, ScenarioSet
from deal_solve.uncertainty.signed import from_signing
from deal_solve.uncertainty.sobol import SobolPoints, sobol_points

SamplingMethod = Literal["sobol", "random"]
SEED = 20270101
"""The seed where none is given; printed with every result like any other."""
MAX_SCENARIOS = 2**30
"""Points of a Sobol sequence."""
KEPT_BYTES = 1e8
"""So much of what was drawn for the first blocks is kept: a solve goes through all scenarios several times."""


def sample(deal: Deal, count: int, seed: int = SEED, method: SamplingMethod = "sobol") -> SampledSet:
    """Return `count` equally likely scenarios of the bands and events of a deal.

    Raises InputError for a band that no metalog fits, a deal that lists its scenarios, or a count or seed that cannot
    be.
    """
    if deal.scenarios:
        raise InputError(deal.problem(("scenarios",), "are listed, so no others can be sampled; take the list out"))
    if not 1 <= count <= MAX_SCENARIOS:
        raise InputError(f"a sample of {count:,} cannot be; expected 1 to {MAX_SCENARIOS:,}")
    if not 0 <= seed < 2**64:
        raise InputError(f"the seed {seed} cannot be; expected 0 to {2**64 - 1}")
    uncertain = [(group, path, band) for group, path, band in bands_of(deal) if not band.is_certain]
    metalogs = _fitted(deal, uncertain)
    copula, notes = copula_of(deal, [(group, path) for group, path, _ in uncertain])
    if method == "sobol" and count & (count - 1):
        power = 2 ** round(math.log2(count))
        notes += (f"Sobol points are even in powers of two only: rather {counted(power, 'scenario')} than {count:,}",)
    notes += _heavy_tails(deal, uncertain, metalogs)
    return SampledSet(deal, count, seed, method, tuple(path for _, path, _ in uncertain), metalogs, copula, notes)


def _fitted(deal: Deal, bands: Sequence[tuple[str, str, Band]]) -> tuple[Metalog, ...]:
    found, problems = [], []
    for group, path, band in bands:
        try:
            found.append(metalog.fit(band, *metalog.BOUNDS[group]))
        except ValueError as error:
            problems.append(deal.problem(loc_of(path), str(error)))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _heavy_tails(deal: Deal, bands: Sequence[tuple[str, str, Band]], metalogs: Sequence[Metalog]) -> tuple[str, ...]:
    """Say which bands are so wide that the mean of what they drive is infinite by the end of the horizon."""
    powers = {"growth": (deal.horizon_months - 1) / 12, "price": float(deal.years)}
    wide = [
        path
        for (group, path, _), each in zip(bands, metalogs, strict=True)
        if each.form == "log" and each.tail * powers.get(group, 1.0) >= 1
    ]
    return tuple(
        f"{path} is so wide that its mean over a whole horizon is infinite, and that of a sample depends on few "
        "scenarios; a narrower band is steadier"
        for path in wide
    )


@dataclass(frozen=True)
class SampledSet:
    """Equally likely scenarios that are made, block by block, when asked for; never all held.

    A block depends on (deal, seed, method, place) and nothing else: whichever process asks, in whichever order, gets
    the same bits, and a larger set begins with the scenarios of a smaller one. What is drawn, a few numbers per
    scenario, is kept for the first KEPT_BYTES; paths over months are not. A band or event in `held` is drawn but put
    aside for what `deal` says of it (`holding`), so that all others stay as they were.
    """

    deal: Deal = field(repr=False)
    size: int
    seed: int
    method: SamplingMethod
    bands: tuple[str, ...] = field(repr=False)
    metalogs: tuple[Metalog, ...] = field(repr=False)
    copula: Copula = field(repr=False)
    notes: tuple[str, ...] = ()
    kind: Literal["sampled"] = "sampled"
    held: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process is sent: it draws for itself what is kept here."""
        return {name: value for name, value in vars(self).items() if name != "_kept"}

    @property
    def months(self) -> int:
        """H, the months of the horizon."""
        return self.deal.horizon_months

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Groups of bands that are sampled."""
        found = {group for group, path, _ in bands_of(self.deal) if path in self.bands}
        return tuple(group for group in GROUPS if group in found)

    @cached_property
    def weights(self) -> Array:
        """1/S for every scenario, shape (S,)."""
        return np.full(self.size, 1 / self.size)

    @property
    def names(self) -> Sequence[str]:
        """Name every scenario by its number."""
        return Numbered(range(1, self.size + 1))

    @property
    def is_coarse(self) -> bool:
        """Whether tails beyond P10 and P90 (and CVaR above 0.9) would be invented."""
        return scenario_set.is_coarse(self)

    @property
    def block_count(self) -> int:
        """Number of blocks; all but the last hold BLOCK scenarios."""
        return scenario_set.block_count(self)

    def block(self, index: int) -> ScenarioSet:
        """Return scenarios [place · BLOCK, (place+1) · BLOCK), with their weights in the whole set."""
        return from_signing(self.deal, self._all_months(index))

    def _all_months(self, index: int) -> ScenarioSet:
        rows = slice(index * BLOCK, min((index + 1) * BLOCK, self.size))
        values, normals = self._drawn(index)
        drawn = {path: row for path, row in zip(self.bands, values, strict=True) if path not in self.held}
        full: Mapping[str, Any] = paths_of(
            self.deal.whole,
            lambda _, path, band: drawn[path] if path in drawn else np.array([band.p50]),
            self._happens(normals),
            BLOCK,
            lambda user, variation: self._noise(index, user, variation),
        )
        size = rows.stop - rows.start
        cut: dict[str, Any] = {name: {key: array[..., :size] for key, array in full[name].items()} for name in PATHS}
        weights = np.full(size, 1 / self.size)
        return ScenarioSet(
            self.kind, self.names[rows], weights, **cut, groups=self.groups, seed=self.seed, notes=self.notes
        )

    def _drawn(self, index: int) -> tuple[Array, Array]:
        """Return the values of the bands in a block (B, BLOCK), and the normals of the uncertain events (E, BLOCK)."""
        found = self._kept.get(index)
        if found is None:
            normals = self._normals(index)
            joined = self.copula.join(normals[: self.copula.dimensions])
            values = metalog.values(self.metalogs, joined) if self.bands else joined
            found = values, normals[self.copula.dimensions :].copy()  # of a view the whole would be kept
            if (index + 1) * sum(each.nbytes for each in found) <= KEPT_BYTES:
                self._kept[index] = found
        return found

    def holding(self, deal: Deal, path: str) -> SampledSet:
        """Return the same scenarios of a deal in which a band, or the probability of an event, is certain."""
        return replace(self, deal=deal, held=(*self.held, path))

    def in_memory(self) -> ScenarioSet:
        """Return the whole set: as many numbers as scenarios · months · uncertain quantities.

        Raises InputError where that is more memory than may be taken.
        """
        first = self._all_months(0)
        parts = {name: getattr(first, name) for name in PATHS}
        refuse_large(self.deal, self.size, held(cast(Any, parts)), "ask for fewer (--scenarios N)")
        whole: dict[str, Any] = {
            name: {key: _room_of(array, self.size) for key, array in arrays.items()} for name, arrays in parts.items()
        }
        for index in range(1, self.block_count):
            block, columns = self._all_months(index), slice(index * BLOCK, (index + 1) * BLOCK)
            for name, arrays in whole.items():
                for key, array in arrays.items():
                    if array.strides[-1]:
                        array[..., columns] = getattr(block, name)[key]
        made = ScenarioSet(
            self.kind, self.names, self.weights, **whole, groups=self.groups, seed=self.seed, notes=self.notes
        )
        return from_signing(self.deal, made)

    def _normals(self, index: int) -> Array:
        """Return independent normals of a block (dimensions, BLOCK): of the copula, then one per uncertain event."""
        dimensions = self.copula.dimensions + len(self._uncertain_events)
        if self.method == "random" or not dimensions:
            return self._generator(index, 0).standard_normal((dimensions, BLOCK))
        return quasi_normals(self._sobol, index)

    def _generator(self, index: int, stream: int) -> np.random.Generator:
        """Return the pseudo-random numbers of a block; streams do not overlap."""
        key = np.array([self.seed, index], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, stream]))

    def _noise(self, index: int, user: str, variation: float) -> Array:
        """Return lognormal factors of mean 1 (H, BLOCK), independent by month, user and scenario."""
        stream = 1 + [*self.deal.workloads, *self.deal.cohorts].index(user)
        variance = math.log1p(variation**2)
        factor = self._generator(index, stream).standard_normal((self.deal.whole.horizon_months, BLOCK))
        factor *= math.sqrt(variance)
        factor -= variance / 2
        return np.exp(factor, out=factor)

    @cached_property
    def _kept(self) -> dict[int, tuple[Array, Array]]:
        return {}

    @cached_property
    def _sobol(self) -> SobolPoints:
        return sobol_points(self.copula.dimensions + len(self._uncertain_events), self.seed)

    @cached_property
    def _uncertain_events(self) -> tuple[str, ...]:
        events = self.deal.uncertainty.events.items()
        return tuple(key for key, event in events if 0 < event.probability < 1 or probability_of(key) in self.held)

    def _happens(self, normals: Array) -> dict[str, Array]:
        """Return whether each event happens, from one row of normals per uncertain one: Bernoulli."""
        found = {}
        for key, event in self.deal.uncertainty.events.items():
            if key in self._uncertain_events and 0 < event.probability < 1:
                limit = NormalDist().inv_cdf(event.probability)
                found[key] = (normals[self._uncertain_events.index(key)] < limit).astype(float)
            else:
                found[key] = np.array([event.probability])
        return found


def probability_of(event: str) -> str:
    """Return the dotted path of the probability of an event."""
    return f"uncertainty.events.{event}.probability"


def quasi_normals(points: SobolPoints, index: int) -> Array:
    """Return a block of a Sobol sequence as normals (dimensions, BLOCK)."""
    from scipy.special import ndtri

    return np.asarray(ndtri(points.block(index) + 2.0**-31), dtype=float)  # the middle of the cells, so never 0


def _room_of(first: Array, size: int) -> Array:
    """Return room for `size` scenarios that begins with the first block; what is the same in all stays one column."""
    if first.strides[-1] == 0:
        return np.broadcast_to(first[..., :1], (*first.shape[:-1], size))
    if first.shape[-1] == size:
        return first
    whole = np.empty((*first.shape[:-1], size))
    whole[..., : first.shape[-1]] = first
    return whole


@dataclass(frozen=True)
class Numbered(Sequence[str]):
    """Names that are made when read."""

    numbers: range

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Numbered: ...
    def __getitem__(self, index: int | slice) -> str | Numbered:
        """Return one name, or some."""
        return Numbered(self.numbers[index]) if isinstance(index, slice) else f"sample {self.numbers[index]}"

    def __len__(self) -> int:
        return len(self.numbers)


def method_of(scenarios: Scenarios) -> SamplingMethod:
    """Return how scenarios were sampled, so that others can be like them; those that were not are Sobol points."""
    return scenarios.method if isinstance(scenarios, SampledSet) else "sobol"
