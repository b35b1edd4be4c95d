"""Pictures on their way in: decoded, turned upright and written anew, so that nothing hides in one.

What a camera notes (where, when, which phone), thumbnails, colour profiles and anything appended
behind the picture are left outside. Every way in comes through here, because the model's own file
field does it (cms.models.media); forms do it first, to say in a sentence what is wrong.
"""

import io
import warnings
from pathlib import PurePath

import pillow_heif
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

pillow_heif.register_heif_opener()

MAX_PIXELS = 60_000_000  # the largest phone cameras; about 180 MB while it is open
MAX_FRAMES = 120
LONGEST_SIDE = 4096
READABLE = ("AVIF", "GIF", "HEIF", "JPEG", "PNG", "WEBP")
SUFFIXES = {"AVIF": ".avif", "GIF": ".gif", "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
HOW = {
    "AVIF": {"quality": 80},
    "GIF": {"optimize": True},
    "JPEG": {"quality": 92, "optimize": True, "progressive": True},
    "PNG": {"optimize": False},
    "WEBP": {"quality": 90, "method": 4},
}


class CleanPicture(ContentFile):
    """A file that was written by `cleaned`."""


def cleaned(file: File, name: str) -> CleanPicture:
    """The same picture, upright, of at most 4096 pixels a side, with nothing but its pixels.

    Raises ValidationError, with a sentence, for what is no picture or would not fit in memory.
    """
    if isinstance(file, CleanPicture):
        return file
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=READABLE) as picture:
                _refuse_what_does_not_fit(picture)
                written, kind = _written_anew(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError):
        raise ValidationError(
            _(
                "“%(name)s” cannot be read as a picture. It may be damaged, or be something else "
                "under the name of a picture. Open it in a picture program and save it again."
            )
            % {"name": name},
            code="unreadable",
        ) from None
    return CleanPicture(written, name=str(PurePath(name).with_suffix(SUFFIXES[kind])))


def _refuse_what_does_not_fit(picture: Image.Image) -> None:
    """Before anything is unpacked: a few bytes can claim to be a wall of colour."""
    frames = getattr(picture, "n_frames", 1)
    if frames > MAX_FRAMES or picture.width * picture.height * frames > MAX_PIXELS:
        raise _too_large()


def _too_large() -> ValidationError:
    return ValidationError(
        _(
            "The picture is too large: it has more than %(limit)s million points. "
            "Make it smaller, 3000 points wide is plenty, and choose it again."
        )
        % {"limit": MAX_PIXELS // 1_000_000},
        code="too_large",
    )


def _written_anew(picture: Image.Image) -> tuple[bytes, str]:
    kind = "JPEG" if picture.format in {"HEIF", "MPO"} else picture.format
    out = io.BytesIO()
    if getattr(picture, "is_animated", False) and kind in {"GIF", "WEBP"}:
        _save_moving(picture, out, kind)
    else:
        _plain(picture, kind).save(out, kind, **HOW[kind])
    return out.getvalue(), kind


def _save_moving(picture: Image.Image, out: io.BytesIO, kind: str) -> None:
    frames, durations = [], []
    for number in range(picture.n_frames):
        picture.seek(number)
        durations.append(picture.info.get("duration", 100))
        frame = picture.convert("RGBA")
        frame.info.clear()
        frames.append(frame)
    first, *others = frames
    how = {"duration": durations, "loop": picture.info.get("loop", 0)}
    if kind == "GIF":
        how["disposal"] = 2
    first.save(out, kind, save_all=True, append_images=others, **how)


def _plain(picture: Image.Image, kind: str) -> Image.Image:
    """The pixels alone: upright, in ordinary colours, in a mode that the format can hold."""
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    if profile:
        upright = _in_ordinary_colours(upright, profile)
    if kind == "JPEG" and upright.mode != "L":
        upright = upright.convert("RGB")
    elif kind != "PNG" and upright.mode not in {"RGB", "RGBA"}:
        transparent = "A" in upright.getbands() or "transparency" in upright.info
        upright = upright.convert("RGBA" if transparent else "RGB")
    elif kind == "PNG" and upright.mode == "P":
        upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    return bare


def _in_ordinary_colours(picture: Image.Image, profile: bytes) -> Image.Image:
    """From the colours of a camera to those that every screen takes for granted."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGB" if picture.mode == "CMYK" else picture.mode
        return ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
