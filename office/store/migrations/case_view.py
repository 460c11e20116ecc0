"""`v_case` from step 2 on: what stands of each case, and beside it the first word.

A verdict also settles the earlier REFERs that it names. A correction is of all that its case was
settled with. Of several corrections the last one stands, by the journal's order. Where a unit
began a new journal in between, that is the order in which the journals came.
"""

from gate.core.json_types import JsonValue
from office.store.migrations.views import in_words

_CASE = """
CREATE VIEW v_case AS
WITH earlier AS (
    SELECT gate, epoch, seq, {text}(event, 'decision') AS main, {each_value} AS decision
    FROM event, {each} WHERE kind = 'verdict'
),
word AS (
    SELECT gate, epoch, seq, {text}(event, 'decision') AS decision, outcome,
           {text}(event, 'by') AS by, {text}(event, 'second') AS second, at, 0 AS corrects
    FROM event WHERE kind = 'verdict'
    UNION ALL
    SELECT e.gate, e.epoch, e.seq, r.decision, e.outcome,
           {text}(e.event, 'by'), {text}(e.event, 'second'), e.at, 0
    FROM earlier r JOIN event e ON e.gate = r.gate AND e.epoch = r.epoch AND e.seq = r.seq
    UNION ALL
    SELECT gate, epoch, seq, {text}(event, 'case'), outcome,
           {text}(event, 'by'), {text}(event, 'second'), at, 1
    FROM event WHERE kind = 'case' AND {text}(event, 'change') = 'correction'
    UNION ALL
    SELECT c.gate, c.epoch, c.seq, r.decision, c.outcome,
           {text}(c.event, 'by'), {text}(c.event, 'second'), c.at, 1
    FROM event c JOIN earlier r ON r.gate = c.gate AND r.main = {text}(c.event, 'case')
    WHERE c.kind = 'case' AND {text}(c.event, 'change') = 'correction'
),
begun AS (
    SELECT w.*, coalesce((SELECT f.received FROM event f
                          WHERE f.gate = w.gate AND f.epoch = w.epoch AND f.seq = 1), '') AS begun
    FROM word w
),
placed AS (
    SELECT b.*,
           row_number() OVER (PARTITION BY gate, decision
                              ORDER BY corrects DESC, begun DESC, epoch DESC, seq DESC) AS latest,
           row_number() OVER (PARTITION BY gate, decision
                              ORDER BY corrects, begun, epoch, seq) AS earliest,
           sum(corrects) OVER (PARTITION BY gate, decision) AS corrections
    FROM begun b
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
       coalesce(o.settlements, 0) AS settlements,
       CAST(coalesce(v.corrections, 0) AS {number}) AS corrections,
       f.outcome AS first_outcome, f.by AS first_by, f.second AS first_second, f.at AS first_at
FROM event d
LEFT JOIN placed v ON v.gate = d.gate AND v.decision = {text}(d.event, 'id') AND v.latest = 1
LEFT JOIN placed f ON f.gate = d.gate AND f.decision = {text}(d.event, 'id') AND f.earliest = 1
                   AND f.corrects = 0
LEFT JOIN signed s ON s.gate = d.gate AND s.decision = {text}(d.event, 'id')
LEFT JOIN settled o ON o.decision = {text}(d.event, 'id') AND o.place = 1
WHERE d.kind = 'decision' AND d.outcome = 'REFER'
"""


def replace_case_view(connection: JsonValue) -> None:
    """In the place of that of step 1."""
    connection.exec_driver_sql("DROP VIEW v_case")
    connection.exec_driver_sql(in_words(connection, _CASE).replace("%", "%%"))
