"""Closing a music centre for a day or more, and opening it again early.

A closure is a dated row of the centre's calendar: pages, banners and calendar feeds read it, and
it ends by itself with its last day. Nobody has to take anything down.
"""

from datetime import date, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cms import audit, closure_mail
from cms.models import CentreDate, MusicCentre


def closures_on(day: date) -> QuerySet[CentreDate]:
    """Closures that hold on that day, with their centres. One query."""
    closed = CentreDate.objects.filter(kind=CentreDate.Kind.CLOSED)
    return closed.filter(starts_on__lte=day, ends_on__gte=day).select_related("centre__area")


def close(
    centre: MusicCentre, *, by: AbstractBaseUser, until: date, reason: str, tell: bool = False
) -> CentreDate:
    """Close a centre from today to `until`, both included. A second time changes the first.

    Raises ValueError when `until` is past. `reason` is shown to everybody. `tell`: the families
    whose groups would have met get a letter.
    """
    today = timezone.localdate()
    if until < today:
        raise ValueError("A centre cannot be closed until a day that is over.")
    with transaction.atomic():
        MusicCentre.objects.select_for_update().get(pk=centre.pk)
        closure, made = CentreDate.objects.update_or_create(
            centre=centre,
            kind=CentreDate.Kind.CLOSED,
            starts_on=today,
            defaults={"ends_on": until, "note": reason},
        )
        if tell:
            closure_mail.promise(closure)
        audit.record(by, "add" if made else "change", closure, {"until": until.isoformat()})
    return closure


def reopen(closure: CentreDate, *, by: AbstractBaseUser) -> None:
    """End a closure now. One that began today leaves no trace in the calendar.

    Who had a letter that it is closed gets one that it is open again.
    """
    yesterday = timezone.localdate() - timedelta(days=1)
    with transaction.atomic():
        if closure_mail.was_promised(closure):
            closure_mail.promise(closure, is_open_again=True)
        audit.record(by, "delete", closure, {"centre": closure.centre_id})
        if closure.starts_on > yesterday:
            closure.delete()
        else:
            closure.ends_on = yesterday
            closure.save(update_fields=["ends_on"])
