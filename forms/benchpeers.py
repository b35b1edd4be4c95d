"""What forms are measured beside: django-formtools' session wizard, and one bare insert.

The wizard keeps its answers in the session (in the database) and inserts one row at its end. The
plain one shows bare pages; the dressed one is what somebody would build on this hub, in the hub's
own pages of a form.
"""

from functools import cache

from django import forms
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from formtools.wizard.views import NamedUrlSessionWizardView

OPTIONS = [{"key": key, "label": key.title()} for key in ("lessons", "ensembles", "courses")]


class You(forms.Form):
    # As ours: two boxes for the name, and the address.
    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        self.fields["first-name"] = forms.CharField(max_length=120)
        self.fields["last-name"] = forms.CharField(max_length=120)
        self.fields["mail"] = forms.EmailField()


class What(forms.Form):
    interest = forms.ChoiceField(
        choices=[(option["key"], option["label"]) for option in OPTIONS], widget=forms.RadioSelect
    )
    plays = forms.ChoiceField(choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect)


class More(forms.Form):
    about = forms.CharField(widget=forms.Textarea)
    hours = forms.IntegerField()


class End(forms.Form):
    heard = forms.CharField(max_length=250)
    notes = forms.CharField(widget=forms.Textarea, required=False)


PAGE = """<!doctype html><title>Wizard</title><form method="post">{% csrf_token %}
{{ wizard.management_form }}{{ form.as_div }}<button>Continue</button></form>"""


# As the hub's own pages of a form: frame, progress, summary of errors, hints and labels of fields.
DRESSED = """{% extends "base_form.html" %}{% block title %}Wizard{% endblock %}{% block form %}
<h1>Wizard</h1><form method="post" novalidate>{% csrf_token %}{{ wizard.management_form }}
{% for field in form %}{% include "components/field.html" with field=field only %}{% endfor %}
<button class="button">Continue</button></form>{% endblock %}"""


@cache
def _page(words: str):
    return engines["django"].from_string(words)


class PlainWizard(NamedUrlSessionWizardView):
    form_list = [("you", You), ("what", What), ("more", More), ("end", End)]
    page = PAGE

    def render_to_response(self, context: dict, **kwargs: object) -> HttpResponse:
        return HttpResponse(_page(self.page).render(context, self.request))

    def done(self, form_list: list, **kwargs: object) -> HttpResponse:
        mail = self.get_cleaned_data_for_step("you")["mail"]
        insert(mail)
        return HttpResponse("Thank you")


class DressedWizard(PlainWizard):
    page = DRESSED

    def get_context_data(self, form: forms.Form, **kwargs: object) -> dict:
        numbers = {"step_number": self.steps.step1, "step_total": self.steps.count}
        return super().get_context_data(form, **kwargs) | numbers


def insert(mail: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_answer (mail) VALUES (%s)", [mail])


@csrf_exempt
def insert_one(request: HttpRequest) -> HttpResponse:
    insert(request.POST["mail"])
    return HttpResponse()


addresses = [
    path("bench/insert/", insert_one),
    path(
        "bench/wizard/<step>/",
        PlainWizard.as_view(url_name="bench_wizard", done_step_name="finished"),
        name="bench_wizard",
    ),
    path(
        "bench/dressed/<step>/",
        DressedWizard.as_view(url_name="bench_dressed", done_step_name="finished"),
        name="bench_dressed",
    ),
]
