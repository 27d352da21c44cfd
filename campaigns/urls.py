"""URLs of campaigns, under /w/<workspace>/."""

from django.urls import URLPattern, URLResolver, include, path

from campaigns.views import campaigns, new, people, verbs

app_name = "campaigns"

campaign: list[URLPattern | URLResolver] = [
    path("", campaigns.campaign, name="campaign"),
    path("figures/", campaigns.figures, name="figures"),
    path("launch/", verbs.launch, name="launch"),
    path("schedule/", verbs.schedule, name="schedule"),
    path("unschedule/", verbs.unschedule, name="unschedule"),
    path("pause/", verbs.pause, name="pause"),
    path("resume/", verbs.resume, name="resume"),
    path("cancel/", verbs.cancel, name="cancel"),
    path("retry/", verbs.retry, name="retry"),
    path("duplicate/", verbs.duplicate, name="duplicate"),
    path("people/", people.people, name="people"),
    path("export/", people.export, name="export"),
    path("save-list/", people.save_list, name="save_list"),
]

workspace: list[URLPattern | URLResolver] = [
    path("new/", new.new, name="new"),
    path("new/test/", new.test, name="test"),
    path("campaigns/", campaigns.campaigns, name="list"),
    path("campaigns/<int:campaign_id>/", include(campaign)),
    path("broadcasts/<int:broadcast_id>/", campaigns.of_broadcast, name="of_broadcast"),
]

urlpatterns = [path("w/<slug:workspace>/", include(workspace))]
