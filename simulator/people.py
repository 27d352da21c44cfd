"""The fictional customers every handset starts with. Nobody here exists."""

from simulator.state import Customer


def everybody() -> list[Customer]:
    """Fresh copies of the preset customers: Jordan, the Emirates and Brazil, Arabic and Latin names."""
    return [
        Customer(wa_id="962790000101", name="Rania Haddad"),
        Customer(wa_id="962790000102", name="خالد منصور"),
        Customer(wa_id="962780000103", name="Lina Odeh"),
        Customer(wa_id="962770000104", name="يوسف بركات"),
        Customer(wa_id="962790000105", name="Nour Saleh", username="nour.saleh"),
        Customer(wa_id="962780000106", name="سارة الخطيب"),
        Customer(wa_id="971500000107", name="Omar Al Falasi"),
        Customer(wa_id="971500000108", name="مريم المنصوري"),
        Customer(wa_id="971550000109", name="Priya Nair"),
        Customer(wa_id="5511900000110", name="Daniel Costa"),
        # Dialled as +55 61 99000-0111: WhatsApp's id has no ninth digit there.
        Customer(wa_id="556190000111", name="Beatriz Almeida"),
        Customer(wa_id="962790000112", name="Hana Aziz", username="hana.aziz", username_only=True),
        Customer(wa_id="971500000113", name="فارس التميمي", username="faris", username_only=True),
    ]
