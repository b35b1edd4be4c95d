"""The addresses of the passport, below /family/partners/."""

from django.urls import path

from . import views

urlpatterns = [
    path("<slug:slug>/", views.passport, name="passport"),
    path("<slug:slug>/renew/", views.renew, name="passport_renew"),
    path("<slug:slug>/people/", views.people, name="passport_people"),
    path("<slug:slug>/leave/", views.leave, name="passport_leave"),
    path("<slug:slug>/agree/<int:pk>/", views.agree, name="passport_agree"),
    path("<slug:slug>/<slug:kind>/", views.paper, name="passport_paper"),
]
