"""Names of exports as they are shown: models by their id on the card, keys and users by a hash."""

from __future__ import annotations

import hashlib

from deal_solve.deal.model_names import canonical, unknown_model
from deal_solve.deal.rate_card import FAMILIES, Card
from deal_solve.errors import MAX_PROBLEMS, InputError, Problem
from deal_solve.exports.row import Place


class Names:
    """Models by their id on the card, places without what is no place, keys and users by a hash."""

    def __init__(self, card: Card, keep_names: bool) -> None:
        self._ids = {model.id for model in card.models}
        self._card, self._keep = card, keep_names
        self._known: dict[str, str | None] = {}
        self._hashes: dict[tuple[str, str], str] = {}
        self.unknown: dict[str, str] = {}
        self.others: set[str] = set()

    @property
    def notes(self) -> list[str]:
        """Say which models of other vendors were left out."""
        return [f"usage of other vendors is left out: {', '.join(sorted(self.others))}"] if self.others else []

    def refuse(self) -> None:
        """Raise InputError for models of the vendor that the card does not have."""
        if self.unknown:
            raise InputError([Problem("", text) for text in list(self.unknown.values())[:MAX_PROBLEMS]])

    def clean(self, place: Place) -> Place | None:
        """Return a place with its names cleaned; None for a model that is not ours."""
        model = None if place.model is None else self._model(place.model)
        if place.model is not None and model is None:
            return None
        geo = None if place.geo in ("not_available", "global", "") else place.geo
        key, user = self._hashed("key", place.key), self._hashed("user", place.user)
        day, _, tier, window, _, workspace, _, _, product, tag = place
        return Place(day, model, tier, window, geo, workspace, key, user, product, tag)

    def clean_used(self, place: Place) -> Place | None:
        """Return the same for a place of usage; one without a model cannot be priced."""
        if place.model is None:
            self.unknown[""] = "usage is not told by model; export it grouped by model (group_by[]=model)"
        return self.clean(place)

    def _model(self, name: str) -> str | None:
        if name not in self._known:
            meant = canonical(name.strip())
            is_ours = "claude" in name.lower() or any(family in name.lower() for family in FAMILIES)
            self._known[name] = meant if meant in self._ids else None
            if meant not in self._ids and is_ours:
                self.unknown[name] = unknown_model(name, self._card, ())
            elif meant not in self._ids:
                self.others.add(name)
        return self._known[name]

    def _hashed(self, what: str, name: str | None) -> str | None:
        if name is None or self._keep or name == "(org)":
            return name
        known = self._hashes.get((what, name))
        if known is None:
            known = self._hashes[what, name] = f"{what}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return known
