"""Rehearsing a review process: the real engine, a clock that can be moved, and nothing touched."""
