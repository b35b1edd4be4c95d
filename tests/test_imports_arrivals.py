"""Files that come by themselves: folder, https address, a school's link; and asking for them."""

import datetime as dt
import http.server
import ssl
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cms import outward
from cms.models import Instrument, OutboxMessage, School, User
from cms.roles import grant
from imports import arrivals, fetching
from imports.errors import UnreadableFile
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun, SourceProfile
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db
FILE = pupils(pupil_line(1), pupil_line(2))


@pytest.fixture(autouse=True)
def hill_school(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    return School.objects.create(urn="117137", name="Hill School")


def source(**more):
    values = {"slug": "hill", "title": "Hill School", "roster": "pupils"}
    return SourceProfile.objects.create(**values | more)


@pytest.fixture
def officer(client):
    user = User.objects.create(username="roster-admin", email="rosters@example.org")
    grant(user, "roster_admin")
    client.force_login(user)
    return user


# --- the watched folder -------------------------------------------------------------------------
def test_a_file_in_the_folder_becomes_a_plan_that_waits_and_leaves_the_folder(monkeypatch):
    profile = source(arrives_by="folder")
    arrivals.look_into_folder(profile)
    folder = arrivals.folder_of(profile)
    (folder / "pupils.csv").write_bytes(FILE)
    assert arrivals.look_into_folder(profile) == []  # perhaps it is still being written

    monkeypatch.setattr(arrivals, "STILL_SECONDS", -1)
    (folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    (folder / "link.csv").symlink_to("/etc/hostname")
    [run] = arrivals.look_into_folder(profile)
    see_through(run.job)
    run.refresh_from_db()

    assert (run.state, run.profile, run.counts["created"]) == ("planned", profile, 2)
    assert sorted(path.name for path in folder.iterdir()) == ["link.csv", "refused"]
    profile.refresh_from_db()
    assert ImportRun.objects.count() == 1
    (folder / "refused" / "picture.csv").unlink()


def test_the_same_file_again_makes_no_second_plan(monkeypatch):
    monkeypatch.setattr(arrivals, "STILL_SECONDS", -1)
    profile = source(arrives_by="folder")
    arrivals.look_into_folder(profile)
    for _turn in range(2):
        (arrivals.folder_of(profile) / "pupils.csv").write_bytes(FILE)
        arrivals.look_into_folder(profile)

    assert ImportRun.objects.exclude(state="discarded").count() == 1
    assert not list(arrivals.folder_of(profile).iterdir())


# --- an https address ---------------------------------------------------------------------------
@contextmanager
def a_tls_server(tmp_path, body, status=200, headers=()):
    """A real https server on this machine, with a certificate for rosters.example.org."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rosters.example.org")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("rosters.example.org")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            for header in headers:
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(pem)
    server.socket = secure.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        trusting = ssl.create_default_context(cafile=str(pem))
        yield server.server_address[1], trusting
    finally:
        server.shutdown()
        server.server_close()


ADDRESS = "https://rosters.example.org/pupils.csv?day=1"


def test_a_file_is_fetched_from_the_address_that_was_looked_up(tmp_path, settings, monkeypatch):
    settings.ROSTER_HOSTS = ["rosters.example.org"]
    monkeypatch.setattr(outward, "public_address", lambda host, port: "127.0.0.1")

    with a_tls_server(tmp_path, FILE) as (port, trusting):
        assert b"".join(fetching.fetch(ADDRESS, trusting, port)) == FILE
        with pytest.raises(UnreadableFile, match=r"could not be read \(SSLCert"):
            list(fetching.fetch(ADDRESS, None, port))
    away = [("Location", "http://127.0.0.1/")]
    with (
        a_tls_server(tmp_path, b"", 302, away) as (port, trusting),
        pytest.raises(UnreadableFile, match="answered 302 instead of a file"),
    ):
        list(fetching.fetch(ADDRESS, trusting, port))
    huge = [("Content-Length", str(10**12))]
    with (
        a_tls_server(tmp_path, b"", 200, huge) as (port, trusting),
        pytest.raises(UnreadableFile, match="larger than"),
    ):
        list(fetching.fetch(ADDRESS, trusting, port))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://rosters.example.org/a", "Only https"),
        ("https://rosters.example.org:8443/a", "usual port"),
        ("https://a:b@rosters.example.org/a", "name or password"),
        ("https://other.example.org/a", "not one that rosters may be fetched from"),
        ("https://rosters.example.org.evil.example/a", "not one that rosters"),
        ("file:///etc/passwd", "Only https"),
    ],
)
def test_other_addresses_are_never_asked(settings, address, sentence):
    settings.ROSTER_HOSTS = ["rosters.example.org"]
    with pytest.raises(UnreadableFile, match=sentence):
        list(fetching.fetch(address))


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.9", "169.254.169.254", "0.0.0.0",
        "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1", "224.0.0.1",
    ],
)  # fmt: skip
def test_private_networks_are_never_asked(settings, number, monkeypatch):
    settings.ROSTER_HOSTS = ["rosters.example.org"]
    public = (2, 1, 6, "", ("93.184.216.34", 443))
    found = [public, (2, 1, 6, "", (number, 443))]
    monkeypatch.setattr(outward.socket, "getaddrinfo", lambda *a, **k: found)

    with pytest.raises(UnreadableFile, match="private network"):
        list(fetching.fetch("https://rosters.example.org/a"))


def test_an_address_is_looked_at_once_a_day_in_london_time():
    profile = source(arrives_by="https", looks_at=dt.time(10))
    before, after = (dt.datetime(2026, 7, 1, hour, 30, tzinfo=dt.UTC) for hour in (8, 9))
    profile.looked_at = dt.datetime(2026, 6, 30, 9, 0, tzinfo=dt.UTC)  # 10:00 in London

    assert [arrivals.is_due(profile, now) for now in (before, after)] == [False, True]


# --- a school's link ----------------------------------------------------------------------------
def test_a_school_sends_its_file_through_its_link_without_an_account(client):
    profile = source()
    page = reverse("roster_send", args=[arrivals.new_link(profile)])

    shown = client.get(page)
    assert "This page is for Hill School." in shown.content.decode()
    assert not shown.cookies
    bad = client.post(page, {"file": SimpleUploadedFile("a.csv", b"1,2\n")})
    assert (bad.status_code, ImportRun.objects.count()) == (422, 0)
    sent = client.post(page, {"file": SimpleUploadedFile("a.csv", FILE)})

    run = ImportRun.objects.get()
    assert "Nothing changes yet" in sent.content.decode()
    assert "SEN notes" in sent.content.decode()
    assert (run.profile, run.state, run.created_by) == (profile, "planning", None)
    assert "no-store" in sent["Cache-Control"]


def test_a_wrong_an_old_and_an_ended_link_are_pages_that_do_not_exist(client):
    profile = source()
    old = arrivals.new_link(profile)
    new = arrivals.new_link(profile)

    def status(token):
        return client.get(reverse("roster_send", args=[token])).status_code

    assert [status(token) for token in ("wrong", old, new)] == [404, 404, 200]
    SourceProfile.objects.update(link_ends_at=timezone.now() - timedelta(1))
    assert status(new) == 404
    assert new not in repr(list(SourceProfile.objects.values()))


def test_links_cannot_be_guessed_at_speed(client, monkeypatch):
    monkeypatch.setattr("imports.views.sending.PER_ADDRESS", 3)

    answers = [client.get(reverse("roster_send", args=[f"guess{n}"])).status_code for n in range(5)]

    assert answers == [404, 404, 404, 429, 429]


# --- freshness ----------------------------------------------------------------------------------
def test_an_overdue_source_is_asked_once_and_again_when_the_time_has_passed(client, officer):
    profile = source(due_days=7, contact_email="office@example.org")
    SourceProfile.objects.update(created_at=timezone.now() - timedelta(8))
    board = reverse("roster_sources")
    assert "Overdue" in client.get(board).content.decode()

    class Step:
        def extend(self): ...

    for _turn in range(2):
        arrivals.chase_all(Step())
    [letter] = OutboxMessage.objects.all()
    assert (letter.to, letter.template) == ("office@example.org", "roster-chase")
    client.post(reverse("roster_chase", args=[profile.pk]))
    assert OutboxMessage.objects.count() == 1  # not twice in a day


def test_the_board_costs_as_many_queries_for_three_sources_as_for_one(client, officer):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    numbers = []
    for slug in ("one", "two", "three"):
        source(slug=slug)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("roster_sources"))
        numbers.append(len(queries))
    assert numbers[0] >= numbers[1] == numbers[2]


def test_a_source_is_changed_and_gets_a_link_by_those_who_approve(client, officer, settings):
    profile = source()
    page = reverse("roster_source", args=[profile.pk])
    data = {"title": "Hill", "arrives_by": "https", "address": "https://x.example/a",
            "leaver_limit_percent": 20}  # fmt: skip

    refused = client.post(page, data)
    assert refused.status_code == 422
    assert "not one that rosters may be fetched from" in refused.content.decode()
    settings.ROSTER_HOSTS = ["x.example"]
    assert client.post(page, data).status_code == 302
    shown = client.post(page, {"new_link": "1"}).content.decode()

    assert "/rosters/send/" in shown
    assert "/rosters/send/" not in client.get(page).content.decode()
