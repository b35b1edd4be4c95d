"""Every record of forms, re-exported: write `from forms.models import FormVersion`.

definitions is what staff make, and holds no personal data; journeys is what families write,
family how they come back to it, asked what we then still want, referees what others say of them;
answers is what staff need to work with many submissions; running what a course date writes on its
day.
"""

from .answers import AnswerColumns, AnswerExport, AnswerMark, ForgottenCount, StepTally
from .asked import AnswerChange, MoreRequest
from .children import ChildMark
from .codes import PriceCode, PriceCodeUse
from .colleagues import SectionInvite
from .definitions import FormDefinition, FormVersion, NeverChangesError
from .family import FamilyLink, FamilySession
from .journeys import Attachment, Journey, Submission, facts_for, offering_day
from .notes import FormNote, NoteFollower
from .privacy import DeletionRequest
from .referees import ReferenceRequest
from .running import (
    CourseGroup,
    CourseRun,
    GroupSeat,
    RegisterLine,
    RegisterMark,
    RegisterPlan,
    SharedSong,
    TeamMember,
)
from .waiting import WaitingRequest

__all__ = [
    "AnswerChange",
    "AnswerColumns",
    "AnswerExport",
    "AnswerMark",
    "Attachment",
    "ChildMark",
    "CourseGroup",
    "CourseRun",
    "DeletionRequest",
    "FamilyLink",
    "FamilySession",
    "ForgottenCount",
    "FormDefinition",
    "FormNote",
    "FormVersion",
    "GroupSeat",
    "Journey",
    "MoreRequest",
    "NeverChangesError",
    "NoteFollower",
    "PriceCode",
    "PriceCodeUse",
    "ReferenceRequest",
    "RegisterLine",
    "RegisterMark",
    "RegisterPlan",
    "SectionInvite",
    "SharedSong",
    "StepTally",
    "Submission",
    "TeamMember",
    "WaitingRequest",
    "facts_for",
    "offering_day",
]
