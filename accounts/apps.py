from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "accounts"


class PlatformAdminConfig(AdminConfig):
    """Django's admin, for platform staff, with every request crossing the workspaces and logged."""

    default_site = "accounts.platform.PlatformSite"
