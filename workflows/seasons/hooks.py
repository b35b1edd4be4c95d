"""What seasons add to the Wagtail admin: addresses, the menu, editing rounds."""

from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    TitleFieldPanel,
)
from wagtail.admin.viewsets.model import ModelViewSet

from cms.menus import PermittedMenuItem

from . import taking, views
from .models import AuditionRound

addresses = (
    [
        path("", views.RoundsView.as_view(), name="rounds"),
        path("<int:pk>/", views.BoardView.as_view(), name="board"),
        path("<int:pk>/players/", views.PlayersView.as_view(), name="players"),
        path("<int:pk>/proposal/", views.ProposalView.as_view(), name="proposal"),
        path("<int:pk>/seating/", taking.SeatingView.as_view(), name="seating"),
        path("<int:pk>/fairness/", taking.FairnessView.as_view(), name="fairness"),
        path("<int:pk>/why/<int:placement>/", views.WhyView.as_view(), name="why"),
        path("<int:pk>/<slug:what>.<slug:kind>", taking.TakeView.as_view(), name="take"),
    ],
    "seasons",
)


class AuditionRoundViewSet(ModelViewSet):
    """Editing a round; its desk is another place, for another permission."""

    model = AuditionRound
    icon = "group"
    copy_view_enabled = False
    list_display = ["title", "season", "opens_at", "closes_at", "result_at"]
    panels = [
        TitleFieldPanel("title", targets=["slug"]),
        FieldRowPanel([FieldPanel("slug"), FieldPanel("season")]),
        InlinePanel("ensembles", heading=_("Groups"), label=_("Group"), min_num=1),
        InlinePanel("instruments", heading=_("Instruments"), label=_("Instrument")),
        InlinePanel(
            "dates",
            heading=_("Rehearsals and courses"),
            label=_("Date"),
            help_text=_("Families say of each of those to come whether the player can be there."),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("opens_at"), FieldPanel("closes_at")]),
                FieldPanel("late"),
                FieldRowPanel([FieldPanel("result_at"), FieldPanel("accept_by")]),
                FieldRowPanel([FieldPanel("trial_at"), FieldPanel("trial_place")]),
            ],
            heading=_("When"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("judged_on"),
                FieldRowPanel([FieldPanel("min_age"), FieldPanel("max_age")]),
                FieldRowPanel([FieldPanel("min_year"), FieldPanel("max_year")]),
                FieldPanel("county"),
            ],
            heading=_("Who it is for"),
            help_text=_("Ages or school years, not both. Exceptions are made player by player."),
        ),
        MultiFieldPanel(
            [
                FieldPanel("modes"),
                FieldRowPanel([FieldPanel("fee_pence"), FieldPanel("fee_waiver")]),
                FieldPanel("fee_back"),
                FieldPanel("members_apply"),
                FieldPanel("may_skip"),
                FieldPanel("films_days"),
            ],
            heading=_("How"),
        ),
        MultiFieldPanel(
            [
                *(FieldPanel(name) for name in ("form_slug", "membership_form", "workflow")),
                *(FieldPanel(name) for name in ("stage_key", "instrument_question")),
                *(FieldPanel(name) for name in ("choice_questions", "elsewhere_question")),
                *(FieldPanel(name) for name in ("born_question", "own_email_question")),
                *(FieldPanel(name) for name in ("county_question", "school_question")),
                *(FieldPanel(name) for name in ("grade_question", "principal_question")),
                FieldRowPanel([FieldPanel("meals_question"), FieldPanel("dates_question")]),
                FieldPanel("film_questions"),
            ],
            heading=_("Form and process"),
            help_text=_("The keys of the questions that say each of these."),
            classname="collapsed",
        ),
    ]


rounds = AuditionRoundViewSet("audition_rounds")


@hooks.register("register_admin_viewset")
def register_rounds() -> ModelViewSet:
    return rounds


@hooks.register("register_admin_urls")
def season_urls() -> list:
    return [path("seasons/", include(addresses))]


@hooks.register("register_admin_menu_item")
def seasons_menu_item() -> PermittedMenuItem:
    return PermittedMenuItem(
        _("Auditions"),
        reverse_lazy("seasons:rounds"),
        name="seasons",
        icon_name="group",
        order=53,
        permission=views.RUN,
    )
