-- How far gates say that their journals go: the newest signed heartbeat of each, and any whose head
-- is not the event that is stored there.
CREATE TABLE claim (
    gate     TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    head     TEXT NOT NULL,
    forked   INTEGER NOT NULL CHECK (forked IN (0, 1)),
    beat     TEXT NOT NULL,
    received TEXT NOT NULL,
    PRIMARY KEY (gate, epoch, seq, head)
) STRICT, WITHOUT ROWID;
