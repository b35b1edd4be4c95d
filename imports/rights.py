"""Who may do what with rosters: upload and look, approve and undo, take a whole roster out.

A roster file holds children of the whole county, so each right counts only in a role that is
held for the whole hub; the same role in one centre gives none of them.
"""

from cms.access import may_in_whole_hub
from cms.models import User

UPLOAD = "upload_roster"
APPROVE = "approve_roster"
EXPORT = "export_roster"
VIEW = "view_importrun"


def may(user: User, right: str) -> bool:
    """Whether `user` holds this right for the whole hub."""
    return may_in_whole_hub(user, f"imports.{right}")
