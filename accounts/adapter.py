"""How people get an account: by an invite link only."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InviteOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes the public sign-up page; accounts/actions.py creates people from invites."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Never: an account without a workspace could see nothing."""
        return False
