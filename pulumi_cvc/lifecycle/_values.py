"""A value that a preview does not know yet."""

from __future__ import annotations

import enum
from typing import Final


class _Unknown(enum.Enum):
    UNKNOWN = "a value that is not known before the deployment"


UNKNOWN: Final = _Unknown.UNKNOWN
"""Stands in inputs for what a preview does not know; it reaches neither validation nor the API."""
