"""How bands move together in sampled scenarios: a Gaussian copula (model §1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.yaml_source import Loc, loc_of
from deal_solve.errors import InputError
from deal_solve.messages import did_you_mean
from deal_solve.uncertainty.paths import bands_of
from deal_solve.uncertainty.scenario_set import Array

WHERE = "uncertainty.correlation.matrix"
PROJECTION_TOLERANCE = 1e-12
MAX_PROJECTIONS = 10_000


@dataclass(frozen=True)
class Copula:
    """Correlated normals of B bands from independent ones.

    By groups, row b is √ρ·F + √(1-ρ)·e_b with a factor F shared by the bands of its group: `shared` and `own` are the
    two roots (B, 1), `factor` the row of F. By a matrix, the rows are `root` (B, B) times e.
    """

    factors: int
    shared: Array
    own: Array
    factor: tuple[int, ...]
    root: Array | None = None

    @property
    def dimensions(self) -> int:
        """Independent normals it needs: factors first, then one per band."""
        return self.factors + len(self.factor)

    def join(self, normals: Array) -> Array:
        """Return correlated normals (B, S) from independent ones (dimensions, S)."""
        if self.root is not None:
            from threadpoolctl import threadpool_limits

            with threadpool_limits(1, "blas"):  # the sums, and so the bits, do not depend on the threads
                return np.asarray(self.root @ normals, dtype=float)
        if not self.factors:
            return normals
        joined: Array = self.shared * normals[list(self.factor)] + self.own * normals[self.factors :]
        return joined


def copula_of(deal: Deal, bands: Sequence[tuple[str, str]]) -> tuple[Copula, tuple[str, ...]]:
    """Return the copula of these bands (group, dotted path), and what was repaired, in words.

    Raises InputError for a matrix that names what is no band, or a pair twice.
    """
    stated = deal.uncertainty.correlation
    rho = np.array([[getattr(stated, group)] for group, _ in bands]).reshape(-1, 1)
    groups = list(dict.fromkeys(group for group, _ in bands if getattr(stated, group) > 0))
    factor = tuple(groups.index(group) if group in groups else 0 for group, _ in bands)
    if not stated.matrix:
        return Copula(len(groups), np.sqrt(rho), np.sqrt(1 - rho), factor), ()
    paths = [path for _, path in bands]
    same = np.array([[one == other for other, _ in bands] for one, _ in bands])
    wanted = np.where(same, rho, 0.0)
    np.fill_diagonal(wanted, 1.0)
    for one, other, value in _pairs(deal):
        if one in paths and other in paths:
            row, column = paths.index(one), paths.index(other)
            wanted[row, column] = wanted[column, row] = value
    root, found = _root(wanted)
    return Copula(0, rho, rho, factor, root), _repaired(wanted, found, paths)


def _pairs(deal: Deal) -> list[tuple[str, str, float]]:
    """Return the stated pairs; those of a number that is certain are harmless, those of no band are refused."""
    known = [path for _, path, _ in bands_of(deal)]
    seen: dict[frozenset[str], float] = {}
    problems = []
    for one, row in deal.uncertainty.correlation.matrix.items():
        for other, value in row.items():
            here: Loc = (*loc_of(WHERE), one, other)
            unknown = [path for path in (one, other) if path not in known]
            if unknown:
                missing = f"there is no band {unknown[0]!r}{did_you_mean(unknown[0], known)}"
                problems.append(deal.problem(here, missing))
            elif one == other:
                problems.append(deal.problem(here, "a band moves with itself; name another one"))
            elif seen.setdefault(frozenset((one, other)), value) != value:
                twice = f"the pair stands twice, with {seen[frozenset((one, other))]:g} as well"
                problems.append(deal.problem(here, twice))
    if problems:
        raise InputError(problems)
    return [(*sorted(pair), value) for pair, value in seen.items()]  # type: ignore[misc]


def _root(wanted: Array) -> tuple[Array, Array]:
    """Return the symmetric root of the nearest correlation matrix, and that matrix."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        found = nearest(wanted)
        sizes, vectors = np.linalg.eigh(found)
        return _composed(np.sqrt(np.maximum(sizes, 0.0)), vectors), found


def _composed(sizes: Array, vectors: Array) -> Array:
    """Return the symmetric matrix with these eigenvalues and eigenvectors (the columns)."""
    return np.asarray((vectors * sizes) @ vectors.T)


def nearest(wanted: Array) -> Array:
    """Return the correlation matrix nearest to a symmetric matrix with ones on its diagonal (Frobenius norm).

    Alternating projections with Dykstra's correction (Higham, IMA J. Numer. Anal. 22, 2002).
    """
    if np.linalg.eigvalsh(wanted)[0] >= -PROJECTION_TOLERANCE:
        return wanted
    ones, correction = wanted.copy(), np.zeros_like(wanted)
    for _ in range(MAX_PROJECTIONS):
        before = ones - correction
        sizes, vectors = np.linalg.eigh(before)
        positive = _composed(np.maximum(sizes, 0.0), vectors)
        correction = positive - before
        ones = positive.copy()
        np.fill_diagonal(ones, 1.0)
        if np.abs(ones - positive).max() < PROJECTION_TOLERANCE:
            break
    scale = np.sqrt(np.diag(positive))
    return np.asarray(positive / np.outer(scale, scale), dtype=float)


def _repaired(wanted: Array, found: Array, paths: Sequence[str]) -> tuple[str, ...]:
    change = np.abs(found - wanted)
    if change.max(initial=0.0) <= PROJECTION_TOLERANCE:
        return ()
    row, column = divmod(int(change.argmax()), len(paths))
    return (
        f"{WHERE} is no correlation matrix, so the nearest one is used; the largest change is {paths[row]} with "
        f"{paths[column]}, from {wanted[row, column]:.4g} to {found[row, column]:.4g}",
    )
