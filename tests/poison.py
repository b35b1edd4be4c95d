"""Everything that a family or a source of rosters can type, filled with the forty payloads.

Runs inside the demo hub of the browser tests; says on which pages they then stand.
"""

from django.http import HttpResponse
from django.utils import timezone

from cms import audit
from cms.models import MusicCentre, OutboxMessage, Pupil, User
from cms.secrecy import hashed, new_token
from forms import journeys, submissions
from forms.family import doors, links
from forms.family.links import seal
from forms.models import FamilySession, Submission
from tests.canaries import a_roster
from tests.journeys import publish_form
from tests.payloads import XSS
from workflows.engine import open_case
from workflows.family import write
from workflows.models import Case

ADDRESS = "poison@example.org"
TEXTS = [
    {"key": f"t{number}", "type": "longtext", "label": f"Text {number}", "settings": {}}
    for number in range(len(XSS))
]
FORM = {
    "slug": "poisoned",
    "title": "Poisoned",
    "workflow": "trial",
    "steps": [
        {
            "key": "you",
            "title": "You",
            "questions": [
                {
                    "key": "name",
                    "type": "name",
                    "label": "Name",
                    "settings": {"role": "contact_name"},
                },
                {
                    "key": "email",
                    "type": "email",
                    "label": "E-mail",
                    "settings": {"role": "contact_email"},
                },
                *TEXTS,
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}


def poison() -> dict:
    """{"paths": where to look, "cookie": of the family, "payloads": how many}."""
    from tests.folder import FLOW

    version = publish_form(FORM, FLOW)
    all_of_them = " ".join(XSS)
    journey = journeys.begin(version, owner="poison")
    journey.answers = {
        "name": {"first": XSS[11], "last": XSS[0]},
        "email": ADDRESS,
        **{f"t{number}": text for number, text in enumerate(XSS)},
    }
    journey.save()
    submissions.submit(journey)
    case = Case.objects.latest("pk")
    write(case, all_of_them)
    for number, text in enumerate(XSS):
        open_case(
            workflow_slug="trial",
            subject=MusicCentre.objects.first(),
            title=text[:200],
            reference=f"XS26-{number:04}",
            contact_name=text[:160],
            contact_email=ADDRESS,
        )
        Pupil.objects.create(legal_first_name=text[:80], legal_last_name=text[:80], known_as="")
    admin = User.objects.filter(is_superuser=True).first()
    audit.record(admin, "export", Submission, {"reason": all_of_them})
    OutboxMessage.objects.filter(to=ADDRESS).update(state="failed", problem=XSS[0])
    run = a_roster(XSS[11].replace(",", " "), XSS[0].replace(",", " "))
    sent = Submission.objects.latest("pk")
    pupil = Pupil.objects.latest("pk")
    return {
        "payloads": len(XSS),
        "cookie": _sign_in(),
        "paths": [
            "/family/",
            f"/family/{case.reference}/",
            "/family/download/",
            "/family/XS26-0011/",
            "/admin/cases/",
            f"/admin/cases/{case.pk}/",
            f"/admin/answers/poisoned/{sent.pk}/",
            "/admin/answers/poisoned/",
            "/admin/cms/pupil/",
            f"/admin/cms/pupil/inspect/{pupil.pk}/",
            f"/admin/cms/pupil/edit/{pupil.pk}/",
            "/admin/reports/access-log/",
            "/admin/mail/outbox/",
            f"/admin/rosters/{run.pk}/",
            f"/admin/rosters/{run.pk}/?show=create",
            "/admin/",
        ],
    }


def _sign_in() -> str:
    token = new_token()
    FamilySession.objects.create(
        token_hash=hashed(token),
        seal=seal(ADDRESS),
        address=ADDRESS,
        ends_at=timezone.now() + links.AT_MOST,
    )
    response = HttpResponse()
    doors.give_cookie(response, token)
    return response.cookies[doors.COOKIE].value
