"""What editors have scheduled: pages go live and come down by our own clock, each by itself.

Wagtail's command does the same from a crontab, but stops at the first page that fails. Here one
that cannot be published (its picture lost its permission, its address was taken) keeps none of the
others from its minute: it stays a draft, and its log says why.
"""

import logging
from collections.abc import Iterator

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import DraftStateMixin, Page, Revision

from cms.pagecache import content_changed

logger = logging.getLogger(__name__)


def publish_due() -> int:
    """Take down what has expired and publish what is due. Run each minute; how many it was."""
    done = 0
    for row in _expired():
        with transaction.atomic():
            row.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
            content_changed(sender=type(row))
        done += 1
    due = Revision.objects.filter(approved_go_live_at__lte=timezone.now())
    for revision in due.order_by("approved_go_live_at"):
        done += _publish(revision)
    return done


def _expired() -> Iterator[models.Model]:
    pages = Page.objects.live().filter(expire_at__lte=timezone.now()).order_by("expire_at")
    yield from pages.specific()
    for model in apps.get_models():
        if issubclass(model, DraftStateMixin) and not issubclass(model, Page):
            yield from model.objects.filter(live=True, expire_at__lte=timezone.now())


def _publish(revision: Revision) -> bool:
    try:
        with transaction.atomic():
            revision.publish(log_action="wagtail.publish.scheduled")
            content_changed(sender=type(revision.content_object))
    except ValidationError as error:
        Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=None)
        said = "; ".join(error.messages)[:200]
        log(revision.content_object, "wagtail.publish.refused", data={"why": said})
        logger.warning("Revision %s was not published: it is not valid.", revision.pk)
        return False
    return True
