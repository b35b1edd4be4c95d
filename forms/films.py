"""How long a film or recording in an MP4 or QuickTime file lasts: read from its own header.

Such a file is a row of boxes; `moov` holds `mvhd`, which says in how many parts a second is cut and
how many parts it lasts (ISO/IEC 14496-12, 8.2.2). Nothing is decoded, and no more than the
boxes' heads and one header are read.
"""

import struct
from typing import IO

from forms.filechecks import RefusedFileError

TYPES = frozenset({"video/mp4", "video/x-m4v", "video/quicktime", "audio/mp4", "audio/x-m4a"})
MOST_BOXES = 2_000
MOST_MINUTES = 60  # what a question may allow
UNREADABLE = "We cannot read how long the selected film is. Save it again as MP4, and send that"


def seconds(file: IO[bytes]) -> float:
    """How long it lasts. Raises RefusedFileError when it does not say. Reads from the start."""
    file.seek(0, 2)
    end = file.tell()
    try:
        at, size = _find(file, b"moov", 0, end)
        at, size = _find(file, b"mvhd", at, at + size)
        file.seek(at)
        head = file.read(32)
        wide = head[0] == 1
        scale, parts = struct.unpack(">IQ" if wide else ">II", head[20:32] if wide else head[12:20])
        return parts / scale
    except (ValueError, struct.error, IndexError, ZeroDivisionError):
        raise RefusedFileError(UNREADABLE) from None
    finally:
        file.seek(0)


def _find(file: IO[bytes], wanted: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the content of the first such box begins, and its size. Raises ValueError."""
    for _box in range(MOST_BOXES):
        if at + 8 > end:
            break
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", file.read(8))[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            break
        if name == wanted:
            return at + head, size - head
        at += size
    raise ValueError
