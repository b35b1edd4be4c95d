"""Every record of forms, re-exported: write `from forms.models import FormVersion`.

definitions is what staff make, and holds no personal data; journeys is what families write.
"""

from .definitions import FormDefinition, FormVersion, NeverChangesError
from .journeys import Attachment, Journey, Submission, facts_for, offering_day

__all__ = [
    "Attachment",
    "FormDefinition",
    "FormVersion",
    "Journey",
    "NeverChangesError",
    "Submission",
    "facts_for",
    "offering_day",
]
