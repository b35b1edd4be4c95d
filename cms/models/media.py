"""Pictures and documents that the public may see. Nothing private is ever one of these.

Every page, card, feed and letter asks a picture for a rendition of itself, and nothing else of it
has an address. So the permission is asked for in that one place: a picture that may not be shown
answers with a stand-in of the same shape (cms.standin), wherever it is used.
"""

from collections.abc import Iterable
from datetime import date

from django.core.files.base import File
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument, Document
from wagtail.images.models import (
    AbstractImage,
    AbstractRendition,
    Filter,
    Image,
    ImageQuerySet,
    WagtailImageField,
    WagtailImageFieldFile,
    get_upload_to,
)

from cms import cleanpictures, standin

from .site import OUR_PATH


class PictureFile(WagtailImageFieldFile):
    def save(self, name: str, content: File, save: bool = True) -> None:
        """The one way into storage: nothing is stored that was not written anew."""
        clean = cleanpictures.cleaned(content, name)
        super().save(clean.name, clean, save)


class PictureField(WagtailImageField):
    attr_class = PictureFile


class HubImageQuerySet(ImageQuerySet):
    def not_to_be_shown(self, today: date) -> "HubImageQuerySet":
        """Pictures that are past their day, or without the permission that they need."""
        return self.filter(
            Q(expires_on__lt=today)
            | Q(consent_withdrawn_on__lte=today)
            | Q(shows_children=True, consent_reference="")
        )


class HubImage(AbstractImage):
    """A picture with the facts that decide whether it may still be shown."""

    file = PictureField(
        verbose_name=_("file"),
        upload_to=get_upload_to,
        width_field="width",
        height_field="height",
    )
    credit = models.CharField(max_length=120, blank=True)
    shows_children = models.BooleanField(
        default=False,
        help_text=_("Can a child be recognised in it? Then it is shown only with a permission."),
    )
    consent_reference = models.CharField(
        max_length=80, blank=True, help_text=_("Where the permission for this picture is kept.")
    )
    expires_on = models.DateField(
        null=True, blank=True, help_text=_("The last day on which the picture is shown.")
    )

    consent_withdrawn_on = models.DateField(
        null=True,
        blank=True,
        help_text=_("From this day a placeholder stands wherever the picture was used."),
    )

    admin_form_fields = (
        *Image.admin_form_fields,
        "credit",
        "shows_children",
        "consent_reference",
        "expires_on",
    )

    objects = HubImageQuerySet.as_manager()

    def may_be_shown(self, today: date) -> bool:
        """Whether pages may show it: neither expired nor without the permission it needs."""
        if self.expires_on and self.expires_on < today:
            return False
        if self.consent_withdrawn_on and self.consent_withdrawn_on <= today:
            return False
        return bool(self.consent_reference) or not self.shows_children

    @property
    def is_shown(self) -> bool:
        return self.may_be_shown(timezone.localdate())

    def get_rendition(self, filter: Filter | str) -> "HubRendition":  # noqa: A002 - Wagtail's name
        if self.is_shown:
            return super().get_rendition(filter)
        return self._stand_in(filter)

    def get_renditions(self, *filters: Filter | str) -> dict[str, "HubRendition"]:
        if self.is_shown:
            return super().get_renditions(*filters)
        found = [self._stand_in(one) for one in filters]
        return {rendition.filter_spec: rendition for rendition in found}

    def _stand_in(self, wanted: Filter | str) -> "HubRendition":
        """Not a row: nothing of this picture is kept while it may not be shown."""
        wanted = self.clean_filter_for_svg(Filter(wanted) if isinstance(wanted, str) else wanted)
        blank = HubImage(title="")
        drawn = standin.drawn_for(self.width, self.height, wanted, blank)
        return HubRendition(
            image=self,
            filter_spec=wanted.spec,
            file=drawn.name,
            width=drawn.width,
            height=drawn.height,
        )

    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)
        if not self.is_shown:
            take_away(self.renditions.all())

    class Meta(AbstractImage.Meta):
        verbose_name = _("image")
        verbose_name_plural = _("images")
        permissions = [("withdraw_hubimage", "Can take back the permission for a picture")]


class HubRendition(AbstractRendition):
    image = models.ForeignKey(HubImage, models.CASCADE, related_name="renditions")

    @property
    def alt(self) -> str:
        """Words about a picture go with it."""
        if self.image.is_shown:
            return super().alt
        return "" if self.image.decorative else _now("This picture is no longer shown.")

    @staticmethod
    def construct_cache_key(image: HubImage, filter_cache_key: str, filter_spec: str) -> str:
        """Anew after each change of content: a rendition that was taken away must not be found."""
        from cms.pagecache import stamp  # noqa: PLC0415 - it needs these models

        key = AbstractRendition.construct_cache_key(image, filter_cache_key, filter_spec)
        return f"{key}-{stamp()}"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="rendition_once"
            ),
        ]
        indexes = [models.Index(fields=["file"], name="rendition_by_file")]


def take_away(renditions: Iterable[HubRendition]) -> int:
    """Delete these renditions with their files, one by one, since Wagtail cleans up after each."""
    number = 0
    for rendition in renditions:
        rendition.delete()
        number += 1
    return number


class HubDocument(AbstractDocument):
    """A download, with what a reader wants to know before opening it."""

    summary = models.CharField(max_length=200, blank=True)
    pages = models.PositiveSmallIntegerField(null=True, blank=True)
    accessible_alternative = models.CharField(
        max_length=200,
        blank=True,
        validators=[OUR_PATH],
        help_text=_("A web page that says the same, such as /hub/partners/."),
    )

    def clean(self) -> None:
        if self.file:  # one that was refused has had its sentence
            super().clean()

    review_on = models.DateField(
        null=True, blank=True, help_text=_("When somebody should check that this is still right.")
    )

    admin_form_fields = (
        *Document.admin_form_fields,
        "summary",
        "pages",
        "accessible_alternative",
        "review_on",
    )

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
