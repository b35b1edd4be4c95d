"""Starting a page from a ready-made one, and keeping a page as one."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.text import slugify
from wagtail.models import Page

from pages.models import HubPage, RecordPage, StarterFolderPage
from pages.models.starters import starter_path


def folder() -> StarterFolderPage:
    """The folder of ready-made pages, made where there is none."""
    found = StarterFolderPage.objects.filter(depth=2).first()
    if found is None:
        page = StarterFolderPage(title="Ready-made pages", slug="ready-made-pages", live=False)
        found = Page.get_first_root_node().add_child(instance=page)
    return found


def starters_for(model: type[Page]) -> QuerySet:
    """The ready-made pages of one type, by name."""
    return model.objects.filter(path__startswith=starter_path(), live=False).order_by("title")


def records_without_page(model: type[RecordPage], parent: Page) -> QuerySet[Model]:
    """What a page of this type may still be made for, in the language of `parent`."""
    field = model._meta.get_field(model.record_field)
    taken = model.objects.filter(locale_id=parent.locale_id)
    taken = taken.exclude(path__startswith=starter_path())
    return field.related_model.objects.exclude(pk__in=taken.values(f"{model.record_field}_id"))


def keep_as_starter(page: HubPage, name: str, *, by: AbstractBaseUser) -> HubPage:
    """Keep what the editors of `page` see now as a ready-made page called `name`."""
    with transaction.atomic():
        return _copied(page.get_latest_revision_as_object(), folder(), name, by)


def begin(
    starter: HubPage,
    parent: Page,
    title: str,
    *,
    by: AbstractBaseUser,
    record: Model | None = None,
) -> HubPage:
    """A draft below `parent` that looks like `starter`; what is dated begins today."""
    facts = {"locale": parent.locale}
    if hasattr(starter, "published_on"):
        facts["published_on"] = timezone.localdate()
    if record is not None:
        facts[starter.record_field] = record
    with transaction.atomic():
        return _copied(starter, parent, title, by, **facts)


def _copied(page: HubPage, to: Page, title: str, by: AbstractBaseUser, **facts: object) -> HubPage:
    facts |= {
        "title": title,
        "draft_title": title,
        "slug": _free_slug(title, to),
        "seo_title": "",
        "go_live_at": None,
        "expire_at": None,
        "show_in_menus": False,
    }
    return page.copy(to=to, update_attrs=facts, copy_revisions=False, keep_live=False, user=by)


def _free_slug(title: str, parent: Page) -> str:
    there = set(parent.get_children().values_list("slug", flat=True))
    base = slugify(title)[:60] or "page"
    free = (f"{base}-{number}" if number else base for number in range(len(there) + 1))
    return next(slug for slug in free if slug not in there)
