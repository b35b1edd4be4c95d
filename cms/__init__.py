"""The kernel: records, rules, mail, jobs and access. Imports none of the other apps."""
