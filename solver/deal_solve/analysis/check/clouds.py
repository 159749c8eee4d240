"""Cloud commitments and channels that can never matter (model §6)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deal_solve.deal.cross_checks import Finding
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.cloud_years import cloud_years
from deal_solve.deal.yaml_source import Loc
from deal_solve.uncertainty.scenario_set import ScenarioSet


def unreachable_clouds(deal: Deal, scenarios: ScenarioSet) -> Iterator[Finding]:
    """Yield what of cloud commitments, and of the channels toward them, does nothing in these scenarios."""
    channels = {name: offer.channel for name, offer in deal.offers.items() if offer.channel is not None}
    for name, channel in channels.items():
        if channel.counts == 0:
            yield ("offers", name, "channel", "counts"), "is 0, so what is paid through the channel retires nothing"
    for name, cloud in deal.cloud_commitments.items():
        here: Loc = ("cloud_commitments", name)
        committed = np.array(cloud.usd_per_year[: cloud_years(deal)])[:, None]
        lacks = np.maximum(committed - scenarios.other_spend[name], 0.0)
        if not lacks.any():
            yield (
                here,
                "other spend reaches what is committed in every year and scenario: nothing is short",
            )
        elif all(channel.through != name for channel in channels.values()):
            yield here, "no offer has a channel toward it: what is short is the same whatever is signed"
        elif cloud.cap_share == 0:
            yield (*here, "cap_share"), "is 0, so what is paid through a channel retires nothing"
        elif cloud.cap_share < 1 and np.all(lacks <= cloud.cap_share * committed):
            maximum = np.max(lacks / np.where(committed > 0, committed, 1.0))
            yield (*here, "cap_share"), f"never binds: other spend leaves at most {maximum:.0%} of the commitment"
