"""What the columns mean that FOCUS does not have, and the properties of a price in SkuPriceDetails."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.analysis.focus import commitments, cost_row
from deal_solve.frames import Table

PROPERTIES = {
    "x_ModelId": "id of the model, as in the rate card",
    "x_TokenDirection": "Input for what is sent to the model and cached, Output for what it answers",
    "x_CacheLife": "life of the cache entry that the tokens are written to: 5m, 1h, or mixed",
    "x_Batch": "whether the tokens are billed at the rates of batch processing",
    "x_LongContext": "whether the tokens are billed at the rates of prompts above the threshold of the model",
    "x_PriceFactor": "what the price on the card is multiplied by, of a variant of the model or of a control",
}
"""Every property of SkuPriceDetails, with its meaning."""


@dataclass(frozen=True)
class OwnColumn:
    """A column or property that FOCUS does not have, the dataset that it stands in, and what it means."""

    dataset: str
    column: str
    meaning: str


def dictionary() -> Table[OwnColumn]:
    """Return every column and property that FOCUS does not have."""
    named = (
        ("ContractCommitment", commitments.DICTIONARY),
        ("CostAndUsage", cost_row.DICTIONARY),
        ("CostAndUsage, in SkuPriceDetails", PROPERTIES),
    )
    return Table(tuple(OwnColumn(dataset, *each) for dataset, own in named for each in own.items()))
