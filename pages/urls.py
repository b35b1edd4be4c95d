"""Public addresses that are not Wagtail pages: search, feeds, calendars, robots."""

from django.urls import path

from pages import letterviews, views
from pages.feeds import EventsFeed, NewsFeed

app_name = "pages"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("finder/<int:pk>/", views.finder, name="finder"),
    path("counting/", views.counting, name="counting"),
    path("news/feed/", NewsFeed(), name="news_feed"),
    path("events/feed/", EventsFeed(), name="events_feed"),
    path("events/<slug:slug>/dates.ics", views.event_calendar, name="event_calendar"),
    path("events.ics", views.events_calendar, name="events_calendar"),
    path("centres/<slug:slug>/dates.ics", views.centre_calendar, name="centre_calendar"),
    path("ensembles/<slug:slug>/dates.ics", views.ensemble_calendar, name="ensemble_calendar"),
    path("letters/join/", letterviews.join, name="letters_join"),
    path("letters/asked/", letterviews.asked, name="letters_asked"),
    path("letters/<slug:secret>/", letterviews.own_page, name="letters_own"),
    path("letters/<slug:secret>/leave/", letterviews.leave_at_once, name="letters_leave"),
    path("robots.txt", views.robots, name="robots"),
]
