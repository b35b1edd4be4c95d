"""What the whole site says about the hub: name, contacts, safeguarding lead, colours."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting


@register_setting(icon="site")
class HubSettings(BaseSiteSetting):
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

    class Meta:
        verbose_name = _("hub details")
