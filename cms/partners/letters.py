"""What partners and the hub's own people are written about a partnership.

Never why somebody was suspended, and nothing of an application. One letter to each person who acts
for the partner; staff letters go to the hub managers, who have the passport to look at.
"""

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cms import mail
from cms.models import (
    GoverningText,
    GoverningVersion,
    Partner,
    PartnerCondition,
    PartnerEvent,
    PartnerPaper,
    PartnerPerson,
)
from cms.roles import ROLES

PASSPORT = "/family/partners/{slug}/"
REMINDER, LAPSED, LISTED = "passport-reminder", "passport-lapsed", "passport-listed"
SUSPENDED, LEFT, TERMS = "passport-suspended", "passport-left", "passport-terms"
CONDITION = "passport-condition"
INVITED, TO_STAFF, REVIEW = "passport-invited", "passport-staff", "governing-text-review"

SAMPLE = {"partner": "Otter Strings", "link": "/family/partners/otter-strings/"}
OPEN = "[Open your partner passport]({{ link }})\n\nYou sign in with this e-mail address.\n"

mail.declare(
    REMINDER,
    name="Partner: something runs out soon",
    subject="{{ partner }}: {{ paper }} runs out on {{ until }}",
    body=(
        "{{ paper }} of {{ partner }} counts until {{ until }}.\n\n"
        "Please tell us before then that it was renewed. It takes a few minutes, and last year's "
        "answers are filled in.\n\n" + OPEN + "\n"
        "If it runs out, we take your page out of our directory that night. It comes back by "
        "itself in the night after you renew.\n"
    ),
    placeholders={**SAMPLE, "paper": "Safeguarding policy", "until": "3 May 2027"},
)
mail.declare(
    LAPSED,
    name="Partner: taken out of the directory",
    subject="{{ partner }} is no longer in our directory",
    body=(
        "We have taken the page of {{ partner }} out of our directory, because something ran "
        "out:\n\n{{ what }}\n\nRenew it, and the page is listed again the night after.\n\n" + OPEN
    ),
    placeholders={**SAMPLE, "what": "Safeguarding policy: ran out on 3 May 2027"},
)
mail.declare(
    LISTED,
    name="Partner: listed again",
    subject="{{ partner }} is in our directory again",
    body="Thank you. The page of {{ partner }} is listed again.\n\n" + OPEN,
    placeholders=SAMPLE,
)
mail.declare(
    SUSPENDED,
    name="Partner: suspended",
    subject="{{ partner }}: please ring us",
    body=(
        "Your page is not in our directory at present. Please do not begin new work in the hub's "
        "name until we have spoken.\n\nPlease ring us on {{ hub_phone }}.\n"
    ),
    placeholders={"partner": SAMPLE["partner"]},
)
mail.declare(
    LEFT,
    name="Partner: left the hub",
    subject="{{ partner }} is no longer a partner of the hub",
    body=(
        "The partnership of {{ partner }} with the hub has ended, and its page is no longer "
        "listed.\n\nThank you for what you did for music here. You can apply again at any time.\n"
    ),
    placeholders={"partner": SAMPLE["partner"]},
)
mail.declare(
    TERMS,
    name="Partner: new terms to agree to",
    subject="{{ partner }}: please agree to {{ text }}",
    body=(
        "There is a new version of {{ text }}.\n\nWhat is new: {{ changes }}\n\n"
        "Please agree by {{ until }}.\n\n"
        "Your passport shows what is different from the version you agreed to.\n\n" + OPEN
    ),
    placeholders={
        **SAMPLE,
        "text": "Terms of Reference, version 3",
        "changes": "Partners renew each year.",
        "until": "1 March 2027",
    },
)
mail.declare(
    CONDITION,
    name="Partner: a condition is due",
    subject="{{ partner }}: something to do by {{ until }}",
    body=(
        "When {{ partner }} became a partner, something was left to do. It is due on {{ until }}."
        "\n\nYour passport says what it is. Please tell us when it is done.\n\n" + OPEN
    ),
    placeholders={**SAMPLE, "until": "3 May 2027"},
)
mail.declare(
    INVITED,
    name="Partner: you can open the passport",
    subject="You can open the partner passport of {{ partner }}",
    body=(
        "{{ invited_by }} has let you open the partner passport of {{ partner }}: what runs out "
        "when, and what to renew.\n\n" + OPEN
    ),
    placeholders={**SAMPLE, "invited_by": "Robin Otter"},
)
mail.declare(
    TO_STAFF,
    name="Hub manager: a partner was unlisted or listed",
    subject="{{ partner }}: {{ what }}",
    body=(
        "{{ partner }}: {{ what }}\n\n{{ why }}\n\n"
        "They have been written to. [Open the partner]({{ link }})\n"
    ),
    placeholders={
        "partner": SAMPLE["partner"],
        "what": "taken out of the directory",
        "why": "Safeguarding policy: ran out on 3 May 2027",
        "link": "/admin/partners/1/",
    },
)
mail.declare(
    REVIEW,
    name="A policy is due for review",
    subject="Please review: {{ text }}",
    body=(
        "{{ text }} was to be reviewed by {{ until }}.\n\nRead it, publish a new version or "
        "leave it as it is, then set the next day.\n\n[Open it]({{ link }})\n"
    ),
    placeholders={
        "text": "Terms of Reference",
        "until": "1 March 2027",
        "link": "/admin/governing-texts/1/",
    },
)


def to_people(partner: Partner, template: str, context: dict, *, key: str) -> int:
    """The same letter to each of its people; how many. `key` once is once for each of them."""
    people = list(partner.people.all())
    facts = {"partner": partner.name, "link": PASSPORT.format(slug=partner.slug), **context}
    for person in people:
        mail.queue(template, to=person.email, context=facts, key=f"{key}-{person.pk}")
    return len(people)


def add_person(partner: Partner, *, name: str, email: str, invited_by: str) -> PartnerPerson:
    """Let a colleague open the passport, and write to them; one who may already is left alone.

    They may not sign: staff say who may.
    """
    with transaction.atomic():
        person, made = PartnerPerson.objects.get_or_create(
            partner=partner, email=email.strip().lower(), defaults={"name": name[:120]}
        )
        if made:
            facts = {
                "partner": partner.name,
                "link": PASSPORT.format(slug=partner.slug),
                "invited_by": invited_by,
            }
            mail.queue(INVITED, to=person.email, context=facts, key=f"{INVITED}-{person.pk}")
            PartnerEvent.objects.create(
                partner=partner,
                kind="person",
                words=_("A colleague was let in"),
                actor=invited_by[:150],
            )
    return person


def hub_managers() -> QuerySet:
    """Who is told when a partner comes or goes by itself."""
    users = get_user_model().objects.filter(
        is_active=True, memberships__role__name=ROLES["hub_manager"].label
    )
    return users.exclude(email="").distinct()


def remind(paper: PartnerPaper, days: int) -> None:
    context = {
        "paper": paper.get_kind_display(),
        "until": date_format(paper.valid_until, "j F Y"),
    }
    to_people(paper.partner, REMINDER, context, key=f"passport-{paper.pk}-{days}")


def condition_due(condition: PartnerCondition, *, is_over: bool) -> None:
    """To its people, and to staff once its day has passed. Without its words."""
    until = date_format(condition.due_on, "j F Y")
    key = f"passport-condition-{condition.pk}-{condition.last_reminder or 0}-{is_over:d}"
    to_people(condition.partner, CONDITION, {"until": until}, key=key)
    if is_over:
        why = _("It was due on %(day)s.") % {"day": until}
        _to_staff(condition.partner, "a condition is not met", why, key=key)


def lapsed(partner: Partner, what: str, *, key: str) -> None:
    to_people(partner, LAPSED, {"what": what}, key=key)
    _to_staff(partner, "taken out of the directory", what, key=key)


def listed(partner: Partner, *, key: str) -> None:
    to_people(partner, LISTED, {}, key=key)
    _to_staff(partner, "in the directory again", "", key=key)


def suspended(partner: Partner, *, key: str) -> None:
    to_people(partner, SUSPENDED, {}, key=key)


def left(partner: Partner, *, key: str) -> None:
    to_people(partner, LEFT, {}, key=key)


def ask_to_agree(partner: Partner, version: GoverningVersion) -> None:
    context = {
        "text": str(version),
        "changes": version.changes,
        "until": date_format(version.agree_by, "j F Y") if version.agree_by else "",
    }
    to_people(partner, TERMS, context, key=f"passport-terms-{version.pk}-{partner.pk}")


def ask_to_review(text: GoverningText) -> None:
    """To its owner, or to the hub managers when it has none who can be written to."""
    owner = text.owner if text.owner and text.owner.is_active and text.owner.email else None
    context = {
        "text": text.title,
        "until": date_format(text.review_on, "j F Y"),
        "link": f"/admin/governing-texts/{text.pk}/",
    }
    for user in [owner] if owner else hub_managers():
        key = f"text-review-{text.pk}-{text.review_on:%Y%m%d}-{user.pk}"
        mail.queue(REVIEW, to=user.email, context=context, key=key)


def _to_staff(partner: Partner, what: str, why: str, *, key: str) -> None:
    context = {
        "partner": partner.name,
        "what": what,
        "why": why,
        "link": f"/admin/partners/{partner.pk}/",
    }
    for user in hub_managers():
        mail.queue(TO_STAFF, to=user.email, context=context, key=f"{key}-staff-{user.pk}")
