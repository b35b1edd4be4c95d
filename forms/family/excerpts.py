"""What an applicant prepares for an audition, by the mailed link that is the application's own."""

import mimetypes

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.downloads import as_download
from forms.doors import private
from workflows.seasons.inviting import NoSuchExcerptError, excerpt_of


@private
@require_safe
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The document, as a download. The link is the proof, and says nothing of anybody."""
    try:
        document = excerpt_of(token)
    except NoSuchExcerptError:
        raise Http404(_("There is no such page.")) from None
    kind = mimetypes.guess_type(document.filename)[0] or "application/octet-stream"
    return as_download(document.file.open("rb"), name=document.filename, content_type=kind)
