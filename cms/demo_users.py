"""The staff of the demo hub: one invented person for each login that the README names.

Only for a demo: every account has the same password, and nothing but the demo makes them.
"""

from django.db import transaction

from .models import MusicCentre, User
from .roles import grant

HUB, AREA, CENTRE = "hub", "area", "centre"

# user name: first name, last name, role (None: superuser), for which part of the hub
PEOPLE: dict[str, tuple[str, str, str | None, str]] = {
    "admin": ("Alex", "Administrator", None, HUB),
    "comms": ("Cora", "Writer", "comms_editor", HUB),
    "comms-lead": ("Corin", "Publisher", "comms_lead", HUB),
    "bookings": ("Bo", "Bookings", "bookings", HUB),
    "finance": ("Fay", "Finance", "finance", HUB),
    "remission": ("Remy", "Remission", "remission_officer", HUB),
    "course-lead": ("Cleo", "Courselead", "course_leader", HUB),
    "ensembles": ("Enid", "Ensembles", "ensembles_manager", HUB),
    "panel-1": ("Pat", "Panellist", "panellist", HUB),
    "panel-2": ("Pia", "Panellist", "panellist", HUB),
    "hub-manager": ("Hana", "Hubmanager", "hub_manager", HUB),
    "roster-admin": ("Rory", "Roster", "roster_admin", HUB),
    "safeguarding": ("Saff", "Guarding", "safeguarding_lead", HUB),
    "therapist": ("Thea", "Therapist", "therapist", HUB),
    "board-member": ("Bea", "Boardmember", "board_member", HUB),
    "office-west": ("Olive", "Office", "centre_admin", AREA),
    "centre-west": ("Wes", "Centre", "centre_admin", CENTRE),
}


def demo_logins(password: str, *, centre: MusicCentre | None = None) -> dict[str, User]:
    """Make or put right every demo account; `password` becomes the password of each.

    `centre` is the one that `centre-west` looks after: by default the first, by name, of the area
    called West, or the first there is; `office-west` has its whole area. Twice is once. Returns
    the accounts by user name.
    """
    centre = (
        centre
        or MusicCentre.objects.filter(area__slug__startswith="west").order_by("name").first()
        or MusicCentre.objects.order_by("name").first()
    )
    accounts = {}
    with transaction.atomic():
        for username, (first, last, role, part) in PEOPLE.items():
            user, _created = User.objects.get_or_create(username=username)
            user.first_name, user.last_name = first, last
            user.email = f"{username}@example.org"
            user.is_active = user.password_alone = True
            user.is_superuser = user.is_staff = role is None
            if not user.check_password(password):
                user.set_password(password)
            user.save()
            if role and part == HUB:
                grant(user, role)
            elif role and centre:
                where = {CENTRE: {"centre": centre}, AREA: {"area": centre.area}}
                grant(user, role, **where[part])
            accounts[username] = user
    return accounts
