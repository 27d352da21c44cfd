"""URLs of lists and imports, below /w/<workspace>/phonebook/."""

from django.urls import URLPattern

lists: list[URLPattern] = []
imports: list[URLPattern] = []
