"""What comes in from outside: pictures lose everything but their pixels, documents are checked."""

import io
import zipfile
import zlib

import pillow_heif
import pytest
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook
from PIL import Image, TiffImagePlugin

from cms import cleandocuments, cleanpictures
from cms.models import HubDocument, HubImage

pytestmark = pytest.mark.django_db
SECRET = b"CANARY-51.8N"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def editor(client, admin_user):
    client.force_login(admin_user)
    return client


def exif(orientation: int = 6) -> Image.Exif:
    """What a phone notes: which way up, which phone, and where: 51 degrees 48 minutes north."""
    notes = Image.Exif()
    notes[0x0112] = orientation
    notes[0x010F] = SECRET.decode()
    rational = TiffImagePlugin.IFDRational
    where = notes.get_ifd(0x8825)
    where[1], where[2] = "N", (rational(51), rational(48), rational(0))
    where[29] = SECRET.decode()
    return notes


def photograph(kind: str, **how) -> bytes:
    """Forty wide and twenty high, red on the left and blue on the right."""
    picture = Image.new("RGB", (40, 20), "red")
    picture.paste("blue", (20, 0, 40, 20))
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    picture.save(out, kind, exif=exif(how.pop("orientation", 6)).tobytes(), **how)
    return out.getvalue()


def sent(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def upload(client, name: str, content: bytes, *, kind: str = "images"):
    """As the admin's own uploader sends it; its JSON."""
    address = reverse(f"wagtail{kind}:add_multiple")
    data = {"title": name, "files[]": sent(name, content)}
    return client.post(address, data, headers={"X-Requested-With": "XMLHttpRequest"}).json()


@pytest.mark.parametrize(
    ("kind", "name", "kept_as"),
    [
        ("JPEG", "phone.jpg", ".jpg"),
        ("PNG", "phone.png", ".png"),
        ("WEBP", "phone.webp", ".webp"),
        ("AVIF", "phone.avif", ".avif"),
        ("HEIF", "phone.heic", ".jpg"),
    ],
)
def test_where_a_picture_was_taken_stays_outside_and_it_stands_upright(editor, kind, name, kept_as):
    how = {"xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>"} if kind in {"JPEG", "WEBP"} else {}
    content = photograph(kind, **how)
    assert SECRET in content

    answer = upload(editor, name, content)

    assert answer["success"] is True
    image = HubImage.objects.get()
    kept = image.file.read()
    assert image.file.name.endswith(kept_as)
    assert SECRET not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert dict(picture.getexif()) == {}
        assert "xmp" not in picture.info
        assert (picture.size, (image.width, image.height)) == ((20, 40), (20, 40))
        assert picture.convert("RGB").getpixel((10, 5))[0] > 200  # the left is now the top
    drawn = image.get_rendition("max-10x10").file.read()
    assert SECRET not in drawn
    assert image.file_size == len(kept)


def test_it_is_the_model_that_does_it_whichever_way_a_picture_comes():
    made = HubImage.objects.create(
        title="From code", file=ImageFile(io.BytesIO(photograph("JPEG")), "a.jpg")
    )
    stored = HubImage(title="Stored")
    stored.file.save("b.jpg", ContentFile(photograph("JPEG")))

    assert SECRET not in made.file.read()
    assert SECRET not in stored.file.read()


def test_without_the_guard_the_place_would_be_kept(monkeypatch):
    monkeypatch.setattr(
        cleanpictures, "cleaned", lambda file, name: ContentFile(file.read(), name=name)
    )

    image = HubImage.objects.create(
        title="As it came", file=ImageFile(io.BytesIO(photograph("JPEG")), "a.jpg")
    )

    assert SECRET in image.file.read()


def test_what_hides_behind_a_picture_is_left_outside(editor):
    upload(editor, "poly.png", photograph("PNG") + b"<script>alert(1)</script>")

    assert b"<script" not in HubImage.objects.get().file.read()


def test_a_moving_picture_goes_on_moving(editor):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=SECRET)

    upload(editor, "wave.gif", out.getvalue())

    kept = HubImage.objects.get().file.read()
    assert SECRET not in kept
    assert Image.open(io.BytesIO(kept)).n_frames == 3


def bomb() -> bytes:
    """A PNG of some hundred bytes that says it is 30,000 by 30,000."""

    def part(name: bytes, content: bytes) -> bytes:
        body = name + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    size = (30_000).to_bytes(4, "big")
    head = part(b"IHDR", size + size + b"\x08\x02\x00\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0")) + part(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("logo.png", SVG, "cannot be read as a picture"),
        ("logo.svg", SVG, "Not a supported image format"),
        ("page.jpg", b"<html><script>alert(1)</script></html>", "cannot be read as a picture"),
        ("bomb.png", bomb(), "too large"),
        ("cut.jpg", photograph("JPEG")[:300], "cannot be read as a picture"),
        ("empty.png", b"", "empty"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(editor, name, content, said):
    answer = upload(editor, name, content)

    assert answer["success"] is False
    assert said in answer["error_message"]
    assert not HubImage.objects.exists()


def test_a_picture_under_the_name_of_another_kind_gets_its_own(editor):
    upload(editor, "phone.png", photograph("JPEG"))

    assert HubImage.objects.get().file.name.endswith("phone.jpg")


def test_many_frames_are_a_bomb_too():
    frames = [Image.new("L", (2, 2), number % 255) for number in range(130)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])

    with pytest.raises(cleanpictures.ValidationError, match="too large"):
        cleanpictures.cleaned(ContentFile(out.getvalue()), "wave.gif")


# --- Documents ------------------------------------------------------------------------------------


def packed(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def workbook() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.exe", b"MZ\x90", "File extension “exe” is not allowed"),
        ("a.html", b"<html>", "File extension “html” is not allowed"),
        ("a.svg", SVG, "File extension “svg” is not allowed"),
        ("a.pdf", b"<html><script>", "not a PDF file"),
        ("a.pdf", b"%PDF-1.7 /OpenAction << /S /JavaScript >>", "something that runs"),
        ("a.pdf", b"%PDF-1.7 trailer << /Encrypt 5 0 R >>", "asks for a password"),
        ("a.docx", b"%PDF-1.7", "not a DOCX file"),
        ("a.docx", packed(readme=b"x"), "not a DOCX file"),
        ("a.docx", packed(word__document_dot_xml=b"x", word__vbaProject_dot_bin=b"x"), "macros"),
        ("a.zip", packed(zeros=b"\0" * 20_000_000), "far too large"),
        ("a.zip", packed(setup_dot_exe=b"MZ"), "“setup.exe”, which could run"),
        ("a.zip", packed(__etc__passwd=b"x"), "outside its own folder"),
        ("a.csv", b"<!doctype html><script>alert(1)</script>", "web page under the name of a CSV"),
        ("a.txt", b"MZ\0\0\0", "not a TXT file"),
        ("a.rtf", b"hello", "not a RTF file"),
        ("a.rtf", b"{\\rtf1 {\\object\\objdata 01}}", "another one inside"),
    ],
)
def test_a_document_that_is_not_what_it_says_or_could_run_is_refused(editor, name, content, said):
    answer = upload(editor, name, content, kind="docs")

    assert answer["success"] is False
    assert said in answer["error_message"]
    assert not HubDocument.objects.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.pdf", b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj"),
        ("list.xlsx", workbook()),
        ("list.csv", "name,área\nChoir,West".encode()),
        ("songs.zip", packed(one_dot_pdf=b"%PDF")),
        ("note.txt", b"Bring a pencil < 2B."),
    ],
)
def test_an_honest_document_comes_in_as_it_is(editor, name, content):
    answer = upload(editor, name, content, kind="docs")

    assert answer["success"] is True, answer
    assert HubDocument.objects.get().file.read() == content


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("..\\..\\plan.pdf", "plan.pdf"),
        ("/etc/passwd", "passwd"),
        ("plan\u202efdp.exe", "planfdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\0", "document"),
    ],
)
def test_a_name_is_a_name_and_no_path(name, plain):
    assert cleandocuments.plain_name(name) == plain


def test_an_address_of_this_site_may_be_the_accessible_alternative(editor):
    upload(editor, "plan.pdf", b"%PDF-1.7", kind="docs")
    document = HubDocument.objects.get()
    data = {"title": "Plan", "accessible_alternative": "/hub/partners/", "summary": ""}

    editor.post(reverse("wagtaildocs:edit", args=[document.pk]), data)

    document.refresh_from_db()
    assert document.accessible_alternative == "/hub/partners/"
