"""Mail for a hub without a mail server: one .eml file a message, which any mail program opens."""

import time
import uuid
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


class EmlFileBackend(BaseEmailBackend):
    """Writes below EMAIL_FILE_PATH, oldest first by name."""

    def send_messages(self, email_messages):
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}.eml"
            part = folder / f".{name}"
            part.write_bytes(message.message().as_bytes(linesep="\r\n"))
            part.rename(folder / name)  # a reader never meets half a message
        return len(email_messages)
