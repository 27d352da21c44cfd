"""What the demo has started by itself: templates, labels, lists, consent, and a campaign of three days ago.

Runs inside the workspace's scope after the conversations are there. The templates are those of the simulator, so that
a synchronisation changes nothing but their age.
"""

from collections.abc import Sequence
from datetime import timedelta

from dev.campaign import Past
from dev.content.guests import GUESTS, STOPPED
from dev.threads import Scene
from phonebook.models import Consent, Contact, ContactLabel, Identity, Label, List, ListMember, Marketing
from phonebook.phones import canonical
from simulator import demo_home, demo_travel
from templates_wa.models import Sync, Template

CAMPAIGN_TEMPLATE = "back_in_stock"


def copy_templates(scene: Scene) -> list[Template]:
    """The account's templates as WhatsApp (the simulator) has them."""
    account = scene.number.business_account
    theirs = [*demo_home.templates(), *demo_travel.templates()]
    Sync.objects.create(workspace=scene.workspace, account=account, state=Sync.State.OK, finished=scene.now)
    return Template.objects.bulk_create(
        Template(
            workspace=scene.workspace,
            account=account,
            template_id=one.template_id,
            name=one.name,
            language=one.language,
            category=one.category,
            status=one.status,
            reason="" if one.reason == "NONE" else one.reason,
            quality=one.quality,
            parameter_format=one.parameter_format,
            components=one.components,
            told=scene.now,
        )
        for one in theirs
        if one.waba_id == account.waba_id
    )


def fill(scene: Scene, templates: Sequence[Template], marketer: str) -> None:
    """Guests with labels and consent, three lists, and the campaign with its answers."""
    guests = _guests(scene)
    _labels(scene, guests)
    _consent(scene, guests)
    lists = _lists(scene, guests, marketer)
    chosen = next(each for each in templates if each.name == CAMPAIGN_TEMPLATE)
    Past(scene, lists[0], chosen, guests, marketer).write()


def _guests(scene: Scene) -> list[Contact]:
    contacts = Contact.objects.bulk_create(
        Contact(
            workspace=scene.workspace,
            name=guest.name,
            phone=f"+{guest.wa_id}",
            language=guest.language,
            fields={"city": guest.city},
        )
        for guest in GUESTS
    )
    Identity.objects.bulk_create(
        Identity(
            workspace=scene.workspace,
            contact=contact,
            kind=Identity.Kind.WA_ID,
            value=canonical(guest.wa_id),
        )
        for contact, guest in zip(contacts, GUESTS, strict=True)
    )
    for guest in GUESTS:
        scene.world.customer(guest.wa_id, guest.name)
    return contacts


def _labels(scene: Scene, guests: list[Contact]) -> None:
    vip, showroom = Label.objects.bulk_create(
        Label(workspace=scene.workspace, name=name) for name in ("VIP", "Showroom")
    )
    ContactLabel.objects.bulk_create(
        ContactLabel(workspace=scene.workspace, label=label, contact=contact)
        for label, some in ((vip, guests[::6]), (showroom, guests))
        for contact in some
    )


def _consent(scene: Scene, guests: list[Contact]) -> None:
    """Everybody signed in the showroom; a few wrote STOP since."""
    signed, stopped = scene.now - timedelta(days=40), scene.now - timedelta(days=8)
    Consent.objects.bulk_create(
        Consent(
            workspace=scene.workspace,
            contact=contact,
            choice=Marketing.OPTED_IN,
            source=Consent.Source.IMPORT,
            wording="I would like to hear about new rooms and offers by WhatsApp.",
            at=signed,
        )
        for contact in guests
    )
    for place, contact in enumerate(guests):
        contact.marketing, contact.marketing_at = Marketing.OPTED_IN, signed
        if place in STOPPED:
            contact.marketing, contact.marketing_at = Marketing.OPTED_OUT, stopped
    Contact.objects.bulk_update(guests, ["marketing", "marketing_at"])
    Consent.objects.bulk_create(
        Consent(
            workspace=scene.workspace,
            contact=guests[place],
            choice=Marketing.OPTED_OUT,
            source=Consent.Source.KEYWORD,
            wording="STOP",
            at=stopped,
        )
        for place in STOPPED
    )


def _lists(scene: Scene, guests: list[Contact], marketer: str) -> list[List]:
    arabic = {"match": "all", "conditions": [{"about": "language", "operator": "is", "value": "ar"}]}
    lists = List.objects.bulk_create(
        List(workspace=scene.workspace, name=name, rule=rule, created_by=scene.members[marketer])
        for name, rule in (
            ("Amman showroom visitors", None),
            ("VIP customers", None),
            ("Arabic speakers", arabic),
        )
    )
    ListMember.objects.bulk_create(
        ListMember(workspace=scene.workspace, list=on, contact=contact)
        for on, some in ((lists[0], guests), (lists[1], guests[::6]))
        for contact in some
    )
    return lists
