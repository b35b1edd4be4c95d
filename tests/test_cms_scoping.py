"""Nobody reaches a record outside their scope, by any address that the admin has."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from wagtail import hooks
from wagtail.models import ReferenceIndex

from cms.access import ScopedQuerySet
from cms.models import (
    AccessLogEntry,
    Area,
    Course,
    CourseDate,
    Enrolment,
    Guardian,
    Instrument,
    LoanInstrument,
    MusicCentre,
    MusicGroup,
    OutsideBooking,
    Place,
    Pupil,
    PupilGuardian,
    Teacher,
    Training,
)
from cms.roles import ROLES, grant, personal_models, sync_roles
from tests.costs import fewest_queries

CANARY = "Canarybird"
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def centre(name, area):
    return MusicCentre.objects.create(
        name=name, slug=name.lower(), area=area, address="1 Lane", postcode="SG4 9UJ"
    )


@pytest.fixture
def centres(db):
    west = Area.objects.create(name="West", slug="west")
    east = Area.objects.create(name="East", slug="east")
    return {"west": centre("Westbrook", west), "east": centre("Eastfield", east)}


def populate(place, number=1):
    """One of each personal record at a centre, each with the canary in what it says of a person."""
    now = timezone.now()
    week = timezone.timedelta(days=7)
    pupil = Pupil.objects.create(
        legal_first_name="Zeb", legal_last_name=f"{CANARY}{number}", postcode="SG4 9UJ"
    )
    guardian = Guardian.objects.create(
        first_name="Zoe", last_name=f"{CANARY}{number}", email=f"{CANARY}{number}@example.org"
    )
    PupilGuardian.objects.create(pupil=pupil, guardian=guardian)
    teacher = Teacher.objects.create(
        staff_number=f"{CANARY}-{place.pk}-{number}", first_name="Tom", last_name=CANARY
    )
    teacher.centres.add(place)
    group = MusicGroup.objects.create(name=f"{CANARY} Band {number}", centre=place)
    course, _created = Course.objects.get_or_create(
        slug="songwriter", defaults={"title": "Songwriter", "summary": "Songs", "code": "SW"}
    )
    date, _created = CourseDate.objects.get_or_create(
        reference=f"sw-{place.slug}",
        defaults={
            "course": course,
            "centre": place,
            "starts_at": now + week,
            "ends_at": now + week * 2,
            "capacity": 20,
            "price_pence": 3500,
            "booking_opens_at": now - week,
            "booking_closes_at": now + week,
        },
    )
    violin, _created = Instrument.objects.get_or_create(
        slug="violin", defaults={"name": "Violin", "family": "strings"}
    )
    return {
        LoanInstrument: LoanInstrument.objects.create(
            asset_number=f"{CANARY}-{place.pk}-{number}",
            instrument=violin,
            centre=place,
            borrower=pupil,
        ),
        OutsideBooking: OutsideBooking.objects.create(
            external_id=f"{CANARY}-{place.pk}-{number}", pupil=pupil, title=CANARY, centre=place
        ),
        Pupil: pupil,
        Guardian: guardian,
        Teacher: teacher,
        Training: Training.objects.create(
            teacher=teacher, title=f"{CANARY} day", held_on=now.date(), reflection=CANARY
        ),
        MusicGroup: group,
        Enrolment: Enrolment.objects.create(pupil=pupil, group=group),
        Place: Place.objects.create(
            course_date=date,
            pupil=pupil,
            holder=f"{CANARY}-{number}",
            state="confirmed",
            seat=Place.objects.count() + 1,
        ),
    }


@pytest.fixture
def east_records(centres):
    return populate(centres["east"])


def staff(name, *roles, **scope):
    user = get_user_model().objects.create_user(name, email=f"{name}@example.org")
    for role in roles:
        grant(user, role, **scope)
    return user


EVERYTHING = ("centre_admin", "bookings", "roster_admin", "ensembles_manager", "safeguarding_lead")


@pytest.fixture
def west_admin(centres):
    """Every data role there is, at one centre: what must stop them is the scope alone."""
    return staff("west", *EVERYTHING, centre=centres["west"])


def record_urls():
    """(model, address pattern's name, takes a key) of every ScopedModelAdmin, as registered."""
    by_prefix = {
        f"{model._meta.app_label}_{model._meta.model_name}_modeladmin_": model
        for model in personal_models()
    }
    found = []
    for hook in hooks.get_hooks("register_admin_urls"):
        for pattern in hook() or ():
            for prefix, model in by_prefix.items():
                if (getattr(pattern, "name", None) or "").startswith(prefix):
                    found.append((model, pattern.name, "instance_pk" in str(pattern.pattern)))
    return found


def crawl(client, records):
    """What leaked: each address and method that answered anything but 403 or 404, or a canary."""
    leaks = []
    for model, name, takes_key in record_urls():
        url = reverse(name, args=[records[model].pk] if takes_key else [])
        for method in METHODS:
            response = getattr(client, method)(url, {"kind": "csv", "reason": "a reason"})
            body = b"".join(response) if response.streaming else response.content
            if takes_key and response.status_code not in (403, 404):
                leaks.append((method, name, response.status_code))
            elif CANARY.encode() in body:
                leaks.append((method, name, "canary"))
    return leaks


def test_the_crawl_knows_every_screen():
    models = {model for model, _name, _key in record_urls()}
    actions = {name.rpartition("_")[2] for _model, name, _key in record_urls()}

    assert models == {
        Pupil,
        Guardian,
        Teacher,
        Training,
        MusicGroup,
        Enrolment,
        LoanInstrument,
        OutsideBooking,
        Place,
    }
    assert actions == {"index", "create", "edit", "delete", "inspect", "export", "locks"}


def test_an_administrator_of_another_centre_gets_nothing_by_any_address(
    client, west_admin, east_records
):
    client.force_login(west_admin)

    assert crawl(client, east_records) == []


def test_the_same_crawl_fails_when_scoping_is_switched_off(
    client, west_admin, east_records, monkeypatch
):
    monkeypatch.setattr(ScopedQuerySet, "for_user", lambda self, user, action="view": self)
    client.force_login(west_admin)

    leaks = crawl(client, east_records)

    assert {name.split("_")[1] for _method, name, _what in leaks} == {
        "pupil",
        "guardian",
        "teacher",
        "training",
        "musicgroup",
        "enrolment",
        "loaninstrument",
        "outsidebooking",
        "place",
    }
    assert ("get", "cms_pupil_modeladmin_inspect", 200) in leaks
    assert ("post", "cms_pupil_modeladmin_export", "canary") in leaks


def test_the_centres_own_administrator_does_see_them(client, centres, east_records):
    client.force_login(staff("east", *EVERYTHING, centre=centres["east"]))

    listed = client.get(reverse("cms_pupil_modeladmin_index")).content.decode()
    opened = client.get(
        reverse("cms_pupil_modeladmin_inspect", args=[east_records[Pupil].pk])
    ).content.decode()

    assert f"{CANARY}1" in listed
    assert f"Zeb {CANARY}1" in opened


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ("hub", {"east", "west"}),
        ("east area", {"east"}),
        ("west centre", {"west"}),
        ("none", set()),
    ],
)
def test_each_scope_reaches_its_own_rows_and_no_others(centres, scope, seen):
    rows = {name: populate(place, name)[Pupil] for name, place in centres.items()}
    user = staff("officer")
    if scope != "none":
        grant(
            user,
            "roster_admin",
            area=centres["east"].area if scope == "east area" else None,
            centre=centres["west"] if scope == "west centre" else None,
        )

    reached = set(Pupil.objects.for_user(user))

    assert reached == {rows[name] for name in seen}


def test_superusers_reach_all_and_the_inactive_none(centres, east_records):
    admin = get_user_model().objects.create_superuser("admin", password="x")
    assert Pupil.objects.for_user(admin).count() == 1

    admin.is_active = False
    assert list(Pupil.objects.for_user(admin)) == []


def test_a_row_that_belongs_to_no_centre_is_for_whole_hub_roles_only(centres):
    loose = Pupil.objects.create(legal_first_name="Lost", legal_last_name="Pupil")

    everywhere = staff("hub", "roster_admin")
    somewhere = staff("area", "roster_admin", area=centres["east"].area)

    assert list(Pupil.objects.for_user(everywhere)) == [loose]
    assert list(Pupil.objects.for_user(somewhere)) == []


def test_scopes_of_two_roles_do_not_lend_each_other_permissions(centres, east_records):
    """May export at West, may only look at East: nothing of East may be exported."""
    user = staff("mixed", "roster_admin", centre=centres["west"])
    grant(user, "centre_admin", centre=centres["east"])

    assert Pupil.objects.for_user(user, "inspect").count() == 1
    assert Pupil.objects.for_user(user, "export").count() == 0


def test_a_role_in_many_scopes_costs_one_query(centres, east_records, django_assert_num_queries):
    user = staff("many", *EVERYTHING, centre=centres["east"])
    grant(user, "bookings", area=centres["west"].area)

    with django_assert_num_queries(2):
        assert len(Pupil.objects.for_user(user)) == 1


@pytest.mark.parametrize("name", ["index"])
def test_a_list_takes_as_many_queries_for_one_row_as_for_three(client, centres, name):
    client.force_login(staff("hub", *EVERYTHING))
    counts = {}
    for model_name in ("pupil", "enrolment", "place", "teacher", "musicgroup", "guardian"):
        url = reverse(f"cms_{model_name}_modeladmin_{name}")
        client.get(url)
    for number in range(3):
        populate(centres["east"] if number % 2 else centres["west"], number)
        for model_name in ("pupil", "enrolment", "teacher", "musicgroup", "guardian"):
            url = reverse(f"cms_{model_name}_modeladmin_{name}")
            assert client.get(url).status_code == 200
            counts.setdefault(model_name, []).append(fewest_queries(lambda u=url: client.get(u)))

    assert [name for name, costs in counts.items() if max(costs) > costs[0]] == [], counts


def admin_urls_without_arguments(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = prefix + str(pattern.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            yield from admin_urls_without_arguments(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("admin/"):
            if re.search(r"[<(\[]", path) or "logout" in path or "failwhale" in path:
                continue
            yield "/" + path


def canaries_at(client, urls):
    seen = []
    for url in urls:
        for query in ("", f"?q={CANARY}&p=1"):
            response = client.get(url + query)
            body = b"".join(response) if response.streaming else response.content
            if f"{CANARY}1".encode() in body or f"{CANARY} Band".encode() in body:
                seen.append(url)
    return seen


def test_an_editor_without_a_data_role_meets_no_name_anywhere_in_the_admin(client, east_records):
    client.force_login(staff("comms", "comms_editor", "comms_lead"))
    urls = sorted(set(admin_urls_without_arguments()))

    assert len(urls) > 100
    assert canaries_at(client, urls) == []


def test_the_same_walk_by_a_roster_administrator_does_meet_names(client, east_records):
    client.force_login(staff("roster", "roster_admin"))

    assert canaries_at(client, sorted(set(admin_urls_without_arguments()))) != []


def test_looking_listing_and_taking_are_written_down(client, east_records):
    user = staff("roster", "roster_admin")
    client.force_login(user)
    pupil = east_records[Pupil]

    client.get(reverse("cms_pupil_modeladmin_index"), {"q": CANARY})
    client.get(reverse("cms_pupil_modeladmin_inspect", args=[pupil.pk]))
    client.post(
        reverse("cms_pupil_modeladmin_export"), {"kind": "csv", "reason": "Autumn data return"}
    )

    entries = AccessLogEntry.objects.filter(record_type="cms.pupil")
    assert list(entries.values_list("action", "record_id", "detail")) == [
        ("list", "", {"rows": 1, "page": 1, "searched": True, "filtered": []}),
        ("inspect", str(pupil.pk), {}),
        ("export", "", {"reason": "Autumn data return", "rows": 1, "format": "csv"}),
    ]


def test_an_export_without_a_reason_gives_no_file(client, east_records):
    client.force_login(staff("roster", "roster_admin"))

    response = client.post(reverse("cms_pupil_modeladmin_export"), {"kind": "csv", "reason": ""})

    assert response.status_code == 422
    assert CANARY.encode() not in response.content
    assert not AccessLogEntry.objects.filter(action="export").exists()


def test_export_is_a_permission_of_its_own(client, centres, east_records):
    client.force_login(staff("east", "centre_admin", centre=centres["east"]))

    assert client.get(reverse("cms_pupil_modeladmin_index")).status_code == 200
    assert client.get(reverse("cms_pupil_modeladmin_export")).status_code in (302, 403)
    for kind in ("csv", "xlsx"):
        response = client.get(reverse("cms_pupil_modeladmin_index"), {"export": kind})
        assert response["Content-Type"].startswith("text/html")


def test_no_lookup_by_address_answers_questions_about_hidden_fields(client, east_records):
    client.force_login(staff("roster", "roster_admin"))
    index = reverse("cms_pupil_modeladmin_index")

    for lookup in ("guardians__last_name__startswith", "places__holder", "postcode__startswith"):
        assert client.get(index, {lookup: "Z"}).status_code == 302


def test_no_personal_record_is_in_wagtails_reference_index_snippets_or_choosers():
    from wagtail.admin.viewsets import viewsets
    from wagtail.snippets.models import get_snippet_models

    personal = set(personal_models())
    assert personal & set(ReferenceIndex.indexed_models) == set()
    assert personal & set(get_snippet_models()) == set()
    assert personal & {getattr(viewset, "model", None) for viewset in viewsets.viewsets} == set()


def test_roles_are_made_once_and_put_right_when_somebody_widens_them(db):
    from django.contrib.auth.models import Group, Permission

    group = Group.objects.get(name="Communications editor")
    group.permissions.add(Permission.objects.get(codename="view_pupil"))
    before = Group.objects.count()

    sync_roles()

    assert Group.objects.count() == before
    assert not group.permissions.filter(codename="view_pupil").exists()
    assert set(group.page_permissions.values_list("permission__codename", flat=True)) == {
        "add_page",
        "change_page",
    }
    assert set(Group.objects.values_list("name", flat=True)) >= {r.label for r in ROLES.values()}


def test_every_named_permission_of_a_role_exists(db):
    from django.contrib.auth.models import Permission

    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    named = {p for role in ROLES.values() for p in role.permissions if "*" not in p}

    assert named - known == set()


def test_groups_follow_memberships_even_when_one_is_edited(centres):
    user = staff("mover", "bookings", centre=centres["west"])
    grant(user, "bookings", centre=centres["east"])
    membership = user.memberships.get(centre=centres["west"])

    from cms.roles import group_of

    membership.role = group_of("centre_admin")
    membership.save()
    assert {g.name for g in user.groups.all()} == {"Bookings", "Centre administrator"}

    membership.delete()
    user.memberships.get(centre=centres["east"]).delete()
    assert list(user.groups.all()) == []


def test_only_a_superuser_hands_out_roles(client, centres):
    user = staff("hub", *EVERYTHING, "hub_manager")
    add, index = reverse("membership:add"), reverse("membership:index")
    client.force_login(user)
    assert [client.get(url).status_code for url in (add, index)] == [302, 302]

    admin = get_user_model().objects.create_superuser("admin", password="x")
    client.force_login(admin)
    new = staff("new")
    from cms.roles import group_of

    response = client.post(
        add, {"user": new.pk, "role": group_of("bookings").pk, "centre": centres["west"].pk}
    )

    assert response.status_code == 302
    assert [g.name for g in new.groups.all()] == ["Bookings"]
    client.post(reverse("membership:delete", args=[new.memberships.get().pk]))
    assert list(new.groups.all()) == []


def test_a_centre_in_use_says_plainly_why_it_cannot_be_deleted(client, centres, east_records):
    client.force_login(get_user_model().objects.create_superuser("admin", password="x"))
    url = reverse("wagtailsnippets_cms_musiccentre:delete", args=[centres["east"].pk])

    page = client.post(url, follow=True).content.decode()

    assert "“Eastfield” cannot be deleted: it is still used by course dates, music groups." in page
    assert MusicCentre.objects.filter(pk=centres["east"].pk).exists()


def test_a_course_date_does_not_shrink_below_the_places_taken(client, centres, east_records):
    date = east_records[Place].course_date
    populate(centres["east"], 2)
    client.force_login(get_user_model().objects.create_superuser("admin", password="x"))
    url = reverse("wagtailsnippets_cms_coursedate:edit", args=[date.pk])
    form = client.get(url).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}

    response = client.post(url, data | {"capacity": 1})

    assert "2 places are already taken." in response.content.decode()
    date.refresh_from_db()
    assert date.capacity == 20
