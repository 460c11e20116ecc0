-- What the gates have sent, as they signed it.
CREATE TABLE schema_record (version INTEGER PRIMARY KEY) STRICT;

CREATE TABLE office (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
    gate     TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    prev     TEXT NOT NULL,
    hash     TEXT NOT NULL,
    event    TEXT NOT NULL,
    received TEXT NOT NULL,
    PRIMARY KEY (gate, epoch, seq)
) STRICT, WITHOUT ROWID;

-- The same place, another content: a copied card, or a lie. Never overwritten, always kept.
CREATE TABLE conflict (
    gate     TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    hash     TEXT NOT NULL,
    event    TEXT NOT NULL,
    received TEXT NOT NULL,
    PRIMARY KEY (gate, epoch, seq, hash)
) STRICT, WITHOUT ROWID;

-- The gate's signature over each head that it sent: what makes the events its own words.
CREATE TABLE signed_head (
    gate  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    prev  TEXT NOT NULL,
    head  TEXT NOT NULL,
    hist  INTEGER NOT NULL,
    key   TEXT NOT NULL,
    sig   TEXT NOT NULL,
    PRIMARY KEY (gate, epoch, last, head, first)
) STRICT, WITHOUT ROWID;

-- How far each journal is stored without a gap, chained from its first event.
CREATE TABLE mark (
    gate  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    exam  TEXT NOT NULL,
    site  TEXT NOT NULL,
    high  INTEGER NOT NULL,
    head  TEXT NOT NULL,
    heard TEXT NOT NULL,
    PRIMARY KEY (gate, epoch)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'what was received is never changed'); END;

CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'what was received is never deleted'); END;
