"""Headers that every answer carries, and the plain pages for what no view can mend."""

import logging

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.utils.cache import patch_cache_control

from cms import views
from cms.throttle import TooOftenError

log = logging.getLogger(__name__)


class NoNulMiddleware:
    """No address or query holds a NUL: PostgreSQL would refuse to compare it, SQLite would not.

    Fields of forms refuse it by themselves. An address with one is not an address of ours.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or "\0" in query:
            request.META["QUERY_STRING"] = query.replace("%00", "").replace("\0", "")
        if "\0" in request.path_info:
            return views.page_not_found(request, None)
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """Permissions-Policy on every answer."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.permissions_policy = ", ".join(
            f"{feature}=({' '.join(allowed)})"
            for feature, allowed in settings.PERMISSIONS_POLICY.items()
        )

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.permissions_policy)
        return response


OURS = ("cms.", "forms.", "imports.", "pages.", "workflows.")


def is_desk(request):
    """Whether a page of the admin is all our own, built on none of Wagtail's views."""
    match = request.resolver_match
    if match is None:
        return False
    view = getattr(match.func, "view_class", match.func)
    module = f"{view.__module__}."
    if not module.startswith(OURS) or module.startswith(settings.EDITOR_MODULES):
        return False
    return not any(one.__module__.startswith("wagtail") for one in getattr(view, "__mro__", ()))


class PolicyMiddleware(CSPMiddleware):
    """The policy that settings say, put together once; anew for an answer that asks for another."""

    def __init__(self, get_response):
        super().__init__(get_response)
        self.usual = build_policy()

    def process_response(self, request, response):
        asks = any(name.startswith("_csp_") for name in (*vars(response), *vars(request)))
        if asks:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.usual)
        return response


class AdminPolicyMiddleware:
    """The strict policy for desks, a looser one for Wagtail's editor; no-store for both.

    Sits inside the CSP middleware, so that what it asks for is still to be written.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = (
                settings.DESK_CONTENT_SECURITY_POLICY
                if is_desk(request)
                else settings.ADMIN_CONTENT_SECURITY_POLICY
            )
            patch_cache_control(response, private=True, no_store=True)
        return response


class PlainAnswersMiddleware:
    """Too many tries become 429, a database, disk or file store that fails 503, each with a page.

    What fails outside a view (in another middleware) reaches cms.views.server_error instead.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, TooOftenError):
            return views.too_many_requests(request, exception.retry_after)
        if views.is_outage(exception):
            log.error("Database or files did not answer: %s", type(exception).__name__)
            return views.busy(request)
        return None
