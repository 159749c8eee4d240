"""How a solve treats what follows from the scenario: left to Benders cuts, or written out (formulation §8)."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["decomposition", "extensive"]
METHODS: tuple[Method, ...] = get_args(Method)
