"""Which submissions are about the same child, without saying which child."""

from django.db import models

from .journeys import Submission


class ChildMark(models.Model):
    """A seal over name and date of birth: equal for one child, of no use without our secret."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="children")
    seal = models.CharField(max_length=64, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["submission", "seal"], name="childmark_once"),
        ]

    def __str__(self):
        return f"Child of submission {self.submission_id}"
