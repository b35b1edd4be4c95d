"""Two applications to be a hub partner, on their way through the demo hub's panel.

One is half scored, so that each of the two demo reviewers has something to do and the officer has
something to look at. Only where there is no such application yet.
"""

from django.db import transaction

from cms.models import User
from forms.models import FormDefinition, Submission
from forms.standins import stand_in
from workflows.engine import perform
from workflows.models import ReviewRound
from workflows.reviews import scoring
from workflows.reviews.rounds import start

FORM = "hub-partner"
APPLICANTS = (
    {
        "kind": "community",
        "founded": 2009,
        "charity_number": "",
        "company_number": "",
        "legal_name": "Larkfield Strings",
        "trading_name": "Larkfield Strings",
        "website": "https://larkfield.example.org",
        "contact_name": {"first": "Marnie", "last": "Whitlock"},
        "email": "marnie@larkfield.example.org",
        "description": "String groups for children of 7 to 14 who have never held a violin. "
        "Marnie and two colleagues play in schools each autumn and lend instruments for a year.",
        "districts": "Three Rivers and Watford",
        "costs": "Free for families; schools pay £15 a week.",
    },
    {
        "kind": "industry",
        "founded": 2018,
        "charity_number": "",
        "company_number": "",
        "legal_name": "Beat Barn CIC",
        "trading_name": "Beat Barn",
        "website": "https://beatbarn.example.org",
        "contact_name": {"first": "Otis", "last": "Fairbrother"},
        "email": "otis@beatbarn.example.org",
        "description": "A mobile studio for young people of 11 to 18: beats, lyrics and a first "
        "recording within one evening, in youth clubs that have no room of their own.",
        "districts": "The whole county",
        "costs": "£4 an evening, or nothing.",
    },
)


def load_panel() -> int:
    """Add both applications and begin their reviews. How many were added."""
    form = FormDefinition.objects.filter(slug=FORM).first()
    officer = User.objects.filter(username="hub-manager").first()
    if form is None or officer is None or Submission.objects.filter(version__form=form).exists():
        return 0
    sample = form.samples[0]["answers"]
    with transaction.atomic():
        for number, own in enumerate(APPLICANTS):
            case = stand_in(
                form.current_version,
                sample | own | {"policy": [], "liability_file": []},
                title=own["trading_name"],
            )
            perform(case.pk, "complete", by=officer, comment="Complete.")
            case.refresh_from_db()
            # The button's own action, which a queue carries out, finds this round by its key.
            event = case.events.get(button_key="complete")
            run = event.runs.get(type="start_review")
            made = start(case, once=f"action-{run.pk}")
            if number == 0:
                _score(made)
    return len(APPLICANTS)


def _score(made: ReviewRound) -> None:
    review = made.reviews.select_related("reviewer").first()
    if review is None:
        return
    sheet = scoring.Sheet(
        scores={"safeguarding": 3, "quality": 4, "need": 3, "reach": 2},
        comments={"safeguarding": "Policy in date; the deputy’s training is due in spring."},
        recommendation="conditions",
        for_panel="Ask about the deputy before the board meets.",
        for_applicant="Your loan year is just what families ask us for.",
    )
    scoring.submit(review.pk, sheet, by=review.reviewer, rev=review.rev)
