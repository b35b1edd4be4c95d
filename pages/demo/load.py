"""Loads the demo hub: records, snippets and settings, pages, and the index that finds them."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page, ReferenceIndex, Site
from wagtail.signal_handlers import disable_reference_index_auto_update

from cms.models import HubSettings
from forms import demo_appointments, demo_money, package
from forms.models import FormDefinition
from pages import starters
from pages.models import HomePage, Subscriber
from pages.subscribing import set_wants

from .files import load_documents, load_pictures
from .learning import add_record_pages
from .records import load_records
from .references import NAMED_BY, References
from .tree import Tree
from .welsh import load_welsh

HERE = Path(__file__).parent
PACKAGES = Path(package.__file__).parent / "packages"
PAGE_FILES = ("home", "about", "hub", "learning", "schools", "news", "duties", "newsletter")


@dataclass
class Report:
    """How many of each kind were added; nothing at all on a second load."""

    added: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.added.values())

    def __str__(self) -> str:
        parts = [f"{number} {name}" for name, number in self.added.items() if number]
        return ", ".join(parts) or "nothing: it was all there"


def read(name: str) -> dict:
    return yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))


def load(today: date) -> Report:
    """Add what the demo hub lacks, as one transaction. Raises UnknownNameError on a bad file."""
    report = Report()
    references = References(today)
    with transaction.atomic(), disable_reference_index_auto_update():
        report.added |= load_records(read("records"), today)
        report.added["documents"] = load_documents(today)
        report.added["pictures"] = load_pictures()
        report.added["snippets"] = load_snippets(read("site"), references)
        tree = Tree(references)
        home = home_page()
        for name in PAGE_FILES:
            entry = add_record_pages(read(name)) if name == "learning" else read(name)
            tree.fill_home(home, entry) if name == "home" else tree.add_children(home, entry)
        tree.publish()
        report.added["pages"] = len(tree.added)
        report.added["ready-made pages"] = load_starters(references)
        load_settings(read("site")["settings"], home)
        report.added["Welsh pages"] = load_welsh(home)
        report.added["rules for help with costs"] = demo_money.load(today)
        report.added["forms"] = load_forms()
        report.added["sessions of appointments"] = demo_appointments.load(today)
        report.added["subscribers"] = load_subscribers(read("newsletter")["subscribers"])
        for page, _entry in tree.added:
            ReferenceIndex.create_or_update_for_object(page)
    if report:
        call_command("update_index", verbosity=0)
    return report


def home_page() -> HomePage:
    """The home page of the default site, made where there is none."""
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site and site.hostname == "localhost":  # nobody has said yet where the hub lives
        address = urlsplit(settings.SITE_URL)
        site.hostname = address.hostname
        site.port = address.port or (443 if settings.IS_HTTPS else 80)
        site.save()
    if site and isinstance(site.root_page.specific, HomePage):
        return site.root_page.specific
    home = HomePage(title="Home", slug="hub-home")
    Page.get_first_root_node().add_child(instance=home)
    if site is None:
        site = Site(hostname="localhost", is_default_site=True)
    site.root_page = home
    site.save()
    return home


def load_forms() -> int:
    """Load and publish the packaged forms that are not there yet. Returns how many."""
    there = set(FormDefinition.objects.values_list("slug", flat=True))
    missing = [path for path in sorted(PACKAGES.glob("*.json")) if path.stem not in there]
    for path in missing:
        if path.stem == demo_money.FORM:
            package.load(demo_money.with_money(package.read(path)), publish=True)
        else:
            package.load(path, publish=True)
    return len(missing)


def load_starters(references: References) -> int:
    """Add the ready-made pages. They stay drafts. How many."""
    tree = Tree(references)
    tree.add_children(starters.folder(), read("starters"))
    tree.keep_as_drafts()
    return len(tree.added)


def load_subscribers(written: list[dict]) -> int:
    """Add addresses that asked for the newsletter and confirmed it. How many."""
    if Subscriber.objects.exists():
        return 0
    for row in written:
        subscriber = Subscriber(email=row["email"], confirmed_at=timezone.now())
        set_wants(subscriber, row["wants"])
        subscriber.save()
    return len(written)


def load_settings(facts: dict, home: HomePage) -> None:
    """Fill the hub's details where nobody has done so yet."""
    site = Site.objects.get(is_default_site=True)
    details = HubSettings.for_site(site)
    if details.pk and details.strapline:
        return
    for name, value in facts.items():
        setattr(details, name, value)
    details.save()


def load_snippets(data: dict, references: References) -> int:
    """Add figures, contacts, questions, logos, categories, themes and search words. How many."""
    added = 0
    for section, model_name in (
        ("key_figures", "KeyFigure"),
        ("contact_cards", "ContactCard"),
        ("questions", "Question"),
        ("logos", "Logo"),
        ("news_categories", "NewsCategory"),
        ("themes", "Theme"),
        ("milestones", "Milestone"),
        ("feedback_answers", "FeedbackAnswer"),
    ):
        app, key = NAMED_BY[model_name]
        model = apps.get_model(app, model_name)
        for row in data[section]:
            values = {
                name: references.field(model._meta.get_field(name), value)
                for name, value in row.items()
            }
            added += model.objects.get_or_create(**{key: row[key]}, defaults=values)[1]
    words = apps.get_model("pages", "SearchWord")
    for phrase, meanings in data["search_words"].items():
        for meaning in meanings:
            added += words.objects.get_or_create(phrase=phrase, stands_for=meaning)[1]
    return added
