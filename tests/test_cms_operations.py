"""Watching the hub: the System page, /metrics, and logs and reports that name nobody."""

import gzip
import http.server
import io
import json
import logging
import threading
import urllib.request
from datetime import timedelta

import pytest
import sentry_sdk
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cms import audit, jobs
from cms.backup import nightly as backups
from cms.models import AccessLogEntry, Job, OutboxMessage, ScheduledRun
from cms.operations import discretion, nightly, sentry, states
from cms.roles import grant
from tests.harness import a_hub, wait_for
from tests.test_cms_audit import tamper

pytestmark = pytest.mark.django_db
CANARY = "{} {}".format("Zebedee", "Kanarek")  # so that no line of this file holds it


@pytest.fixture
def manager(officer, client):
    grant(officer, "hub_manager")
    client.force_login(officer)
    return officer


def a_failed_job(kind="cms.forget_slots", problem="It stopped."):
    return Job.objects.create(
        kind=kind,
        key=f"{kind}-{Job.objects.count()}",
        state=Job.State.FAILED,
        problem=problem,
        not_before=timezone.now(),
        finished_at=timezone.now(),
    )


# --- the System page ----------------------------------------------------------------------------
def test_the_page_says_what_needs_attention_and_what_to_do(client, manager):
    ScheduledRun.objects.create(task="x", slot=timezone.now())
    ScheduledRun.objects.update(ran_at=timezone.now() - timedelta(hours=2))
    a_failed_job(problem="The file was gone.")

    page = client.get(reverse("system")).content.decode()

    for words in ("2 hours", "Start the worker", "1 was given up", "The file was gone."):
        assert words in page.replace("\xa0", " ")


@pytest.mark.parametrize("role", ["comms_lead", "bookings", "safeguarding_lead"])
def test_only_those_who_mind_the_system_see_it(client, django_user_model, role):
    user = django_user_model.objects.create_user(role)
    grant(user, role)
    client.force_login(user)

    assert client.get(reverse("system")).status_code == 302  # Wagtail's own refusal, to its home
    assert reverse("system") not in client.get(reverse("wagtailadmin_home")).content.decode()


def test_a_job_that_was_given_up_is_tried_again_once_and_logged(client, manager):
    job = a_failed_job()

    for _press in range(2):
        client.post(reverse("system"), {"job": job.pk}, follow=True)

    job.refresh_from_db()
    assert (job.state, job.problem) == ("ready", "")
    rows = AccessLogEntry.objects.filter(record_type="cms.job")
    assert list(rows.values_list("action", "record_id")) == [("restart", str(job.pk))]
    for nonsense in ("", "0", "x", "9" * 30):
        page = client.post(reverse("system"), {"job": nonsense}, follow=True).content.decode()
        assert "no such job" in page


def test_each_part_that_is_not_well_is_said_to_be(monkeypatch, settings, tmp_path):
    settings.BACKUP_DIR = tmp_path
    OutboxMessage.objects.create(
        key="k", to="rowan@example.org", message_id="m", state="failed", not_before=timezone.now()
    )
    a_failed_job("cms.verify_audit", "Row 7 of the access log was altered.")
    monkeypatch.setattr(states, "LEAST_FREE", 10**18)

    unwell = {state.name: state.words for state in states.all_states() if not state.is_well}

    assert set(unwell) == {"Background work", "Jobs", "E-mail", "Backup", "Access log", "Disk"}
    assert unwell["Access log"] == "Row 7 of the access log was altered."


def test_a_part_that_does_not_answer_does_not_hide_the_others(monkeypatch):
    def away():
        raise ConnectionError("redis://secret@queue")

    monkeypatch.setitem(states.states._entries, "Queue", away)
    found = {state.name: state for state in states.all_states()}

    assert found["Queue"].words == "It does not answer (ConnectionError)."
    assert found["Database"].is_well


# --- the access log is checked each night -------------------------------------------------------
def check_tonight(key="tonight"):
    with transaction.atomic():
        job = jobs.enqueue("cms.verify_audit", key=key, payload={})
    jobs.run_job(job.pk)
    job.refresh_from_db()
    return job.state, job.problem


def test_a_row_that_was_altered_is_found_in_the_night(officer):
    for _row in range(3):
        audit.record(officer, "list", Job)
    assert check_tonight() == ("done", "")

    tamper(
        "UPDATE cms_accesslogentry SET actor = 'x' WHERE id = (SELECT min(id) + 1 FROM cms_accesslogentry)"
    )

    state, problem = check_tonight("tomorrow")
    assert (state, "was altered" in problem) == ("failed", True)


def test_newest_rows_that_were_cut_off_are_missed_by_the_last_backup(
    officer, settings, tmp_path, monkeypatch
):
    settings.BACKUP_DIR = tmp_path
    for _row in range(3):
        audit.record(officer, "list", Job)
    newest = AccessLogEntry.objects.latest("pk")
    folder = tmp_path / f"{backups.NIGHTLY}1"
    folder.mkdir()
    noted = {"made_at": timezone.now().isoformat(), "access_log": [newest.pk, newest.seal]}
    (folder / "manifest.json").write_text(json.dumps(noted))
    assert check_tonight() == ("done", "")

    tamper("DELETE FROM cms_accesslogentry WHERE id = %s", newest.pk)

    assert check_tonight("tomorrow")[0] == "failed"
    monkeypatch.setattr(nightly.nightly, "noted_seal", lambda: None)
    assert check_tonight("without what was noted")[0] == "done"


def test_jobs_of_the_clock_are_dropped_in_time_and_promises_are_kept():
    long_ago = timezone.now() - timedelta(days=70)
    for key in ("clock-a", "letter-a"):
        Job.objects.create(
            kind="a", key=key, state="done", not_before=long_ago, finished_at=long_ago
        )
    with transaction.atomic():
        job = jobs.enqueue("cms.forget_slots", key="now", payload={})
    jobs.run_job(job.pk)

    assert set(Job.objects.values_list("key", flat=True)) == {"letter-a", "now"}


# --- figures ------------------------------------------------------------------------------------
def test_metrics_are_there_for_the_bearer_alone(client, settings, tmp_path):
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN, settings.METRICS_DIR = "long and secret", tmp_path
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer long"}).status_code == 403
    a_failed_job()

    answer = client.get("/metrics", headers={"Authorization": "Bearer long and secret"})

    lines = answer.content.decode().splitlines()
    assert 'hub_jobs{state="failed"} 1.0' in lines
    assert 'hub_outbox{state="waiting"} 0.0' in lines
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.crash
def test_requests_of_all_workers_are_counted(tmp_path):
    with a_hub(tmp_path, environment={"METRICS_TOKEN": "t"}) as hub:
        hub.start_web(workers=2)
        for _turn in range(30):
            urllib.request.urlopen(f"{hub.address}/healthz").read()
        asked = urllib.request.Request(
            f"{hub.address}/metrics", headers={"Authorization": "Bearer t"}
        )
        wanted = 'hub_requests_total{area="site",status="2xx"} '
        found = {
            float(line.removeprefix(wanted))
            for _turn in range(6)
            for line in urllib.request.urlopen(asked).read().decode().splitlines()
            if line.startswith(wanted)
        }
    assert min(found) >= 30  # whichever of the two answers, it answers for both


# --- logs ---------------------------------------------------------------------------------------
@pytest.fixture
def logged():
    """What a handler with our formatter wrote: call it with json or not, then with the logger."""
    streams = []

    def listen(name, *, as_json):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(discretion.formatter(json=as_json))
        logger = logging.getLogger(name)
        streams.append((logger, handler, logger.level))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        return stream

    yield listen
    for logger, handler, level in streams:
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.mark.parametrize("as_json", [True, False])
def test_an_exceptions_own_words_are_never_logged(logged, as_json):
    stream = logged("hub.test", as_json=as_json)
    try:
        raise ValueError(f"Key (name)=({CANARY}) already exists")
    except ValueError:
        logging.getLogger("hub.test").exception("It failed for row %s.", 7)

    said = stream.getvalue()
    assert CANARY not in said
    for words in ("It failed for row 7.", "ValueError", "test_cms_operations.py"):
        assert words in said


@pytest.mark.parametrize("as_json", [True, False])
def test_the_token_in_an_address_is_never_logged(client, logged, as_json):
    stream = logged("django.request", as_json=as_json)
    client.get(f"/resume/{'t0ken' * 8}/")
    client.get(f"/nowhere/{'t0ken' * 8}")

    said = stream.getvalue()
    assert "Not Found" in said
    assert "t0ken" not in said


def test_without_its_processor_the_token_would_be_in_the_log(client, logged, monkeypatch):
    monkeypatch.setattr(discretion, "without_addresses", lambda _logger, _name, event: event)
    stream = logged("django.request", as_json=True)
    client.get("/nowhere/t0ken/")
    assert "t0ken" in stream.getvalue()


def test_a_request_is_one_line_that_names_the_pattern_of_its_address(logged, settings, client):
    settings.LOG_REQUESTS = True
    stream = logged("hub.request", as_json=True)
    answer = client.get("/apply/songwriter/?name=Zebedee")

    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line["request"] == answer["X-Request-ID"]
    assert (line["method"], line["status"]) == ("GET", answer.status_code)
    assert "songwriter" not in line["route"]
    assert "Zebedee" not in stream.getvalue()


def test_the_log_of_the_hub_is_written_by_this_formatter(settings):
    assert settings.LOGGING["handlers"]["console"]["formatter"] == "discreet"
    assert settings.LOGGING["formatters"]["discreet"]["()"] == "cms.operations.discretion.formatter"


# --- a Sentry -----------------------------------------------------------------------------------
class Listener(http.server.BaseHTTPRequestHandler):
    told: list[str] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.told.append(body.decode())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


def test_a_sentry_hears_what_went_wrong_and_never_about_whom(rf):
    Listener.told.clear()
    with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        dsn = f"http://public@127.0.0.1:{server.server_address[1]}/1"
        try:
            sentry.start(
                dsn,
                release="1",
                default_integrations=False,
                auto_enabling_integrations=False,
                _experiments={"transport_compression_algo": "gzip"},
            )
            child = CANARY  # what a frame holds
            sentry_sdk.set_user({"email": child})
            sentry_sdk.set_extra("answers", {"name": child})
            try:
                raise ValueError(f"{child} already exists")
            except ValueError:
                sentry_sdk.capture_exception()
            sentry_sdk.capture_message(f"About {child}")
            sentry_sdk.flush(timeout=10)
            wait_for(lambda: len(Listener.told) >= 2, what="both reports")
        finally:
            sentry_sdk.get_client().close()
            sentry_sdk.init()
            server.shutdown()

    said = "".join(Listener.told)
    assert "ValueError" in said
    assert "test_a_sentry_hears" in said
    assert CANARY not in said


def test_the_docs_name_every_figure():
    text = (states.settings.BASE_DIR / "docs" / "operating.md").read_text()
    from cms.operations.figures import all_figures

    assert [one.name for one in all_figures() if f"`{one.name}" not in text] == []
