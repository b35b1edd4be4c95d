# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's views
"""Before a new version goes live: what it changes, for whom, and what is done about it."""

from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from forms import moving
from forms.effects import effects_of
from forms.findings import NotPublishableError
from forms.publishing import (
    DraftChangedError,
    choices_kept,
    go_live,
    is_for_later,
    needs_a_look,
)

from .drafts import DraftView

CHOICES = [
    (moving.STAY, gettext_lazy("Stay on the old version")),
    (moving.MOVE, gettext_lazy("Move on, answers kept")),
    (moving.AGAIN, gettext_lazy("Move on, and ask again what was changed")),
]
AS_EVERYBODY = "as_everybody"


class PublishView(DraftView):
    """GET shows what publishing would do; POST tries choices out, or publishes with them."""

    template_name = "forms/builder/publish.html"
    page_title = gettext_lazy("Publish")
    permission_required = "publish"

    #: What the last button says, and what it asks for; None: as the draft needs.
    last_button = None
    notes = ""

    def choices(self):
        """What is chosen on the page; at first what was kept with the draft."""
        posted = self.request.POST
        if not posted:
            return {moving.EVERYBODY: moving.STAY} | choices_kept(self.draft)
        chosen = {moving.EVERYBODY: posted.get("everybody", moving.STAY)}
        for name, value in posted.items():
            if name.startswith("at-") and value in moving.CHOICES:
                chosen[name.removeprefix("at-")] = value
        return chosen

    def get_context_data(self, **kwargs):
        chosen = self.choices()
        effects = effects_of(self.definition, self.draft, chosen)
        parts = [
            (where, list(found)) for where, found in groupby(effects.changes, lambda one: one.where)
        ]
        return super().get_context_data(**kwargs) | {
            "effects": effects,
            "parts": parts,
            "choices": CHOICES,
            "everybody": chosen[moving.EVERYBODY],
            "rows": [(group, chosen.get(group.key, AS_EVERYBODY)) for group in effects.groups],
            "revision": self.definition.latest_revision_id,
            "is_changed": needs_a_look(self.draft),
            "is_for_later": is_for_later(self.draft),
            "last_button": self.last_button,
            "notes": self.notes,
        }

    def post(self, request, *args, **kwargs):
        if request.POST.get("action") != "publish":
            return self.show()
        chosen = self.choices()
        try:
            return self.carry_out(chosen)
        except DraftChangedError:
            problem = _("Somebody saved the form meanwhile. Look again at what would change.")
            return self.show(status=409, problem=problem)
        except NotPublishableError as error:
            return self.show(status=422, problem=" ".join(str(one) for one in error.findings))

    def seen(self):
        return {
            "seen_revision": self.request.POST.get("revision", ""),
            "is_meant": "meant" in self.request.POST,
        }

    def carry_out(self, chosen):
        self.check_lock()
        version = go_live(self.definition, choices=chosen, by=self.request.user, **self.seen())
        self.say(version, chosen)
        return self.go(self.address("list"))

    def say(self, version, chosen):
        if version is None:
            said = _("It goes live at the time that was set. What you chose is done then.")
            messages.success(self.request, said)
            return
        name, number = self.draft.title, version.number
        said = _("“%(name)s” is live, version %(number)s.") % {"name": name, "number": number}
        if set(chosen.values()) - {moving.STAY}:
            said += " " + _("Families who are half-way are being taken along.")
        messages.success(self.request, said)
