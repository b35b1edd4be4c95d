"""The lists of people, groups, instruments on loan and places in the Wagtail admin.

Only what to show: how each is guarded is cms.modeladmin's. Columns that name a person are methods,
because `str()` of a person is an opaque reference.
"""

from collections.abc import Callable

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail_modeladmin.options import ModelAdminGroup

from .modeladmin import ReadOnlyPermissionHelper, ScopedModelAdmin
from .models import (
    Enrolment,
    Guardian,
    LoanInstrument,
    MusicGroup,
    OutsideBooking,
    Place,
    Pupil,
    Teacher,
    Training,
)


def _named(
    getter: Callable[[Model], str], label: str, order: str
) -> Callable[[ScopedModelAdmin, Model], str]:
    def column(self: ScopedModelAdmin, obj: Model) -> str:
        return getter(obj)

    column.short_description = label
    column.admin_order_field = order
    return column


class PupilAdmin(ScopedModelAdmin):
    model = Pupil
    menu_icon = "user"
    list_display = ("name", "date_of_birth", "school", "external_id")
    list_filter = ("instruments",)
    search_fields = ("legal_first_name", "legal_last_name", "known_as", "external_id")
    ordering = ("legal_last_name", "legal_first_name")
    select_related = ("school",)
    inspect_view_fields = [
        "name",
        "date_of_birth",
        "school",
        "postcode",
        "instruments",
        "guardians",
        "external_id",
    ]
    export_columns = ("external_id", "name", "date_of_birth", "school", "postcode")
    panels = [
        FieldPanel("legal_first_name"),
        FieldPanel("legal_last_name"),
        FieldPanel("known_as"),
        FieldPanel("date_of_birth"),
        FieldPanel("postcode"),
        FieldPanel("instruments"),
        FieldPanel("year_override"),
        FieldPanel("year_override_until"),
    ]
    name = _named(lambda pupil: pupil.full_name, _("name"), "legal_last_name")


class GuardianAdmin(ScopedModelAdmin):
    model = Guardian
    menu_icon = "group"
    list_display = ("name", "email", "phone")
    search_fields = ("first_name", "last_name", "email")
    inspect_view_fields = ["name", "email", "phone", "pupils"]
    export_columns = ("name", "email", "phone")
    panels = [
        FieldPanel("first_name"),
        FieldPanel("last_name"),
        FieldPanel("email"),
        FieldPanel("phone"),
    ]
    name = _named(lambda guardian: guardian.full_name, _("name"), "last_name")


class TeacherAdmin(ScopedModelAdmin):
    model = Teacher
    menu_icon = "user"
    list_display = ("name", "staff_number", "email", "phone")
    list_filter = ("centres", "instruments")
    search_fields = ("first_name", "last_name", "staff_number", "email")
    inspect_view_fields = [
        "name", "staff_number", "email", "phone", "centres", "instruments", "qualification",
        "qualified_on",
    ]  # fmt: skip
    export_columns = ("staff_number", "name", "email", "phone", "qualification", "qualified_on")
    panels = [
        FieldPanel("first_name"),
        FieldPanel("last_name"),
        FieldPanel("email"),
        FieldPanel("phone"),
        FieldPanel("instruments"),
        FieldPanel("centres"),
        FieldPanel("qualification"),
        FieldPanel("qualified_on"),
    ]
    name = _named(lambda teacher: teacher.full_name, _("name"), "last_name")


class TrainingAdmin(ScopedModelAdmin):
    model = Training
    menu_icon = "pick"
    list_display = ("teacher_name", "title", "held_on")
    list_filter = ("held_on",)
    search_fields = ("teacher__last_name", "teacher__staff_number", "title")
    select_related = ("teacher",)
    inspect_view_fields = ["teacher_name", "title", "held_on", "reflection"]
    export_columns = ("teacher_name", "title", "held_on")
    panels = [FieldPanel("title"), FieldPanel("held_on"), FieldPanel("reflection")]
    teacher_name = _named(lambda row: row.teacher.full_name, _("teacher"), "teacher__last_name")


class MusicGroupAdmin(ScopedModelAdmin):
    model = MusicGroup
    menu_icon = "list-ul"
    list_display = ("name", "centre", "weekday", "starts_at", "ends_at")
    list_filter = ("centre", "weekday")
    search_fields = ("name", "centre__name")
    select_related = ("centre",)
    inspect_view_fields = ["name", "centre", "ensemble", "weekday", "starts_at", "ends_at"]
    export_columns = ("external_id", "name", "centre", "weekday", "starts_at", "ends_at")
    panels = [
        FieldPanel("name"),
        FieldPanel("ensemble"),
        FieldPanel("teachers"),
        FieldPanel("weekday"),
        FieldPanel("starts_at"),
        FieldPanel("ends_at"),
    ]


class EnrolmentAdmin(ScopedModelAdmin):
    model = Enrolment
    menu_icon = "doc-full"
    list_display = ("pupil_name", "group", "status", "instrument", "starts_on", "ends_on")
    list_filter = ("status", "group__centre")
    search_fields = ("pupil__legal_last_name", "pupil__legal_first_name", "group__name")
    select_related = ("pupil", "group", "instrument")
    inspect_view_fields = ["pupil_name", "group", "status", "instrument", "seat", "starts_on"]
    export_columns = ("pupil_name", "group", "status", "instrument", "starts_on", "ends_on")
    panels = [
        FieldPanel("status"),
        FieldPanel("instrument"),
        FieldPanel("seat"),
        FieldPanel("starts_on"),
        FieldPanel("ends_on"),
    ]
    pupil_name = _named(lambda row: row.pupil.full_name, _("pupil"), "pupil__legal_last_name")


class LoanInstrumentAdmin(ScopedModelAdmin):
    model = LoanInstrument
    menu_icon = "tag"
    list_display = (
        "asset_number", "instrument", "size", "condition", "centre", "borrower_name", "due_back",
    )  # fmt: skip
    list_filter = ("condition", "instrument", "centre")
    search_fields = ("asset_number", "serial_number", "borrower__legal_last_name")
    select_related = ("instrument", "centre", "borrower")
    inspect_view_fields = [
        "asset_number", "serial_number", "instrument", "make", "size", "condition", "centre",
        "borrower_name", "lent_on", "due_back",
    ]  # fmt: skip
    export_columns = (
        "asset_number", "serial_number", "instrument", "size", "condition", "centre",
        "borrower_name", "due_back",
    )  # fmt: skip
    panels = [
        FieldPanel("serial_number"),
        FieldPanel("make"),
        FieldPanel("size"),
        FieldPanel("condition"),
        FieldPanel("centre"),
        FieldPanel("lent_on"),
        FieldPanel("due_back"),
    ]
    borrower_name = _named(
        lambda row: row.borrower.full_name if row.borrower else "",
        _("borrower"),
        "borrower__legal_last_name",
    )


class OutsideBookingAdmin(ScopedModelAdmin):
    model = OutsideBooking
    menu_icon = "calendar-alt"
    list_display = ("pupil_name", "title", "provider", "centre", "status", "starts_on")
    list_filter = ("status", "centre", "course")
    search_fields = ("external_id", "title", "pupil__legal_last_name", "pupil__legal_first_name")
    select_related = ("pupil", "course", "centre")
    inspect_view_fields = [
        "external_id", "pupil_name", "title", "course", "provider", "centre", "status",
        "booked_on", "starts_on", "ends_on",
    ]  # fmt: skip
    export_columns = ("external_id", "pupil_name", "title", "provider", "status", "starts_on")
    panels = [FieldPanel("status"), FieldPanel("course"), FieldPanel("centre")]
    pupil_name = _named(lambda row: row.pupil.full_name, _("pupil"), "pupil__legal_last_name")


class PlaceAdmin(ScopedModelAdmin):
    """Read and export only: cms.places alone writes places, under a lock."""

    model = Place
    permission_helper_class = ReadOnlyPermissionHelper
    menu_icon = "calendar-check"
    list_display = ("course_date", "holder", "child_number", "state", "expires_at", "price")
    list_filter = ("state", "course_date__centre", "course_date__course")
    search_fields = ("holder", "course_date__reference")
    select_related = ("course_date__course", "course_date__centre")
    inspect_view_fields = ["course_date", "holder", "child_number", "state", "expires_at", "price"]
    export_columns = ("course_date", "holder", "child_number", "state", "price", "created_at")
    panels = []
    price = _named(lambda row: f"£{row.price_pence / 100:.2f}", _("price"), "price_pence")


class RosterGroup(ModelAdminGroup):
    menu_label = _("Rosters")
    menu_icon = "group"
    menu_order = 320
    items = (
        PupilAdmin,
        GuardianAdmin,
        TeacherAdmin,
        TrainingAdmin,
        MusicGroupAdmin,
        EnrolmentAdmin,
        LoanInstrumentAdmin,
        OutsideBookingAdmin,
    )


class BookingGroup(ModelAdminGroup):
    menu_label = _("Bookings")
    menu_icon = "calendar-check"
    menu_order = 310
    items = (PlaceAdmin,)
