"""Sentences of Django and django-allauth that our catalog words itself: theirs lack Arabic, or have poor Arabic.

Only named here, so that they are collected with ours; a project's catalog wins over those of its packages. Nothing
may import this module, and a sentence goes as soon as the package's own translation is good.
"""

from django.utils.translation import gettext_noop, ngettext_lazy, pgettext_lazy

# allauth: its forms (the Arabic label of the login repeats the page's title), and the answer to a wrong password.
pgettext_lazy("field label", "Login")
gettext_noop("Email address")
gettext_noop("New Password (again)")
gettext_noop("The email address and/or password you specified are not correct.")
gettext_noop("The username and/or password you specified are not correct.")

# Django: the rule for the length of passwords.
ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)
ngettext_lazy(
    "Your password must contain at least %(min_length)d character.",
    "Your password must contain at least %(min_length)d characters.",
)

# Django: the filter timesince, as it stands after “before”.
ngettext_lazy("%(num)d year", "%(num)d years")
ngettext_lazy("%(num)d month", "%(num)d months")
ngettext_lazy("%(num)d week", "%(num)d weeks")
ngettext_lazy("%(num)d day", "%(num)d days")
ngettext_lazy("%(num)d hour", "%(num)d hours")
ngettext_lazy("%(num)d minute", "%(num)d minutes")
