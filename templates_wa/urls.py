"""URLs of templates, under /w/<workspace>/."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "templates_wa"

workspace: list[URLPattern | URLResolver] = []

urlpatterns = [path("w/<slug:workspace>/", include(workspace))]
