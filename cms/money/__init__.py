"""Money: what families owe and have paid, refunds, payment by card, and help with costs.

    ledger.py      opening an account, charging, taking off, taking payments: the only writer
    refunds.py     cancellation ladders as data, what is due back, giving it back, its way there
    letters.py     the letters about money
    online.py      paying by card: beginning, what the provider says, places that wait for it
    providers/     one interface, Stripe Checkout, GOV.UK Pay, and one for trying out
    help.py        help with costs: dated rules, claims, decisions; fund.py the fund of a year,
                   endings.py its last day
    desk.py        the officers' screens; views.py the family's pages

Others call `of_holder`, `ledger.open_account`, `refunds.refund_due` and `refunds.cancel`.
Order of locks, always: journey, code, course dates by key, fund of help, account, then its rows;
the access log last. Whoever locks an account may not lock a course date or a fund afterwards.
"""
