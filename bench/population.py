"""Fills an empty, migrated database with any number of conversations, five messages each on the average.

Set-based and without keys, indexes and triggers until all rows are there: row by row it would take hours. What is
random comes from hashes of a row's number, so that every run measures the same rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from accounts.models import BusinessAccount, Membership, PhoneNumber, Stream, User, Workspace

TENANTS = 5  # the first has 80 % of everything
AGENTS, NUMBERS = 2, 2  # per tenant
RARE_WORD, RARE_NAME, RARE = "refrigerator", "Zenobia", 16  # so many of each, however large the database
COMMON_WORD, COMMON_NAME = "order", "Mohammad"  # one message in five, one customer in eight
TABLES = [f"inbox_{name}" for name in ("message", "conversation", "claim", "systemline", "tally")] + [
    "phonebook_contact"
]

FIRST_NAMES = [
    *(COMMON_NAME, COMMON_NAME, "Rania", "Omar", "Lina", "Yousef", "Sara", "Khaled"),
    *("أحمد", "فاطمة", "خالد", "مريم", "يوسف", "ليلى", "عمر", "نور"),
]
LAST_NAMES = [
    *("Haddad", "Nasser", "Khoury", "Saleh", "Qasem", "Mansour", "Awad", "Darwish"),
    *("حداد", "ناصر", "خوري", "صالح", "قاسم", "منصور", "عوض", "درويش"),
]
SENTENCES = [
    "Hello, is my order on its way? The number is",
    "I would like to change the delivery address of order",
    "Thank you, it arrived this morning and everything works",
    "How much is the large one, and do you deliver to Irbid? Code",
    "Good evening, the receipt of my order did not arrive yet, number",
    "Can I return the shoes if they do not fit? They are from",
    "We are open from nine to six, and on Friday from four. Ticket",
    "Your parcel has left the warehouse and arrives tomorrow, it is",
    "مرحبا، هل طلبي في الطريق؟ الرقم هو",
    "أود تغيير عنوان التوصيل للطلب رقم",
    "شكرا لكم، وصلت الشحنة هذا الصباح وكل شيء على ما يرام",
    "كم سعر القطعة الكبيرة وهل يوجد توصيل إلى إربد؟ الرمز",
    "مساء الخير، لم يصلني إيصال الدفع بعد، رقم الفاتورة",
    "هل يمكنني إرجاع الحذاء إذا لم يكن المقاس مناسبا؟ القطعة",
    "نعمل من التاسعة حتى السادسة، ويوم الجمعة من الرابعة. تذكرة",
    "خرج طلبك من المستودع ويصل غدا إن شاء الله، الطرد",
]

DICE = """
    CREATE FUNCTION pg_temp.dice(roll bigint, which bigint, sides bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN mod(hashint8extended(roll, which) & 9223372036854775807, sides)
"""
# What each conversation is, by its number i. Of twenty in a row sixteen belong to the first tenant; of fifty such
# rows one has threads of 67 messages, nine of 7 and forty of 3.
PLAN = """
    CREATE TEMP TABLE plan AS
    SELECT i, workspace_id, state,
        (%(numbers)s::bigint[])[(tenant - 1) * %(per_tenant_numbers)s + 1 + mod(i / 20, %(per_tenant_numbers)s)]
            AS number_id,
        (%(agents)s::bigint[])[(tenant - 1) * %(per_tenant_agents)s + 1 + mod(i / 40, %(per_tenant_agents)s)]
            AS agent_id,
        CASE WHEN mod(i / 20, 50) = 0 THEN 67 WHEN mod(i / 20, 50) < 10 THEN 7 ELSE 3 END AS length,
        now() - interval '1 hour' - make_interval(secs => pg_temp.dice(i, 2, 31536000000) / 1000.0) AS last_at
    FROM generate_series(1, %(conversations)s) AS i,
        LATERAL (SELECT CASE WHEN mod(i, 20) < 16 THEN 1 ELSE mod(i, 20) - 14 END AS tenant) AS a,
        LATERAL (SELECT (%(workspaces)s::bigint[])[tenant] AS workspace_id, pg_temp.dice(i, 1, 100) AS percent) AS b,
        LATERAL (SELECT CASE WHEN percent < 15 THEN 'unclaimed' WHEN percent < 45 THEN 'claimed'
            WHEN percent < 95 THEN 'closed' ELSE 'outbound' END AS state) AS c
"""
# Ids in the order of time, as if the messages had arrived one by one.
PLAN_MESSAGES = """
    CREATE TEMP TABLE plan_message AS
    SELECT row_number() OVER (ORDER BY at, i) AS id, i, k, at
    FROM (SELECT i, k, last_at - (length - k) * interval '11 minutes' AS at
        FROM plan, generate_series(1, length) AS k) AS every
"""
CONTACTS = """
    INSERT INTO phonebook_contact (id, workspace_id, name, profile_name, username, phone, language, created)
    SELECT i, workspace_id, '', CASE WHEN mod(i, %(conversations)s / %(rare)s) = 1 THEN %(rare_name)s
            ELSE (%(first_names)s::text[])[1 + pg_temp.dice(i, 3, 16)] END
        || ' ' || (%(last_names)s::text[])[1 + pg_temp.dice(i, 4, 16)],
        '', '+' || 962770000000 + pg_temp.dice(i, 7, 30000000), '', last_at
    FROM plan ORDER BY i
"""
MESSAGES = """
    INSERT INTO inbox_message (id, workspace_id, conversation_id, number_id, outgoing, kind, body, payload, at,
        created, due, wamid, context_wamid, sender_id, status, error_details, attempt)
    SELECT id, workspace_id, i, number_id, outgoing, 'text', (%(sentences)s::text[])[1 + pg_temp.dice(id, 5, 16)]
            || ' ' || 10000 + pg_temp.dice(id, 6, 50000)
            || CASE WHEN mod(id, %(conversations)s * 5 / %(rare)s) = 1 THEN ' ' || %(rare_word)s ELSE '' END,
        '{}', at, at, at, 'wamid.' || id, '', CASE WHEN outgoing THEN agent_id END, CASE WHEN outgoing THEN 40 END,
        '', 0
    FROM plan_message JOIN plan USING (i), LATERAL (SELECT mod(k, 3) = 2 AS outgoing) AS direction ORDER BY id
"""
CONVERSATIONS = """
    INSERT INTO inbox_conversation (id, workspace_id, number_id, contact_id, state, claim_id, holder_id,
        claim_version, unread, last_message_id, last_at, window_expires, created)
    SELECT i, workspace_id, number_id, i, state, CASE WHEN state = 'claimed' THEN i END,
        CASE WHEN state = 'claimed' THEN agent_id END, 1, mod(i, 3), id, last_at, last_at + interval '1 day', last_at
    FROM plan JOIN plan_message USING (i) WHERE k = length ORDER BY i
"""
CLAIMS = """
    INSERT INTO inbox_claim (id, workspace_id, conversation_id, member_id, started, outcome)
    SELECT i, workspace_id, i, agent_id, last_at, '' FROM plan WHERE state = 'claimed'
"""
LINES = """
    INSERT INTO inbox_systemline (workspace_id, conversation_id, kind, at, actor_id, note)
    SELECT workspace_id, i, state, last_at, agent_id, '' FROM plan WHERE state IN ('claimed', 'closed')
"""
TALLIES = """
    INSERT INTO inbox_tally (workspace_id, number_id, state, holder_id, n)
    SELECT workspace_id, number_id, state, holder_id, count(*) FROM inbox_conversation GROUP BY 1, 2, 3, 4
"""
ROWS = [DICE, PLAN, PLAN_MESSAGES, CONTACTS, MESSAGES, CONVERSATIONS, CLAIMS, LINES, TALLIES]


def populate(alias: str, conversations: int) -> None:
    """Fills the database behind a connection of its owner."""
    values = {
        **_people(alias),
        "conversations": conversations,
        "per_tenant_numbers": NUMBERS,
        "per_tenant_agents": AGENTS,
        "first_names": FIRST_NAMES,
        "last_names": LAST_NAMES,
        "sentences": SENTENCES,
        "rare": RARE,
        "rare_name": RARE_NAME,
        "rare_word": RARE_WORD,
    }
    with connections[alias].cursor() as cursor:
        cursor.execute("SET work_mem = '512MB'")
        with _bare_tables(alias):
            for sql in ROWS:
                cursor.execute(sql, values)
        cursor.execute("VACUUM ANALYZE")
    connections[alias].close()


def long_threads(conversations: int) -> list[int]:
    """The first tenant's conversations with 67 messages."""
    return [i for i in range(1, conversations + 1) if i // 20 % 50 == 0 and i % 20 < 16]


def _people(alias: str) -> dict[str, list[int]]:
    """Workspaces, their numbers and agents: the ids of each, tenant by tenant."""
    workspaces, numbers, agents = [], [], []
    for tenant in range(TENANTS):
        workspace = Workspace.objects.using(alias).create(slug=f"bench-{tenant}", name=f"Bench {tenant}")
        Stream.objects.using(alias).create(workspace=workspace)
        account = BusinessAccount.objects.using(alias).create(workspace=workspace, waba_id=f"5{tenant:014d}")
        workspaces.append(workspace.pk)
        for n in range(NUMBERS):
            number = PhoneNumber.objects.using(alias).create(
                workspace=workspace, business_account=account, phone_number_id=f"6{tenant * NUMBERS + n:014d}"
            )
            numbers.append(number.pk)
        for n in range(AGENTS):
            name = f"agent{n}-{tenant}"
            user = User.objects.using(alias).create(username=name, email=f"{name}@bench.test")
            agents.append(Membership.objects.using(alias).create(workspace=workspace, user=user).pk)
    return {"workspaces": workspaces, "numbers": numbers, "agents": agents}


@contextmanager
def _bare_tables(alias: str) -> Iterator[None]:
    """Takes keys, indexes and triggers from the tables to fill, and gives them back.

    Foreign keys come back NOT VALID: they bind what is written later, and the rows are right as they were made.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), contype = 'f' FROM pg_constraint"
            " WHERE contype IN ('f', 'p', 'u') AND (conrelid = ANY(%s::regclass[])"
            " OR confrelid = ANY(%s::regclass[])) ORDER BY contype",
            [TABLES, TABLES],
        )
        constraints = cursor.fetchall()  # foreign keys first, since they rest on the others
        for table, name, _, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(
            "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[])",
            [TABLES],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition, foreign in reversed(constraints):
            suffix = " NOT VALID" if foreign else ""
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}{suffix}")
