"""The screens of answers: which forms, the list of one, one submission, its columns, its files.

Parse, check the permission, call one function, answer. A row or a file that is somebody else's is
a 404, like one that does not exist. Every look and every file is written to the access log.
"""

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View
from wagtail.admin import messages

from cms import audit, exports
from cms.models import Job
from cms.roles import restricted_fields_of
from forms.answers import export as exporting
from forms.answers.listing import Answers, Filters, forms_with_answers
from forms.answers.withheld import OPEN, withheld
from forms.models import AnswerExport, FormDefinition, Submission
from workflows.hiding import hidden_from, mask_for
from workflows.models import Case


class AnswersView(View):
    """Only for those whose role lists submissions."""

    def dispatch(self, request, *args, **kwargs):
        if not request.user.has_perm("hub_forms.list_submission"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def answers(self, slug):
        try:
            return Answers(self.request.user, slug)
        except FormDefinition.DoesNotExist:
            raise Http404 from None


def breadcrumbs(*trail):
    start = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("answers:forms"), "label": _("Answers")},
    ]
    return [*start, *trail]


def crumb(form):
    return {"url": reverse("answers:list", args=[form.slug]), "label": form.title}


class FormsView(AnswersView):
    """The forms that sent in something this person may see."""

    def get(self, request):
        found = forms_with_answers(request.user)
        context = {"forms": found, "breadcrumbs_items": breadcrumbs()}
        return render(request, "forms/answers/forms.html", context)


class ListView(AnswersView):
    def get(self, request, slug):
        answers, filters = self.answers(slug), Filters.read(request.GET)
        readable = restricted_fields_of(request.user)
        columns = answers.columns(readable)
        page = answers.page(filters)
        number, is_more = answers.count(filters, page)
        stages = answers.stages()
        names = dict(stages)
        audit.record(
            request.user,
            "list",
            Submission,
            {
                "form": slug,
                "rows": len(page.rows),
                "filtered": filters.names,
                "searched": bool(filters.search),
                "restricted": sorted({column.group for column in columns if column.group}),
            },
        )
        shown = {column.id for column in columns}
        hidden = withheld(request.user, page.rows)
        context = {
            "form": answers.form,
            "filters": filters,
            "columns": columns,
            "rows": [
                {
                    "submission": row,
                    "stage": names.get(row.stage_key, row.stage_key),
                    "cells": [
                        hidden.get(row.reference, OPEN).cell(
                            column.key, answers.table.cell(row, column), instead=_("Not shown")
                        )
                        for column in columns
                    ],
                }
                for row in page.rows
            ],
            "page": page,
            "number": number,
            "is_more": is_more,
            "versions": answers.versions,
            "stages": stages,
            "choices": [
                (column, filters.answers.get(column.id, "")) for column in answers.choices()
            ],
            "all_columns": [
                (column, column.id in shown) for column in answers.table.readable(readable)
            ],
            "may_export": exporting.may_export(request.user),
            "breadcrumbs_items": breadcrumbs(crumb(answers.form)),
        }
        return render(request, "forms/answers/list.html", context)


class ColumnsView(AnswersView):
    """Which questions this person sees in the list of this form, from now on."""

    http_method_names = ("post",)

    def post(self, request, slug):
        answers = self.answers(slug)
        chosen = answers.choose_columns(
            request.POST.getlist("column"), restricted_fields_of(request.user)
        )
        messages.success(
            request, _("The list shows these %(number)s columns now.") % {"number": len(chosen)}
        )
        back = Filters.read({name: request.POST[name] for name in request.POST}).query
        return redirect(f"{reverse('answers:list', args=[slug])}?{back}")


class OneView(AnswersView):
    """Everything that was sent, as far as this person may read it."""

    def get(self, request, slug, pk):
        rows = Submission.objects.for_user(request.user, "inspect")
        submission = get_object_or_404(
            rows.select_related("version__form", "offering__centre"),
            pk=pk,
            version__form__slug=slug,
        )
        readable = restricted_fields_of(request.user)
        about = Case.objects.filter(reference=submission.reference).first()
        keys = hidden_from(about, request.user) if about else frozenset()
        mask = mask_for(about, keys)
        sections = [
            part
            | {
                "hidden": bool(part.get("group")) and part["group"] not in readable,
                "rows": [
                    row | {"lines": [mask(line) for line in row["lines"]]}
                    for row in part["rows"]
                    if row.get("key") not in keys
                ],
            }
            for part in submission.case_sections() or []
        ]
        shown = {part["group"] for part in sections if part.get("group") and not part["hidden"]}
        audit.record(request.user, "inspect", submission, {"restricted": sorted(shown)})
        case = Case.objects.for_user(request.user).filter(reference=submission.reference).first()
        context = {
            "submission": submission,
            "sections": sections,
            "is_withheld": bool(keys),
            "case": case,
            "breadcrumbs_items": breadcrumbs(
                crumb(submission.version.form), {"url": "", "label": submission.reference}
            ),
        }
        return render(request, "forms/answers/one.html", context)


class ExportForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("xlsx", "Excel (XLSX)"), ("csv", "CSV")],
        widget=forms.RadioSelect,
        initial="xlsx",
    )
    rows_of = forms.ChoiceField(
        label=gettext_lazy("One row for each"), required=False, widget=forms.RadioSelect
    )
    headings = forms.ChoiceField(
        label=gettext_lazy("Headings"),
        choices=[
            (exporting.WORDS, gettext_lazy("The questions’ present words")),
            (exporting.KEYS, gettext_lazy("Short names that never change, for other programs")),
        ],
        widget=forms.RadioSelect,
        initial=exporting.WORDS,
    )
    reason = forms.CharField(
        label=gettext_lazy("What is it for?"),
        max_length=200,
        min_length=5,
        help_text=gettext_lazy(
            "Kept in the access log with your name. Do not write the name of a child here."
        ),
    )

    def __init__(self, *args, repeats, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["rows_of"].choices = [
            ("", _("Application")),
            *((step, capfirst(name)) for step, name in repeats.items()),
        ]
        self.fields["rows_of"].initial = ""
        if not repeats:
            del self.fields["rows_of"]


class ExportView(AnswersView):
    """Asks what the file is for, notes it, gives it: at once, or when it is made."""

    def dispatch(self, request, *args, **kwargs):
        if not exporting.may_export(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, slug):
        answers = self.answers(slug)
        return self.ask(answers, ExportForm(repeats=answers.table.repeats))

    def ask(self, answers, form, status=200):
        filters = Filters.read(self.request.GET)
        return render(
            self.request,
            "forms/answers/export.html",
            {
                "form": form,
                "definition": answers.form,
                "number": answers.rows(filters, "export").order_by().count(),
                "is_filtered": bool(filters.chosen()),
                "left_out": len(answers.table.columns) - len(answers.table.exported()),
                "earlier": AnswerExport.objects.filter(
                    user=self.request.user, form=answers.form, expires_at__gt=timezone.now()
                ).order_by("-pk"),
                "breadcrumbs_items": breadcrumbs(
                    crumb(answers.form), {"url": "", "label": _("Export")}
                ),
            },
            status=status,
        )

    def post(self, request, slug):
        answers = self.answers(slug)
        form = ExportForm(request.POST, repeats=answers.table.repeats)
        if not form.is_valid():
            return self.ask(answers, form, 422)
        said, chosen = form.cleaned_data, Filters.read(request.GET).chosen()
        filters = Filters.read(chosen)
        how = {"kind": said["kind"], "rows_of": said.get("rows_of") or "", "how": said["headings"]}
        number = answers.rows(filters, "export").order_by().count()
        detail = {"form": slug, "rows": number, "reason": said["reason"], "format": said["kind"]}
        detail |= {"filtered": filters.names, "rows of": how["rows_of"]}
        if number <= exporting.AT_ONCE:
            file = exporting.table_at_once(answers, filters, **how)
            audit.record(request.user, "export", Submission, detail)
            return _sent(file, slug, said["kind"])
        with transaction.atomic():
            export = exporting.ask(
                request.user, answers.form, filters, reason=said["reason"], rows=number, **how
            )
            audit.record(request.user, "export", Submission, detail)
        return redirect("answers:file", slug=slug, token=export.token)


class FileView(AnswersView):
    """How far a file is; then the file, for the person who asked and still may."""

    def export(self, slug, token):
        if not exporting.may_export(self.request.user):
            raise Http404
        return get_object_or_404(
            AnswerExport.objects.select_related("form"),
            user=self.request.user,
            form__slug=slug,
            token=token,
            expires_at__gt=timezone.now(),
        )

    def get(self, request, slug, token):
        export = self.export(slug, token)
        job = Job.objects.filter(key=exporting.job_key(export)).first()
        context = {
            "export": export,
            "job": job,
            "is_over": job is not None and job.state in (Job.State.FAILED, Job.State.CANCELLED),
            "breadcrumbs_items": breadcrumbs(
                crumb(export.form), {"url": "", "label": _("Your file")}
            ),
        }
        response = render(request, "forms/answers/file.html", context)
        if not export.done_at and not context["is_over"]:
            response["Refresh"] = "3"
        return response

    def post(self, request, slug, token):
        export = self.export(slug, token)
        if not export.done_at:
            return redirect("answers:file", slug=slug, token=token)
        audit.record(request.user, "download", export, {"form": slug, "rows": export.rows})
        return _sent(export.file.open("rb"), slug, export.kind)


def _sent(file, slug, kind) -> HttpResponse:
    response = FileResponse(
        file,
        as_attachment=True,
        filename=f"{slug}-{timezone.localdate():%Y-%m-%d}.{kind}",
        content_type=exports.CONTENT_TYPES[kind],
    )
    response["Cache-Control"] = "private, no-store"
    return response
