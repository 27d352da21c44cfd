from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"

    def ready(self) -> None:
        """Whoever leaves a workspace leaves their conversations to it; who is merged takes theirs along."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from accounts.actions import on_leave  # noqa: PLC0415
        from inbox.actions import release_claims  # noqa: PLC0415
        from inbox.merging import fold  # noqa: PLC0415
        from phonebook.actions import on_merge  # noqa: PLC0415

        on_leave.append(release_claims)
        on_merge.append(fold)
