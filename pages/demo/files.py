"""Documents and pictures of the demo hub, made by the project itself."""

import csv
import io
from datetime import date

from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from cms.demo_pictures import make_picture
from cms.models import HubDocument, HubImage, Partner

PICTURE_SIZE = (960, 640)
PICTURES = {
    "Strings": ("strings", "Six coloured strings swinging across a low sun"),
    "Drums": ("drums", "Drum skins from above, in rings of colour"),
    "Stage": ("stage", "Music stands under four beams of coloured light"),
    "Keys": ("keys", "A keyboard drawn in slanting bars, with dots of light above"),
    "Waves": ("waves", "Waves of colour under a round moon"),
    "Pipes": ("pipes", "A row of organ pipes rising and falling like a tune"),
}
SCALE = "1 = not yet, 2 = in places, 3 = mostly, 4 = throughout"
TOOLKITS = {
    "primary": (
        "Singing is part of most days, for most children.",
        "Every child learns an instrument for at least a term.",
        "Lessons build on what was learnt the year before.",
        "Children make up music of their own, and hear it played.",
        "Music from several traditions is taught as equal in worth.",
        "Children with SEND take part in everything, with what they need.",
        "Those on free school meals are as likely to play as anybody else.",
        "Someone in the senior team can say how good music is here.",
    ),
    "secondary": (
        "Music is taught every week to all in years 7 to 9.",
        "What primary schools taught is known, and built on.",
        "Pupils compose with voices, instruments and technology.",
        "Assessment listens to music, not only to words about it.",
        "At least three groups meet each week, and one is for beginners.",
        "Those who learn outside school play inside it too.",
        "Pupils hear where music can lead: courses, careers, a lifetime.",
        "Someone in the senior team can say how good music is here.",
    ),
    "special": (
        "Music is planned for each pupil's way of communicating.",
        "Accessible instruments are to hand in every session.",
        "Staff join in, and know what progress sounds like here.",
        "Pupils perform to others, in ways that suit them.",
        "Music therapy and music teaching each have their place.",
        "Pupils can join a centre group with support, and some do.",
    ),
}


def toolkit(phase: str, version: str) -> bytes:
    """A workbook with a statement a row, a score, evidence and a next step."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Self-evaluation"
    sheet.append([f"Music self-evaluation: {phase}, version {version}"])
    sheet.append([SCALE])
    sheet.append(["Statement", "Score", "What shows it", "Next step", "Who", "By when"])
    for statement in TOOLKITS[phase]:
        sheet.append([statement])
    for cell in (sheet["A1"], *sheet[3]):
        cell.font = Font(bold=True)
    for column, width in zip("ABCDEF", (60, 8, 40, 40, 16, 14), strict=True):
        sheet.column_dimensions[column].width = width
    for row in sheet.iter_rows(min_row=4):
        row[0].alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A4"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def partner_list() -> bytes:
    """The live partners as open data: the same as the directory shows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", "kind", "areas", "function", "website"])
    for partner in Partner.objects.live().select_related("organisation_type"):
        areas = "; ".join(area.name for area in partner.areas.all())
        writer.writerow(
            [
                partner.name,
                partner.organisation_type.name,
                areas,
                partner.get_function_display(),
                partner.website,
            ]
        )
    return out.getvalue().encode()


def load_documents(today: date) -> int:
    """Add the documents that are not there yet. Returns how many."""
    wanted = {
        "Self-evaluation for infant and primary schools": (
            "self-evaluation-primary-2.1.xlsx",
            lambda: toolkit("primary", "2.1"),
            "A sheet with eight statements, to score and to plan from.",
        ),
        "Self-evaluation for infant and primary schools, version 1": (
            "self-evaluation-primary-1.0.xlsx",
            lambda: toolkit("primary", "1.0"),
            "The version before, for schools that compare years.",
        ),
        "Self-evaluation for secondary schools": (
            "self-evaluation-secondary-2.0.xlsx",
            lambda: toolkit("secondary", "2.0"),
            "A sheet with eight statements, to score and to plan from.",
        ),
        "Self-evaluation for special schools": (
            "self-evaluation-special-1.0.xlsx",
            lambda: toolkit("special", "1.0"),
            "A sheet with six statements, written with special schools.",
        ),
        "Partners of the hub": (
            "hub-partners.csv",
            partner_list,
            "Name, kind, areas, function and website of each partner.",
        ),
    }
    there = set(HubDocument.objects.filter(title__in=wanted).values_list("title", flat=True))
    for title, (name, content, summary) in wanted.items():
        if title not in there:
            file = ContentFile(content(), name=name)
            HubDocument.objects.create(
                title=title,
                file=file,
                summary=summary,
                accessible_alternative="/hub/partners/" if name.endswith("csv") else "",
            )
    return len(wanted) - len(there)


def load_pictures() -> int:
    """Add the painted pictures that are not there yet. Returns how many."""
    there = set(HubImage.objects.filter(title__in=PICTURES).values_list("title", flat=True))
    for seed, (title, (motif, description)) in enumerate(PICTURES.items()):
        if title not in there:
            name = f"{motif}-{seed}.webp"
            HubImage.objects.create(
                title=title,
                file=ImageFile(io.BytesIO(make_picture(seed, motif, PICTURE_SIZE)), name=name),
                description=description,
                credit="Painted for this site.",
            )
    return len(PICTURES) - len(there)
