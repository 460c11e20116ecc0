-- What proves the events when nobody is believed who can write here. The office's signed word for
-- each gate's key, so that a key outlives a unit that was enrolled anew.
CREATE TABLE gate_key (
    gate TEXT NOT NULL,
    key  TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (gate, key)
) STRICT, WITHOUT ROWID;

-- Receipts as they were given: what the office itself has vouched for.
CREATE TABLE receipt (
    gate       TEXT NOT NULL,
    epoch      TEXT NOT NULL,
    generation INTEGER NOT NULL,
    high       INTEGER NOT NULL,
    head       TEXT NOT NULL,
    receipt    TEXT NOT NULL,
    PRIMARY KEY (gate, epoch, high, head, generation)
) STRICT, WITHOUT ROWID;

-- Signed fields of a batch that this version does not know; without them no signature would hold.
ALTER TABLE signed_head ADD COLUMN beside TEXT NOT NULL DEFAULT '{}';

-- The event before a conflicting one: '' where it was kept by an earlier version.
ALTER TABLE conflict ADD COLUMN prev TEXT NOT NULL DEFAULT '';
