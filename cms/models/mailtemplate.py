"""The words of each e-mail, edited by staff. Public reference data: it names no person.

Written in a small markup (cms.mailmarkup) with named placeholders only. Which names may be used is
declared by whoever sends the mail, in `placeholders`; editors cannot reach anything else, so a
letter cannot come to hold what was never meant for it.
"""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms import mailmarkup


class MailTemplate(models.Model):
    """`placeholders` is {name: sample}: what may be used, and what a preview shows for it."""

    key = models.CharField(
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9._-]*$", _("Use a-z, 0-9, dot and hyphen."))],
    )
    name = models.CharField(max_length=120)
    subject = models.CharField(max_length=180)
    body = models.TextField(
        help_text=_(
            "Leave an empty line between paragraphs. Begin each line of a list with “- ”. "
            "A link is [words](https://address) or [words]({{ name }}). "
            "A line whose placeholders are all empty is left out of the letter."
        )
    )
    placeholders = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("e-mail")

    def __str__(self):
        return self.name

    def clean(self):
        """Refuse unknown placeholders and unreadable markup, naming each."""
        allowed = {*self.placeholders, *mailmarkup.ALWAYS}
        errors = {
            field: problems
            for field, problems in (
                ("subject", mailmarkup.problems(self.subject, allowed, is_subject=True)),
                ("body", mailmarkup.problems(self.body, allowed)),
            )
            if problems
        }
        if errors:
            raise ValidationError(errors)

    def save(self, *args, **kwargs):
        """What cannot be sent cannot be saved, whichever way it came."""
        self.clean()
        super().save(*args, **kwargs)
