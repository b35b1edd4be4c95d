"""The records of the demo hub: centres, groups, courses with bookable dates, partners, terms."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.text import slugify

from cms import places
from cms.models import (
    AcademicYear,
    Area,
    Board,
    CentreDate,
    Course,
    CourseDate,
    Ensemble,
    EnsembleSection,
    Genre,
    Instrument,
    MusicCentre,
    OrganisationType,
    Partner,
    Term,
)
from cms.partners import shippedtexts

from .terms import school_year_of, terms_of


def load_records(data: dict, today: date) -> dict[str, int]:
    """Add what is missing. Returns how many of each kind were added."""
    before = _counts()
    _areas_and_centres(data)
    _vocabularies(data)
    load_terms(today)
    _centre_dates(today)
    _courses(data)
    _course_dates(data, today)
    _ensembles(data, today)
    _partners(data)
    _governance()
    after = _counts()
    return {name: after[name] - before[name] for name in after}


def _counts() -> dict[str, int]:
    models = (Area, MusicCentre, Course, CourseDate, Ensemble, Partner, Term, CentreDate)
    return {model._meta.verbose_name_plural: model.objects.count() for model in models}


def _areas_and_centres(data: dict) -> None:
    for row in data["areas"]:
        Area.objects.get_or_create(slug=row["slug"], defaults=row)
    areas = {area.slug: area for area in Area.objects.all()}
    for town, slug, area, street, postcode, latitude, longitude, phone, _day, hours in data[
        "centres"
    ]:
        MusicCentre.objects.get_or_create(
            slug=slug,
            defaults={
                "name": f"{town} Music Centre",
                "area": areas[area],
                "address": f"{street}, {town}",
                "postcode": postcode,
                "latitude": latitude,
                "longitude": longitude,
                "phone": f"+441632960{phone}",
                "email": f"{slug}@example.org",
                "opening_hours": hours,
                "access": data["centre_access"],
            },
        )


def _vocabularies(data: dict) -> None:
    for name in data["genres"]:
        Genre.objects.get_or_create(slug=slugify(name), defaults={"name": name})
    for family, names in data["instruments"].items():
        for name in names:
            Instrument.objects.get_or_create(
                slug=slugify(name), defaults={"name": name, "family": family}
            )
    for name in data["organisation_types"]:
        OrganisationType.objects.get_or_create(slug=slugify(name), defaults={"name": name})


def load_terms(today: date) -> None:
    """This school year and the next, so that three half-terms always lie ahead."""
    for start_year in (school_year_of(today), school_year_of(today) + 1):
        year, _made = AcademicYear.objects.get_or_create(start_year=start_year)
        for term in terms_of(start_year):
            Term.objects.get_or_create(academic_year=year, season=term.season, defaults=vars(term))


def _centre_dates(today: date) -> None:
    """First day, half-term and last day of each term at each centre that has none for it yet."""
    terms = list(Term.objects.filter(academic_year__start_year__gte=school_year_of(today)))
    told = set(CentreDate.objects.values_list("centre_id", "term_id"))
    rows = []
    for centre in MusicCentre.objects.all():
        for term in terms:
            if (centre.pk, term.pk) in told:
                continue
            first = term.starts_on + timedelta(days=7)  # centres open a week after schools
            half = (term.half_term_starts_on, term.half_term_ends_on)
            for kind, starts_on, ends_on in (
                (CentreDate.Kind.FIRST_DAY, first, first),
                (CentreDate.Kind.HALF_TERM, *half),
                (CentreDate.Kind.LAST_DAY, term.ends_on, term.ends_on),
            ):
                rows.append(
                    CentreDate(
                        centre=centre, term=term, kind=kind, starts_on=starts_on, ends_on=ends_on
                    )
                )
    CentreDate.objects.bulk_create(rows)


def _courses(data: dict) -> None:
    genres = {genre.slug: genre for genre in Genre.objects.all()}
    instruments = {instrument.slug: instrument for instrument in Instrument.objects.all()}
    for row in data["courses"]:
        facts = {key: value for key, value in row.items() if key not in {"genres", "instruments"}}
        course, made = Course.objects.get_or_create(slug=row["slug"], defaults=facts)
        if made:
            course.genres.set(genres[slug] for slug in row.get("genres", []))
            course.instruments.set(instruments[slug] for slug in row.get("instruments", []))


def _course_dates(data: dict, today: date) -> None:
    half_terms = list(Term.objects.with_half_term_after(today)[:3])
    courses = {course.slug: course for course in Course.objects.all()}
    centres = {centre.slug: centre for centre in MusicCentre.objects.all()}
    for slug, which, weekday, centre, capacity, taken, price in data["course_dates"]:
        day = half_terms[which].half_term_starts_on + timedelta(days=weekday)
        course = courses[slug]
        course_date, made = CourseDate.objects.get_or_create(
            reference=course_date_reference(course, centre, day),
            defaults={
                "course": course,
                "centre": centres[centre],
                "starts_at": _at(day, 10),
                "ends_at": _at(day, 16),
                "capacity": capacity,
                "minimum_number": capacity // 3,
                "price_pence": price,
                # The furthest half-term is announced, and not open yet.
                "booking_opens_at": _at(today - timedelta(days=30), 9)
                if which < 2
                else _at(max(day - timedelta(days=84), today + timedelta(days=1)), 9),
                "booking_closes_at": _at(day - timedelta(days=2), 17),
            },
        )
        if made and taken:
            holder = f"demo-{course_date.reference}"
            places.hold(course_date.pk, holder=holder, children=taken)
            places.confirm(holder)


def course_date_reference(course: Course, centre_slug: str, day: date) -> str:
    """Stable from one load to the next: `sw-watford-260217`."""
    return f"{course.code.lower()}-{centre_slug[:12].rstrip('-')}-{day:%y%m%d}"


def _at(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def _ensembles(data: dict, today: date) -> None:
    centres = {centre.slug: centre for centre in MusicCentre.objects.all()}
    genres = {genre.slug: genre for genre in Genre.objects.all()}
    new = []
    for row in data["ensembles"]:
        name, level, centre, weekday, when, first, last, pence, beginners, genre, guide, text = row
        slug = slugify(name)
        auditioned = slug in data["auditioned"]
        ensemble, made = Ensemble.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "level": level,
                "centre": centres.get(centre),
                "weekday": weekday,
                "rehearses": when,
                "min_year": first,
                "max_year": last,
                "price_pence": pence,
                "for_beginners": beginners,
                "entry_guide": guide,
                "summary": text,
                "access": data["centre_access"],
                "has_auditions": auditioned,
                "auditions_open_on": today - timedelta(days=20) if auditioned else None,
                "auditions_close_on": today + timedelta(days=35) if auditioned else None,
                "judged_on": _next_september(today + timedelta(days=60)) if auditioned else None,
                **dict(
                    zip(("min_age", "max_age"), data["ensemble_ages"].get(slug, ()), strict=False)
                ),
            },
        )
        if made:
            ensemble.genres.add(genres[genre])
            if slug in data["wellbeing"]:
                ensemble.genres.add(genres["wellbeing"])
            played = data["ensemble_instruments"].get(slug, [])
            ensemble.instruments.set(Instrument.objects.filter(slug__in=played))
            new.append(slug)
    _progression(data, new)


def _next_september(day: date) -> date:
    """The first 1 September after a day: the season that a round of auditions is for."""
    return date(day.year + (day.month >= 9), 9, 1)


def _progression(data: dict, new: list[str]) -> None:
    ensembles = {ensemble.slug: ensemble for ensemble in Ensemble.objects.all()}
    instruments = {instrument.slug: instrument for instrument in Instrument.objects.all()}
    for slug in new:
        ensembles[slug].leads_to.set(ensembles[to] for to in data["leads_to"].get(slug, []))
        EnsembleSection.objects.bulk_create(
            EnsembleSection(
                ensemble=ensembles[slug],
                instrument=instruments[instrument],
                target=target,
                reserve_size=reserve,
            )
            for instrument, (target, reserve) in data["sections"].get(slug, {}).items()
        )


def _governance() -> None:
    """The texts that come with the hub, a board and its subgroup."""
    shippedtexts.add()
    board, _made = Board.objects.get_or_create(
        slug="hub-board",
        defaults={
            "name": "Hub Board",
            "purpose": "Decides on the local plan, the grant and new partners. Meets each term.",
        },
    )
    Board.objects.get_or_create(
        slug="safeguarding-subgroup",
        defaults={
            "name": "Safeguarding Subgroup",
            "purpose": "Advises the board on keeping children safe.",
            "part_of": board,
        },
    )


#: Where invented partners are on the map.
DISTRICTS = ("AL1", "SG4", "WD17", "HP1", "SG13", "EN8", "AL7")


def _partners(data: dict) -> None:
    kinds = {kind.slug: kind for kind in OrganisationType.objects.all()}
    areas = {area.slug: area for area in Area.objects.all()}
    for status, rows in (
        (Partner.Status.LIVE, data["partners"]),
        (Partner.Status.LAPSED, data["lapsed_partners"]),
    ):
        for name, kind, where, function, beyond, summary in rows:
            partner, made = Partner.objects.get_or_create(
                slug=slugify(name),
                defaults={
                    "name": name,
                    "organisation_type": kinds[kind],
                    "function": function,
                    "works_beyond_county": beyond,
                    "summary": summary,
                    "website": f"https://{slugify(name)}.example.org/",
                    "is_lead": name == "County Music Service",
                    "status": status,
                    "district": "" if beyond else DISTRICTS[len(name) % len(DISTRICTS)],
                },
            )
            if made:
                partner.areas.set(areas[slug] for slug in where)
