"""How people get an account (by an invite link only) and what happens when they log in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User


class InviteOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes the public sign-up page; accounts/actions creates people from invites."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Never: an account without a workspace could see nothing."""
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """The person's own language replaces whatever the browser showed before."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language:
            remember_language(response, user.language)
        return response


def remember_language(response: HttpResponse, language: str) -> None:
    """Sets the cookie that LocaleMiddleware reads."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )
