"""Moving a booking to another date: all its places or none, its add-ons, and what it then costs.

What the date costs more is charged and billed, what it costs less comes off and goes back. That is
worked out only where working out the old price gives what was agreed, and every place still stands;
a booking with help with costs, a code or a place given back moves at the same price alone. Other
dates with room are named all the same, with why the office has to look first. Add-ons move where
the other date has ones of the same name with room.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, places
from cms.models import AddOn, CourseDate, MoneyAccount
from cms.money import ledger, letters, refunds
from cms.school_year import age_on, school_year
from forms import asking_more, paying
from forms.amounts import Price, in_pounds
from forms.charges import places_in
from forms.letters import say_when
from forms.models import PriceCodeUse, Submission, facts_for
from forms.pricing import price_of
from forms.running import clashing, roll, words
from forms.running.changing import Booking, NotPossibleError, fresh, number_words
from forms.running.entries import entry_for
from workflows import family
from workflows.models import Case, CaseEvent


@dataclass(frozen=True)
class Terms:
    """What the booking becomes there: its answers, its price, and what it costs more, in pence."""

    answers: dict
    price: Price | None
    more: int
    add_ons: dict[int, list[int]] = field(default_factory=dict)  # child number: keys


@dataclass(frozen=True)
class Choice:
    """Another date with room for the booking, and what is to be said about it.

    With `ask_because` the family cannot move there by itself: it writes to the office.
    """

    date: CourseDate
    left: int
    more: int = 0
    warnings: tuple[str, ...] = ()
    ask_because: str = ""

    @property
    def cost_words(self) -> str:
        """ "" at the same price."""
        if not self.more:
            return ""
        words = _("%(sum)s more to pay") if self.more > 0 else _("%(sum)s less")
        return words % {"sum": in_pounds(abs(self.more))}


def choices(booking: Booking) -> list[Choice]:
    """Those of `others` that the family may choose by itself."""
    return [one for one in others(booking) if not one.ask_because]


def others(booking: Booking) -> list[Choice]:
    """Dates of the same course with room for all, that fit every child."""
    now = timezone.now()
    dates = (
        CourseDate.objects.filter(
            course=booking.date.course, status=CourseDate.Status.OPEN, starts_at__gt=now
        )
        .exclude(pk=booking.date.pk)
        .with_places()
        .select_related("course", "centre")
        .prefetch_related("add_ons")
        .order_by("starts_at")
    )
    claims = any(child.place.claims_help for child in booking.children)
    found = []
    for date in dates:
        left = date.places_left_with_help if claims else date.places_left
        if not date.is_bookable(now) or left < len(booking.children):
            continue
        if not all(_is_for(date, child) for child in booking.children):
            continue
        terms = terms_on(booking, date)
        if terms is None:
            found.append(Choice(date, left, ask_because=_why_to_ask(booking, date)))
        else:
            said = clashing.words_for(booking.children, date, but=booking.submission)
            found.append(Choice(date, left, terms.more, tuple(said)))
    return found


def _why_to_ask(booking: Booking, date: CourseDate) -> str:
    """Why the office has to look before this booking moves to that date. For the family."""
    made = _answers_on(booking, date)
    if made is None:
        return _("It does not have the extras that you booked, or your children go apart.")
    if any(child.place.claims_help for child in booking.children):
        return _("It costs something else, and you have help with costs.")
    if PriceCodeUse.objects.filter(submission=booking.submission).exists():
        return _("It costs something else, and you used a code.")
    booked = places_in(_compiled(booking), made[0]) or {}
    if len(booking.children) != booked.get("children"):
        return _("It costs something else, and a place of your booking was given back.")
    return _("It costs something else, and we have to work out what you would pay.")


def _is_for(date: CourseDate, child: roll.Child) -> bool:
    """Whether the child's age and school year are right on that date, as far as we know them."""
    ages, day = date.ages(), date.first_day
    if child.born is None or child.born > day:
        return True
    age, year = age_on(child.born, day), school_year(child.born, day)
    return (
        (ages.min_age is None or age >= ages.min_age)
        and (ages.max_age is None or age <= ages.max_age)
        and (ages.min_year is None or year >= ages.min_year)
        and (ages.max_year is None or year <= ages.max_year)
    )


# --- what it costs there -------------------------------------------------------------------------


def terms_on(booking: Booking, new: CourseDate) -> Terms | None:
    """What the booking becomes on another date of its course; None when that cannot be said."""
    made = _answers_on(booking, new)
    if new.course_id != booking.date.course_id or made is None:
        return None
    answers, add_ons = made
    old, price = _price(booking, booking.date), _price(booking, new, answers)
    if not add_ons and new.price_pence == booking.date.price_pence:
        return Terms(answers, None, 0)
    agreed = booking.submission.price
    if not agreed or old is None or price is None or old.pence != agreed["pence"]:
        return None
    if len(booking.children) != (places_in(_compiled(booking), answers) or {}).get("children"):
        return None
    return Terms(answers, price, price.pence - old.pence, add_ons)


def _compiled(booking: Booking) -> Mapping:
    return booking.submission.version.compiled


def _price(booking: Booking, date: CourseDate, answers: dict | None = None) -> Price | None:
    """As on the day on which it was booked, without code or help."""
    facts = {**facts_for(date), "today": asking_more.facts_of(booking.submission)["today"]}
    said = booking.submission.answers if answers is None else answers
    return price_of(_compiled(booking), said, date, facts=facts)


def _answers_on(booking: Booking, new: CourseDate) -> tuple[dict, dict[int, list[int]]] | None:
    """The answers with the new date and its add-ons, and those by child; None when one is missing
    there, or children go on different dates."""
    answers, chosen = dict(booking.submission.answers), {}
    known = {one.name.casefold(): one for one in new.add_ons.all()}
    for step in _compiled(booking)["steps"]:
        for question in step["questions"]:
            key, value = question["key"], answers.get(question["key"])
            if question["type"] == "places" and isinstance(value, dict):
                if len(value.get("dates") or []) > 1:
                    return None
                answers[key] = {**value, "offering": new.reference}
            elif question["type"] == "add_ons":
                if not step["repeat"] and value:
                    return None
                items = [dict(item) for item in answers.get(step["key"]) or []]
                for number, item in enumerate(items, start=1):
                    wanted = [known.get(one["name"].casefold()) for one in item.get(key) or []]
                    if None in wanted:
                        return None
                    item[key] = [_as_answer(one) for one in wanted] or None
                    if wanted:
                        chosen[number] = [one.pk for one in wanted]
                answers[step["key"]] = items
    return answers, chosen


def _as_answer(add_on: AddOn) -> dict:
    return {"id": add_on.pk, "name": add_on.name, "pence": add_on.price_pence}


# --- moving --------------------------------------------------------------------------------------


def move(submission: Submission, to: int | None, *, agreed: int = 0) -> CourseDate:
    """Move every place of the booking to another date, or none; the old go last.

    `agreed` is what the family saw that it costs more, in pence, below zero for less. Raises
    TooLateError, NotPossibleError; then nothing has changed.
    """
    if to is None:
        raise NotPossibleError(_("Choose a date"))
    with transaction.atomic():
        booking, case = fresh(submission.pk)
        old, new = booking.date, CourseDate.objects.filter(pk=to).first()
        terms = terms_on(booking, new) if new else None
        if terms is None or not all(_is_for(new, child) for child in booking.children):
            raise NotPossibleError(_("That date cannot be chosen. Please choose another."))
        if terms.more != agreed:
            raise NotPossibleError(_("What that date costs has changed. Please look again."))
        try:
            places.exchange(
                booking.submission.holder,
                given_up=old.pk,
                wanted=new.pk,
                add_ons=terms.add_ons,
            )
        except places.PlacesError as problem:
            raise NotPossibleError(
                _("%(problem)s Nothing was changed: you keep the date that you have.")
                % {"problem": problem}
            ) from problem
        _note_new_date(booking.submission, new, case, was=old, terms=terms)
        words.write(
            words.MOVED,
            booking.submission,
            new,
            key=f"moved-{booking.submission.pk}-{old.pk}-{new.pk}-{uuid4().hex[:12]}",
            attachments=(entry_for(booking.submission, new),),
            was=say_when(old),
            places=number_words(len(booking.children)),
            money=_settle(booking, new, terms),
        )
        audit.record(None, "change", booking.submission, {"moved": [old.pk, new.pk]})
    return new


def _settle(booking: Booking, new: CourseDate, terms: Terms) -> str:
    """The account follows: what it is for, and the difference. A sentence for the family.

    The course dates are locked by now, and the account is not locked before them.
    """
    account = ledger.of_holder(booking.submission.holder)
    if account is None:
        return _("We write to you about the difference in price.") if terms.more else ""
    row = ledger.move_to(account, new)
    if terms.more > 0:
        return _charge(row, terms.more)
    if terms.more < 0:
        return _take_off(row, -terms.more)
    return _("It costs the same.")


def _charge(account: MoneyAccount, pence: int) -> str:
    ledger.charge(account, pence, _("The new date costs more"))
    account.due_on = paying.due_day(account)
    account.save(update_fields=["due_on"])
    letters.bill(account)
    words = _("The new date costs %(sum)s more. Please pay it by %(due)s.")
    return words % {"sum": in_pounds(pence), "due": letters.say_day(account.due_on)}


def _take_off(account: MoneyAccount, pence: int) -> str:
    ledger.take_off(account, pence, _("The new date costs less"))
    back = -ledger.balance(account).owed
    if back < 1:
        return _("The new date costs %(sum)s less.") % {"sum": in_pounds(pence)}
    why = _("Moved to a date that costs less")
    refunds.refund(account, min(back, pence), by=None, why=why, quietly=True)
    words = _("The new date costs less: you get back %(sum)s, the way you paid.")
    return words % {"sum": in_pounds(min(back, pence))}


def _note_new_date(
    submission: Submission, new: CourseDate, case: Case | None, *, was: CourseDate, terms: Terms
) -> None:
    """What names the date, says the new one: answers, price, the case's title and centre."""
    keys = {
        question["key"]
        for step in submission.version.compiled["steps"]
        for question in step["questions"]
        if question["type"] == "places" and isinstance(terms.answers.get(question["key"]), dict)
    }
    labels = [
        {
            **part,
            "rows": [
                {**row, "lines": [str(new), *row["lines"][1:]]} if row.get("key") in keys else row
                for row in part["rows"]
            ],
        }
        for part in submission.labels
    ]
    submission.offering, submission.answers, submission.labels = new, terms.answers, labels
    if terms.price is not None:
        submission.price = terms.price.as_data()
    submission.save(update_fields=["offering", "answers", "labels", "price"])
    if case is not None:
        case.centre, case.area, case.title = new.centre, new.centre.area, str(new)[:200]
        case.save(update_fields=["centre", "area", "title"])
        CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.FAMILY,
            actor_name=family.NAME,
            summary=f"Moved by the family from {was} to {new}"[:250],
        )
