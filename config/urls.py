"""The map of URLs. Everything of a tenant lives under /w/<workspace>/; the webhook door is in config/asgi.py."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("phonebook.urls")),
    path("", include("templates_wa.urls")),
    path("", include("campaigns.urls")),
    path("", include("inbox.urls")),
    path("admin/", admin.site.urls),
]
