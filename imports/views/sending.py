# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""A school's own page: it sends its file through a secret link, without an account.

The link is the only right, so a wrong one is a page that does not exist. The page sets no cookie;
whoever has the link may send, so there is nothing that another site could make a visitor do.
"""

from django.http import Http404
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from cms import audit, throttle
from imports import arrivals
from imports.errors import UnreadableFile
from imports.reader import MAX_BYTES

PER_ADDRESS = 30  # looks and tries in ten minutes, so that links cannot be guessed
PER_LINK = 10  # files in an hour


@method_decorator([csrf_exempt, never_cache, sensitive_post_parameters()], name="dispatch")
class SendRoster(View):
    def dispatch(self, request, token):
        address = throttle.client_address(request)
        throttle.count("roster link", address, limit=PER_ADDRESS, seconds=600)
        self.source = arrivals.source_of_link(token)
        if self.source is None:
            raise Http404
        if request.method == "POST":
            throttle.count("roster file", token, limit=PER_LINK, seconds=3600)
        answer = super().dispatch(request, token)
        answer["Referrer-Policy"] = "no-referrer"
        answer["X-Robots-Tag"] = "noindex"
        return answer

    def show(self, request, status=200, **context):
        return render(
            request, "imports/send.html", {"source": self.source} | context, status=status
        )

    def get(self, request, token):
        return self.show(request)

    def post(self, request, token):
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + 100_000:
            return self.show(request, 413, problem=_("The file is too large."))
        upload = request.FILES.get("file")
        if upload is None:
            return self.show(request, 400, problem=_("Choose a file first."))
        try:
            run = arrivals.arrive(self.source, upload.chunks(), upload.name or "roster")
        except UnreadableFile as error:
            return self.show(request, error.status, problem=str(error))
        if run is not None:
            audit.record(None, "add", run, {"by": "link", "source": self.source.pk})
        return self.show(request, sent=True, run=run)
