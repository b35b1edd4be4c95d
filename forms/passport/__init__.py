"""A partner's passport: what counts until when, renewing it, agreeing to terms, its people.

It stands in the family folder, so its people sign in as families do: by a mailed link, without a
password. Whoever's address is among a partner's people opens that partner's passport, no other.
"""
