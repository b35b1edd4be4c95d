# ruff: noqa: ANN001 - part of a Django view
"""Fewer children than before: the family says which of them does not come.

A step may be asked as often as an earlier answer says. When that number falls, nobody is left out
silently: the step asks who goes, before anything else, and nothing is deleted without an answer.
"""

from dataclasses import replace

from django.http import HttpResponse
from django.utils.translation import ngettext

from forms import journeys, pagesaving
from forms.addresses import see_other
from forms.summary import sections
from forms.walk import Walk


class AsksWhoGoes:
    """Pages of a step with more items than are wanted now. For JourneyWizard."""

    def show_surplus(self, chosen=(), problem="", status=200) -> HttpResponse:
        step = self.step
        everybody = replace(step, items=[*step.items, *step.surplus])
        parts = sections(Walk([everybody], self.seen.answers))
        name = step.repeat["item_name"]
        few = len(step.surplus)
        question = ngettext(
            "Which %(name)s shall we take out?",
            "Which %(number)s of them shall we take out?",
            few,
        ) % {"name": name, "number": few}
        context = {
            "title": step.title,
            "question": question,
            "parts": parts,
            "wanted": step.most,
            "before": len(everybody.items),
            "few": few,
            "chosen": set(chosen),
            "problem": problem,
            "errors": [{"id": "gone-1", "message": problem}] if problem else [],
            "return_to": self.back_to,
        }
        return self.answer("forms/fewer.html", context, status)

    def post_surplus(self) -> HttpResponse:
        chosen = {
            int(one)
            for one in self.request.POST.getlist("gone")
            if one.isascii() and one.isdigit() and len(one) < 4
        }
        few = len(self.step.surplus)
        if len(chosen) != few:
            problem = ngettext(
                "Choose the one to take out", "Choose %(number)s to take out", few
            ) % {"number": few}
            return self.show_surplus(chosen, problem, status=422)
        try:
            self.journey = pagesaving.drop_items(self.journey, self.step.key, chosen)
        except (journeys.NoSuchPageError, journeys.AlreadySubmittedError):
            self.journey.refresh_from_db()
            return see_other(self.home())
        self.number = None
        return see_other(self.following())
