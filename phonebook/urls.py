"""URLs of the phonebook, under /w/<workspace>/phonebook/."""

from django.urls import URLPattern, URLResolver, include, path

from phonebook.list_urls import imports, lists

app_name = "phonebook"

contacts: list[URLPattern | URLResolver] = []

urlpatterns = [
    path("w/<slug:workspace>/phonebook/", include([*contacts])),
    path("w/<slug:workspace>/phonebook/lists/", include(lists)),
    path("w/<slug:workspace>/phonebook/imports/", include(imports)),
]
