"""URLs of templates, under /w/<workspace>/."""

from django.urls import URLPattern, URLResolver, include, path

from templates_wa.views import building, filling, requests, shelf

app_name = "templates_wa"

templates: list[URLPattern | URLResolver] = [
    path("", shelf.listed, name="list"),
    path("sync/", shelf.sync, name="sync"),
    path("files/", filling.keep, name="keep"),
    path("files/<int:file_id>/", filling.file, name="file"),
    path("new/", building.new, name="new"),
    path("requests/", requests.listed, name="requests"),
    path("requests/<int:request_id>/", requests.one, name="request"),
    path("requests/<int:request_id>/withdraw/", requests.withdraw, name="withdraw"),
    path("<int:template_id>/", shelf.detail, name="template"),
    path("<int:template_id>/fill/", filling.fill, name="fill"),
    path("<int:template_id>/preview/", filling.preview, name="preview"),
    path("<int:template_id>/edit/", building.edit, name="edit"),
    path("<int:template_id>/delete/", building.delete, name="delete"),
    path("<int:template_id>/unpause/", building.unpause, name="unpause"),
]

urlpatterns = [path("w/<slug:workspace>/templates/", include(templates))]
