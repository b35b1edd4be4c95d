"""The addresses of the family folder (contract: /family/). Below it, first words are ours;
a reference of a case never reads like one, because it holds a hyphen.
"""

from django.urls import include, path

from forms.family import answering, asking, changes, offer_views, own, times, views
from forms.family.excerpts import by_link as excerpt
from forms.sheet_views import for_who_sent

app_name = "family"

urlpatterns = [
    path("", views.home, name="home"),
    path("sent/", asking.sent, name="sent"),
    path("link/<str:token>/", asking.use_link, name="link"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("signed-out/", views.signed_out, name="out"),
    path("new/", own.new, name="new"),
    path("new/<slug:form>/", own.begin, name="begin"),
    path("unsent/<int:pk>/", own.go_on, name="go_on"),
    path("download/", own.download, name="download"),
    path("download/everything.json", own.download_data, name="download_data"),
    path("delete/", own.forget, name="forget"),
    path("form/<str:reference>/", own.loose_form, name="loose"),
    path("partners/", include("forms.passport.urls")),
    path("offer/<str:token>/", offer_views.by_link, name="offer_link"),
    path("excerpt/<str:token>/", excerpt, name="excerpt"),
    path("<str:reference>/", views.case, name="case"),
    path("<str:reference>/offer/<int:pk>/", offer_views.answer, name="offer"),
    path("<str:reference>/list/<int:pk>/", offer_views.on_list, name="list"),
    path("<str:reference>/booking/cancel/", changes.cancel, name="booking_cancel"),
    path("<str:reference>/booking/move/", changes.move, name="booking_move"),
    path("<str:reference>/booking/change/", changes.change, name="booking_change"),
    path("<str:reference>/booking/leave/", changes.leave_it, name="booking_leave"),
    path("<str:reference>/booking/again/", changes.again, name="booking_again"),
    path("<str:reference>/message/", views.write, name="write"),
    path("<str:reference>/answer/", answering.begin, name="answer_begin"),
    path("<str:reference>/answer/check/", answering.check, name="answer_check"),
    path("<str:reference>/answer/<int:number>/", answering.AnswerPage.as_view(), name="answer"),
    path("<str:reference>/sheet/", for_who_sent, name="sheet"),
    path("<str:reference>/file/<int:pk>/", own.file, name="file"),
    path("<str:reference>/young-person/", own.young_person, name="young_person"),
    path("<str:reference>/form/", answering.begin_form, name="form"),
    path("<str:reference>/time/<slug:purpose>/", times.choose, name="time"),
    path("<str:reference>/time/<slug:purpose>/cancel/", times.cancel, name="time_cancel"),
    path("<str:reference>/time/<slug:purpose>/calendar.ics", times.calendar, name="time_calendar"),
    path("<str:reference>/choose/<slug:button>/", views.press, name="press"),
]
