"""Every record of the kernel, re-exported: write `from cms.models import Course`.

catalogue is public and may be shown; roster, places and outbox hold personal data, and may be
neither searchable, nor a snippet, nor in Wagtail's reference index or history.
Files here import each other downwards only: accounts, media, calendar, rosterrecord, catalogue,
roster, elsewhere, places, offerings, money, paying; partners and governance after catalogue,
returns after partners.
"""

from .accounts import Membership, User
from .audit import AccessLogEntry
from .calendar import AcademicYear, CentreDate, Term
from .catalogue import (
    Area,
    Course,
    CourseDate,
    Ensemble,
    EnsembleSection,
    Genre,
    Instrument,
    Mode,
    MusicCentre,
    OrganisationType,
    Partner,
    StrategicFunction,
)
from .elsewhere import LoanInstrument, OutsideBooking
from .erasure import Erasure
from .governance import (
    Board,
    BoardMeeting,
    BoardPaper,
    BoardSeat,
    Interest,
    InterestCheck,
)
from .mailtemplate import MailTemplate
from .media import HubDocument, HubImage, HubRendition
from .money import MoneyAccount, MoneyEntry, MoneyRefund
from .offerings import AddOn, CourseSession, Overbooking, PlaceAddOn, RefundStep
from .outbox import Job, OutboxMessage, RateCount, ScheduledRun
from .partners import (
    GoverningText,
    GoverningVersion,
    PartnerAgreement,
    PartnerCondition,
    PartnerEvent,
    PartnerName,
    PartnerPaper,
    PartnerPerson,
)
from .paying import FundMove, HelpClaim, HelpFund, OnlinePayment, RemissionRule
from .places import Place
from .returns import HeadingBlock, ReturnDefinition, ReturnSnapshot
from .roster import (
    Award,
    Enrolment,
    Guardian,
    MusicGroup,
    Pupil,
    PupilGuardian,
    School,
    Teacher,
    Training,
)
from .site import ContentStamp, HubSettings

__all__ = [
    "AcademicYear",
    "AccessLogEntry",
    "AddOn",
    "Area",
    "Award",
    "Board",
    "BoardMeeting",
    "BoardPaper",
    "BoardSeat",
    "CentreDate",
    "ContentStamp",
    "Course",
    "CourseDate",
    "CourseSession",
    "Enrolment",
    "Ensemble",
    "EnsembleSection",
    "Erasure",
    "FundMove",
    "Genre",
    "GoverningText",
    "GoverningVersion",
    "Guardian",
    "HeadingBlock",
    "HelpClaim",
    "HelpFund",
    "HubDocument",
    "HubImage",
    "HubRendition",
    "HubSettings",
    "Instrument",
    "Interest",
    "InterestCheck",
    "Job",
    "LoanInstrument",
    "MailTemplate",
    "Membership",
    "Mode",
    "MoneyAccount",
    "MoneyEntry",
    "MoneyRefund",
    "MusicCentre",
    "MusicGroup",
    "OnlinePayment",
    "OrganisationType",
    "OutboxMessage",
    "OutsideBooking",
    "Overbooking",
    "Partner",
    "PartnerAgreement",
    "PartnerCondition",
    "PartnerEvent",
    "PartnerName",
    "PartnerPaper",
    "PartnerPerson",
    "Place",
    "PlaceAddOn",
    "Pupil",
    "PupilGuardian",
    "RateCount",
    "RefundStep",
    "RemissionRule",
    "ReturnDefinition",
    "ReturnSnapshot",
    "ScheduledRun",
    "School",
    "StrategicFunction",
    "Teacher",
    "Term",
    "Training",
    "User",
]
