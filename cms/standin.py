"""What stands where a picture may not be shown: a bar of rest, as wide and high as the picture.

Drawn once for each shape and filter and then kept beside the renditions. It is the same for every
picture of that shape, so its address says nothing about what was there.
"""

import io
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw
from wagtail.images.models import IMAGE_FORMAT_EXTENSIONS, AbstractImage, Filter

FOLDER = PurePosixPath("images/no-longer-shown")
LONGEST_SIDE = 1200
AN_HOUR = 3600
PAPER, LINE, REST = (240, 236, 225), (205, 199, 184), (122, 116, 102)


@dataclass(frozen=True)
class Drawn:
    name: str
    width: int
    height: int


def drawn_for(width: int, height: int, wanted: Filter, blank: AbstractImage) -> Drawn:
    """The stand-in for a picture of that size through a filter. `blank` is an unsaved picture."""
    width, height = _bounded(width, height)
    key = f"stand-in:{width}x{height}:{wanted.spec}"
    known = cache.get(key)
    if known is None or not default_storage.exists(known.name):
        known = _draw(width, height, wanted, blank)
        cache.set(key, known, AN_HOUR)
    return known


def _bounded(width: int, height: int) -> tuple[int, int]:
    shrink = min(1.0, LONGEST_SIDE / max(width, height, 1))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _draw(width: int, height: int, wanted: Filter, blank: AbstractImage) -> Drawn:
    source = io.BytesIO()
    bar_of_rest(width, height).save(source, "PNG")
    source.seek(0)
    blank.width, blank.height = width, height
    made = wanted.run(blank, io.BytesIO(), source=source)
    with Image.open(made.f) as picture:
        size = picture.size
    suffix = IMAGE_FORMAT_EXTENSIONS[made.format_name]
    name = str(FOLDER / f"{width}x{height}.{wanted.spec.replace('|', '.')}{suffix}")
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(made.f.getvalue()))
    return Drawn(name, *size)


def bar_of_rest(width: int, height: int) -> Image.Image:
    """Five lines, and a rest that hangs from the fourth: here the music is silent."""
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)
    gap = max(2.0, min(width, height) / 9)
    middle = height / 2
    stroke = max(1, round(gap / 14))
    for line in range(-2, 3):
        y = round(middle + line * gap)
        draw.line([(0, y), (width, y)], fill=LINE, width=stroke)
    top = middle - gap
    draw.rectangle([width / 2 - gap * 0.7, top, width / 2 + gap * 0.7, top + gap * 0.55], fill=REST)
    return picture
