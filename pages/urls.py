"""Public addresses that are not Wagtail pages: search, feeds, calendars, robots."""

from django.urls import path

from pages import views
from pages.feeds import NewsFeed

app_name = "pages"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("news/feed/", NewsFeed(), name="news_feed"),
    path("events.ics", views.events_calendar, name="events_calendar"),
    path("centres/<slug:slug>/dates.ics", views.centre_calendar, name="centre_calendar"),
    path("robots.txt", views.robots, name="robots"),
]
