"""Who waits for a course date without having booked: the subject of a waiting-list case."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import CourseDate
from forms.secrecy import EncryptedJSONField


class WaitingRequest(models.Model):
    """Which children wait for which date. Their first names only; gone once the date is long over.

    Reached through its case alone. `together` are the numbers of the children, from 1, who must
    have places together where `rule` is "these".
    """

    offering = models.ForeignKey(CourseDate, models.PROTECT, related_name="+")
    names = EncryptedJSONField(default=list)
    rule = models.CharField(max_length=5)
    together = models.JSONField(default=list)
    number = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Waiting request {self.pk}"

    def case_children(self) -> list[int]:
        """Numbers of the children, from 1."""
        return list(range(1, self.number + 1))

    def case_list_rule(self) -> tuple[str, list[int]]:
        """How many of them must have places together: the rule, and which."""
        return self.rule, self.together

    def case_sections(self) -> list[dict]:
        """What the case page shows."""
        words = {
            "all": _("All together, or none"),
            "any": _("Any of them"),
            "these": _("At least these together: %(n)s")
            % {"n": ", ".join(str(number) for number in self.together)},
        }
        rows = [
            {"question": _("Date"), "lines": [str(self.offering)]},
            {"question": _("How"), "lines": [words[self.rule]]},
        ]
        children = [
            {
                "question": _("Child %(n)s") % {"n": number},
                "lines": [name or _("No name was given")],
            }
            for number, name in enumerate(self.names, start=1)
        ]
        return [
            {"title": _("Waiting list"), "rows": rows},
            {"title": _("Children"), "group": "contact", "rows": children},
        ]

    def mail_context(self) -> dict[str, str]:
        """What letters may say: never a child's name."""
        return {"course": self.offering.course.title, "where": str(self.offering)}
