-- The journal: what happened at one gate, in order, never changed.
CREATE TABLE schema_record (
    version INTEGER PRIMARY KEY,
    sha256  TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    gate  TEXT NOT NULL,
    epoch TEXT NOT NULL CHECK (length(epoch) = 16)
) STRICT;

-- `event` holds the canonical bytes that `hash` covers, so a reader needs no second encoder.
CREATE TABLE event (
    seq   INTEGER PRIMARY KEY CHECK (seq >= 1),
    prev  TEXT NOT NULL CHECK (length(prev) = 64),
    hash  TEXT NOT NULL CHECK (length(hash) = 64),
    event TEXT NOT NULL
) STRICT;

-- Outside the chain: known only after the commit it measures.
CREATE TABLE timing (
    seq INTEGER PRIMARY KEY,
    ms  TEXT NOT NULL
) STRICT;

CREATE TABLE receipt (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL,
    high       INTEGER NOT NULL,
    head       TEXT NOT NULL,
    missing    TEXT NOT NULL,
    at         TEXT NOT NULL,
    top        INTEGER NOT NULL
) STRICT;

-- One INSERT here is one transaction and one trip to the database's thread: the event, and the
-- timings of decisions before it ({"seq": {"part": milliseconds}}).
CREATE VIEW append AS SELECT seq, prev, hash, event, '{}' AS timings FROM event;

CREATE TRIGGER append_event INSTEAD OF INSERT ON append
BEGIN
    INSERT INTO event VALUES (NEW.seq, NEW.prev, NEW.hash, NEW.event);
    INSERT OR REPLACE INTO timing SELECT key, value FROM json_each(NEW.timings);
END;

CREATE TRIGGER event_in_order BEFORE INSERT ON event
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM event)
  OR NEW.prev <> coalesce((SELECT hash FROM event ORDER BY seq DESC LIMIT 1), printf('%064d', 0))
BEGIN SELECT RAISE(ABORT, 'the journal grows by one event, behind its head'); END;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_no_second BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal)
BEGIN SELECT RAISE(ABORT, 'a journal has one epoch'); END;

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'a journal keeps its gate and epoch'); END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'a journal keeps its gate and epoch'); END;
