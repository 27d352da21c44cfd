"""URLs of the phonebook, under /w/<workspace>/phonebook/."""

from django.urls import URLPattern, URLResolver, include, path

from phonebook.list_urls import imports, lists
from phonebook.views import consent, editing, export, labels, merging, verbs
from phonebook.views import contacts as people

app_name = "phonebook"

contact: list[URLPattern | URLResolver] = [
    path("", people.contact, name="contact"),
    path("edit/", editing.edit, name="edit_contact"),
    path("labels/", verbs.labels, name="contact_labels"),
    path("consent/", verbs.consent, name="consent"),
    path("block/", verbs.block, name="block"),
    path("unblock/", verbs.unblock, name="unblock"),
    path("merge/", merging.merge, name="merge"),
]

contacts: list[URLPattern | URLResolver] = [
    path("", people.contacts, name="contacts"),
    path("contacts/new/", editing.edit, name="new_contact"),
    path("contacts/<int:contact_id>/", include(contact)),
    path("export/", export.export, name="export"),
    path("labels/", labels.labels, name="labels"),
    path("labels/<int:label_id>/", labels.label, name="label"),
    path("labels/<int:label_id>/delete/", labels.delete, name="delete_label"),
    path("consent/", consent.settings, name="consent_settings"),
    path("consent/rule/", consent.rule, name="opt_in_rule"),
    path("consent/keywords/", consent.set_keyword, name="set_keyword"),
    path("consent/keywords/<int:keyword_id>/remove/", consent.remove_keyword, name="remove_keyword"),
]

urlpatterns = [
    path("w/<slug:workspace>/phonebook/", include(contacts)),
    path("w/<slug:workspace>/phonebook/lists/", include(lists)),
    path("w/<slug:workspace>/phonebook/imports/", include(imports)),
]
