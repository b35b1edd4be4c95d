"""Every model of the hub: what it holds of families, or why it holds nothing of anybody.

Read by the record of processing (cms.processing), by the page that erases, and by
tests/test_trust_register.py, which fails for a model that is not here. A model that is PERSONAL
must also be found by a store (stores.py) or by the sweep, which sees every text column by itself.
"""

from django.apps import apps
from django.db import models

#: {model: (store, what it holds)}
PERSONAL: dict[str, tuple[str, str]] = {
    "cms.Pupil": ("Rosters", "A child's names, birthday, school and postcode"),
    "cms.Guardian": ("Rosters", "An adult's names, address, e-mail and phone"),
    "cms.PupilGuardian": ("Rosters", "Who answers for which child"),
    "cms.Enrolment": ("Rosters", "Which child is in which group"),
    "cms.Award": ("Rosters", "Grades and awards of a child"),
    "cms.OutsideBooking": ("Rosters", "What a child booked in another system"),
    "cms.LoanInstrument": ("Rosters", "Which child has an instrument on loan"),
    "cms.Place": ("Rosters", "Which child has a place on a course"),
    "cms.OutboxMessage": ("Letters", "Address and words of each e-mail"),
    "cms.AccessLogEntry": (
        "Access log",
        "Which record was looked at, and reasons that staff typed",
    ),
    "cms.Erasure": ("Ledger of erasures", "Who was erased, sealed, until no backup holds them"),
    "workflows.Case": ("Cases", "Name and e-mail of the contact, where it stands"),
    "workflows.CaseParty": ("Cases", "A young person's own e-mail address"),
    "workflows.CaseEvent": ("Cases", "History, with comments of staff and families"),
    "workflows.ActionRun": ("Cases", "What an action did, in a line"),
    "workflows.ListRow": ("Cases", "Facts that an action put on a list"),
    "workflows.WebhookCall": ("Cases", "What another system was told, without a name"),
    "workflows.DecisionEvent": ("Cases", "Decisions and their reasons"),
    "workflows.Decision": ("Cases", "Outcome and feedback for the family"),
    "workflows.ReviewRound": ("Cases", "Scores of a panel, moderated"),
    "workflows.Review": ("Cases", "A reviewer's scores and comments"),
    "workflows.AppointmentOffer": ("Cases", "Which times a family was offered"),
    "workflows.Appointment": ("Cases", "When a child is heard"),
    "workflows.AppointmentMark": ("Cases", "Whether a child came"),
    "workflows.ListEntry": ("Cases", "Who waits for a place"),
    "workflows.Offer": ("Cases", "Which place was offered to whom"),
    "workflows.Seat": ("Cases", "Which offer has which seat"),
    "workflows.Entrant": ("Cases", "What a player plays and wishes, and an exception for them"),
    "workflows.Placement": ("Cases", "Where a player is proposed to go, and why"),
    "workflows.Taken": ("Cases", "Which seat a player has"),
    "workflows.Invitation": ("Rosters", "Which member was invited to apply again"),
    "workflows.PoolEvent": ("Cases", "What happened on a waiting list, and why"),
    "workflows.CaseSeen": ("Cases", "When an officer last looked at a case"),
    "workflows.BatchRun": ("Cases", "Which cases a button was pressed on together"),
    "hub_forms.Journey": ("Answers and files", "Answers of a form on its way, sealed"),
    "hub_forms.Submission": ("Answers and files", "Answers that were sent in, sealed"),
    "hub_forms.Attachment": ("Answers and files", "Files of families, such as evidence"),
    "hub_forms.AnswerMark": ("Answers and files", "Sealed marks of what was chosen, for filters"),
    "hub_forms.AnswerChange": ("Answers and files", "What was said before it was changed, sealed"),
    "hub_forms.AnswerExport": ("Answers and files", "Files of answers, for an hour"),
    "hub_forms.ChildMark": ("Answers and files", "Sealed marks of name and birthday"),
    "hub_forms.MoreRequest": ("Answers and files", "Questions that were asked again"),
    "hub_forms.ReferenceRequest": ("Cases", "Who writes a reference, and what they wrote, sealed"),
    "hub_forms.PriceCodeUse": ("Answers and files", "Which submission used a code"),
    "hub_forms.WaitingRequest": ("Cases", "First names of children who wait, sealed"),
    "hub_forms.DeletionRequest": ("Cases", "A family's wish to be deleted, sealed"),
    "hub_forms.FamilyLink": ("Sign-in links", "An address that asked for a link, sealed"),
    "hub_forms.SectionInvite": ("Sign-in links", "Who may write one section of a form, sealed"),
    "hub_forms.FamilySession": ("Sign-in links", "An address that is signed in, sealed"),
    "hub_forms.RegisterLine": ("Answers and files", "When a child came and left, and with whom"),
    "hub_forms.RegisterMark": ("Answers and files", "Each tap on a register, its words sealed"),
    "hub_forms.GroupSeat": ("Answers and files", "Which group a child is in, and why, sealed"),
    "hub_forms.SharedSong": ("Answers and files", "A recording for one child's family"),
    "imports.ImportRun": ("Roster imports", "A roster file, sealed, for two weeks"),
    "imports.PlanRow": ("Roster imports", "Lines of a roster, for a month"),
    "imports.Correction": ("Roster imports", "Cells of a roster that were corrected"),
    "imports.Change": ("Roster imports", "Which record a line changed"),
    "imports.FormerKey": ("Roster imports", "Numbers that a child had before"),
    "imports.NotSamePerson": ("Roster imports", "Look-alikes that are two people"),
    "cms.MoneyAccount": ("Money", "Who pays for a booking: name and e-mail"),
    "cms.MoneyEntry": ("Money", "What was charged and paid, without a name"),
    "cms.MoneyRefund": ("Money", "What is given back, and why"),
    "cms.OnlinePayment": ("Money", "A payment by card, by its number alone"),
    "cms.HelpClaim": ("Money", "Why a family gets help with costs, and what the school said"),
    "cms.FundMove": ("Money", "What was promised to a claim, without a name"),
    "cms.PlaceAddOn": ("Rosters", "What was booked with a place"),
    "cms.Overbooking": ("Rosters", "Why a place more was given"),
    "cms.PartnerPerson": ("Partners", "Name and e-mail of somebody at a partner"),
    "cms.PartnerAgreement": ("Partners", "Who agreed to terms for a partner: kept as a contract"),
    "pages.Subscriber": ("Newsletter", "An address that gets the newsletter"),
}
STAFF = "Data of staff, not of families: their sign-in, their roles, their own settings"
PUBLIC = "Published, or made to be; a name in it is found by the sweep"
DESIGN = "What staff designed; its sample families are invented"
COUNT = "Numbers, keys and times alone"
#: {model: why nothing of a family is in it}; "app.*" for libraries.
NOBODY: dict[str, str] = {
    **dict.fromkeys(("cms.User", "cms.Membership", "cms.Teacher", "cms.Training"), STAFF),
    "hub_forms.TeamMember": STAFF,
    **dict.fromkeys(("cms.BoardSeat", "cms.Interest", "cms.InterestCheck"), STAFF),
    **dict.fromkeys(
        ("cms.Board", "cms.BoardMeeting", "cms.BoardPaper"),
        "What a board reads, for its members alone; a name in a title is found by the sweep",
    ),
    **dict.fromkeys(
        (
            *("cms.AcademicYear", "cms.Term", "cms.CentreDate", "cms.Area", "cms.MusicCentre"),
            *("cms.Instrument", "cms.Genre", "cms.Course", "cms.CourseDate", "cms.Ensemble"),
            *("cms.EnsembleSection", "cms.OrganisationType", "cms.Partner", "cms.School"),
            *("cms.MusicGroup", "cms.MailTemplate", "cms.HubSettings", "cms.HubImage"),
            *("cms.HubRendition", "cms.HubDocument"),
        ),
        PUBLIC,
    ),
    **dict.fromkeys(
        ("cms.CourseSession", "cms.AddOn", "cms.RefundStep", "cms.RemissionRule"), PUBLIC
    ),
    "cms.HelpFund": COUNT,
    **dict.fromkeys(
        (
            *("cms.PartnerPaper", "cms.PartnerCondition", "cms.PartnerName", "cms.PartnerEvent"),
            *("cms.GoverningText", "cms.GoverningVersion"),
        ),
        "About an organisation, not a person",
    ),
    **dict.fromkeys(
        ("cms.ReturnSnapshot", "cms.ContentStamp", "cms.Job", "cms.ScheduledRun", "cms.RateCount"),
        COUNT,
    ),
    **dict.fromkeys(
        (
            *("workflows.WorkflowDefinition", "workflows.WorkflowVersion", "workflows.Rehearsal"),
            *("workflows.Pool", "workflows.Release", "workflows.AppointmentSession"),
            *("workflows.Draw", "cms.ReturnDefinition"),
            *("workflows.AuditionRound", "workflows.RoundEnsemble", "workflows.RoundInstrument"),
            "workflows.RoundDate",
            *("workflows.Vacancy", "workflows.SignOff"),
            *("workflows.AppointmentSlot", "workflows.MoveRun", "workflows.SavedView"),
            *("hub_forms.FormDefinition", "hub_forms.FormVersion", "hub_forms.FormNote"),
            *("hub_forms.NoteFollower", "hub_forms.AnswerColumns", "hub_forms.PriceCode"),
            *("hub_forms.RegisterPlan", "hub_forms.CourseRun", "hub_forms.CourseGroup"),
            *("imports.SourceProfile", "imports.QuietTime"),
        ),
        DESIGN,
    ),
    **dict.fromkeys(("hub_forms.ForgottenCount", "hub_forms.StepTally", "pages.DailyCount"), COUNT),
    "pages.NewsletterSending": "One letter for all, and numbers",
    "pages.LinkCheck": COUNT,
    "pages.*Page": PUBLIC,
    **dict.fromkeys(
        (
            *("pages.EventChange", "pages.Milestone", "pages.KeyFigure", "pages.ContactCard"),
            *("pages.Question", "pages.Logo", "pages.NewsCategory", "pages.Theme"),
            *("pages.SearchWord", "pages.Notice", "pages.ToolkitDownload", "pages.FeedbackAnswer"),
        ),
        PUBLIC,
    ),
    "wagtailsearchpromotions.*": "What visitors searched the public site for, without who",
    "sessions.*": STAFF,
    "wagtailadmin.*": STAFF,
    "wagtailusers.*": STAFF,
    "account.*": STAFF,
    "mfa.*": STAFF,
    "auth.*": STAFF,
    "wagtailcore.*": PUBLIC,
    "wagtailsearch.*": "Index of public pages, made anew from them",
    "wagtaildocs.*": PUBLIC,
    "wagtailimages.*": PUBLIC,
    "wagtailembeds.*": PUBLIC,
    "wagtailredirects.*": PUBLIC,
    "simple_translation.*": DESIGN,
    "taggit.*": PUBLIC,
    "contenttypes.*": COUNT,
}
WHAT_TO_DO = (
    "Say in cms/erasing/register.py what it holds: under PERSONAL with its store, when a row is "
    "about a family (and then make a store find and erase it), or under NOBODY with the reason."
)


def is_known(label: str) -> bool:
    app, name = label.split(".")
    if label in PERSONAL or label in NOBODY or f"{app}.*" in NOBODY:
        return True
    return name.endswith("Page") and f"{app}.*Page" in NOBODY


def unknown(found: list[type[models.Model]] | None = None) -> list[str]:
    """A sentence for each model that nobody thought about. Tables that only join two count with
    the model that has them."""
    return [
        f"{model._meta.label} is not in the register of personal data. {WHAT_TO_DO}"
        for model in (apps.get_models() if found is None else found)
        if not is_known(model._meta.label)
    ]
