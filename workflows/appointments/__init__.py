"""Appointments: auditions, interviews and visits, each a slot of a session with people and a room.

`models` holds the rows, `timing` the arithmetic of days and clocks, `slots` makes sessions and
their slots, `booking` gives and takes back, `giving` plans many at once, `clashes` warns, `letters`
writes with a calendar entry, `day` runs the day itself, `clockwork` reminds and moves cases on,
`actions` is what buttons do, `desk`, `casedesk` and `dayviews` are the screens. A session is
reached through `AppointmentSession.objects.reachable(user)`, an appointment only through its
session or its case.
"""
