"""Sobol indices: which uncertain inputs spread the cost and the loss of a plan, alone and together with others."""

from __future__ import annotations

import numpy as np

from deal_solve.analysis.sensitivity.result import Sobol, SobolIndex
from deal_solve.analysis.uncertainty.replicates import LEVEL
from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.memory import refuse_larger
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.paths import FLOAT_BYTES
from deal_solve.uncertainty.saltelli import saltelli
from deal_solve.uncertainty.sampling import SEED
from deal_solve.uncertainty.scenario_set import BLOCK, Array

KEPT = 30
"""Numbers per scenario that are held while plans are settled and indices computed."""
RESAMPLED = 400
"""Bootstrap samples of an interval."""


def sobol(deal: Deal, plan: Plan, baseline: Plan | None = None, count: int = BLOCK, seed: int = SEED) -> Sobol | None:
    """Return the first-order and total indices of what a plan costs and, with a baseline, loses; None if certain.

    Saltelli's design with `count` scenarios a matrix (in whole blocks), all settled in one pass. Raises InputError for
    a deal that lists its scenarios, and where that takes more memory than it may.
    """
    design = saltelli(deal, count, seed)
    if design is None:
        return None
    needed = FLOAT_BYTES * (RESAMPLED * design.each + KEPT * design.size)
    refuse_larger(needed, f"Sobol indices from {counted(design.size, 'scenario')}", "ask for fewer (--samples)")
    cost = settle(deal, plan, design).cost
    spread = {"cost": cost}
    if baseline is not None:
        spread["loss"] = cost - settle(deal, baseline, design).cost
    rows, notes = [], list(design.notes)
    for of, values in spread.items():
        found = sobol_indices(values.reshape(-1, design.each), seed)
        if found is None:
            notes.append(f"the {of} is the same in every scenario, so nothing spreads it")
        else:
            rows += [SobolIndex(name, of, *row) for name, row in zip(design.factors, found.tolist(), strict=True)]
    return Sobol(Table(tuple(rows)), design.are_inputs, design.size, seed, tuple(notes))


def sobol_indices(values: Array, seed: int) -> Array | None:
    """Return (D, 6) first-order index with its interval, total index with its interval, of outcomes (D + 2, N).

    Rows are those of A, B and A with factor i from B. With f centred, the first-order index is E[f_B·(f_ABi - f_A)] / V
    (Saltelli 2010) and the total one E[(f_A - f_ABi)²] / 2V (Jansen 1999), V the variance of A and B together. None
    where it is 0.
    """
    size = float(np.abs(values).max())
    first, second, *mixed = values - values.mean()
    if float(np.ptp(values[:2])) <= 1e-9 * size:
        return None
    across = np.array(mixed)
    parts = np.vstack([second * (across - first), (across - first) ** 2 / 2, first + second, first**2 + second**2])
    count = values.shape[1]
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLED)
    point = _ratios(parts.mean(axis=1)[None])[0]
    low, high = np.quantile(_ratios(np.inner(drawn, parts) / count), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    ordered: Array = np.stack([point, low, high], axis=1).reshape(2, len(across), 3)
    return np.concatenate([ordered[0], ordered[1]], axis=1)


def _ratios(means: Array) -> Array:
    """Return both indices (R, 2D) of means (R, 2D + 2) whose last two are twice the mean and the mean square."""
    return np.asarray(means[:, :-2] / (means[:, -1:] / 2 - (means[:, -2:-1] / 2) ** 2))
