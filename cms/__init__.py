"""The kernel: records, rules, mail, jobs and access. Imports none of the other apps."""

from cms import wallclock  # noqa: F401 - before any model asks what time it is
