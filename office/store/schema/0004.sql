-- The office's own word on a case of a gate: signed, numbered, and never changed.
CREATE TABLE settlement (
    exam     TEXT NOT NULL,
    decision TEXT NOT NULL,
    number   INTEGER NOT NULL,
    record   TEXT NOT NULL,
    sig      TEXT NOT NULL,
    PRIMARY KEY (exam, decision, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER settlement_no_update BEFORE UPDATE ON settlement
BEGIN SELECT RAISE(ABORT, 'what was settled is never changed'); END;

CREATE TRIGGER settlement_no_delete BEFORE DELETE ON settlement
BEGIN SELECT RAISE(ABORT, 'what was settled is never deleted'); END;

-- Every REFER of every gate, for outside tools: what the gate recorded of it, and what the office
-- said last. An event whose text is no JSON any more is passed over.
CREATE VIEW v_case AS
WITH readable AS (
    SELECT gate, epoch, seq, event FROM event WHERE json_valid(event)
),
verdict AS (
    SELECT gate, json_extract(event, '$.decision') AS decision,
           json_extract(event, '$.outcome') AS outcome, json_extract(event, '$.by') AS by,
           json_extract(event, '$.second') AS second, json_extract(event, '$.at') AS at
    FROM readable WHERE json_extract(event, '$.kind') = 'verdict'
    UNION ALL
    SELECT gate, before.value, json_extract(event, '$.outcome'), json_extract(event, '$.by'),
           json_extract(event, '$.second'), json_extract(event, '$.at')
    FROM readable, json_each(event, '$.earlier') before
    WHERE json_extract(event, '$.kind') = 'verdict'
),
signed AS (
    SELECT gate, json_extract(event, '$.case') AS decision, count(*) AS signatures
    FROM readable WHERE json_extract(event, '$.kind') = 'signature'
    GROUP BY gate, json_extract(event, '$.case')
),
settled AS (
    SELECT decision, json_extract(record, '$.verdict') AS office_verdict,
           json_extract(record, '$.by') AS office_by, max(number) AS settlements
    FROM settlement GROUP BY decision
)
SELECT d.gate, d.epoch, d.seq, json_extract(d.event, '$.id') AS decision,
       json_extract(d.event, '$.at') AS at, json_extract(d.event, '$.exam') AS exam,
       json_extract(d.event, '$.paper') AS paper, json_extract(d.event, '$.ticket') AS ticket,
       json_extract(d.event, '$.reason') AS reason,
       json_extract(d.event, '$.doubtful') AS doubtful,
       coalesce(s.signatures, 0) AS signatures,
       v.outcome, v.by, v.second, v.at AS settled_at, o.office_verdict, o.office_by,
       coalesce(o.settlements, 0) AS settlements
FROM readable d
LEFT JOIN verdict v ON v.gate = d.gate AND v.decision = json_extract(d.event, '$.id')
LEFT JOIN signed s ON s.gate = d.gate AND s.decision = json_extract(d.event, '$.id')
LEFT JOIN settled o ON o.decision = json_extract(d.event, '$.id')
WHERE json_extract(d.event, '$.kind') = 'decision'
  AND json_extract(d.event, '$.outcome') = 'REFER';
