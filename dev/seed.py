"""`python -m dev.seed`: the demo's content, once. Knows only how to start Django; what there is stands in companies.py."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from dev.companies import fill  # noqa: E402 - models cannot be imported before Django is set up

if __name__ == "__main__":
    fill()
