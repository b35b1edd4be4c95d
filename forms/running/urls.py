"""The public addresses of running a course: a song by its link."""

from django.urls import path

from forms.running import courseviews

app_name = "songs"

urlpatterns = [
    path("<str:token>/", courseviews.song_page, name="song"),
    path("<str:token>/sound", courseviews.song_file, name="sound"),
]
