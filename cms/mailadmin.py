"""E-mails in the Wagtail admin: their words, a preview, a test to oneself, and what is stuck.

Placeholders are picked from a list; only what the list has can be saved. The outbox page shows no
letter and no whole address: it is for whoever minds the machine, not for reading families' mail.
"""

import uuid

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, Panel
from wagtail.snippets.views.snippets import SnippetViewSet

from cms import mail, mailmarkup
from cms.models import MailTemplate, OutboxMessage

PERMISSION = "cms.change_mailtemplate"
SHOWN = 200
STUCK_AFTER_TRIES = 3


def _offers() -> list[mail.Offer]:
    return [offer for source in dict(mail.offers.items()).values() for offer in source()]


class MailTemplateForm(WagtailAdminModelForm):
    """What may be placed in a letter: what it already may, the common facts, and one form's."""

    about = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Also offer the answers of this form"),
        help_text=gettext_lazy(
            "Only answers that a letter may say. Save, and they stand in the list above."
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        named = [(offer.key, offer.name) for offer in _offers() if offer.key]
        self.fields["about"].choices = [("", _("No form")), *named]
        if self.instance.pk:
            self.fields["key"].disabled = True  # buttons and packages name it

    def clean(self) -> dict:
        cleaned = super().clean()
        wanted = {"", cleaned.get("about") or ""}
        found = dict(self.instance.placeholders)
        for offer in _offers():
            if offer.key in wanted:
                found = {**offer.placeholders, **found}
        self.instance.placeholders = found
        return cleaned


class PlaceholdersPanel(Panel):
    """The list to pick from; with the script, a press puts one where the cursor is."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "cms/mail_placeholders.html"

        def get_context_data(self, parent_context: dict | None = None) -> dict:
            context = super().get_context_data(parent_context)
            own = self.instance.placeholders
            if not self.instance.pk:
                own = next((dict(o.placeholders) for o in _offers() if not o.key), {})
            context["placeholders"] = sorted(own.items())
            context["always"] = mailmarkup.ALWAYS
            return context


class MailTemplateViewSet(SnippetViewSet):
    model = MailTemplate
    icon = "mail"
    menu_label = gettext_lazy("E-mails")
    menu_name = "mail-templates"
    menu_order = 345
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = ["name", "key", "subject"]
    list_per_page = 100
    search_fields = ["name", "key", "subject"]
    search_backend_name = None
    edit_template_name = "cms/mail_edit.html"
    panels = [
        FieldPanel("name"),
        FieldPanel("key"),
        FieldPanel("subject"),
        FieldPanel("body"),
        PlaceholdersPanel(heading=gettext_lazy("What may be placed in it")),
        FieldPanel("about"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailTemplate]:
        mail.make_missing()
        return MailTemplate.objects.all()

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        handler = self.get_edit_handler()
        handler.base_form_class = MailTemplateForm
        return handler.bind_to_model(self.model).get_form_class()


class MailView(View):
    """For those who write e-mails."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class PreviewView(MailView):
    """The letter to a sample family, as HTML and as text; POST sends it to oneself."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = get_object_or_404(MailTemplate, pk=pk)
        context = {"template": template, "letter": None, "problem": ""}
        try:
            context["letter"] = mail.preview(template)
        except mailmarkup.MailMarkupError as problem:
            context["problem"] = str(problem)
        return render(request, "cms/mail_preview.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = get_object_or_404(MailTemplate, pk=pk)
        if not request.user.email:
            messages.error(request, _("Your account has no e-mail address to send it to."))
            return redirect("mail_preview", pk=pk)
        try:
            with transaction.atomic():
                mail.queue(
                    template.key,
                    to=request.user.email,
                    context=template.placeholders,
                    key=f"test-{request.user.pk}-{uuid.uuid4().hex[:16]}",
                )
        except mailmarkup.MailMarkupError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(
                request, _("A test is on its way to %(to)s.") % {"to": request.user.email}
            )
        return redirect("mail_preview", pk=pk)


def masked(address: str) -> str:
    """Enough of an address to know it again: "r…@example.org"."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…{at}{host}"


def stuck() -> QuerySet[OutboxMessage]:
    """What was given up, and what has been tried several times in vain; the newest first."""
    tried = Q(state__in=["ready", "sending"], attempts__gte=STUCK_AFTER_TRIES)
    return OutboxMessage.objects.filter(Q(state="failed") | tried).order_by("-pk")


class OutboxView(MailView):
    """What is stuck or came back; POST tries one, or all that were given up, once more."""

    def get(self, request: HttpRequest) -> HttpResponse:
        names = dict(MailTemplate.objects.values_list("key", "name"))
        rows = [
            {
                "message": message,
                "to": masked(message.to),
                "name": names.get(message.template, message.template),
                "is_given_up": message.state == OutboxMessage.State.FAILED,
            }
            for message in stuck()[:SHOWN]
        ]
        return render(request, "cms/mail_outbox.html", {"rows": rows, "backlog": mail.backlog()})

    def post(self, request: HttpRequest) -> HttpResponse:
        given_up = OutboxMessage.objects.filter(state=OutboxMessage.State.FAILED)
        chosen = request.POST.get("message", "")
        if chosen.isdigit() and len(chosen) < 18:
            given_up = given_up.filter(pk=int(chosen))
        number = 0
        for pk in list(given_up.values_list("pk", flat=True)[:SHOWN]):
            try:
                mail.send_again(pk)
            except mail.OutboxStateError:
                continue  # somebody else was quicker
            number += 1
        messages.success(request, _("%(number)s are tried again now.") % {"number": number})
        return redirect("mail_outbox")
