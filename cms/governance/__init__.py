"""Boards and subgroups of the hub, their private papers, and the register of interests.

boards.py      seats, meetings, papers: who may read and who may add
interests.py   what members declare, confirm each year, and are reminded of
desk.py        the screens of both in the admin
hooks.py       their addresses and menu entry
"""
