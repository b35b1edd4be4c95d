# ruff: noqa: ANN001, ANN201 - the signatures are those of Django views
"""What is kept for how long: what goes next, what is held back, and what went each night.

The list asks forms.due, as the nightly job does. Holding a submission back is a permission of its
own, for an incident that is being looked into; it is logged, with the reason.
"""

from datetime import timedelta
from itertools import islice

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from cms import audit
from forms.answers.views import AnswersView, breadcrumbs
from forms.due import ANSWERS, HELD, OPEN_CASE, everything_due
from forms.keeping import ANONYMISE, COMPLETED, DELETE, UNFINISHED, UNSUCCESSFUL
from forms.models import ForgottenCount, Submission

AHEAD = (0, 7, 30, 90)
SHOWN = 200
NIGHTS = 60

OUTCOMES = {
    UNFINISHED: gettext_lazy("Never sent in"),
    UNSUCCESSFUL: gettext_lazy("Declined, cancelled or withdrawn"),
    COMPLETED: gettext_lazy("Completed"),
}
DONE = {
    DELETE: gettext_lazy("Deleted"),
    ANONYMISE: gettext_lazy("Made anonymous"),
    ANSWERS: gettext_lazy("Some answers deleted"),
}
WILL_BE = {
    DELETE: gettext_lazy("Will be deleted"),
    ANONYMISE: gettext_lazy("Will be made anonymous"),
    ANSWERS: gettext_lazy("Some answers will be deleted"),
}
WHY = {
    OPEN_CASE: gettext_lazy("Its case is still open."),
    HELD: gettext_lazy("Held back:"),
}


class KeepingView(AnswersView):
    """A rehearsal of the coming nights, and a report of the past ones. Changes nothing."""

    def get(self, request):
        asked = request.GET.get("days", "")
        days = int(asked) if asked.isascii() and asked.isdigit() and int(asked) in AHEAD else 0
        rows = Submission.objects.for_user(request.user, "list")
        by = timezone.now() + timedelta(days=days)
        found = list(islice(everything_due(rows, by=by), SHOWN + 1))
        audit.record(
            request.user, "list", Submission, {"rows": len(found), "filtered": ["retention"]}
        )
        may_hold = set(
            Submission.objects.for_user(request.user, "hold")
            .filter(pk__in=[item.submission.pk for item in found])
            .values_list("pk", flat=True)
        )
        since = timezone.localdate() - timedelta(days=NIGHTS)
        context = {
            "days": days,
            "ahead": AHEAD,
            "is_more": len(found) > SHOWN,
            "rows": [
                {
                    "item": item,
                    "outcome": OUTCOMES[item.outcome],
                    "what": WILL_BE[item.then],
                    "why": WHY.get(item.held, ""),
                    "may_hold": item.submission.pk in may_hold,
                }
                for item in found[:SHOWN]
            ],
            "nights": [
                {"row": row, "outcome": OUTCOMES[row.outcome], "what": DONE[row.then]}
                for row in ForgottenCount.objects.filter(day__gte=since).select_related("form")
            ],
            "breadcrumbs_items": breadcrumbs({"url": "", "label": _("How long it is kept")}),
        }
        return render(request, "forms/answers/keeping.html", context)


class HoldView(AnswersView):
    """Hold a submission back, or let go of it again."""

    http_method_names = ("post",)

    def post(self, request, pk):
        if not request.user.has_perm("hub_forms.hold_submission"):
            raise PermissionDenied
        reason = " ".join(request.POST.get("reason", "").split())[:200]
        letting_go = "let_go" in request.POST
        back = redirect(f"{reverse('answers:keeping')}?days={request.POST.get('days', '0')[:3]}")
        with transaction.atomic():
            reached = Submission.objects.for_user(request.user, "hold").filter(pk=pk)
            rows = Submission.objects.select_for_update(of=("self",))
            row = get_object_or_404(rows, pk__in=reached.order_by().values("pk"))
            if not letting_go and len(reason) < 5:
                messages.error(request, _("Say in a few words why it has to be kept."))
                return back
            row.hold_reason = "" if letting_go else reason
            row.save(update_fields=["hold_reason"])
            audit.record(request.user, "release" if letting_go else "hold", row, {"reason": reason})
        if letting_go:
            messages.success(
                request, _("%(reference)s is no longer held back.") % {"reference": row}
            )
        else:
            messages.success(request, _("%(reference)s is held back now.") % {"reference": row})
        return back
