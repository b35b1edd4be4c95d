"""The staff of the demo hub: one invented person for each login that the README names.

Only for a demo: every account has the same password, and nothing but the demo makes them.
"""

from django.db import transaction

from .models import MusicCentre, User
from .roles import grant

# user name: first name, last name, role (None: superuser), one centre only
PEOPLE: dict[str, tuple[str, str, str | None, bool]] = {
    "admin": ("Alex", "Administrator", None, False),
    "comms": ("Cora", "Writer", "comms_editor", False),
    "comms-lead": ("Corin", "Publisher", "comms_lead", False),
    "bookings": ("Bo", "Bookings", "bookings", False),
    "finance": ("Fay", "Finance", "finance", False),
    "remission": ("Remy", "Remission", "remission_officer", False),
    "course-lead": ("Cleo", "Courselead", "course_leader", False),
    "ensembles": ("Enid", "Ensembles", "ensembles_manager", False),
    "panel-1": ("Pat", "Panellist", "panellist", False),
    "panel-2": ("Pia", "Panellist", "panellist", False),
    "hub-manager": ("Hana", "Hubmanager", "hub_manager", False),
    "roster-admin": ("Rory", "Roster", "roster_admin", False),
    "safeguarding": ("Saff", "Guarding", "safeguarding_lead", False),
    "centre-west": ("Wes", "Centre", "centre_admin", True),
}


def demo_logins(password: str, *, centre: MusicCentre | None = None) -> dict[str, User]:
    """Make or put right every demo account; `password` becomes the password of each.

    `centre` is the one that `centre-west` looks after: by default the first, by name, of the area
    called West, or the first there is. Twice is once. Returns the accounts by user name.
    """
    centre = (
        centre
        or MusicCentre.objects.filter(area__slug__startswith="west").order_by("name").first()
        or MusicCentre.objects.order_by("name").first()
    )
    accounts = {}
    with transaction.atomic():
        for username, (first, last, role, one_centre) in PEOPLE.items():
            user, _created = User.objects.get_or_create(username=username)
            user.first_name, user.last_name = first, last
            user.email = f"{username}@example.org"
            user.is_active = user.password_alone = True
            user.is_superuser = user.is_staff = role is None
            if not user.check_password(password):
                user.set_password(password)
            user.save()
            if role and not one_centre:
                grant(user, role)
            elif role and centre:
                grant(user, role, centre=centre)
            accounts[username] = user
    return accounts
