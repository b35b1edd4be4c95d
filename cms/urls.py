"""Every address of the hub. Each app says its own; this file only puts them together."""

from allauth.account.views import reauthenticate
from django.conf.urls.i18n import i18n_patterns
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.admin.views.account import LogoutView
from wagtail.documents import urls as wagtaildocs_urls

from cms import views
from cms.media import serve_media
from cms.operations.metrics import metrics
from cms.signin import StaffLoginView
from cms.sitemaps import EveryLanguage
from imports.views.sending import SendRoster

handler403 = "cms.views.permission_denied"
handler404 = "cms.views.page_not_found"
handler500 = "cms.views.server_error"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/login/", StaffLoginView.as_view(), name="account_login"),
    path("admin/logout/", LogoutView.as_view(), name="account_logout"),
    path("admin/two-step/confirm/", reauthenticate, name="account_reauthenticate"),
    path("admin/two-step/", include("allauth.mfa.urls")),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("sitemap.xml", sitemap, {"sitemaps": {"pages": EveryLanguage}}, name="sitemap"),
    path("rosters/send/<str:token>/", SendRoster.as_view(), name="roster_send"),
    path("pay/", include("cms.money.urls")),
    path("family/", include("forms.family.urls")),
    path("songs/", include("forms.running.urls")),
    path("", include("forms.urls")),
    path("", include("pages.urls")),
    path("media/<path:path>", serve_media, name="media"),
    *i18n_patterns(path("", include(wagtail_urls)), prefix_default_language=False),
]
