"""The views that outside tools may read, in the words of both databases.

An event whose text is no JSON any more is passed over where its text is read.
"""

import re

from gate.core.json_types import JsonValue

_POSTGRESQL_FIELD = """
CREATE OR REPLACE FUNCTION exam_office_json(written text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN RETURN written::jsonb; EXCEPTION WHEN others THEN RETURN '{}'::jsonb; END $$
"""

_EVENT = """
CREATE VIEW v_event AS
SELECT e.gate, e.epoch, e.seq, e.at, e.kind, coalesce(e.exam, e.sitting) AS exam, m.site,
       e.paper, e.ticket, e.outcome, e.reason, e.hash, e.received AS received_at
FROM event e LEFT JOIN mark m ON m.gate = e.gate AND m.epoch = e.epoch
"""

_GATE = """
CREATE VIEW v_gate AS
WITH newest AS (
    SELECT gate, epoch, site, high, head, top, heard,
           row_number() OVER (PARTITION BY gate ORDER BY heard DESC, epoch) AS place
    FROM mark
)
SELECT coalesce(s.gate, n.gate) AS gate, coalesce(s.site, n.site) AS site,
       CASE WHEN n.heard IS NULL OR s.heard > n.heard THEN s.heard ELSE n.heard END AS last_seen,
       coalesce(n.high, 0) AS high, n.head,
       CASE WHEN s.epoch = n.epoch AND s.said > n.high THEN s.said - n.high
            WHEN n.top > n.high THEN n.top - n.high
            WHEN n.epoch IS NULL THEN s.said ELSE 0 END AS unsent,
       s.clock, s.disk_free_mb, s.roster_version, s.version
FROM (SELECT * FROM newest WHERE place = 1) n
{outer} JOIN gate_state s ON s.gate = n.gate
"""

_ALERT = """
CREATE VIEW v_alert AS
SELECT kind, gate, epoch, seq, what, exam, site, first_at, last_at, times, detail, zh,
       taken_by, taken_at
FROM alert
"""

_COMPLETENESS = """
CREATE VIEW v_completeness AS
WITH said AS (
    SELECT gate, epoch, max(seq) AS seq, max(forked) AS forked FROM claim GROUP BY gate, epoch
),
counted AS (
    SELECT m.gate, m.epoch, m.high, m.head, m.top,
           CASE WHEN s.seq > m.top THEN s.seq ELSE m.top END AS last,
           coalesce(s.forked, 0) AS forked,
           (SELECT max(c.head) FROM claim c
            WHERE c.gate = m.gate AND c.epoch = m.epoch AND c.seq = s.seq) AS said_head,
           s.seq AS said_seq,
           CASE WHEN m.top > m.high THEN
               (SELECT count(*) FROM event e
                WHERE e.gate = m.gate AND e.epoch = m.epoch AND e.seq > m.high)
           ELSE 0 END AS above,
           (SELECT count(*) FROM conflict f
            WHERE f.gate = m.gate AND f.epoch = m.epoch) AS conflicts
    FROM mark m LEFT JOIN said s ON s.gate = m.gate AND s.epoch = m.epoch
)
SELECT gate, epoch, high, head, said_head, last - high - above AS missing,
       CASE WHEN conflicts > 0 OR forked > 0 THEN 'conflict'
            WHEN last - high - above > 0 THEN 'missing'
            WHEN top > high THEN 'broken'
            WHEN said_head IS NULL THEN 'unclaimed'
            ELSE 'complete' END AS verdict
FROM counted
"""

_CASE = """
CREATE VIEW v_case AS
WITH verdict AS (
    SELECT gate, {text}(event, 'decision') AS decision, outcome, {text}(event, 'by') AS by,
           {text}(event, 'second') AS second, at
    FROM event WHERE kind = 'verdict'
    UNION ALL
    SELECT gate, {each_value}, outcome, {text}(event, 'by'), {text}(event, 'second'), at
    FROM event, {each} WHERE kind = 'verdict'
),
signed AS (
    SELECT gate, {text}(event, 'case') AS decision, count(*) AS signatures
    FROM event WHERE kind = 'signature' GROUP BY gate, {text}(event, 'case')
),
settled AS (
    SELECT decision, {text}(record, 'verdict') AS office_verdict,
           {text}(record, 'by') AS office_by, number AS settlements,
           row_number() OVER (PARTITION BY decision ORDER BY number DESC) AS place
    FROM settlement
)
SELECT d.gate, d.epoch, d.seq, {text}(d.event, 'id') AS decision, d.at,
       coalesce(d.exam, d.sitting) AS exam, d.paper, d.ticket, d.reason,
       {doubtful} AS doubtful, coalesce(s.signatures, 0) AS signatures,
       v.outcome, v.by, v.second, v.at AS settled_at, o.office_verdict, o.office_by,
       coalesce(o.settlements, 0) AS settlements
FROM event d
LEFT JOIN verdict v ON v.gate = d.gate AND v.decision = {text}(d.event, 'id')
LEFT JOIN signed s ON s.gate = d.gate AND s.decision = {text}(d.event, 'id')
LEFT JOIN settled o ON o.decision = {text}(d.event, 'id') AND o.place = 1
WHERE d.kind = 'decision' AND d.outcome = 'REFER'
"""


def create_views(connection: JsonValue) -> None:
    """All of them, in a schema that has none."""
    outer = "FULL OUTER"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL_FIELD)
        outer = "FULL"
    case = in_words(connection, _CASE)
    for view in (_EVENT, _GATE.format(outer=outer), _ALERT, _COMPLETENESS, case):
        connection.exec_driver_sql(view.replace("%", "%%"))


def in_words(connection: JsonValue, case: str) -> str:
    """A view of cases in the words of its database: `{text}` is a field of an event, `{each}` the
    REFERs that a verdict names besides."""
    if connection.dialect.name == "postgresql":
        words = {
            "each": (
                "jsonb_array_elements_text(CASE WHEN "
                "jsonb_typeof(exam_office_json(event) -> 'earlier') = 'array' "
                "THEN exam_office_json(event) -> 'earlier' ELSE '[]' END) AS before(value)"
            ),
            "each_value": "before.value",
            "doubtful": "CAST(exam_office_json(d.event) ->> 'doubtful' AS boolean)",
            "number": "bigint",
        }
        text = _postgresql_text
    else:
        words = {
            "each": "json_each(CASE WHEN json_valid(event) THEN event END, '$.earlier') before",
            "each_value": "before.value",
            "doubtful": "{text}(d.event, 'doubtful')",
            "number": "integer",
        }
        text = _sqlite_text
    for name, word in words.items():
        case = case.replace("{" + name + "}", word)
    return text(case)


def _postgresql_text(sql: str) -> str:
    return re.sub(r"\{text\}\(([\w.]+), '(\w+)'\)", r"(exam_office_json(\1) ->> '\2')", sql)


def _sqlite_text(sql: str) -> str:
    read = r"(CASE WHEN json_valid(\1) THEN json_extract(\1, '$.\2') END)"
    return re.sub(r"\{text\}\(([\w.]+), '(\w+)'\)", read, sql)
