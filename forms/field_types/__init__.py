"""Every question type, one class each, in one registry: `field_types["date"]`.

Importing this package registers the hub's own; another app registers its own from its ready().
"""

from . import (
    addons,
    choices,
    codes,
    compound,
    dates,
    files,
    offerings,
    remission,
    round_dates,
    shown,
    text,
)
from .base import Asking, FieldType, field_type, field_types

__all__ = [
    "Asking",
    "FieldType",
    "addons",
    "choices",
    "codes",
    "compound",
    "dates",
    "field_type",
    "field_types",
    "files",
    "offerings",
    "remission",
    "round_dates",
    "shown",
    "text",
]
