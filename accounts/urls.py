"""URLs of the accounts app: the entrance, the settings of a workspace, and the pages of allauth that we keep.

allauth's other pages (managing several addresses, signing up by email) do not exist here.
"""

from allauth.account import views as entrance
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.i18n import set_language

from accounts.views import invites, members, numbers
from accounts.views.entrance import home, preferences

settings: list[URLPattern | URLResolver] = [
    path("", members.settings, name="settings"),
    path("members/", members.members, name="members"),
    path("members/<int:membership_id>/role/", members.change_role, name="change_role"),
    path("members/<int:membership_id>/lists/", members.change_list_right, name="change_list_right"),
    path("members/<int:membership_id>/deactivate/", members.deactivate, name="deactivate"),
    path("members/<int:membership_id>/reactivate/", members.reactivate, name="reactivate"),
    path("invites/", members.invite, name="invite"),
    path("invites/<int:invite_id>/revoke/", members.revoke, name="revoke"),
    path("numbers/", numbers.numbers, name="numbers"),
    path("numbers/new/", numbers.edit, name="add_number"),
    path("numbers/<int:number_id>/", numbers.edit, name="edit_number"),
    path("numbers/<int:number_id>/check/", numbers.check, name="check_number"),
]

pages: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("me/preferences/", preferences, name="preferences"),
    path("invite/<str:token>/", invites.join, name="join"),
    path("w/<slug:workspace>/settings/", include(settings)),
]

# The names are allauth's, it looks them up by them.
account = [
    path("login/", entrance.login, name="account_login"),
    path("logout/", entrance.logout, name="account_logout"),
    path("signup/", entrance.signup, name="account_signup"),
    path("inactive/", entrance.account_inactive, name="account_inactive"),
    path("password/change/", entrance.password_change, name="account_change_password"),
    path("password/set/", entrance.password_set, name="account_set_password"),
    path("password/reset/", entrance.password_reset, name="account_reset_password"),
    path("password/reset/done/", entrance.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        entrance.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        entrance.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]

urlpatterns = [
    path("", include((pages, "accounts"))),
    path("account/", include(account)),
    path("language/", set_language, name="set_language"),
]
