"""The addresses of the roster screens, below the Wagtail admin."""

from django.urls import path

from .views import calendar, mending, rosters, runs, sources, uploading, years

urlpatterns = [
    path("", rosters.RosterIndex.as_view(), name="rosters"),
    path("upload/", uploading.RosterUpload.as_view(), name="roster_upload"),
    path("figures/", rosters.RosterFigures.as_view(), name="roster_figures"),
    path("years/", years.RosterYears.as_view(), name="roster_years"),
    *(
        path(
            f"years/<int:year>/{verb.replace('_', '-')}/",
            years.RosterYearAct.as_view(verb=verb),
            name=f"roster_year_{verb}",
        )
        for verb in ("rehearse", "carry_out", "take_back")
    ),
    path("<int:pk>/release/", runs.RosterAct.as_view(verb="release"), name="roster_release"),
    path("sources/", sources.Sources.as_view(), name="roster_sources"),
    path("sources/<int:pk>/", sources.SourceEdit.as_view(), name="roster_source"),
    path("sources/<int:pk>/chase/", sources.SourceChase.as_view(), name="roster_chase"),
    path("quiet/", calendar.QuietTimes.as_view(), name="roster_quiet"),
    path("quiet/<int:pk>/end/", calendar.QuietTimeEnd.as_view(), name="roster_quiet_end"),
    path("export/<slug:roster>/", rosters.RosterExport.as_view(), name="roster_export"),
    path("<int:pk>/", runs.RosterRun.as_view(), name="roster_run"),
    path("<int:pk>/progress/", runs.RosterProgress.as_view(), name="roster_progress"),
    path("<int:pk>/approve/", runs.RosterAct.as_view(verb="approve"), name="roster_approve"),
    path("<int:pk>/stop/", runs.RosterAct.as_view(verb="stop"), name="roster_stop"),
    path("<int:pk>/discard/", runs.RosterAct.as_view(verb="discard"), name="roster_discard"),
    path("<int:pk>/undo/", runs.RosterAct.as_view(verb="undo"), name="roster_undo"),
    path("<int:pk>/again/", runs.RosterPlanAgain.as_view(), name="roster_again"),
    path("<int:pk>/row/<int:row>/", runs.RosterDecide.as_view(), name="roster_decide"),
    path("<int:pk>/row/<int:row>/mend/", mending.RosterMend.as_view(), name="roster_mend"),
    path("<int:pk>/row/<int:row>/decide/", mending.RosterLetDecide.as_view(), name="roster_let"),
    path("<int:pk>/workbook/", mending.RosterWorkbook.as_view(), name="roster_workbook"),
    path("<int:pk>/conflicts/", mending.RosterConflicts.as_view(), name="roster_conflicts"),
    path("<int:pk>/errors/", uploading.RosterErrors.as_view(), name="roster_errors"),
    path("<int:pk>/file/", uploading.RosterFile.as_view(), name="roster_file"),
]
