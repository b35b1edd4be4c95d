"""Whether the hub is well: figures for machines, a page for staff, logs that name nobody.

`figures` are numbers that Prometheus fetches from /metrics; `states` are sentences for the System
page. Other apps add their own to either registry. `discretion` keeps personal data out of logs.
"""
