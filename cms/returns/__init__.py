"""Data returns: numbers by school, from the same records that the hub works with.

measures.py   what can be counted, one registered measure each
counting.py   a return as a table: a row for each school, a column for each heading
hiding.py     small numbers hidden, so that totals do not reveal them either
snapshots.py  signing a return off; the public figures of the newest
desk.py       the staff's screens: table, cold spots, drill-down, export, sign-off
shipped.py    the headings that a new hub begins with
"""
