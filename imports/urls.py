"""The addresses of the roster screens, below the Wagtail admin."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.RosterIndex.as_view(), name="rosters"),
    path("upload/", views.RosterUpload.as_view(), name="roster_upload"),
    path("export/<slug:roster>/", views.RosterExport.as_view(), name="roster_export"),
    path("<int:pk>/", views.RosterRun.as_view(), name="roster_run"),
    path("<int:pk>/progress/", views.RosterProgress.as_view(), name="roster_progress"),
    path("<int:pk>/approve/", views.RosterAct.as_view(verb="approve"), name="roster_approve"),
    path("<int:pk>/stop/", views.RosterAct.as_view(verb="stop"), name="roster_stop"),
    path("<int:pk>/discard/", views.RosterAct.as_view(verb="discard"), name="roster_discard"),
    path("<int:pk>/undo/", views.RosterAct.as_view(verb="undo"), name="roster_undo"),
    path("<int:pk>/again/", views.RosterPlanAgain.as_view(), name="roster_again"),
    path("<int:pk>/row/<int:row>/", views.RosterDecide.as_view(), name="roster_decide"),
    path("<int:pk>/errors/", views.RosterErrors.as_view(), name="roster_errors"),
    path("<int:pk>/file/", views.RosterFile.as_view(), name="roster_file"),
]
