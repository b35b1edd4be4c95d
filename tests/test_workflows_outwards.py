"""What cases tell the outside: signed calls to listed hosts, and lists to take away."""

import copy
import hashlib
import hmac
import http.server
import json
import threading

import pytest
from django.utils import timezone

from cms import jobs
from cms.models import AccessLogEntry, Job
from tests.casework import run_until_over, with_actions
from tests.test_workflows_desks import new_case
from workflows import webhooks
from workflows.compile import check, publish
from workflows.engine import perform
from workflows.models import WebhookCall
from workflows.running import restart_actions

pytestmark = pytest.mark.django_db


class Listener(http.server.BaseHTTPRequestHandler):
    """Another system: keeps what it is told, and answers what the test wants."""

    heard, answers = [], []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((dict(self.headers), body))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.end_headers()

    def log_message(self, *_args):
        """Silent."""


@pytest.fixture
def listener(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    settings.WEBHOOK_SECRET = "shared"
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    Listener.heard, Listener.answers = [], []
    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/told?x=1"
    server.shutdown()


def told(url, centre, officer, **options):
    publish(with_actions({"type": "webhook", "url": url, **options}))
    event = perform(new_case(centre).pk, "confirm", by=officer)
    run_until_over(event)
    return event


def deliver_until_over(event):
    key = webhooks.job_key(event.runs.get().pk)
    for _ in range(8):
        job = Job.objects.get(key=key)
        if job.state in (Job.State.DONE, Job.State.FAILED):
            break
        Job.objects.filter(key=key).update(not_before=timezone.now())
        jobs.run_job.call_local(job.pk)
    return Job.objects.get(key=key).state


def test_a_call_is_signed_says_what_happened_and_names_no_family(listener, centres, officer):
    event = told(listener, centres["west"], officer, facts="status")

    assert deliver_until_over(event) == "done"
    ((headers, body),) = Listener.heard
    at, seal = (part.split("=")[1] for part in headers["X-Hub-Signature"].split(","))
    expected = hmac.new(b"shared", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert seal == expected
    said = json.loads(body)
    assert (said["reference"], said["from"], said["to"]) == ("SW-W1", "new", "confirmed")
    assert said["facts"] == {"status": "Confirmed"}
    assert b"Canarybird" not in body and b"robin@" not in body


def test_a_host_that_fails_is_tried_again_with_the_same_key(listener, centres, officer):
    Listener.answers = [500, 503]
    event = told(listener, centres["west"], officer)

    assert deliver_until_over(event) == "done"
    assert len({headers["Idempotency-Key"] for headers, _body in Listener.heard}) == 1
    assert (len(Listener.heard), WebhookCall.objects.get().answer) == (3, 204)


def test_a_call_that_was_given_up_shows_on_the_case_and_can_be_started_again(
    listener, centres, officer
):
    Listener.answers = [500] * 5
    event = told(listener, centres["west"], officer)
    assert deliver_until_over(event) == "failed"
    run = event.runs.get()
    assert run.state == "failed"
    assert run.problem.startswith("127.0.0.1 could not be told. It answered 500.")

    restart_actions(event, by=officer)

    assert deliver_until_over(event) == "done"
    assert event.runs.get().state == "done"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://elsewhere.example.org/x", "is not among the hosts"),
        ("http://listed.example.org/x", "must begin with https://"),
        ("https://user:word@listed.example.org/x", "hold no password"),
        ("file:///etc/passwd", "must begin with https://"),
    ],
)
def test_an_address_that_is_not_allowed_cannot_be_published(settings, url, why):
    settings.WEBHOOK_HOSTS, settings.WEBHOOK_SECRET = ["listed.example.org"], "shared"

    found = check(with_actions({"type": "webhook", "url": url}))

    assert any(why in finding.message for finding in found)


def test_a_listed_name_that_leads_into_a_private_network_is_not_called(settings, monkeypatch):
    settings.WEBHOOK_HOSTS, settings.WEBHOOK_SECRET = ["localhost"], "shared"

    with pytest.raises(webhooks.RefusedAddressError, match="private network"):
        webhooks.call("https://localhost/x", b"{}", "once")


def test_a_row_is_added_once_and_taken_away_by_whoever_may_export(centres, officer, client):
    flow = copy.deepcopy(with_actions({"type": "export_row", "list": "To pay", "facts": "status"}))
    publish(flow)
    for number in (1, 2):
        run_until_over(perform(new_case(centres["west"], number).pk, "confirm", by=officer))
    client.force_login(officer)

    page = client.get("/admin/cases/lists/").content.decode()
    taken = client.get("/admin/cases/lists/to-pay.csv")

    lines = b"".join(taken.streaming_content).decode("utf-8-sig").splitlines()
    assert "to-pay" in page
    assert [line.split(",")[1:] for line in lines] == [
        ["Reference", "status"],
        ["SW-W1", "Confirmed"],
        ["SW-W2", "Confirmed"],
    ]
    entry = AccessLogEntry.objects.filter(action="export").get()
    assert entry.detail == {"list": "to-pay", "rows": 2}


def test_a_list_of_another_centre_is_not_there(centres, officer, client, django_user_model):
    from cms.roles import grant

    publish(with_actions({"type": "export_row", "list": "To pay", "facts": "status"}))
    run_until_over(perform(new_case(centres["west"]).pk, "confirm", by=officer))
    other = django_user_model.objects.create_user("eastern")
    grant(other, "bookings", centre=centres["east"])
    client.force_login(other)

    assert client.get("/admin/cases/lists/to-pay.csv").status_code == 404
