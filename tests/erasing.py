"""What runs inside harness hubs for the tests of erasing: one family everywhere, and a look for it."""

import json
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import connection
from wagtail.search import index

from cms import audit
from cms.backup.taking import stored_names
from cms.erasing import erase, ledger, replay
from cms.erasing.person import Person, of_pupil
from cms.models import Area, Erasure, MusicCentre, Pupil, User
from forms.models import Submission
from imports import sealed
from imports.models import ImportRun, PlanRow
from pages.models import HomePage, StandardPage
from tests.canaries import ALLERGY, FIRST, MAIL, NAME, furnish

#: What is looked for: never a last name alone, which others may share.
CANARIES = (MAIL, f"{FIRST} {NAME}", "7700900123", ALLERGY)


def fill():
    """The family in every store; what `canaries` finds of it then."""
    settings.ALLOWED_HOSTS.append("testserver")  # the family's browser is Django's test client
    area = Area.objects.create(name="East", slug="east")
    centre = MusicCentre.objects.create(
        name="Eastfield", slug="eastfield", area=area, address="2 Lane", postcode="SG4 9UJ"
    )
    furnish(centre)
    pupil = Pupil.objects.get(legal_last_name=NAME)
    Pupil.objects.filter(pk=pupil.pk).update(legal_first_name=FIRST, date_of_birth="2014-05-02")
    pupil.guardians.update(first_name="Rowan", email=MAIL, phone="+447700900123")
    admin = User.objects.create_superuser("admin", "admin@example.org", "only-for-this-test")
    audit.record(admin, "export", pupil, {"reason": f"Asked by the mother of {FIRST} {NAME}"})
    home = HomePage.objects.order_by("depth").first()
    page = home.add_child(
        instance=StandardPage(
            title=f"{FIRST} {NAME} has won",
            slug="prize-winners",
            search_description=f"{FIRST} {NAME} won",
        )
    )
    page.save_revision(user=admin).publish()
    index.insert_or_update_object(page)  # the worker's task
    cache.set("a page that is kept", f"{FIRST} {NAME}", 3600)
    folder = Path(settings.DATA_DIR, "mail")
    folder.mkdir(exist_ok=True)
    (folder / "20260101-000000-aa.eml").write_text(f"To: {MAIL}\r\n\r\nDear Rowan\r\n")
    return canaries()


def people():
    child = of_pupil(Pupil.objects.get(legal_last_name=NAME))
    adult = Person.made("Rowan", NAME, emails=[MAIL], phones=["07700 900123"])
    return [*child, adult]


def erase_the_family():
    """As the officer's button does; what went and what stayed."""
    entry = erase(people(), reason="A letter of 3 May", by=User.objects.get(username="admin"))
    return entry.result


def canaries():
    """{store: words of the family that are still in it}, of every place that the hub writes to."""
    found = {name: _in(text) for name, text in _everything().items()}
    return {name: words for name, words in found.items() if words}


def _in(text):
    low = text.lower()
    return sorted(word for word in CANARIES if word.lower() in low)


def _everything():
    texts = {
        "cache": str(cache.get("a page that is kept", "")),
        "mail folder": _read(Path(settings.DATA_DIR, "mail")),
        "roster files": "".join(_roster(run) for run in ImportRun.objects.exclude(stored_name="")),
        "sessions": "".join(map(_session, apps.get_model("sessions.Session").objects.all())),
        "private files": _private(),
    }
    for model in apps.get_models(include_auto_created=True):
        texts[_store(model)] = texts.get(_store(model), "") + _table(model)
    return texts


def _store(model):
    special = {
        "cms.AccessLogEntry": "access log",
        "cms.OutboxMessage": "letters",
        "wagtailcore.Revision": "revisions",
        "hub_forms.Submission": "answers",
        "imports.PlanRow": "roster plans",
        "pages.Subscriber": "newsletter",
    }
    app = model._meta.app_label
    return special.get(model._meta.label, {"wagtailsearch": "search index"}.get(app, app))


def _table(model):
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {quote(model._meta.db_table)}")
        plain = [" ".join(map(str, row)) for row in cursor.fetchall()]
    opened = [field.name for field in model._meta.concrete_fields if hasattr(field, "is_sealed")]
    if opened:
        rows = model._base_manager.values_list(*opened)
        plain += [json.dumps(row, ensure_ascii=False, default=str) for row in rows]
    # Its cells are apart: a line that has both names has the person.
    plain += [
        f"{FIRST} {NAME}" for line in plain if model is PlanRow and {FIRST, NAME} <= _cells(line)
    ]
    return "\n".join(plain)


def _cells(line):
    return set(re.findall(r"\w+", line))


def _read(folder):
    return "".join(path.read_text() for path in folder.glob("*.eml")) if folder.is_dir() else ""


def _roster(run):
    with sealed.unseal(run.stored_name) as stream:
        text = stream.read().decode()
    return text.replace(f"{NAME},{FIRST}", f"{FIRST} {NAME}")


def _session(row):
    return str(row.get_decoded())


def _private():
    found = []
    for name in stored_names(storages["private"]):
        if not name.startswith("rosters/"):
            with storages["private"].open(name) as file:
                found.append(file.read().decode(errors="replace"))
    return "\n".join(found).replace(f"{FIRST},{NAME}", f"{FIRST} {NAME}")


def sound():
    """Whether the chain of the access log holds, and what the ledger knows."""
    return [audit.verify().is_whole, list(Erasure.objects.values_list("reason", flat=True))]


def a_submission_is_held():
    Submission.objects.update(hold_reason="A question of safeguarding")


def replay_now():
    return replay()


def forget_the_ledger():
    """A twin: nothing is written beside the backups."""
    ledger.note = lambda entry: None
    ledger._lines = dict
