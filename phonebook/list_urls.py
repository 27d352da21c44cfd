"""URLs of lists and imports, below /w/<workspace>/phonebook/."""

from django.urls import URLPattern, path

from phonebook.views import imports as files
from phonebook.views import list_verbs
from phonebook.views import lists as pages

lists: list[URLPattern] = [
    path("", pages.lists, name="lists"),
    path("new/", pages.new, name="new_list"),
    path("new/rule/", list_verbs.new_by_rule, name="new_rule_list"),
    path("combine/", list_verbs.combine, name="combine_lists"),
    path("<int:list_id>/", pages.one, name="list"),
    path("<int:list_id>/edit/", list_verbs.edit, name="edit_list"),
    path("<int:list_id>/add/", pages.add, name="add_to_list"),
    path("<int:list_id>/remove/", pages.remove, name="remove_from_list"),
    path("<int:list_id>/copy/", list_verbs.copy, name="copy_list"),
    path("<int:list_id>/delete/", list_verbs.delete, name="delete_list"),
]
imports: list[URLPattern] = [
    path("", files.imports, name="imports"),
    path("new/", files.new, name="new_import"),
    path("<int:import_id>/", files.one, name="import"),
    path("<int:import_id>/map/", files.map_columns, name="map_import"),
    path("<int:import_id>/run/", files.run, name="run_import"),
    path("<int:import_id>/progress/", files.progress, name="import_progress"),
    path("<int:import_id>/errors/", files.errors, name="import_errors"),
    path("<int:import_id>/discard/", files.discard, name="discard_import"),
]
