"""URLs of campaigns, under /w/<workspace>/."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "campaigns"

workspace: list[URLPattern | URLResolver] = []

urlpatterns = [path("w/<slug:workspace>/", include(workspace))]
