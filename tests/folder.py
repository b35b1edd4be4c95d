"""A family in its folder, for tests: signs in by the mailed link and goes about as a browser."""

import re

from cms.models import OutboxMessage
from tests.journeys import DjangoBrowser, own_values
from workflows.engine import open_case

FLOW = {
    "slug": "trial",
    "title": "Trial lessons",
    "stages": [
        {
            "key": "new",
            "staff_name": "New, unread",
            "public_name": "We are reading it",
            "public_note": "We write to you when we have a teacher.",
            "public_days": 5,
            "kind": "open",
            "start": True,
            "roles": ["bookings"],
            "buttons": [
                {"key": "offer", "label": "Offer", "to": "offered"},
                {
                    "key": "withdraw",
                    "label": "Withdraw my application",
                    "to": "gone",
                    "roles": ["family"],
                },
            ],
        },
        {
            "key": "offered",
            "staff_name": "Offer is out",
            "public_name": "We offer you a place",
            "kind": "waiting",
            "roles": ["bookings"],
            "remind_after_days": 7,
            "buttons": [
                {"key": "accept", "label": "Accept", "to": "joined", "roles": ["family"]},
                {
                    "key": "decline",
                    "label": "Decline",
                    "to": "gone",
                    "roles": ["family"],
                    "comment": "required",
                },
                {"key": "lapse", "label": "Withdraw the offer", "to": "gone"},
            ],
        },
        {
            "key": "joined",
            "staff_name": "Joined",
            "public_name": "You have a place",
            "kind": "final",
        },
        {"key": "gone", "staff_name": "Not coming", "public_name": "Closed", "kind": "final"},
    ],
}


def a_case(subject, *, email="rowan@example.org", number=1, title="Trial lesson", flow="trial"):
    """One application of the family with this address."""
    return open_case(
        workflow_slug=flow,
        subject=subject,
        title=title,
        reference=f"TL26-{number:04}",
        contact_name="Rowan Ashdown",
        contact_email=email,
    )


def mailed_link(email: str) -> str:
    """The path in the newest letter to that address."""
    letter = OutboxMessage.objects.filter(template="family-link", to=email).latest("pk")
    return re.search(r"/family/link/[\w-]+/", letter.text)[0]


class AtHome:
    """One browser of one family."""

    def __init__(self, email="rowan@example.org"):
        self.browser, self.email = DjangoBrowser(), email

    def ask(self, email=None, **more):
        return self.browser.post("/family/", {"email": email or self.email, **more})

    def sign_in(self):
        self.ask()
        self.browser.get(mailed_link(self.email))
        self.browser.post(mailed_link(self.email), {})
        return self

    def get(self, path="/family/"):
        return self.browser.get(path)

    def send(self, page, action_ends="", **typed):
        """Send a page's form, as it stands but for what is typed."""
        forms = [f for f in page.soup.select("main form") if "sign-out" not in f.get("action", "")]
        form = next(f for f in forms if (f.get("action") or page.path).endswith(action_ends))
        return self.browser.post(form.get("action") or page.path, own_values(form) | typed)

    @property
    def cookies(self):
        return set(self.browser.client.cookies)


def furnish() -> dict:
    """A folder with something of each kind; runs inside a served hub. Its cookie, and a case."""
    from django.db import transaction
    from django.http import HttpResponse

    from cms.models import MusicCentre
    from cms.secrecy import hashed, new_token
    from forms import asking_more, journeys, submissions
    from forms.family import doors, links
    from forms.family.links import seal
    from forms.models import FamilySession
    from tests.journeys import publish_form
    from tests.test_family_answering import ANSWERS, FORM
    from tests.test_family_answering import FLOW as LESSONS
    from workflows.compile import publish
    from workflows.engine import perform
    from workflows.family import write
    from workflows.models import Case

    publish(FLOW)
    a_case(MusicCentre.objects.first())
    offered = a_case(MusicCentre.objects.first(), number=2, title="Summer band")
    perform(offered.pk, "offer", by=None)
    write(offered, "Is there parking for a harp?")
    version = publish_form({**FORM, "workflow": "lessons-flow"}, LESSONS)
    journey = journeys.begin(version, owner="nobody")
    journey.answers = {**ANSWERS, "letter": None}
    journey.save()
    submissions.submit(journey)
    case = Case.objects.get(version__definition__slug="lessons-flow")
    perform(case.pk, "ask", by=None)
    case.refresh_from_db()
    with transaction.atomic():
        asking_more.ask(
            case, questions=["plays", "has_needs"], words="Which one?", once="furnish", days=9
        )
    token = new_token()
    FamilySession.objects.create(
        token_hash=hashed(token),
        seal=seal("rowan@example.org"),
        address="rowan@example.org",
        ends_at=journey.began_at + links.AT_MOST,
    )
    response = HttpResponse()
    doors.give_cookie(response, token)
    return {"cookie": response.cookies[doors.COOKIE].value, "asked": case.reference}
