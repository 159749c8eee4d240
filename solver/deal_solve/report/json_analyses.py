"""What the analyses before signing found, as data."""

from __future__ import annotations
