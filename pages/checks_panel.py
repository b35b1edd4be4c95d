"""Our findings in Wagtail's Checks panel, beside its own.

The panel looks at the preview with rules that select elements. So the preview, and only it, begins
with a list of the findings (templates/pages/includes/findings.html), one element each, and each
kind of finding is a rule that selects its elements. The judging is done on the server alone.
"""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.userbar import ContentCheckerItem

KINDS = {
    "vague-link": (_("A link does not say where it goes"), _("Name the page or document.")),
    "file-name": (_("A file name instead of a description"), _("Say what the picture shows.")),
    "permission": (_("A picture of children without a permission"), _("Name it, or change it.")),
    "withdrawn": (_("A picture that may no longer be shown"), _("Choose another.")),
    "no-address": (_("It asks for an e-mail and gives no address"), _("Give the address.")),
    "past-day": (_("A day that is over"), _("Change the day or take it out.")),
    "no-such-day": (_("A change for a day that is not one of its days"), _("Mend the day.")),
    "placeholder": (_("Words of the ready-made page"), _("Write your own instead.")),
    "outline": (_("A heading without its section"), _("Put a section heading before it.")),
    "retired": (_("A word that is no longer used"), _("Use the present one.")),
    "document": (_("A document that not everybody can read"), _("Make a page of it.")),
    "long-sentence": (_("A very long sentence"), _("Make it two.")),
    "review": (_("The day to look again is over"), _("Check the page and set a new day.")),
}
# Wagtail's check for alternative texts looks for a pattern; told to look for this one, which is in
# every text, it fails on each element that a rule of ours selects.
CHECK = "check-image-alt-text"
ALWAYS = {CHECK: {"options": {"pattern": ".*"}}}


class HubChecks(ContentCheckerItem):
    """Wagtail's checks and ours."""

    def get_axe_run_only(self, request: HttpRequest) -> list[str]:
        return [*super().get_axe_run_only(request), *(f"hub-{kind}" for kind in KINDS)]

    def get_axe_rules(self, request: HttpRequest) -> dict[str, Any]:
        """What a rule tells its check is an option of the run, not of the rule."""
        ours = {f"hub-{kind}": {"enabled": True, "checks": ALWAYS} for kind in KINDS}
        return {**super().get_axe_rules(request), **ours}

    def get_axe_custom_rules(self, request: HttpRequest) -> list[dict[str, Any]]:
        ours = [
            {
                "id": f"hub-{kind}",
                "impact": "serious",
                "selector": f'[data-finding="{kind}"]',
                "tags": ["best-practice"],
                "any": [CHECK],
                "enabled": True,
            }
            for kind in KINDS
        ]
        return [*super().get_axe_custom_rules(request), *ours]

    def get_axe_messages(self, request: HttpRequest) -> dict[str, Any]:
        ours = {
            f"hub-{kind}": {"error_name": name, "help_text": hint}
            for kind, (name, hint) in KINDS.items()
        }
        return {**super().get_axe_messages(request), **ours}
