"""The screen of one newsletter issue: the letter as it will be, a test, the sending, how it goes.

No address is shown: those that could not be reached are masked. Somebody who asks by telephone to
be left out is found by the whole address only.
"""

import uuid
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms import audit, mail
from cms.mailadmin import masked, stuck
from cms.models import Job
from pages import sending, subscribing
from pages.letters import compose, shown
from pages.models import NewsletterIssuePage, NewsletterSending, Subscriber
from pages.models.newsletter import Audience
from pages.models.starters import starter_path

MAY = "pages.send_newsletter"
SHOWN = 50


def for_senders(view: Callable) -> Callable:
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm(MAY):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@require_safe
@for_senders
def newsletters(request: HttpRequest) -> HttpResponse:
    """Every issue and how it was sent, and how many people there are for each audience."""
    issues = NewsletterIssuePage.objects.exclude(path__startswith=starter_path())
    issues = issues.select_related("sending__job").order_by("-published_on")
    return render(
        request,
        "pages/desks/newsletters.html",
        {
            "issues": [(issue, _progress(issue)) for issue in issues[:SHOWN]],
            "audiences": [
                (choice.label, Subscriber.objects.wanting(choice.value).count())
                for choice in Audience
            ],
            "unconfirmed": Subscriber.objects.filter(confirmed_at=None).count(),
            "may_remove": _may_remove(request),
        },
    )


def _progress(issue: NewsletterIssuePage) -> sending.Progress | None:
    run = getattr(issue, "sending", None)
    return sending.progress_of(run) if run else None


def _may_remove(request: HttpRequest) -> bool:
    return request.user.has_perm("pages.delete_subscriber")


@require_http_methods(["GET", "HEAD", "POST"])
@for_senders
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows the letter; POST `do`: test, send, stop or again."""
    page = get_object_or_404(NewsletterIssuePage, pk=pk)
    if request.method == "POST":
        does = {"test": _test, "send": _send, "stop": _stop, "again": _again}
        does.get(request.POST.get("do", ""), _nothing)(request, page)
        return redirect("newsletter_issue", pk=pk)
    run = NewsletterSending.objects.filter(issue=page).select_related("job", "started_by").first()
    letter = (
        compose(draft_of(page)) if run is None else mail.Letter(run.subject, run.text, run.html)
    )
    context = {
        "issue": page,
        "letter": shown(letter),
        "run": run,
        "recipients": Subscriber.objects.wanting(page.audience).count(),
        "is_ready": page.live and not page.has_unpublished_changes,
        "asks": request.GET.get("send") == "1",
    }
    if run:
        failed = stuck().filter(pk__in=sending.messages_of(run).values("pk"))
        context |= {
            "progress": sending.progress_of(run),
            "failed": [(masked(one.to), one) for one in failed[:SHOWN]],
            "can_go_on": run.job and run.job.state == Job.State.FAILED,
        }
    return render(request, "pages/desks/newsletter_issue.html", context)


def draft_of(page: NewsletterIssuePage) -> NewsletterIssuePage:
    """The issue as its editors see it."""
    return page.get_latest_revision_as_object() if page.has_unpublished_changes else page


def _nothing(_request: HttpRequest, _page: NewsletterIssuePage) -> None:
    pass


def _test(request: HttpRequest, page: NewsletterIssuePage) -> None:
    if not request.user.email:
        messages.error(request, _("Your account has no e-mail address to send it to."))
        return
    with transaction.atomic():
        key = f"newsletter-test-{request.user.pk}-{uuid.uuid4().hex[:16]}"
        letter = shown(compose(draft_of(page)))
        mail.post(letter, to=request.user.email, key=key, template="newsletter")
    to = {"to": request.user.email}
    messages.success(request, _("A test of the newest draft is on its way to %(to)s.") % to)


def _send(request: HttpRequest, page: NewsletterIssuePage) -> None:
    said = request.POST.get("recipients", "")
    try:
        expected = int(said) if said.isdigit() and len(said) < 10 else -1
        sending.start(page.pk, by=request.user, expected=expected)
    except sending.CannotSendError as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _("The issue is being sent. You may close this page."))


def _stop(request: HttpRequest, page: NewsletterIssuePage) -> None:
    run = NewsletterSending.objects.filter(issue=page).select_related("job").first()
    if run:
        sending.stop(run)
        messages.success(request, _("It is sent to nobody else. What was sent cannot be recalled."))


def _again(request: HttpRequest, page: NewsletterIssuePage) -> None:
    run = NewsletterSending.objects.filter(issue=page).select_related("job").first()
    if run:
        sending.go_on(run)
        for message in sending.messages_of(run).filter(state=sending.State.FAILED):
            mail.send_again(message.pk)
        messages.success(request, _("Those that were given up are tried again now."))


@require_POST
@for_senders
def remove(request: HttpRequest) -> HttpResponse:
    """Take one address off the list, because its owner asked us to."""
    reached = Subscriber.objects.for_user(request.user, "delete")
    subscriber = reached.filter(email__iexact=request.POST.get("email", "").strip()).first()
    if subscriber is None:
        messages.warning(request, _("That address is not on the list. Is it written like that?"))
    else:
        with transaction.atomic():
            subscribing.leave(subscriber)
            audit.record(request.user, "delete", subscriber)
        messages.success(request, _("The address is deleted. Nothing more is sent to it."))
    return redirect("newsletters")
