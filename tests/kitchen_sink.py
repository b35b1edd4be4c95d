"""A page of every type, one of them with every block in it: what the look is tested on.

`lay()` runs inside the demo hub and adds the pages below /kitchen/. A page type or block that is
added later is laid too: required fields are filled by what they are, bodies from the previews.
"""

from datetime import date, timedelta

from django.db import models
from django.utils import timezone
from wagtail.fields import RichTextField, StreamField

# The blocks look the same on every page type: one has them all, the others have some.
EVERY_BLOCK = "StandardPage"
SOME_BLOCKS = {"heading", "paragraph", "picture", "cards"}
PAST = {"starts_at", "starts_on", "published_on"}
# Not words a layout can break where it likes: what narrow screens are afraid of.
LONG = "Llanfairpwllgwyngyll-Schools-Wind-Orchestra"
MAIL = "a-long-name.of-a-department@music-service.example.org"


def page_models() -> list:
    """Every page type that an editor can make."""
    from wagtail.models import Page, get_page_models

    return [model for model in get_page_models() if model is not Page and not model._meta.abstract]


def lay() -> dict[str, str]:
    """Add a page of each type below /kitchen/ and publish it: {name of the type: address}."""
    from pages.models import HomePage, StandardPage

    _course_dates(), _closure()
    home = HomePage.objects.order_by("depth").first()
    kitchen = home.add_child(instance=StandardPage(title="Kitchen", slug="kitchen"))
    return {model.__name__: lay_one(model, kitchen).url for model in page_models()}


def lay_one(model: type, parent):
    """One published page of this type below `parent`, whatever it says about parents.

    A record has one page only, so a page over a record is one that the demo has, filled anew.
    """
    from pages.models import RecordPage

    page = model.objects.live().last() if issubclass(model, RecordPage) else model()
    for field in model._meta.get_fields():
        if _is_ours(field, model) and field.name != getattr(model, "record_field", ""):
            setattr(page, field.name, _value(field, whole=model.__name__ == EVERY_BLOCK))
    if page.pk is None:
        page.title = f"{model._meta.verbose_name} {LONG}".capitalize()
        page.slug = model.__name__.lower()
        parent.add_child(instance=page)
    if hasattr(page, "downloads"):
        page.downloads.set(_downloads(page))
    page.save_revision(clean=False).publish(skip_permission_checks=True)
    page.refresh_from_db()
    return page


def _is_ours(field, model) -> bool:
    from wagtail.models import Page

    theirs = {inherited.name for inherited in Page._meta.get_fields()}
    return (
        getattr(field, "concrete", False)
        and not field.many_to_many
        and not field.auto_created
        and field.name not in theirs
        and not field.name.endswith("_ptr")
    )


def _value(field, *, whole: bool):
    """Something this field could hold: never empty where that is possible."""
    if isinstance(field, StreamField):
        return [
            (name, block_value(name, block))
            for name, block in field.stream_block.child_blocks.items()
            if whole or field.name != "body" or name in SOME_BLOCKS
        ]
    if isinstance(field, RichTextField):
        return f"<p>Words with a <a href='/'>link</a> and {LONG}.</p><ul><li>One</li></ul>"
    if isinstance(field, models.ForeignKey):
        return field.related_model.objects.order_by("pk").first()
    if field.choices:
        return next(value for value, _label in field.flatchoices if value)
    if isinstance(field, models.DateTimeField):
        days = 20 if field.name in PAST else 21
        return timezone.now() + timedelta(days=days)
    if field.name == "repeats_until":
        return timezone.localdate() + timedelta(days=60)
    if isinstance(field, models.DateField):
        return date(2017, 3, 1) if field.name in PAST else timezone.localdate()
    if isinstance(field, models.EmailField):
        return MAIL
    if isinstance(field, models.URLField):
        return "https://www.example.org/"
    if isinstance(field, models.CharField | models.TextField):
        return f"Words of {field.name} {LONG}"[: field.max_length or 200]
    return field.get_default() if field.has_default() or field.null else 1


def block_value(name: str, block):
    """What a block says in its preview, or what this file knows for those without one."""
    return block.normalize(WRITTEN[name]()) if name in WRITTEN else block.get_preview_value()


def _course_dates() -> None:
    """Dates of the course that is shown, in every state a date can be in."""
    from cms.models import CourseDate, Place
    from pages.models import CoursePage

    course, now = CoursePage.objects.last().course, timezone.now()
    centre = CourseDate.objects.first().centre
    states = {
        "open": {},
        "few": {"capacity": 2},
        "full": {"capacity": 1},
        "soon": {"booking_opens_at": now + timedelta(days=9)},
        "closed": {"booking_closes_at": now - timedelta(days=1)},
        "cancelled": {"status": CourseDate.Status.CANCELLED},
    }
    for number, (state, facts) in enumerate(states.items()):
        starts = now + timedelta(days=40 + number)
        made = CourseDate.objects.create(
            **{
                "course": course,
                "centre": centre,
                "reference": f"kitchen-{state}",
                "starts_at": starts,
                "ends_at": starts + timedelta(hours=5),
                "capacity": 20,
                "price_pence": 3500,
                "booking_opens_at": now - timedelta(days=9),
                "booking_closes_at": now + timedelta(days=30),
            }
            | facts
        )
        if state == "full":
            Place.objects.create(
                course_date=made, holder="kitchen", state=Place.State.CONFIRMED, seat=1
            )


def _closure() -> None:
    from cms.models import CentreDate
    from pages.models import CentrePage

    today = timezone.localdate()
    CentreDate.objects.create(
        centre=CentrePage.objects.last().centre,
        kind=CentreDate.Kind.CLOSED,
        starts_on=today,
        ends_on=today,
        note=f"Snow at {LONG}",
    )


def _contact():
    from cms.models import Area
    from pages.models import ContactCard

    return ContactCard.objects.get_or_create(
        title=f"A {LONG}",
        defaults={"role": LONG, "email": MAIL, "area": Area.objects.first(), "hours": "Always"},
    )[0]


def _question():
    from pages.models import Question

    answer = f"<p>It hangs.</p><p>{LONG}</p>"
    return Question.objects.get_or_create(
        question="What does </script><script>alert(1)</script> do?", defaults={"answer": answer}
    )[0]


def _document():
    from cms.models import HubDocument

    return HubDocument.objects.first()


def _card():
    return {
        "title": f"Card {LONG}",
        "text": "Where it leads.",
        "link": {"label": "Go", "path": "/courses/"},
    }


def _theme():
    from pages.models import Theme

    return {
        "theme": Theme.objects.first(),
        "text": "<p>What it means.</p>",
        "promises": ["One", LONG],
    }


WRITTEN = {
    "card": _card,
    "theme": _theme,
    "entry": lambda: {"title": "A name", "text": f"<p>{LONG}</p>"},
    "contact_cards": lambda: {"heading": "Ask", "contacts": [_contact()]},
    "questions": lambda: {"heading": "Questions", "questions": [_question()]},
    "documents": lambda: {"heading": "Read", "entries": [{"document": _document()}]},
    "table": lambda: {
        "caption": "Six columns",
        "headings": [f"Column {number}" for number in range(6)],
        "rows": [[f"A cell with words {number}" for number in range(6)]],
        "first_column_is_heading": True,
    },
}


def _downloads(page) -> list:
    from pages.models import ToolkitDownload

    day = timezone.localdate()
    return [
        ToolkitDownload(page=page, phase=phase, document=_document(), version="1", issued_on=day)
        for phase in ("primary", "primary", "secondary")
    ]
