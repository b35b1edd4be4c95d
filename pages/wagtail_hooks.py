"""What the public site adds to the Wagtail admin. Registration only."""

from wagtail.snippets.models import register_snippet

from .viewsets import OnceGroup

register_snippet(OnceGroup)
