"""What the whole site says about the hub: name, contacts, menus, footer, safeguarding lead.

One row a site, edited under Settings. Templates read it as `settings.cms.HubSettings`; a menu
entry is read through `entry.value.text` and `entry.value.url`, never by following the page.
"""

import copy

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from wagtail import blocks
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, TabbedInterface
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import StreamField
from wagtail.models import Page, Site

OUR_PATH = RegexValidator(
    r"^(/[^\s/][^\s]*|/|https://\S+)$",
    _("Write an address of this site such as /events/, or a whole https:// address."),
)


class LinkValue(blocks.StructValue):
    """A link as templates want it: `text` and `url`, whichever way it was entered."""

    @property
    def text(self):
        page = self.get("page")
        return self.get("label") or (page.title if page else self.get("path", ""))

    @property
    def url(self):
        page = self.get("page")
        if page:
            return page.url if page.live else ""
        return self.get("path", "")

    @property
    def is_external(self):
        return self.url.startswith("https://")


class LinkBlock(blocks.StructBlock):
    """One link: a page of this site, or an address. Exactly one of the two."""

    label = blocks.CharBlock(
        max_length=80,
        required=False,
        help_text=_("What the link says. Left empty, it is the title of the page."),
    )
    page = blocks.PageChooserBlock(required=False)
    path = blocks.CharBlock(
        max_length=300,
        required=False,
        validators=[OUR_PATH],
        help_text=_("Only when it is not a page of this site."),
    )

    def clean(self, value):
        value = super().clean(value)
        if bool(value.get("page")) == bool(value.get("path")):
            raise blocks.StructBlockValidationError(
                {"page": ValidationError(_("Choose a page or write an address, and not both."))}
            )
        if value.get("path") and not value.get("label"):
            raise blocks.StructBlockValidationError(
                {"label": ValidationError(_("Say where the link goes."))}
            )
        return value

    class Meta:
        icon = "link"
        value_class = LinkValue


class FooterColumnBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=40)
    links = blocks.ListBlock(LinkBlock(), min_num=1, max_num=8)

    class Meta:
        icon = "list-ul"


def menu_field(help_text: str, *, max_num: int) -> StreamField:
    return StreamField([("link", LinkBlock())], blank=True, max_num=max_num, help_text=help_text)


@register_setting(icon="site")
class HubSettings(BaseSiteSetting):
    class Palette(models.TextChoices):
        """Colours that are drawn and checked in cms/static/cms/css/tokens.css, light and dark."""

        VIRIDIAN = "", _("Viridian green")
        ULTRAMARINE = "ultramarine", _("Ultramarine blue")
        DAMSON = "damson", _("Damson")
        SLATE = "slate", _("Slate blue")

    hub_name = models.CharField(max_length=80, default="Music Hub")
    strapline = models.CharField(max_length=120, blank=True)
    phone = PhoneNumberField(blank=True)
    email = models.EmailField(default="hello@example.org")
    address = models.CharField(max_length=250, blank=True)
    safeguarding_name = models.CharField(
        max_length=80, blank=True, help_text=_("The designated safeguarding lead, by role.")
    )
    safeguarding_phone = PhoneNumberField(blank=True)
    safeguarding_email = models.EmailField(blank=True)
    funder_note = models.CharField(
        max_length=250, blank=True, help_text=_("Who pays for the hub, shown in the footer.")
    )
    palette = models.CharField(
        _("colour of the hub"),
        max_length=12,
        choices=Palette.choices,
        default=Palette.VIRIDIAN,
        blank=True,
        help_text=_("Every choice can be read by everybody, in the light and in the dark."),
    )
    main_menu = menu_field(_("Five to seven entries."), max_num=7)
    audience_menu = menu_field(_("Who the site speaks to: families, schools…"), max_num=5)
    footer = StreamField([("column", FooterColumnBlock())], blank=True, max_num=4)
    legal_menu = menu_field(_("The last line of the footer: privacy, cookies…"), max_num=6)
    social_links = menu_field(_("Profiles of the hub elsewhere. Plain links."), max_num=6)

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    MultiFieldPanel(
                        ["hub_name", "strapline", "palette"], heading=_("Name and colour")
                    ),
                    MultiFieldPanel(["phone", "email", "address"], heading=_("Main office")),
                    MultiFieldPanel(
                        ["safeguarding_name", "safeguarding_phone", "safeguarding_email"],
                        heading=_("Safeguarding"),
                    ),
                    FieldPanel("funder_note"),
                ],
                heading=_("Details"),
            ),
            ObjectList(
                ["main_menu", "audience_menu", "footer", "legal_menu", "social_links"],
                heading=_("Menus and footer"),
            ),
        ]
    )

    @classmethod
    def for_request(cls, request):
        """Read once by each process until they or a page changes; fresh for staff."""
        from cms import pagecache  # noqa: PLC0415 - it needs these models

        name = cls.get_cache_attr_name()
        is_staff = request is not None and settings.SESSION_COOKIE_NAME in request.COOKIES
        if request is not None and not is_staff and not hasattr(request, name):
            key = f"hub:{request.get_host().lower()}"
            found = pagecache.lasting(key, (cls, Page, Site), lambda: cls._of(request))
            setattr(request, name, copy.copy(found))
        return super().for_request(request)

    @classmethod
    def _of(cls, request):
        return cls.for_site(Site.find_for_request(request))

    class Meta:
        verbose_name = _("hub details")


class ContentStamp(models.Model):
    """A number that grows whenever rows of one model change that the public sees (cms.pagecache).

    `of` is the label of the model; empty for a change that says of no model what it changed.
    """

    of = models.CharField(max_length=100, unique=True, default="", db_default="")
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self):
        return f"Content stamp {self.of} {self.number}"
