from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        """Who is merged into another contact is still written to, as that one."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from campaigns.merging import follow  # noqa: PLC0415
        from phonebook.actions import on_merge  # noqa: PLC0415

        on_merge.append(follow)
