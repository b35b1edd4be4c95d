"""The demo hub: a whole county's site as ordinary, editable content.

`load` adds what is not there yet and never changes what is, so that it may be run again and an
editor's work survives it. Days are counted from the day of loading, so that there is always
something to book. No real person, school or partner appears; phones and mail go nowhere.
"""

from .load import Report, load

__all__ = ["Report", "load"]
