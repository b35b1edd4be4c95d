"""Telling another system that a case has moved: signed, retried, and only to hosts that are listed.

A call is a row, written by the action; a job of its own sends it, so that a slow host keeps nobody
waiting. WEBHOOK_HOSTS names the hosts that may be told anything at all, WEBHOOK_SECRET signs. An
address that leads into a private network is refused when it is called, whatever its name says,
unless WEBHOOK_PRIVATE_NETWORKS allows it; redirects are not followed. What is said names no family:
the reference, the stage, the button, and facts that letters may carry where the designer asks.
"""

import hashlib
import hmac
import json
import ssl
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms import jobs, outward, sandbox
from cms.models import Job

from .actions import Action, ActionProblemError, actions, mail_context
from .models import ActionRun, Case, WebhookCall

KIND = "workflows.webhook"
SECONDS = 10
SIGNATURE = "X-Hub-Signature"


class RefusedAddressError(Exception):
    """The hub will not call this address. The message is a sentence for staff."""


def check_address(url: str) -> str:
    """The host of an address that may be called. Raises RefusedAddressError."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    allowed = ("https", "http") if settings.WEBHOOK_PRIVATE_NETWORKS else ("https",)
    if parts.scheme not in allowed or not host or parts.username or parts.password:
        raise RefusedAddressError("The address must begin with https:// and hold no password.")
    if host not in settings.WEBHOOK_HOSTS:
        raise RefusedAddressError(
            f"{host} is not among the hosts that may be told (the setting WEBHOOK_HOSTS)."
        )
    if not settings.WEBHOOK_SECRET:
        raise RefusedAddressError("There is no secret to sign with (the setting WEBHOOK_SECRET).")
    return host


def signature(body: bytes, at: int) -> str:
    """What the receiver compares: the time, and a hash over the time and the body."""
    text = f"{at}.".encode() + body
    sealed = hmac.new(settings.WEBHOOK_SECRET.encode(), text, hashlib.sha256).hexdigest()
    return f"t={at},v1={sealed}"


def call(url: str, body: bytes, once: str) -> int:
    """Post it, and answer the status. Raises RefusedAddressError, OSError, HTTPException."""
    sandbox.refuse("call another system")
    host = check_address(url)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        number = outward.public_address(host, port, private_too=settings.WEBHOOK_PRIVATE_NETWORKS)
    except outward.NotPublicError as problem:
        raise RefusedAddressError(str(problem)) from None
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    connection = outward.connection(host, port, number, tls=tls, seconds=SECONDS)
    try:
        connection.request(
            "POST",
            outward.path_of(parts),
            body=body,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": once,
                SIGNATURE: signature(body, int(timezone.now().timestamp())),
            },
        )
        return connection.getresponse().status
    finally:
        connection.close()


@actions("webhook")
class Webhook(Action):
    """`url` is told; `facts` are names of facts that letters may carry, separated by commas."""

    label = _("Tell another system (webhook)")
    required = ("url",)
    optional = ("facts",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            ("url", blocks.CharBlock(max_length=500, label=_("Address"))),
            (
                "facts",
                blocks.CharBlock(
                    required=False,
                    max_length=200,
                    label=_("Facts"),
                    help_text=_(
                        "Names of facts that letters may carry, with commas, such as course, when. "
                        "The reference, stage and button are always told."
                    ),
                ),
            ),
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if options.get("url"):
            try:
                check_address(options["url"])
            except RefusedAddressError as problem:
                problems.append(str(problem))
        return problems

    def run(self, case: Case, options: dict) -> str:
        event = self.row.event
        known = mail_context(case, event)
        wanted = [name.strip() for name in (options.get("facts") or "").split(",") if name.strip()]
        missing = [name for name in wanted if name not in known]
        if missing:
            raise ActionProblemError(f"This case has no fact called {', '.join(missing)}.")
        try:
            host = check_address(options["url"])
        except RefusedAddressError as problem:
            raise ActionProblemError(str(problem)) from problem
        body = {
            "id": self.once,
            "reference": case.reference,
            "workflow": case.version.plan.slug,
            "button": event.button_key,
            "from": event.from_stage,
            "to": event.to_stage,
            "at": event.at.isoformat(),
            "facts": {name: str(known[name]) for name in wanted},
        }
        WebhookCall.objects.get_or_create(
            run=self.row, defaults={"url": options["url"], "body": body}
        )
        jobs.enqueue(KIND, key=job_key(self.row.pk), payload={"run": self.row.pk})
        return f"{host} is told, signed"


def job_key(run_id: int) -> str:
    return f"webhook-{run_id}"


@jobs.handlers(KIND)
def deliver(run: jobs.JobRun) -> None:
    """Send one call, outside any transaction; tried again with longer and longer waits."""
    row = WebhookCall.objects.get(run_id=run.payload["run"])
    body = json.dumps(row.body, sort_keys=True).encode()
    try:
        status = call(row.url, body, row.body["id"])
    except RefusedAddressError as problem:
        raise jobs.GiveUpError(str(problem)) from problem
    if not 200 <= status < 300:
        WebhookCall.objects.filter(pk=row.pk).update(answer=status)
        raise OSError(f"answered {status}")
    with run.finish():
        WebhookCall.objects.filter(pk=row.pk).update(answer=status, sent_at=timezone.now())


@jobs.endings(KIND)
def give_up(job: Job) -> None:
    """Say on the case that the other system was not reached; it can be started again there."""
    row = WebhookCall.objects.select_related("run").get(run_id=job.payload["run"])
    answered = f" It answered {row.answer}." if row.answer else ""
    host = urlsplit(row.url).hostname
    ActionRun.objects.filter(pk=row.run_id).update(
        state=ActionRun.State.FAILED,
        problem=(f"{host} could not be told.{answered} {job.problem}")[:300],
    )


def restart(runs: list[ActionRun]) -> int:
    """Call again those that were given up; how many. Inside a transaction."""
    keys = {job_key(run.pk): run for run in runs if run.type == "webhook"}
    failed = list(Job.objects.filter(key__in=keys, state=Job.State.FAILED))
    with transaction.atomic():
        for job in failed:
            jobs.restart(job.pk)
            ActionRun.objects.filter(pk=keys[job.key].pk).update(
                state=ActionRun.State.DONE, problem=""
            )
    return len(failed)
