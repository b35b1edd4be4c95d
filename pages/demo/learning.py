"""The centre, course and ensemble pages of the demo hub, one for each record."""

from cms.models import Course, Ensemble, MusicCentre

COURSE_PICTURES = {
    "songwriter": "Stage",
    "beats-and-decks": "Waves",
    "family-drums": "Drums",
    "sing-out": "Pipes",
}
GENRE_PICTURES = {
    "orchestral": "Strings",
    "choral": "Pipes",
    "world": "Drums",
    "rock-and-pop": "Stage",
    "electronic": "Waves",
    "jazz": "Keys",
    "folk": "Strings",
}
CENTRE_PICTURES = ("Keys", "Strings", "Stage", "Drums", "Waves", "Pipes")


def add_record_pages(entries: dict) -> dict:
    """The written tree with a child for every record below its index. Returns the same tree."""
    children = {
        "CentreIndexPage": centre_entries,
        "CourseIndexPage": lambda: course_entries(entries["course_bodies"]),
        "EnsembleIndexPage": ensemble_entries,
    }
    for index in entries["children"]:
        index["children"] = children[index["type"]]()
    return entries


def centre_entries() -> list[dict]:
    return [
        {
            "type": "CentrePage",
            "slug": centre.slug,
            "title": centre.name,
            "centre": f"@MusicCentre:{centre.slug}",
            "summary": f"Groups, lessons and courses in {centre.address.rpartition(', ')[2]}. "
            f"{centre.opening_hours}.",
            "social_image": f"@HubImage:{CENTRE_PICTURES[number % len(CENTRE_PICTURES)]}",
            "friends": "The Friends of the centre run the tea table and pay for two free places "
            "each term. Ask for them at the door.",
            "body": [
                {"heading": "Your first visit"},
                {
                    "paragraph": "Come ten minutes early and ask at the desk by the main door. "
                    "Somebody will take you to your group and bring you back. "
                    "Parents may stay for the first session."
                },
                {
                    "callout": {
                        "tone": "info",
                        "heading": "Parking and buses",
                        "text": "Park at the school, drive slowly, and leave the bays by the door "
                        "for those who need them. The nearest bus stop is in the same road.",
                    }
                },
            ],
        }
        for number, centre in enumerate(MusicCentre.objects.all())
    ]


def course_entries(bodies: dict) -> list[dict]:
    return [
        {
            "type": "CoursePage",
            "slug": course.slug,
            "title": course.title,
            "course": f"@Course:{course.slug}",
            "summary": course.summary,
            "social_image": f"@HubImage:{COURSE_PICTURES[course.slug]}",
            "body": bodies[course.slug],
        }
        for course in Course.objects.order_by("pk")
        if course.slug in bodies
    ]


def ensemble_entries() -> list[dict]:
    return [
        {
            "type": "EnsemblePage",
            "slug": ensemble.slug,
            "title": ensemble.name,
            "ensemble": f"@Ensemble:{ensemble.slug}",
            "summary": ensemble.summary,
            "social_image": f"@HubImage:{_picture_of(ensemble)}",
            "body": ensemble_body(ensemble),
        }
        for ensemble in Ensemble.objects.prefetch_related("genres").order_by("pk")
    ]


def _picture_of(ensemble: Ensemble) -> str:
    return next(GENRE_PICTURES[g.slug] for g in ensemble.genres.all() if g.slug in GENRE_PICTURES)


def ensemble_body(ensemble: Ensemble) -> list[dict]:
    if ensemble.has_auditions:
        return [
            {"heading": "How to join"},
            {
                "steps": {
                    "steps": [
                        {"title": "Apply", "text": "Everyone applies each year, members too."},
                        {"title": "Play or sing", "text": "Come to a day, or send a film."},
                        {"title": "Hear from us", "text": "Everybody hears on the same day."},
                        {"title": "Say yes", "text": "And tell us what you need for the season."},
                    ]
                }
            },
            {"questions": {"questions": ["@Question:Do you need a grade to join an ensemble?"]}},
        ]
    referral = {"label": "Refer somebody", "form_slug": "singing-referral", "minutes": 5}
    for_wellbeing = any(genre.slug == "wellbeing" for genre in ensemble.genres.all())
    return [
        {"heading": "How to join"},
        {"paragraph": "Come to a session and see whether you like it. The first one is free."},
        *([{"start_button": referral}] if for_wellbeing else []),
    ]
