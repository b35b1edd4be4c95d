"""The addresses at which families pay (below /pay/). First words that are no key are ours."""

from django.urls import path

from . import hooks_in, schoolpage, views

app_name = "pay"

urlpatterns = [
    path("hook/<slug:provider>/", hooks_in.hook, name="hook"),
    path("test/<str:reference>/", views.trial, name="trial"),
    path("confirm/<str:token>/", schoolpage.confirm, name="confirm"),
    path("<str:key>/", views.pay, name="pay"),
    path("<str:key>/back/<str:payment>/", views.back, name="back"),
    path("<str:key>/receipt/<int:number>/", views.receipt, name="receipt"),
]
