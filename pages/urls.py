"""Public addresses that are not Wagtail pages: search, feeds, robots."""

app_name = "pages"
urlpatterns = []
