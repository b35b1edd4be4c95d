"""Files: what is taken, what is refused, what is kept of it, and who may open it."""

import io
import json
import os
import zipfile

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from PIL import Image

from cms import jobs
from cms.models import AccessLogEntry, Job
from forms import attachments, pagesaving
from forms.field_types.files import FilesField
from forms.models import Attachment, Journey, Submission
from tests.casework import BOOKING
from tests.clamd import EICAR, a_scanner
from tests.journeys import PNG, DjangoBrowser, Family, publish_form
from tests.test_cms_scoping import centres, staff  # noqa: F401 - a fixture
from workflows.models import Case

pytestmark = pytest.mark.django_db

KINDS = ["pdf", "jpg", "png", "docx", "mp3"]
FORM = {
    "slug": "evidence",
    "title": "Evidence",
    "steps": [
        {
            "key": "proof",
            "title": "Proof",
            "questions": [
                {"key": "note", "type": "text", "label": "Note", "required": True},
                {
                    "key": "papers",
                    "type": "file",
                    "label": "Papers",
                    "required": True,
                    "settings": {"max_files": 3, "max_mb": 1, "types": KINDS},
                },
                {
                    "key": "award",
                    "type": "file",
                    "label": "Award letter",
                    "settings": {"restricted": "evidence", "types": ["pdf"]},
                },
            ],
        },
        {
            "key": "contact",
            "title": "Contact",
            "questions": [{"key": "email", "type": "email", "label": "E-mail", "required": True}],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def a_zip(entries, **more):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


WORD = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>"}
DOCX = a_zip(WORD)


def a_photo(form="JPEG", mode="RGB", size=(60, 40), **more):
    picture = Image.new(mode, size, "green" if mode == "RGB" else 0)
    exif = picture.getexif()
    exif[0x010E] = "Taken at 1 Staves Lane"
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (51.0, 39.0, 20.0)
    written = io.BytesIO()
    picture.save(written, form, exif=exif, **more)
    return written.getvalue()


@pytest.fixture
def family():
    publish_form(json.loads(json.dumps(FORM)), workflow=BOOKING)
    family = Family(form="evidence")
    family.start()
    return family


def send_files(family, *files, key="papers", note="Here"):
    family.post({"note": note, key: list(files)})
    return family.page


def sent(family):
    send_files(family, ("letter.pdf", PDF))
    family.follow()
    family.walk({"email": "rowan@example.org"})
    family.send()
    return Submission.objects.get()


CORPUS = {
    "a page renamed to a picture": ("cat.png", b"<html><script>alert(1)</script>"),
    "a drawing with a script": ("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "a program": ("letter.pdf", b"MZ\x90\x00" + b"\0" * 100),
    "a picture that says it is a PDF": ("letter.pdf", PNG),
    "a PDF with a second ending": ("letter.pdf.exe", PDF),
    "a page with a picture's first bytes": ("photo.jpg", b"\xff\xd8\xff\xe0<script>"),
    "half a picture": ("photo.jpg", a_photo()[:300]),
    "a zip": ("files.docx", a_zip({"a.txt": "a"})),
    "a zip that unpacks to 300 MB": (
        "bomb.docx",
        a_zip({**WORD, "word/media/1": b"\0" * 3_000_000}),
    ),
    "a document with macros": ("minutes.docx", a_zip({**WORD, "word/vbaProject.bin": "x"})),
    "a document cut off": ("minutes.docx", DOCX[:60]),
    "a PDF with a password": ("letter.pdf", PDF.replace(b"/Root", b"/Encrypt 5 0 R /Root")),
    "nothing at all": ("letter.pdf", b""),
    "more than the question takes": ("letter.pdf", PDF + b"\0" * 1_100_000),
    "a spreadsheet": ("list.docx", a_zip({"[Content_Types].xml": "", "xl/workbook.xml": ""})),
}


@pytest.mark.parametrize("what", CORPUS)
def test_a_hostile_file_is_refused_with_a_sentence_and_leaves_nothing(family, what):
    page = send_files(family, CORPUS[what])

    assert page.status == 422, what
    assert len(page.errors) == 1
    assert page.errors[0].startswith(("The selected ", "“photo")), page.errors
    assert not Attachment.objects.exists()
    assert not stored_names()


def stored_names():
    storage = Attachment.file.field.storage
    try:
        folders = storage.listdir("attachments")[0]
    except FileNotFoundError:
        return set()
    return {f"attachments/{f}/{n}" for f in folders for n in storage.listdir(f"attachments/{f}")[1]}


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    """The private store, in a folder of this test alone."""
    store = Attachment.file.field.storage
    for name in ("base_location", "location"):
        monkeypatch.setitem(store.__dict__, name, str(tmp_path / "private"))
    return store


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("letter.pdf", PDF, "letter.pdf"),
        ("minutes.DOCX", DOCX, "minutes.docx"),
        ("no ending", PDF, "no ending.pdf"),
        ("a" * 300 + ".pdf", PDF, "a" * 110 + ".pdf"),
        ("gpj.\u202egnp.pdf", PDF, "gpj.gnp.pdf"),
        ("x:y<z>.php.pdf", PDF, "x y z .php.pdf"),
        ("tune.mp3", b"ID3\x03" + b"\0" * 200, "tune.mp3"),
    ],
)
def test_an_honest_file_is_kept_under_a_name_that_is_only_words(family, name, content, kept):
    page = send_files(family, (name, content))

    assert page.errors == []
    row = Attachment.objects.get()
    assert row.name == kept
    assert row.file.read() == content
    assert row.scan_status == "none"


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_is_made_anew_without_its_place_and_stands_upright(family, form):
    content = a_photo(form) + b"PK\x03\x04<script>a zip tacked on</script>"
    send_files(family, (f"photo.{form.lower()}", content))

    kept = Attachment.objects.get().file.read()
    picture = Image.open(io.BytesIO(kept))
    assert picture.size == (40, 60)
    assert dict(picture.getexif()) == {}
    assert b"Staves" not in kept
    assert b"script" not in kept


def test_a_picture_from_an_iphone_becomes_one_that_everybody_can_open(family):
    import pillow_heif

    written = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "red")).save(written)
    send_files(family, ("IMG_0001.HEIC", written.getvalue()))

    row = Attachment.objects.get()
    assert (row.name, row.content_type) == ("IMG_0001.jpg", "image/jpeg")
    assert Image.open(io.BytesIO(row.file.read())).format == "JPEG"


def test_a_picture_of_too_many_points_is_refused_before_it_is_unpacked(family):
    page = send_files(family, ("wall.png", a_photo("PNG", mode="1", size=(9000, 9000))))
    assert page.errors[0].startswith("The picture is too large")


def test_files_that_were_right_stay_when_the_page_is_not(family):
    page = send_files(family, ("letter.pdf", PDF), note="")

    assert page.errors == ["Enter a note"]
    assert "letter.pdf" in page.questions["papers"].find_next("fieldset").get_text()
    family.answer({"note": "Here"})
    assert family.step == "contact"
    assert Attachment.objects.count() == 1


def test_files_are_added_up_to_the_number_and_none_is_lost_silently(family):
    send_files(family, ("1.pdf", PDF), ("2.pdf", PDF))
    family.go("proof/")
    page = send_files(family, ("3.pdf", PDF), ("4.pdf", PDF))

    assert page.errors == ["You can send 3 files, with those you have sent. Remove one first"]
    first = Journey.objects.get().answers["papers"][0]["id"]
    family.page = page
    family.post(
        {"note": "Here", "papers": [("3.pdf", PDF), ("4.pdf", PDF)]}, **{"drop-papers": str(first)}
    )
    assert [f["name"] for f in Journey.objects.get().answers["papers"]] == [
        "2.pdf",
        "3.pdf",
        "4.pdf",
    ]


@pytest.mark.parametrize(("most", "several"), [(1, False), (3, True)])
def test_several_files_can_be_chosen_only_where_several_may_be_sent(most, several):
    field = FilesField(kinds=[], megabytes=5, most=most)
    assert ("multiple" in field.widget.render("papers", None)) is several


def test_the_last_file_of_a_question_that_needs_one_cannot_be_taken_away(family):
    send_files(family, ("1.pdf", PDF))
    only = Journey.objects.get().answers["papers"][0]["id"]
    family.go("proof/")
    family.post({"note": "Here"}, **{"drop-papers": str(only)})

    assert family.page.errors == ["Select a file for papers"]
    assert Attachment.objects.count() == 1


def test_one_journey_cannot_fill_the_store(family, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_BYTES", len(PDF) * 2)
    send_files(family, ("1.pdf", PDF), ("2.pdf", PDF))
    family.go("proof/")
    page = send_files(family, ("3.pdf", PDF))

    assert page.status == 422
    assert "as many files as we can keep" in page.errors[0]
    assert len(stored_names()) == 2


def test_a_page_that_was_not_saved_leaves_no_bytes(family, monkeypatch):
    def fails(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(pagesaving, "_store", fails)
    with pytest.raises(RuntimeError):
        send_files(family, ("letter.pdf", PDF))
    assert stored_names() == set()


def test_a_file_of_nobodys_journey_is_never_read(family):
    stranger = DjangoBrowser()
    stranger.client.get("/")
    answer = stranger.client.post(
        family.page.path, data=b"x", content_type="multipart/form-data; boundary=none"
    )
    assert answer.status_code == 404


# --- The scanner -------------------------------------------------------------------------------


def scan_again():
    with transaction.atomic():
        job = jobs.enqueue("forms.scan_files", key=f"scan-{Job.objects.count()}", payload={})
    jobs.run_job.call_local(job.pk)


@pytest.mark.parametrize("over", ["a socket", "a port"])
def test_a_clean_file_is_said_to_be_and_an_infected_one_is_refused(
    family, settings, tmp_path, over
):
    with a_scanner(tmp_path if over == "a socket" else None) as scanner:
        settings.CLAMAV_URL = scanner.url
        page = send_files(family, ("bad.pdf", PDF + EICAR))
        assert "our scanner found something harmful" in page.errors[0]
        assert stored_names() == set()

        send_files(family, ("good.pdf", PDF))
        assert scanner.seen == [PDF + EICAR, PDF]
    assert Attachment.objects.get().scan_status == "clean"


@pytest.mark.parametrize("answer", ["none", "silent", "error"])
@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_scanned_is_kept_unopened_and_scanned_later(
    family, settings, tmp_path, answer, client, django_user_model
):
    settings.CLAMAV_URL = f"unix://{tmp_path / 'clamd'}"
    if answer == "none":
        send_files(family, ("letter.pdf", PDF))
    else:
        with a_scanner(tmp_path, answer=answer):
            send_files(family, ("letter.pdf", PDF))
        (tmp_path / "clamd").unlink()
    row = Attachment.objects.get()
    assert row.scan_status == "waiting"

    family.follow()
    family.walk({"email": "rowan@example.org"})
    family.send()
    client.force_login(django_user_model.objects.create_superuser("boss", "b@example.org", "x"))
    address = reverse("form_files:open", args=[row.pk])
    assert client.get(address).status_code == 409
    assert Submission.objects.get().case_files()[0]["url"] == ""

    scan_again()  # still down: nothing is said
    assert Attachment.objects.get().scan_status == "waiting"
    with a_scanner(tmp_path):
        scan_again()
    assert Attachment.objects.get().scan_status == "clean"
    assert client.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_found_out_later_is_asked_for_again(family, settings, tmp_path):
    settings.CLAMAV_URL = f"unix://{tmp_path / 'clamd'}"
    send_files(family, ("bad.pdf", PDF + EICAR), ("good.pdf", PDF))
    family.go("proof/")
    send_files(family, ("award.pdf", PDF + EICAR), key="award")
    with a_scanner(tmp_path):
        scan_again()
    answers = Journey.objects.get().answers

    assert [file["name"] for file in answers["papers"]] == ["good.pdf"]
    assert "award" not in answers
    assert len(stored_names()) == 1
    family.go("check/")
    family.follow()
    assert family.step == "proof"
    assert "“award.pdf” was not kept" in family.page.text


# --- Opening -----------------------------------------------------------------------------------


def test_staff_of_the_case_open_a_file_as_a_download_and_it_is_logged(family, client):
    submission = sent(family)
    bookings = staff("bea", "bookings")
    client.force_login(bookings)
    (file,) = submission.case_files()
    answer = client.get(file["url"])

    assert file["name"] == "Papers: letter.pdf"
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="letter.pdf"'
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer["Cache-Control"]
    entry = AccessLogEntry.objects.get(action="download")
    assert (entry.user_id, entry.record_id) == (bookings.pk, str(submission.pk))
    page = client.get(reverse("cases:case", args=[Case.objects.get().pk]))
    assert file["url"] in page.content.decode()


def test_a_file_of_a_restricted_question_is_for_roles_that_read_it(family, client):
    send_files(family, ("letter.pdf", PDF))
    family.go("proof/")
    send_files(family, ("award.pdf", PDF), key="award")
    family.follow()
    family.walk({"email": "rowan@example.org"})
    family.send()
    award = Attachment.objects.get(name="award.pdf")
    client.force_login(staff("bea", "bookings"))

    assert client.get(reverse("form_files:open", args=[award.pk])).status_code == 404
    page = client.get(reverse("cases:case", args=[Case.objects.get().pk])).content.decode()
    assert "letter.pdf" in page
    assert "award.pdf" not in page


@pytest.mark.parametrize("who", ["nobody", "a family", "comms_lead", "centre_admin"])
def test_a_file_is_opened_to_nobody_else(family, client, who, centres):  # noqa: F811
    sent(family)
    address = reverse("form_files:open", args=[Attachment.objects.get().pk])
    asks = client
    if who == "a family":
        asks = family.browser.client
    elif who == "centre_admin":
        asks.force_login(staff("cia", who, centre=centres["west"]))
    elif who != "nobody":
        asks.force_login(staff("sam", who))

    answer = asks.get(address)
    assert answer.status_code in (302, 404)
    assert PDF not in answer.content
    row = Attachment.objects.get()
    for guess in (
        f"/media/{row.file.name}",
        f"/documents/{row.pk}/letter.pdf",
        f"/{row.file.name}/",
    ):
        assert asks.get(guess).status_code == 404
    assert str(django_settings.MEDIA_ROOT) not in row.file.path


def test_a_file_of_a_journey_on_its_way_is_opened_to_nobody(family, client, django_user_model):
    send_files(family, ("letter.pdf", PDF))
    client.force_login(django_user_model.objects.create_superuser("boss", "b@example.org", "x"))
    address = reverse("form_files:open", args=[Attachment.objects.get().pk])
    assert client.get(address).status_code == 404


def test_bytes_without_a_row_are_removed_when_they_are_a_day_old(family):
    send_files(family, ("letter.pdf", PDF))
    storage = Attachment.file.field.storage
    fresh = storage.save("attachments/ab/fresh", ContentFile(b"x"))
    old = storage.save("attachments/ab/old", ContentFile(b"x"))
    kept = Attachment.objects.get().file.name
    for name in (old, kept):
        os.utime(storage.path(name), (0, 0))
    attachments.forget_strays(None)

    assert stored_names() == {fresh, kept}
