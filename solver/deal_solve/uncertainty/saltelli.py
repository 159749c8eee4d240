"""Scenarios for Sobol indices: Saltelli's design over the independent factors behind a sampled set."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

from deal_solve.deal.deal import Deal
from deal_solve.uncertainty.paths import bands_of
from deal_solve.uncertainty.sampling import SEED, SampledSet, probability_of, quasi_normals, sample
from deal_solve.uncertainty.scenario_set import BLOCK, Array
from deal_solve.uncertainty.sobol import SobolPoints, sobol_points

NOISE = "monthly noise"


@dataclass(frozen=True)
class SaltelliSet(SampledSet):
    """D + 2 matrices of equally many scenarios, one after the other: A, B, and A with one factor after the other from
    B.

    A and B are the two halves of a scrambled Sobol sequence in twice as many dimensions as there are `factors`
    (Saltelli et al., Computer Physics Communications 181, 2010). The factors are the independent normals behind the
    bands, then the uncertain events, then the monthly noise of all users together.
    """

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """What the independent factors are, by dotted path or in words."""
        events = tuple(probability_of(key).removesuffix(".probability") for key in self._uncertain_events)
        return (*self._behind_bands, *events, *((NOISE,) if self._is_noisy else ()))

    @property
    def each(self) -> int:
        """The scenarios of one matrix."""
        return self.size // (len(self.factors) + 2)

    @property
    def are_inputs(self) -> bool:
        """Whether every factor is an input of the deal: no bands move together."""
        return not self.copula.factors and self.copula.root is None

    @property
    def _behind_bands(self) -> tuple[str, ...]:
        if self.copula.root is not None:
            return tuple(f"factor behind {path}" for path in self.bands)
        rho = self.deal.uncertainty.correlation
        groups = {path: group for group, path, _ in bands_of(self.deal)}
        shared = [group for group in dict.fromkeys(groups[path] for path in self.bands) if getattr(rho, group) > 0]
        own = (path if groups[path] not in shared else f"{path}, its own part" for path in self.bands)
        return (*(f"what {group} has in common" for group in shared), *own)

    @property
    def _is_noisy(self) -> bool:
        uses = [cohort.use for cohort in self.deal.cohorts.values() if cohort.use]
        return any(user.monthly_noise for user in (*self.deal.workloads.values(), *uses))

    def _normals(self, index: int) -> Array:
        matrix, part = divmod(index, self.each // BLOCK)
        both = quasi_normals(self._sobol, part)
        first, second = both[: len(both) // 2], both[len(both) // 2 :]
        if matrix == 1:
            return second
        if 2 <= matrix < 2 + len(first):
            first[matrix - 2] = second[matrix - 2]
        return first

    def _noise(self, index: int, user: str, variation: float) -> Array:
        matrix, part = divmod(index, self.each // BLOCK)
        is_second = matrix in (1, 1 + len(self.factors))
        return super()._noise(part + is_second * (self.each // BLOCK), user, variation)

    @cached_property
    def _sobol(self) -> SobolPoints:
        return sobol_points(2 * (self.copula.dimensions + len(self._uncertain_events)), self.seed)


def saltelli(deal: Deal, count: int = BLOCK, seed: int = SEED) -> SaltelliSet | None:
    """Return the design with at least `count` scenarios a matrix, in whole blocks; None where nothing is uncertain.

    Raises what `sample` raises.
    """
    drawn = sample(deal, BLOCK, seed)
    plain = {field.name: getattr(drawn, field.name) for field in fields(drawn)}
    matrices = len(SaltelliSet(**plain).factors) + 2
    return SaltelliSet(**{**plain, "size": matrices * -(-count // BLOCK) * BLOCK}) if matrices > 2 else None
