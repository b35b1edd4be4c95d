"""The hub's roles as data: what each may do, and which restricted fields it may read.

A role is a Django group with the label below; `sync_roles` makes the groups and gives them these
permissions after every migrate. To change what a role may do, change it here: a permission added
to one of these groups by hand is taken away again at the next deployment.
A role's scope (whole hub, area, centre) is a Membership, never part of the role: `grant` and
`revoke` write it, and the user's groups follow it (cms.models.accounts).

Permissions are "app.codename"; "*" stands for any run of letters. Records of people have three
more than Django's four: list, inspect and export, each asked for on its own (cms.modeladmin).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from .access import ScopedQuerySet, held_by

READ_ACTIONS = ("list", "inspect", "export")


@dataclass(frozen=True)
class Role:
    """`fields` are groups of restricted fields: contact, health, collection, money, evidence,
    safeguarding, therapy.

    `pages` and `media` are what the role may do to all pages, and to all pictures and documents.
    """

    key: str
    label: str
    purpose: str
    permissions: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    pages: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


def _reads(*models_: str) -> tuple[str, ...]:
    return tuple(f"cms.{act}_{model}" for model in models_ for act in ("view", "list", "inspect"))


def _edits(*models_: str) -> tuple[str, ...]:
    return tuple(f"cms.{act}_{model}" for model in models_ for act in ("view", "add", "change"))


def _exports(*models_: str) -> tuple[str, ...]:
    return tuple(f"cms.export_{model}" for model in models_)


ADMIN = ("wagtailadmin.access_admin",)
CASES = (
    *("workflows.view_case", "workflows.change_case"),
    *("workflows.view_appointmentsession", "workflows.change_appointmentsession"),
)
OFFERS = ("workflows.run_pool", "workflows.decide_case")
SEASONS = ("workflows.run_season", "workflows.*_auditionround")
DESIGN = (
    "workflows.*_workflowdefinition",
    "hub_forms.*_formdefinition",
    "hub_forms.*_pricecode",
    "cms.*_mailtemplate",
)
ANSWERS = ("hub_forms.list_submission", "hub_forms.inspect_submission")
ANSWERS_OUT = (*ANSWERS, "hub_forms.export_submission", "hub_forms.hold_submission")
DRAFTS_OF_FORMS = tuple(f"hub_forms.{act}_formdefinition" for act in ("view", "add", "change"))
CALENDAR = _edits("academicyear", "term", "centredate")
WRITTEN_ONCE = tuple(
    f"pages.*_{model}"
    for model in (
        "contactcard",
        "feedbackanswer",
        "keyfigure",
        "logo",
        "milestone",
        "newscategory",
        "notice",
        "question",
        "searchword",
        "theme",
    )
)
READERS = ("pages.view_dailycount",)
TRANSLATING = ("simple_translation.submit_translation",)
BEGINNING_LANGUAGES = ("wagtailcore.add_locale",)
PEOPLE = ("pupil", "guardian", "teacher", "musicgroup", "enrolment")
HELP = tuple(
    f"cms.{name}"
    for name in ("view_helpclaim", "list_helpclaim", "decide_helpclaim", "view_helpfund")
)
TRAINING = "training"
ELSEWHERE = ("loaninstrument", "outsidebooking")
MONEY = ("cms.view_moneyaccount", "cms.list_moneyaccount", "cms.record_moneyaccount")
MONEY_OUT = (*MONEY, "cms.export_moneyaccount", "cms.refund_moneyaccount")

ROLES: dict[str, Role] = {
    role.key: role
    for role in (
        Role(
            "comms_editor",
            "Communications editor",
            _("Drafts pages and forms and looks after pictures. Sees no record of a person."),
            (
                *ADMIN,
                *WRITTEN_ONCE,
                *READERS,
                *TRANSLATING,
                *DRAFTS_OF_FORMS,
                "cms.withdraw_hubimage",
            ),
            pages=("add_page", "change_page"),
            media=("add", "change", "choose"),
        ),
        Role(
            "comms_lead",
            "Communications lead",
            _("Publishes pages and forms, says what the hub offers. Sees no record of a person."),
            (
                *ADMIN,
                *_edits("area", "musiccentre", "instrument", "course", "coursedate", "ensemble"),
                *_edits("ensemblesection", "partner", "organisationtype", "hubsettings"),
                *CALENDAR,
                *WRITTEN_ONCE,
                *READERS,
                *TRANSLATING,
                *BEGINNING_LANGUAGES,
                "pages.delete_dailycount",
                "hub_forms.*_formdefinition",
                "pages.send_newsletter",
                "pages.delete_subscriber",
                "cms.close_musiccentre",
                "cms.withdraw_hubimage",
                "wagtailredirects.*_redirect",
                "wagtailsearchpromotions.*_searchpromotion",
            ),
            pages=("add_page", "change_page", "publish_page", "bulk_delete_page", "lock_page"),
            media=("add", "change", "choose"),
        ),
        Role(
            "centre_admin",
            "Centre administrator",
            _("A centre's groups, registers and bookings."),
            (
                *ADMIN,
                *CASES,
                "workflows.run_pool",
                *ANSWERS,
                *_reads(*PEOPLE, *ELSEWHERE, "place"),
                "cms.change_musicgroup",
                "cms.change_loaninstrument",
                "cms.change_enrolment",
                "cms.close_musiccentre",
            ),
            frozenset({"contact", "collection"}),
        ),
        Role(
            "bookings",
            "Bookings",
            _("All bookings and waiting lists, and what help with costs was agreed."),
            (
                *ADMIN,
                *CASES,
                *OFFERS,
                *ANSWERS_OUT,
                "workflows.export_case",
                *_reads("pupil", "guardian", "place", "outsidebooking"),
                *_exports("place"),
                *_edits("course", "coursedate"),
                "cms.overbook_coursedate",
                *MONEY,
                "cms.refund_moneyaccount",
                *DESIGN,
            ),
            frozenset({"contact", "health", "collection", "money"}),
        ),
        Role(
            "finance",
            "Finance",
            _("What is owed and paid, refunds, and the file for the ledger. Sees no child."),
            (*ADMIN, *MONEY_OUT),
            frozenset({"money"}),
        ),
        Role(
            "ensembles_manager",
            "Ensembles manager",
            _("Audition rounds, slots and decisions."),
            (
                *ADMIN,
                *CASES,
                *OFFERS,
                *SEASONS,
                *ANSWERS_OUT,
                "workflows.export_case",
                *_reads("pupil", "guardian", "musicgroup", "enrolment"),
                *_edits("ensemble", "ensemblesection"),
                "cms.change_enrolment",
                *DESIGN,
            ),
            frozenset({"contact", "health"}),
        ),
        Role(
            "panellist",
            "Panellist",
            _("Scores the applicants of their own panel, and sees nothing else of them."),
            (*ADMIN, "workflows.view_case"),
        ),
        Role(
            "therapist",
            "Music therapist",
            _("Referrals to music therapy, which no other role reads."),
            (*ADMIN, *CASES),
            frozenset({"contact", "therapy"}),
        ),
        Role(
            "board_member",
            "Board member",
            _("Papers of the boards they sit on, and their own interests. Nothing else."),
            ADMIN,
        ),
        Role(
            "course_leader",
            "Course leader",
            _("The register of their own course: health, and who collects a child. No export."),
            (*ADMIN, *_reads("place")),
            frozenset({"health", "collection"}),
        ),
        Role(
            "roster_admin",
            "Roster administrator",
            _("Imports rosters, maps their columns, undoes an import."),
            (
                *ADMIN,
                *_reads(*PEOPLE, TRAINING, *ELSEWHERE),
                *_edits(*PEOPLE, TRAINING, *ELSEWHERE, "pupilguardian", "school"),
                "cms.view_returndefinition",
                *_exports(*PEOPLE, TRAINING, *ELSEWHERE),
                "imports.*",
            ),
            frozenset({"contact"}),
        ),
        Role(
            "remission_officer",
            "Remission officer",
            _("Evidence for help with costs, and how much of the fund is spent."),
            (
                *ADMIN,
                *CASES,
                *ANSWERS,
                *HELP,
                "cms.run_helpfund",
                "cms.*_remissionrule",
                "cms.view_moneyaccount",
                "cms.list_moneyaccount",
            ),
            frozenset({"contact", "money", "evidence"}),
        ),
        Role(
            "safeguarding_lead",
            "Safeguarding lead",
            _("Restricted fields of every record, and who has seen them."),
            (
                *ADMIN,
                "workflows.view_case",
                "workflows.change_case",
                *ANSWERS,
                "hub_forms.hold_submission",
                *_reads(*PEOPLE, "place"),
                "cms.view_accesslogentry",
                "cms.withdraw_hubimage",
                "cms.view_partner",
                "cms.view_partnerpaper",
                "cms.suspend_partner",
            ),
            frozenset({"contact", "health", "collection", "safeguarding"}),
        ),
        Role(
            "data_protection",
            "Data protection officer",
            _("Takes out or erases one person's data; the record of processing; the access log."),
            (
                *ADMIN,
                "cms.erase_person",
                "cms.take_person",
                "cms.view_erasure",
                "cms.view_accesslogentry",
            ),
        ),
        Role(
            "hub_manager",
            "Hub manager",
            _("Partners and reports. Sees no health record."),
            (
                *ADMIN,
                *CASES,
                *OFFERS,
                *ANSWERS_OUT,
                "hub_forms.forget_submission",
                *_edits("partner", "organisationtype", "school"),
                *_reads(TRAINING),
                *_exports(TRAINING),
                *_edits("partnerpaper", "partnerperson", "governingtext", "board"),
                "cms.*_returndefinition",
                "cms.sign_return",
                *READERS,
                "cms.view_helpfund",
                "cms.run_helpfund",
                "cms.*_remissionrule",
                "cms.view_job",
                "cms.change_job",
                "cms.close_musiccentre",
                "cms.withdraw_hubimage",
                *DESIGN,
            ),
            frozenset({"contact"}),
        ),
    )
}
BY_LABEL = {role.label: role.key for role in ROLES.values()}


def group_of(role_key: str) -> Group:
    """The group of a role, or the group that staff made under that very name.

    Raises Group.DoesNotExist when there is neither.
    """
    role = ROLES.get(role_key)
    return Group.objects.get(name=role.label if role else role_key)


def role_keys_of(user: AbstractBaseUser) -> set[str]:
    """The keys of the roles this user holds in any scope. At most one query."""
    return {BY_LABEL.get(held.role, held.role) for held in held_by(user)}


def restricted_fields_of(user: AbstractBaseUser) -> frozenset[str]:
    """The groups of restricted fields this user may read. A superuser reads all of them."""
    if user.is_superuser:
        return frozenset().union(*(role.fields for role in ROLES.values()))
    held = role_keys_of(user) & set(ROLES)
    return frozenset().union(*(ROLES[key].fields for key in held))


def grant(
    user: AbstractBaseUser,
    role: str,
    area: models.Model | None = None,
    centre: models.Model | None = None,
) -> models.Model:
    """Give a role (its key) for the whole hub, an area or a centre. Twice is once."""
    membership, _created = user.memberships.get_or_create(
        role=group_of(role), area=area, centre=centre
    )
    return membership


def revoke(
    user: AbstractBaseUser,
    role: str,
    area: models.Model | None = None,
    centre: models.Model | None = None,
) -> bool:
    """Take that very role and scope away again. Whether there was one."""
    held = user.memberships.filter(role=group_of(role), area=area, centre=centre).first()
    if held is None:
        return False
    held.delete()
    return True


def personal_models() -> list[type[models.Model]]:
    """Every model whose rows staff may reach through `for_user` alone.

    A centre is scoped too, for who may close it, but is public: it names no paths to a centre.
    """
    return [
        model
        for model in apps.get_models()
        if isinstance(model._default_manager.all(), ScopedQuerySet)
        and hasattr(model, "scope_centres")
    ]


def sync_roles() -> None:
    """Make every role's group and give it exactly the permissions above. Twice is once."""
    with transaction.atomic():
        for model in personal_models():
            _make_read_permissions(model)
        known = {
            f"{app}.{codename}": pk
            for app, codename, pk in Permission.objects.values_list(
                "content_type__app_label", "codename", "pk"
            )
        }
        for role in ROLES.values():
            group, _created = Group.objects.get_or_create(name=role.label)
            wanted = {
                pk
                for name, pk in known.items()
                if any(fnmatchcase(name, pattern) for pattern in role.permissions)
            }
            if set(group.permissions.values_list("pk", flat=True)) != wanted:
                group.permissions.set(wanted)
            _give_tree_permissions(group, role)


def _make_read_permissions(model: type[models.Model]) -> None:
    content_type = ContentType.objects.get_for_model(model)
    for action in READ_ACTIONS:
        Permission.objects.get_or_create(
            content_type=content_type,
            codename=f"{action}_{model._meta.model_name}",
            defaults={"name": f"Can {action} {model._meta.verbose_name_plural}"[:255]},
        )


def _give_tree_permissions(group: Group, role: Role) -> None:
    """Rights over all pages and over all media, which Wagtail ties to places in a tree."""
    page_model = apps.get_model("wagtailcore", "Page")
    on_page = apps.get_model("wagtailcore", "GroupPagePermission")
    on_collection = apps.get_model("wagtailcore", "GroupCollectionPermission")
    root = page_model.objects.filter(depth=1).first()
    media_root = apps.get_model("wagtailcore", "Collection").objects.filter(depth=1).first()
    if root is None or media_root is None:  # a flushed test database
        return
    pages = Permission.objects.filter(
        content_type=ContentType.objects.get_for_model(page_model), codename__in=role.pages
    )
    for permission in pages:
        on_page.objects.get_or_create(group=group, page=root, permission=permission)
    on_page.objects.filter(group=group).exclude(permission__in=pages).delete()
    # Wagtail asks for the rights of its own picture and document, whatever model stands for them.
    media = Permission.objects.filter(
        content_type__app_label__in=("wagtailimages", "wagtaildocs"),
        codename__in=[f"{act}_{kind}" for act in role.media for kind in ("image", "document")],
    )
    for permission in media:
        on_collection.objects.get_or_create(
            group=group, collection=media_root, permission=permission
        )
    on_collection.objects.filter(group=group).exclude(permission__in=media).delete()
