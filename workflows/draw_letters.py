"""The letter about a draw, to those who were not offered a place. Those who were have the offer."""

from django.utils.translation import gettext_noop

from cms import mail
from cms.mailmarkup import site_link

from .drawmodels import Draw
from .family import folder_link
from .models import ListEntry

mail.declare(
    "draw-result",
    name=gettext_noop("Draw: you are on the waiting list"),
    subject="The draw for {{ where }}",
    body=(
        "Dear {{ contact_name }},\n\nThank you for asking for places: {{ where }}. The order was "
        "drawn by lot, and there were not enough places for everybody. We are sorry that we cannot "
        "offer you any now.\n\nYou are number {{ place }} on the waiting list, in the order of the "
        "draw. Your reference is {{ reference }}. When places come free that are enough for you, "
        "we write to you.\n\n[See how the draw was made, and check it]({{ draw }})\n\n"
        "[See where you stand, pause or leave the list]({{ folder }})\n"
    ),
    placeholders={
        "contact_name": "Rowan Ashdown",
        "reference": "WL26-4K7P",
        "where": "Songwriter at Watford Music Centre, 26 October 2026",
        "place": "7",
        "draw": "/apply/draw/sw-watford-261026/",
        "folder": "/family/WL26-4K7P/",
    },
)


def write_result(draw: Draw, entry: ListEntry, place: int) -> None:
    """Promise the letter, once for each family."""
    mail.queue(
        "draw-result",
        to=entry.case.contact_email,
        context={
            "contact_name": entry.case.contact_name,
            "reference": entry.case.reference,
            "where": str(draw.pool),
            "place": str(place),
            "draw": site_link(f"/apply/draw/{draw.pool.course_date.reference}/"),
            "folder": folder_link(entry.case),
        },
        key=f"draw-result-{entry.pk}",
    )
