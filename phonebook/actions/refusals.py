"""Why an action said no, in words for the person who asked. The same no as in accounts, plus a person in the way."""

from django.utils.functional import Promise

from accounts.actions.refusals import Refused, violated

__all__ = ["Refused", "Taken", "violated"]


class Taken(Refused):
    """Another contact has this number already, in whatever spelling. `contact_id` is that one."""

    def __init__(self, message: str | Promise, field: str, contact_id: int) -> None:
        super().__init__(message, field)
        self.contact_id = contact_id
