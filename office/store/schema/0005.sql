-- Commands to gates as they were signed, and to which gates each goes.
CREATE TABLE command (
    id      TEXT PRIMARY KEY,
    verb    TEXT NOT NULL,
    expires TEXT NOT NULL,
    record  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE command_target (
    id   TEXT NOT NULL,
    gate TEXT NOT NULL,
    PRIMARY KEY (id, gate)
) STRICT, WITHOUT ROWID;

-- What gates answered, signed by them; the first word on a command counts.
CREATE TABLE command_result (
    id       TEXT NOT NULL,
    gate     TEXT NOT NULL,
    number   INTEGER NOT NULL,
    result   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    received TEXT NOT NULL,
    record   TEXT NOT NULL,
    PRIMARY KEY (id, gate, number)
) STRICT, WITHOUT ROWID;

-- The last word of each gate on each topic: `hb`, `state`, `cfg/rep`. Nothing that is proved rests
-- on it; v_gate shows it.
CREATE TABLE gate_said (
    gate     TEXT NOT NULL,
    part     TEXT NOT NULL,
    exam     TEXT NOT NULL,
    site     TEXT NOT NULL,
    received TEXT NOT NULL,
    payload  TEXT NOT NULL,
    PRIMARY KEY (gate, part)
) STRICT, WITHOUT ROWID;
