# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's views and side panels
"""The notes on a form: a page with all threads, and the open ones beside the editor."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.ui.side_panels import BaseSidePanel

from forms import notes
from forms.models import FormNote
from forms.publishing import compiled_draft

from .drafts import DraftView


class NotesView(DraftView):
    """GET shows every thread; POST writes, answers, changes, takes back, resolves, opens, follows.

    What is posted from beside the editor is answered with the panel as it then is.
    """

    template_name = "forms/builder/notes.html"
    page_title = gettext_lazy("Notes")

    def get_context_data(self, **kwargs):
        form = compiled_draft(self.draft)
        parts = list(notes.parts_of(form))
        about = self.request.GET.get("about", "")
        return super().get_context_data(**kwargs) | {
            "threads": notes.threads_of(self.definition, form),
            "parts": parts,
            "about": about if about in dict(parts) else "",
            "follows": notes.follows(self.definition, self.request.user),
            "longest": notes.LONGEST,
        }

    def post(self, request, *args, **kwargs):
        action = request.POST.get("action", "")
        if action in ("write", "reply", "change"):
            return self.write(action)
        if action in ("resolve", "open"):
            notes.resolve(self.thread(), by=request.user if action == "resolve" else None)
        elif action == "delete":
            self.change_own(lambda note: notes.delete(note, by=request.user))
        elif action in ("follow", "unfollow"):
            notes.follow(self.definition, request.user, wanted=action == "follow")
        return self.kept()

    def kept(self, said=""):
        """Back to the page; beside the editor, the panel as it is now."""
        if self.is_beside_the_editor:
            context = {**panel_context(self.definition, self.draft), "request": self.request}
            return render(self.request, "forms/builder/_notes.html", context)
        if said:
            messages.success(self.request, said)
        return self.go(self.request.path)

    @property
    def is_beside_the_editor(self):
        return self.request.headers.get("X-Requested-With") == "fetch"

    def thread(self):
        return self.note("thread", reply_to=None)

    def note(self, field, **of):
        number = self.request.POST.get(field, "")
        pk = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
        return get_object_or_404(FormNote, pk=pk, form=self.definition, **of)

    def change_own(self, do):
        try:
            do(self.note("note"))
        except notes.NotTheirsError:
            words = _("Only your own note can be changed, and only while nobody has answered it.")
            messages.warning(self.request, words)

    def write(self, action):
        text = self.request.POST.get("text", "").replace("\0", "").strip()
        if not text or len(text) > notes.LONGEST:
            problem = _("Write the note first: up to %(n)s letters.") % {"n": notes.LONGEST}
            if self.is_beside_the_editor:
                return HttpResponse(problem, status=422, content_type="text/plain; charset=utf-8")
            return self.show(status=422, problem=problem)
        if action == "change":
            self.change_own(lambda note: notes.change(note, text, by=self.request.user))
            return self.kept()
        about = self.request.POST.get("about", "")
        known = dict(notes.parts_of(compiled_draft(self.draft)))
        thread = self.thread() if action == "reply" else None
        notes.write(
            self.definition,
            text,
            by=self.request.user,
            block_id=thread.block_id if thread else about if about in known else "",
            reply_to=thread,
        )
        return self.kept(_("Your note is kept. Those who follow the form are told."))


def panel_context(definition, draft):
    """What forms/builder/_notes.html needs: the open threads and what a note can be about."""
    form = compiled_draft(draft)
    return {
        "threads": [one for one in notes.threads_of(definition, form) if one.is_open],
        "parts": list(notes.parts_of(form)),
        "longest": notes.LONGEST,
        "url": definition.snippet_viewset.url_of("notes", definition.pk),
    }


class NotesSidePanel(BaseSidePanel):
    """The open threads, and the way to write one."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = gettext_lazy("Toggle notes")
        icon_name = "comment"

        def get_context_data(self, parent_context):
            form = self.panel.object.pk
            threads = FormNote.objects.filter(form_id=form, reply_to=None, resolved_at=None)
            return super().get_context_data(parent_context) | {
                "count": threads.count() if form else 0
            }

    name = "notes"
    title = gettext_lazy("Notes")
    template_name = "forms/builder/notes_panel.html"
    order = 400

    def get_context_data(self, parent_context):
        context = super().get_context_data(parent_context)
        if not self.object.pk:
            return context
        return context | panel_context(self.object, self.object)
