"""How a family proves that an e-mail address is theirs: links by mail, and what they open.

Of links and sessions only hashes are stored, and of the address itself a seal, so that rows can be
found by it, and an encrypted copy. Both kinds of row are deleted soon after they end.
"""

from django.db import models
from django.utils import timezone

from forms.secrecy import EncryptedJSONField


class FamilyLink(models.Model):
    """A mailed link. It opens one session, once; a newer link for the address ends it."""

    token_hash = models.CharField(max_length=64, unique=True)
    seal = models.CharField(max_length=64, db_index=True)
    address = EncryptedJSONField(default=str)
    next_page = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Family link {self.pk}"


class FamilySession(models.Model):
    """One browser that is signed in to the folder of one address."""

    token_hash = models.CharField(max_length=64, unique=True)
    seal = models.CharField(max_length=64, db_index=True)
    address = EncryptedJSONField(default=str)
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Family session {self.pk}"
