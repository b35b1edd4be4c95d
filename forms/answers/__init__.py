"""Answers out: the list of what was sent in by one form, its columns, its filters and its files."""
