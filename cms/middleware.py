"""Headers that every answer carries, and the plain pages for what no view can mend."""

import logging

from django.conf import settings
from django.db import InterfaceError, OperationalError
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
    """Permissions-Policy everywhere; a looser script policy and no-store below /admin/ only."""

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


class AdminPolicyMiddleware:
    """Sits inside the CSP middleware, so that what it asks for is still to be written."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = settings.ADMIN_CONTENT_SECURITY_POLICY
            patch_cache_control(response, private=True, no_store=True)
        return response


class PlainAnswersMiddleware:
    """Too many tries become 429, a database that does not answer becomes 503, each with a page.

    What fails outside a view (in another middleware) reaches cms.views.server_error instead.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, TooOftenError):
            return views.too_many_requests(request, exception.retry_after)
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("The database did not answer: %s", type(exception).__name__)
            return views.busy(request)
        return None
