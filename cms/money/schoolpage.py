"""The one page that a school opens by its link: is it true of this child? Yes or no, once.

Opening it changes nothing (mail programs open links by themselves). An old link, a used one and a
guess get the same page.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from cms import audit, throttle

from . import help as helping
from .views import private

TRIES, TRY_SECONDS = 60, 3600


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The question, and after the answer the thanks."""
    address = throttle.client_address(request)
    throttle.count("help-school", address, limit=TRIES, seconds=TRY_SECONDS)
    claim = helping.of_token(token)
    if claim is None:
        return render(request, "cms/pay/school_gone.html", status=404)
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        if helping.school_says(token, answer):
            audit.record(None, "sign", claim, {"school": answer})
            return render(request, "cms/pay/school_thanks.html")
        errors = [{"id": "id_answer", "message": "Select yes or no"}]
        return _question(request, claim, errors=errors, status=422)
    return _question(request, claim)


def _question(
    request: HttpRequest, claim: helping.HelpClaim, *, status: int = 200, **more: object
) -> HttpResponse:
    names = [name for _key, tell in helping.children.items() for name in tell(claim.account)]
    audit.record(None, "inspect", claim, {"by": "school"})
    context = {"claim": claim, "names": names, **more}
    return render(request, "cms/pay/school.html", context, status=status)
