"""Random deals over the whole clause space: small, and alive (clauses stand near where they bind).

`random_deal` draws from a NumPy generator and `deals` from Hypothesis; both run the same code through a `Draw`.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.support.generators.deal import drawn_deal
from tests.support.generators.draw import Draw, HypothesisDraw, RandomDraw
from tests.support.generators.whole import whole, whole_deal

Data = dict[str, Any]

__all__ = ["Draw", "HypothesisDraw", "RandomDraw", "deals", "drawn_deal", "random_deal", "whole", "whole_deal"]


def random_deal(rng: np.random.Generator) -> Data:
    """Return the plain data of a deal file, drawn over the whole clause space."""
    return drawn_deal(RandomDraw(rng))


@st.composite
def deals(draw: Any, **shape: Any) -> Data:
    """Return a strategy of the same deals; it shrinks towards few, plain clauses. `shape` is as in `drawn_deal`."""
    return drawn_deal(HypothesisDraw(draw), **shape)
