"""The addresses of form journeys (contract: /apply/, /resume/, /family/)."""

app_name = "forms"
urlpatterns = []
