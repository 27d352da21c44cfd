"""The map of URLs. Everything of a tenant lives under /w/<workspace>/; the webhook door is in config/asgi.py."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
