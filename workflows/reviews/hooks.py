"""What reviews add to the Wagtail admin: their addresses, and “To review” in the menu."""

from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from . import panelviews, views

addresses = (
    [
        path("", views.ReviewerInboxView.as_view(), name="inbox"),
        path("<int:pk>/", views.ReviewView.as_view(), name="review"),
        path("<int:pk>/save/", views.SaveView.as_view(), name="save"),
        path("<int:pk>/conflict/", views.ConflictView.as_view(), name="conflict"),
        path("<int:pk>/files/<int:file>/", views.ReviewFileView.as_view(), name="file"),
        path("load/", panelviews.LoadView.as_view(), name="load"),
        path("of/<int:pk>/", panelviews.RoundView.as_view(), name="round"),
        path("<slug:slug>/<slug:stage>/", panelviews.PanelView.as_view(), name="panel"),
        path(
            "<slug:slug>/<slug:stage>/ranks.<slug:kind>",
            panelviews.TakePanelView.as_view(),
            name="take",
        ),
    ],
    "reviews",
)


@hooks.register("register_admin_urls")
def review_urls() -> list:
    return [path("reviews/", include(addresses))]


class ReviewsMenuItem(MenuItem):
    def is_shown(self, request: object) -> bool:
        user = request.user
        return user.has_perm("workflows.change_case") or views.is_reviewer(user)


@hooks.register("register_admin_menu_item")
def reviews_menu_item() -> MenuItem:
    return ReviewsMenuItem(
        _("To review"), reverse_lazy("reviews:inbox"), name="reviews", icon_name="form", order=51
    )
