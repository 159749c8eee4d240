"""What is known of the months before signing, and of seats in force: no plan decides it (model §6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from deal_solve.uncertainty.scenario_set import Array


class KnownBefore(NamedTuple):
    """What no plan decides, (S,) USD: what is `paid` before the month of signing, by the time in months from it, and
    what is `undrawn` of an agreement in force and becomes a credit, if it does; by year of the horizon (Y, S), what
    is `retired` of a cloud commitment; by seat type in force, the seats that stay `licensed` where the type is taken on
    when it ends, and what is due if it is `given_up`.
    """

    paid: Mapping[int, Array]
    undrawn: Array | None
    retired: Mapping[str, Array]
    licensed: Mapping[str, Array]
    given_up: Mapping[str, Array]
