"""A hub in which one family, the Canarybirds, stands in every kind of record, at one centre.

`furnish(centre)` makes them by the hub's own verbs; what it gives back are the arguments that lead
to their rows, by the beginning of an address (tests/addresses.py). A new screen that shows records
of people gets its row here, so that the crawls really meet it.
"""

from datetime import timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from cms import mail
from cms.models import HelpClaim, MailTemplate, MoneyAccount, Place, Pupil, RemissionRule, User
from cms.money import help as helping
from cms.returns import shipped
from forms.models import AnswerExport, Attachment, DeletionRequest, Journey, Submission
from imports import runs
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun
from pages.models import Subscriber
from tests import appointing, panelwork
from tests.folder import FLOW as TRIAL
from tests.journeys import PNG, Family, a_course_date, answers_of_a_family, publish_songwriter
from tests.offering import publish_flow
from tests.roster_files import pupil_line, pupils
from tests.test_cms_scoping import CANARY, populate
from workflows import pools, queues
from workflows.appointments import booking as times
from workflows.compile import publish
from workflows.engine import open_case
from workflows.models import (
    AuditionRound,
    BatchRun,
    Case,
    Entrant,
    Placement,
    Release,
    WorkflowVersion,
)

FIRST, BORN = "Wren", "2014-05-02"
NAME = f"{CANARY}1"
MAIL, PHONE = "canarybird1@example.org", "07700 900123"
ALLERGY, COLLECTOR = "Zwiebelkuchen", "Grandma Nightjar"
WORDS = (CANARY.lower(), "7700900123", "7700 900123", ALLERGY.lower(), COLLECTOR.lower())


def furnish(centre) -> dict[str, dict]:
    """Make the family's rows at this centre; {beginning of an address: its arguments}."""
    roster = populate(centre, 1)
    booking = book(centre)
    case = Case.objects.get(reference=booking.reference)
    tryout = try_out(centre)
    review = _review(centre)
    pool = _waiting(centre, booking)
    wish = _wish(centre)
    file = Attachment.objects.get(journey=booking.journey)
    run = a_roster(f"{FIRST}", NAME)
    release = Release.objects.create(title="Strings", workflow="panel", stage_key="panel")
    officer = User.objects.create_user("canary-officer")
    export = _export(officer, booking)
    batch = BatchRun.objects.create(
        user=officer, button_key="yes", label=f"For {NAME}", stages={}, refused=[]
    )
    reader = Subscriber.objects.create(email=MAIL, confirmed_at=timezone.now())
    session = tryout["session"]
    home = {"reference": case.reference, "pk": file.pk, "purpose": "audition", "token": "a" * 43}
    return {
        **{
            f"admin/^cms/{model._meta.model_name}/": {"instance_pk": row.pk}
            for model, row in roster.items()
        },
        "admin/cases/": {"pk": case.pk, "event": case.events.first().pk, "purpose": "audition"},
        "admin/cases/<int:pk>/time/": {"pk": tryout["case"].pk, "appointment": tryout["booked"].pk},
        "admin/cases/flow/": {"slug": booking.version.form.workflow_slug},
        "admin/cases/rehearse/": {"slug": booking.version.form.workflow_slug, "screen": "inbox"},
        "admin/cases/several/": {"pk": batch.pk},
        "admin/cases/offers/": {"pk": pool.pk},
        "admin/cases/decisions/": {"pk": release.pk},
        "admin/cases/lists/": {"name": "adopters", "kind": "csv"},
        "admin/reviews/": {"pk": review.pk, "slug": "panel", "stage": "panel", "file": file.pk},
        "admin/reviews/of/": {"pk": review.round_id},
        "admin/reviews/<slug:slug>/<slug:stage>/ranks": {"kind": "csv"},
        "admin/appointments/": {"pk": session.pk},
        "admin/seasons/": _season(tryout["case"]),
        "admin/rosters/": {"pk": run.pk, "row": run.plan_rows.first().pk, "roster": "pupils"},
        "admin/course-board/": {"pk": booking.offering_id},
        "admin/course-board/register-of/": {"pk": booking.offering.course_id},
        "admin/register/": {"pk": booking.offering_id, "place": roster[Place].pk},
        "admin/processing/": {"name": "record"},
        "admin/mail/": {"pk": _a_letter().pk},
        "admin/snippets/cms/coursedate/": {"pk": booking.offering_id},
        "admin/snippets/hub_forms/formdefinition/": {"pk": booking.version.form_id},
        "admin/snippets/workflows/workflowdefinition/": {"pk": case.version.definition_id},
        "admin/returns/": {"slug": shipped.add().slug, "column": 0},
        "admin/help/": {"name": "start"},
        "admin/help-with-costs/": {"pk": _claim(case.reference).pk},
        "pay/": {
            "key": MoneyAccount.objects.get(reference=case.reference).key,
            "payment": "a" * 43,
            "provider": "stripe",
            "token": "a" * 43,
        },
        "admin/money/": {"pk": MoneyAccount.objects.get(reference=case.reference).pk},
        "admin/form-files/": {"pk": file.pk},
        "admin/answers/": {"slug": "songwriter-booking", "pk": booking.pk, "token": export.token},
        "admin/answers/delete/": {"pk": wish.pk},
        "family/": home,
        "apply/": {"form": "songwriter-booking", "key": booking.journey.key, "step": "child"},
        "apply/waiting-list/": {"reference": booking.offering.reference},
        "letters/": {"secret": reader.secret},
        "media/": {"path": file.file.name},
    }


def book(centre, *, email: str = MAIL, last: str = NAME, first: str = FIRST) -> Submission:
    """A booking for a Songwriter day with everything in it, sent in by a plain browser."""
    publish_songwriter()
    a_course_date(reference=f"SW-{centre.pk}-{Journey.objects.count()}", centre=centre)
    family = Family()
    family.start()
    answers = answers_of_a_family(
        reference=f"SW-{centre.pk}-{Journey.objects.count() - 1}",
        email=email,
        mobile=PHONE,
        booker_name={"first": "Rowan", "last": last},
        has_needs="yes",
        allergies=ALLERGY,
        goes_home="collected",
        may_collect=COLLECTOR,
        wants_help="yes",
        help_basis="service",
    )
    answers["child"][0]["child_name"] = {"first": first, "last": last}
    answers["child"][0]["date_of_birth"] = BORN
    family.walk(answers | {"evidence": [(f"letter-of-{last}.png", PNG)]})
    family.send()
    return Submission.objects.latest("pk")


def _season(case: Case) -> dict:
    """Their application in a round of auditions, with a proposal."""
    now = timezone.now()
    made = AuditionRound.objects.create(
        title=f"Round {case.pk}",
        slug=f"round-{case.pk}",
        season="2026-27",
        workflow=case.version.definition.slug,
        stage_key=case.stage_key,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1),
        judged_on=now.date(),
        result_at=now + timedelta(days=2),
        accept_by=now + timedelta(days=3),
    )
    entrant, _new = Entrant.objects.update_or_create(
        case=case, defaults={"round": made, "instruments": ["violin"]}
    )
    placement = Placement.objects.create(entrant=entrant, outcome="no", why="There was no seat.")
    return {"pk": made.pk, "placement": placement.pk, "what": "proposal", "kind": "csv"}


def _claim(reference: str) -> HelpClaim:
    """Help with the cost of their booking, decided by nobody yet."""
    rule = RemissionRule.objects.create(
        basis="service", label="A parent serves", percent=50, valid_from=timezone.localdate()
    )
    account = MoneyAccount.objects.get(reference=reference)
    with transaction.atomic():
        return helping.claim(account, rule, 100, how="later", fund=None, waits=False)


def try_out(centre) -> dict:
    """An application for an audition with a time of its own."""
    version = appointing.publish()
    case = appointing.applied(version, FIRST, email=MAIL, phone=PHONE, adjust=ALLERGY)
    Case.objects.filter(pk=case.pk).update(centre=centre, title=f"{FIRST} {NAME}")
    case = appointing.offered(Case.objects.get(pk=case.pk))
    day = timezone.localdate() + timedelta(days=30)
    session = appointing.a_session(day, centre=centre)
    booked = times.book(case.pk, session.slots.first().pk, purpose="audition")
    return {"case": case, "session": session, "booked": booked}


def _review(centre):
    officer, panel = panelwork.a_panel(number=2)
    case = panelwork.a_case(centre, title=f"{FIRST} {NAME}", centre=centre)
    Case.objects.filter(pk=case.pk).update(contact_name=f"Rowan {NAME}", contact_email=MAIL)
    case.refresh_from_db()
    return panelwork.to_the_panel(case, officer).reviews.get(reviewer=panel[0])


def _waiting(centre, booking):
    publish_flow()
    case = open_case(
        workflow_slug="waits",
        subject=booking,
        title=f"{FIRST} {NAME}",
        reference="WL26-CANARY",
        centre=centre,
        contact_name=f"Rowan {NAME}",
        contact_email=MAIL,
    )
    pool = pools.pool_of_date(booking.offering)
    queues.join(pool.pk, case, letter=False)
    return pool


def _wish(centre):
    if not WorkflowVersion.objects.filter(definition__slug="trial").exists():
        publish(TRIAL)
    asked = DeletionRequest.objects.create(
        reference="DEL-CANARY", seal="s" * 64, words=f"Forget {FIRST} {NAME}", references=[]
    )
    return open_case(
        workflow_slug="trial",
        subject=asked,
        title=f"{FIRST} {NAME}",
        reference="DEL-CANARY",
        centre=centre,
        contact_name=f"Rowan {NAME}",
        contact_email=MAIL,
    )


def a_roster(first: str, last: str) -> ImportRun:
    """A file of pupils that was read and waits for approval, with this child in it."""
    line = pupil_line(1, surname=last, forename=first, dob="02/05/2014", school="", instrument="")
    run = runs.receive("pupils", [pupils(line)], "roster.csv")
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def _export(officer, submission) -> AnswerExport:
    export = AnswerExport(
        user=officer,
        form=submission.version.form,
        token="e" * 43,
        kind="csv",
        reason="for the day",
        rows=1,
        expires_at=timezone.now() + timedelta(hours=1),
        done_at=timezone.now(),
    )
    export.file.save("answers.csv", ContentFile(f"{FIRST},{NAME},{MAIL}\n".encode()))
    return export


def _a_letter() -> MailTemplate:
    mail.make_missing()
    return MailTemplate.objects.earliest("pk")


def pupil_of(name: str = NAME) -> Pupil:
    return Pupil.objects.get(legal_last_name=name)
