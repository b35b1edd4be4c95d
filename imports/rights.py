"""Who may do what with rosters: upload and look, approve and undo, take a whole roster out.

A roster file holds children of the whole county, so each right counts only in a role that is
held for the whole hub; the same role in one centre gives none of them.
"""

from cms.models import User

UPLOAD = "upload_roster"
APPROVE = "approve_roster"
EXPORT = "export_roster"
VIEW = "view_importrun"


def may(user: User, right: str) -> bool:
    """Whether `user` holds this right for the whole hub."""
    if not user.is_active:
        return False
    return (
        user.is_superuser
        or user.memberships.filter(
            area=None,
            centre=None,
            role__permissions__codename=right,
            role__permissions__content_type__app_label="imports",
        ).exists()
    )
