"""A large invented clientele: contacts with custom fields, tags, a year of mails and of what people did.

Everything is deterministic: what is by chance comes out of hashes of the rows' numbers. Popular tags are much more
frequent than rare ones (Zipf's law over 200 tags), some people open everything and many nothing, and events stand in
the order of their time, as in an installation that has recorded them one by one.
"""

from typing import Any

from bench.names import SURNAMES

TAGS, MAILS, OWNERS, COMPANIES = 200, 60, 20, 30_000
INDUSTRIES = (
    "製造業",
    "情報通信業",
    "卸売業",
    "建設業",
    "医療・福祉",
    "小売業",
    "運輸業",
    "金融業",
    "教育",
    "不動産業",
)
INTERESTS = ("圧力計", "流量計", "温度計", "校正", "保守", "リース")
FIELDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("industry", "業種", "choice", INDUSTRIES),
    ("contract_end", "契約終了日", "date", ()),
    ("employees", "従業員数", "number", ()),
    ("interests", "関心", "multi_choice", INTERESTS),
    ("partner", "代理店", "yes_no", ()),
)
_TABLES = ("people_contact", "people_tagging", "activity_event", "audiences_static_member", "scenarios_enrolment")


def fill(contacts: int) -> None:
    """So many contacts, five times as many tag rows, ten times as many events; a static list and a scenario."""
    from django.db import connection

    _prepare_contents()
    values = {"n": contacts, "surnames": list(SURNAMES), "industries": list(INDUSTRIES), "interests": list(INTERESTS)}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # triggers watch each row; here nobody listens
        cursor.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '512MB'")
        again = _drop_indexes(cursor)
        cursor.execute(_CONTACTS, values)
        for rank in range(1, TAGS + 1):
            cursor.execute(_TAGGINGS, {"n": contacts, "rank": rank, "step": _coprime(contacts, rank)})
        cursor.execute(_EVENTS, {"n": contacts, "mails": MAILS})
        cursor.execute(_MEMBERS, values)
        cursor.execute(_ENROLMENTS, values)
        for statement in again:
            cursor.execute(statement)
        cursor.execute("RESET session_replication_role; RESET maintenance_work_mem; RESET work_mem")
        for table in _TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("CHECKPOINT")


def _prepare_contents() -> None:
    """What the rows name: tags, fields, owners, a source, a static list G-1, a scenario S-1."""
    from tashika.accounts.models import User
    from tashika.contents import drafting
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.people import defining
    from tashika.people.models import Source, Tag

    now = clock.now()
    Tag.objects.bulk_create(Tag(name=f"タグ{rank}", created_at=now) for rank in range(1, TAGS + 1))
    for key, label, kind, choices in FIELDS:
        defining.create(key=key, label=label, type=kind, choices=list(choices), by=SYSTEM, now=now)
    User.objects.bulk_create(
        User(email=f"tantou{number}@staff.example.jp", name=f"担当{number}", created_at=now)
        for number in range(1, OWNERS + 1)
    )
    Source.objects.create(kind="import", ref="import:1", label="名簿.csv", at=now)
    drafting.create(kind="segment", name="展示会", draft={"static": True}, by=None, now=now)
    drafting.create(kind="scenario", name="フォロー", draft={"type": "flow", "nodes": []}, by=None, now=now)


def _coprime(number: int, rank: int) -> int:
    """A step that visits every contact once before it comes back, another for each tag."""
    step = 7_919 * rank + 104_729
    while not all(step % prime for prime in (2, 3, 5, 7, 11, 13) if number % prime == 0):
        step += 1
    return step


def _drop_indexes(cursor: Any) -> list[str]:
    """Take away what can be made again faster in one go; the statements that make it again."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname,"
        " pg_get_constraintdef(c.oid) FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
        " WHERE i.indrelid = ANY (%s::regclass[]) AND coalesce(c.contype, 'u') = 'u'",
        [list(_TABLES)],
    )
    again = []
    for index, table, definition, constraint, constrained in cursor.fetchall():
        if constraint:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
            again.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {constrained}")
        else:
            cursor.execute(f"DROP INDEX {index}")
            again.append(definition)
    return again


# A number between 0 and 1 that is always the same for a row and a purpose.
_CHANCE = "(hashint8extended({row}, {salt}) & 1048575) / 1048576.0"


def _chance(row: str, salt: int) -> str:
    return _CHANCE.format(row=row, salt=salt)


_CONTACTS = f"""
    INSERT INTO people_contact (email, email_key, address_hash, family_name, given_name, company_name, department,
        job_title, prefecture, owner_id, custom, score, rank, consent, opted_out_at, source_id, created_at, updated_at)
    SELECT a, a, sha256(a::bytea), (%(surnames)s::text[])[1 + i %% cardinality(%(surnames)s::text[])], '花子' || i,
        (ARRAY['株式会社みらい', '青葉電機', '東都精機', '北斗物流'])[1 + company %% 4] || company,
        (ARRAY['営業部', '情報システム部', '製造部', '総務部', '経営企画部'])[1 + floor(5 * pow({_chance("i", 1)}, 2))::int],
        (ARRAY['', '主任', '課長', '部長', '取締役'])[1 + floor(5 * {_chance("i", 2)})::int],
        (ARRAY['東京都', '大阪府', '愛知県', '神奈川県', '福岡県', '北海道'])[1 + floor(6 * pow({_chance("i", 3)}, 1.5))::int],
        CASE WHEN {_chance("i", 4)} < 0.7 THEN (SELECT min(id) FROM accounts_user) + company %% {OWNERS} END,
        jsonb_strip_nulls(jsonb_build_object(
            'industry', CASE WHEN {_chance("i", 5)} < 0.9
                THEN (%(industries)s::text[])[1 + floor({len(INDUSTRIES)} * pow({_chance("company", 6)}, 1.7))::int] END,
            'contract_end', CASE WHEN {_chance("i", 7)} < 0.6
                THEN (current_date - 400 + floor(1100 * {_chance("i", 8)})::int)::text END,
            'employees', CASE WHEN {_chance("i", 9)} < 0.5 THEN floor(exp(2 + 7 * {_chance("company", 10)})) END,
            'interests', CASE WHEN {_chance("i", 11)} < 0.4
                THEN to_jsonb((%(interests)s::text[])[1 + i %% 4 : 2 + i %% 5]) END,
            'partner', CASE WHEN {_chance("i", 12)} < 0.8 THEN {_chance("i", 13)} < 0.1 END)),
        greatest(0, floor(-40 * ln(1.0 - {_chance("i", 14)}) - 15))::int,
        (ARRAY['', 'C', 'B', 'A'])[1 + floor(4 * pow({_chance("i", 15)}, 2))::int],
        consent, CASE WHEN consent = 'withdrawn' THEN now() - make_interval(days => (i %% 700)::int) END,
        (SELECT min(id) FROM people_source), now() - make_interval(hours => (35000 * (1 - i::float / %(n)s))::int), now()
    FROM (SELECT i, 'p' || i || '@c' || i %% 5000 || '.example.jp' AS a,
            floor({COMPANIES} * pow({_chance("i", 16)}, 2))::int AS company,
            CASE WHEN {_chance("i", 17)} < 0.8 THEN 'given' WHEN {_chance("i", 17)} < 0.93 THEN 'none'
                ELSE 'withdrawn' END AS consent
        FROM generate_series(1, %(n)s::bigint) AS i) AS person"""

# The harmonic number of 200 is 5.878: the frequencies of all tags add up to five a contact.
_TAGGINGS = """
    INSERT INTO people_tagging (contact_id, tag_id, at, source_id)
    SELECT 1 + (i * %(step)s) %% %(n)s, (SELECT id FROM people_tag WHERE name = 'タグ' || %(rank)s),
        now() - make_interval(hours => (i %% 17000)::int), (SELECT min(id) FROM people_source)
    FROM generate_series(1, (%(n)s * 5 / 5.878 / %(rank)s)::bigint) AS i"""

# Of ten events a contact some seven are mails that were taken, the rest what people did. Who opens mails opens many.
_EVENTS = f"""
    WITH sent AS (
        SELECT m, id, now() - make_interval(secs => ((%(mails)s - m) * 6.05 + 1) * 86400 - {_chance("id", 18)} * 3600)
            AS at, pow({_chance("id", 20)}, 3) * 0.9 AS keen
        FROM people_contact, generate_series(1, %(mails)s) AS m
        WHERE consent <> 'withdrawn' AND {_chance("id * 64 + m", 19)} < 0.131),
    opened AS (
        SELECT m, id, at + make_interval(secs => 600 + 150000 * pow({_chance("id * 64 + m", 21)}, 4)) AS at, keen
        FROM sent WHERE {_chance("id * 64 + m", 22)} < keen)
    INSERT INTO activity_event (at, contact_id, kind, mail_number, detail)
    SELECT at, id, kind, m, detail FROM (
        SELECT at, id, 'mail_accepted' AS kind, m, '{{}}'::jsonb AS detail FROM sent
        UNION ALL SELECT at + interval '20 minutes', id, 'bounced', m, '{{}}' FROM sent
            WHERE {_chance("id * 64 + m", 23)} < 0.008
        UNION ALL SELECT at, id, 'opened', m, '{{}}' FROM opened
        UNION ALL SELECT at + interval '1 minute', id, 'clicked', m, '{{}}' FROM opened
            WHERE {_chance("id * 64 + m", 24)} < 0.18
        UNION ALL SELECT now() - make_interval(secs => 31000000 * {_chance("i", 25)}),
            1 + floor(%(n)s * pow({_chance("i", 26)}, 2))::bigint,
            CASE WHEN i %% 10 = 0 THEN 'form_sent' WHEN i %% 10 < 3 THEN 'document_downloaded' ELSE 'page_visited' END,
            NULL, jsonb_build_object('content', CASE WHEN i %% 10 = 0 THEN 'F-' WHEN i %% 10 < 3 THEN 'D-' ELSE 'L-' END
                || 1 + i %% 7)
            FROM generate_series(1, %(n)s * 3 / 4) AS i
    ) AS everything WHERE at < now() ORDER BY at"""

_MEMBERS = """
    INSERT INTO audiences_static_member (content_id, contact_id, added_at)
    SELECT (SELECT id FROM contents_content WHERE kind = 'segment' AND number = 1), i * 23, now()
    FROM generate_series(1, %(n)s / 25) AS i"""
_ENROLMENTS = """
    INSERT INTO scenarios_enrolment (scenario_id, contact_id, state, node, step, entered_at, arrived_at, due_at)
    SELECT (SELECT id FROM contents_content WHERE kind = 'scenario' AND number = 1), i * 3,
        (ARRAY['walking', 'done', 'left'])[1 + i %% 3], 'n' || 1 + i %% 8, i %% 8, now(), now(), now()
    FROM generate_series(1, %(n)s / 4) AS i"""
