# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's views
"""Sample families in the admin: see which ways they try, fill them in, make one with one click.

A family that is being filled in waits in the session of whoever fills it in; the draft of the form
changes once, when it is kept.
"""

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from wagtail.admin import messages

from forms import families
from forms.coverage import MOST_LIVE, survey
from forms.letters_of import letters_of
from forms.publishing import compiled_draft
from forms.samples import outcome_of, run_samples, walk_sample, with_expectations
from forms.summary import sections

from .drafts import DraftView

LONGEST = 120


class FamilyPage(DraftView):
    """What both pages know."""

    @property
    def form(self):
        if not hasattr(self, "_form"):
            self._form = compiled_draft(self.draft)
        return self._form

    @property
    def workflow(self):
        return letters_of(self.draft.workflow_slug)[1]

    @property
    def samples(self):
        return [dict(sample) for sample in self.draft.samples or []]

    @property
    def session_key(self):
        return f"form-sample-{self.definition.pk}"

    def known_id(self, sample):
        return sample.get("id") or sample["name"]


class FamiliesView(FamilyPage):
    """All families of a form, and the ways that none of them tries."""

    template_name = "forms/builder/families.html"
    page_title = _("Sample families")

    def get_context_data(self, **kwargs):
        found = survey(self.form, self.samples)
        titles = {step["key"]: step["title"] for step in self.form["steps"]}
        rows = [self._row(sample, found, titles) for sample in self.samples]
        ways = [
            {
                "name": families.name_of_way(way),
                "words": families.words_of_way(self.form, way),
                "steps": [titles[key] for key in way.steps],
                "questions": len(way.questions),
            }
            for way in found.untested
        ]
        return super().get_context_data(**kwargs) | {
            "survey": found,
            "rows": rows,
            "untested": ways,
            "more_untested": found.untested_count - len(ways),
        }

    def _row(self, sample, found, titles):
        outcome = outcome_of(self.form, sample, workflow=self.workflow)
        return {
            "id": self.known_id(sample),
            "name": sample["name"],
            "outcome": outcome,
            "misses": [step["title"] for step in found.misses[sample["name"]]],
            "steps": [titles.get(key, key) for key in outcome.steps],
            "findings": run_samples(self.form, [sample], workflow=self.workflow),
        }

    def post(self, request, *args, **kwargs):
        action, name = request.POST.get("action"), request.POST.get("name", "")
        self.check_lock()
        if action == "new":
            request.session[self.session_key] = families.new_sample("")
            return self.go(self.address("family", self.definition.pk))
        if action == "way":
            self._from_way(name)
        elif action in ("edit", "copy", "delete", "meant"):
            at = next((i for i, one in enumerate(self.samples) if self.known_id(one) == name), None)
            if at is None:
                raise Http404
            return getattr(self, f"_{action}")(at)
        return self.go(request.path)

    def _from_way(self, name):
        found = survey(self.form, self.samples, limit=MOST_LIVE)
        way = next((one for one in found.untested if families.name_of_way(one) == name), None)
        if way is None:
            messages.warning(self.request, _("A sample family goes that way already."))
            return
        made = families.sample_of_way(self.form, way, {one["name"] for one in self.samples})
        [made] = with_expectations(self.form, [made], workflow=self.workflow)
        said = _("“%(name)s” is kept with the form.") % {"name": made["name"]}
        self.keep_samples([*self.samples, made], said)

    def _edit(self, at):
        self.request.session[self.session_key] = {"id": "", **self.samples[at], "at": at}
        return self.go(self.address("family", self.definition.pk))

    def _copy(self, at):
        copy = families.new_sample("", dict(self.samples[at]["answers"]))
        self.request.session[self.session_key] = copy
        return self.go(self.address("family", self.definition.pk))

    def _delete(self, at):
        samples = self.samples
        gone = samples.pop(at)
        self.keep_samples(samples, _("“%(name)s” was deleted.") % {"name": gone["name"]})
        return self.go(self.request.path)

    def _meant(self, at):
        samples = self.samples
        samples[at : at + 1] = with_expectations(self.form, [samples[at]], workflow=self.workflow)
        said = _("“%(name)s” now expects what it meets.") % {"name": samples[at]["name"]}
        self.keep_samples(samples, said)
        return self.go(self.request.path)


class FamilyView(FamilyPage):
    """One family, filled in page by page as a real one would; the last page keeps it."""

    template_name = "forms/builder/family.html"
    page_title = _("Sample family")

    def dispatch(self, request, *args, **kwargs):
        self.sample = request.session.get(self.session_key)
        if self.sample is None:
            return self.go(self.address("families", self.definition.pk))
        self.seen = walk_sample(self.form, self.sample)
        return super().dispatch(request, *args, **kwargs)

    def page(self):
        """The step and item of this address; None for the last page."""
        wanted = self.request.GET.get("step")
        if wanted == "end":
            return None
        if wanted in self.seen and self.seen[wanted].kind == "questions":
            number = self.request.GET.get("item", "")
            step = self.seen[wanted]
            if not step.repeat:
                return step, None
            least = len(step.items) + 1
            return step, min(int(number), least) if number.isdigit() and int(number) else None
        found = families.next_page(self.seen, self.sample["answers"])
        return (self.seen[found[0]], found[1]) if found else None

    def get(self, request, *args, **kwargs):
        found = self.page()
        return self.show_page(*found) if found else self.show()

    def post(self, request, *args, **kwargs):
        found = self.page()
        if found is None:
            return self.keep()
        step, number = found
        if step.repeat and number is None:
            return self.post_items(step)
        form = families.page_form(self.form, self.sample, step, number, request.POST)
        if not form.is_valid():
            return self.show_page(step, number, form, status=422)
        self.remember(families.with_page(self.sample, step, number, form.answers()))
        if "later" in request.POST:
            return self.go("?step=end")
        if step.repeat and self.seen[step.key].least != self.seen[step.key].most:
            return self.go(f"?step={step.key}")
        return self.go_on(step.key)

    def post_items(self, step):
        gone = self.request.POST.get("remove", "")
        if gone.isdigit():
            self.remember(families.without_item(self.sample, step.key, int(gone)))
            return self.go(f"?step={step.key}")
        if step.key not in self.sample["answers"]:
            self.remember(families.without_item(self.sample, step.key, 0))
        return self.go_on(step.key)

    def go_on(self, after):
        found = families.next_page(self.seen, self.sample["answers"], after)
        if found is None:
            return self.go("?step=end")
        key, number = found
        return self.go(f"?step={key}" + (f"&item={number}" if number else ""))

    def remember(self, sample):
        self.sample = sample
        self.request.session[self.session_key] = sample
        self.seen = walk_sample(self.form, sample)

    def show_page(self, step, number, form=None, status=200):
        common = {
            "form_title": self.draft.title,
            "family": self.sample["name"],
            "step": step.step,
            "families_url": self.address("families", self.definition.pk),
            "step_number": [one.key for one in self.seen.steps].index(step.key) + 1,
            "step_total": len(self.seen.steps),
        }
        if step.repeat and number is None:
            parts = [part for part in sections(self.seen) if part["key"] == step.key]
            context = {"title": step.title, "items": parts, "next": len(step.items) + 1}
            context |= {"item_name": step.repeat["item_name"], "most": step.most}
            return render(self.request, "forms/builder/family_items.html", common | context)
        form = form or families.page_form(self.form, self.sample, step, number)
        rows = form.rows
        title = step.title
        if step.repeat:
            title = f"{title}: {step.repeat['item_name']} {number}"
        context = {
            "form": form,
            "rows": rows,
            "errors": form.error_list if form.is_bound else [],
            "title": title,
            "item": number,
            "is_one_question": form.is_one_question,
        }
        return render(
            self.request, "forms/builder/family_step.html", common | context, status=status
        )

    def get_context_data(self, **kwargs):
        answers = families.visible_answers(self.form, self.sample)
        sample = self.sample | {"answers": answers}
        titles = {step["key"]: step["title"] for step in self.form["steps"]}
        outcome = outcome_of(self.form, sample, workflow=self.workflow)
        return super().get_context_data(**kwargs) | {
            "sample": sample,
            "outcome": outcome,
            "steps": [(key, titles.get(key, key)) for key in outcome.steps],
            "families_url": self.address("families", self.definition.pk),
            "findings": run_samples(self.form, [sample], workflow=self.workflow),
        }

    def keep(self):
        name = " ".join(self.request.POST.get("name", "").split())[:LONGEST]
        at, samples = self.sample.get("at"), self.samples
        others = {one["name"] for index, one in enumerate(samples) if index != at}
        if not name or name in others:
            problem = (
                _("Another family has this name. Choose another.")
                if name
                else _("Enter a name that says what is special about this family.")
            )
            return self.show(status=422, problem=problem, typed=name)
        answers = families.visible_answers(self.form, self.sample)
        made = {key: value for key, value in self.sample.items() if key != "at" and value != ""}
        [made] = with_expectations(
            self.form, [made | {"name": name, "answers": answers}], workflow=self.workflow
        )
        if at is not None and at < len(samples):
            samples[at] = made
        else:
            samples.append(made)
        self.keep_samples(samples, _("“%(name)s” is kept with the form.") % {"name": name})
        del self.request.session[self.session_key]
        return self.go(self.address("families", self.definition.pk))
