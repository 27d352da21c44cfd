"""A browser without a script: links are followed, forms are sent as they stand."""

from django.test import Client

HTMX = {"HX-Request": "true"}


def browser(member):
    """A browser in which the member is logged in."""
    client = Client()
    client.force_login(member.user)
    return client


def piece(client, url, target):
    """What htmx gets when it asks for a part of the page."""
    return client.get(url, headers={**HTMX, "HX-Target": target})


def send(client, form, **fields):
    """Submits a form as it stands, with what is typed over it."""
    return client.post(form["action"], {**form.form(), **fields})
