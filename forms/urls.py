"""The addresses of form journeys (contract: /apply/ and /resume/; they never change), and of
references that third persons write (/reference/) and sections that colleagues do (/section/).

What stands before the step patterns is no step; forms.compile.RESERVED keeps forms from using it.
"""

from django.urls import path

from forms import colleague_views, referee_views, saving, taskpages, views, waiting_views
from forms.wizard import JourneyWizard

app_name = "forms"

section = colleague_views.SectionWizard.as_view(url_name="forms:section")
wizard = JourneyWizard.as_view(url_name="forms:step")

urlpatterns = [
    path("apply/waiting-list/<slug:reference>/", waiting_views.waiting_list, name="waiting"),
    path("apply/draw/<slug:reference>/", waiting_views.draw, name="draw"),
    path("apply/<slug:form>/", views.start, name="start"),
    path("apply/<slug:form>/<str:key>/", views.resume_here, name="journey"),
    path("apply/<slug:form>/<str:key>/check/", views.check, name="check"),
    path("apply/<slug:form>/<str:key>/submit/", views.submit, name="submit"),
    path("apply/<slug:form>/<str:key>/done/", views.done, name="done"),
    path("apply/<slug:form>/<str:key>/save/", saving.save, name="save"),
    path("apply/<slug:form>/<str:key>/tasks/", taskpages.task_list, name="tasks"),
    path("apply/<slug:form>/<str:key>/colleagues/", colleague_views.colleagues, name="colleagues"),
    path("apply/<slug:form>/<str:key>/extend/", views.extend, name="extend"),
    path("apply/<slug:form>/<str:key>/<str:step>/", wizard, name="step"),
    path("apply/<slug:form>/<str:key>/<str:step>/<int:item>/", wizard, name="item"),
    path(
        "apply/<slug:form>/<str:key>/<str:step>/<int:item>/remove/",
        views.remove_item,
        name="remove",
    ),
    path("reference/<str:token>/", referee_views.by_link, name="reference"),
    path("section/<str:token>/", section, name="section"),
    path("section/<str:token>/<int:item>/", section, name="section_item"),
    path("resume/<str:token>/", saving.come_back, name="resume"),
]
