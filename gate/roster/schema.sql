-- One roster: one site of one exam. Every BLOB named `sealed` is XChaCha20-Poly1305 under the
-- roster's content key; every `key` and `handle` is HMAC-SHA256 under the exam's index key.
-- Rows are inserted in key order, so that places tell nothing of the office's order.

CREATE TABLE candidate (
    key    BLOB NOT NULL PRIMARY KEY,   -- of the ID number
    sealed BLOB NOT NULL                -- ticket, name, seats, flags, reference
);

-- What staff may type instead of a number; several candidates may share one.
CREATE TABLE handle (
    handle BLOB NOT NULL,               -- of `ticket:…`, `ticket5:…`, `id6:…`, `seat:<paper>:…`
    key    BLOB NOT NULL,
    PRIMARY KEY (handle, key)
) WITHOUT ROWID;

-- Apart from the record, so that a look-up never reads a picture.
CREATE TABLE photo (
    key    BLOB NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL                -- JPEG
);

-- Apart from candidates: `cohort` (float32, 128 a row) and as JSON `staff` and `gates` (of
-- the site, with the keys that they sign with); `staff` and `gates` may be absent.
CREATE TABLE shared (
    name   TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
);

-- All candidates of the exam: whose site is another one.
CREATE TABLE site (
    number INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE
);
CREATE TABLE exam_index (
    key    BLOB NOT NULL,
    site   INTEGER NOT NULL REFERENCES site (number),
    PRIMARY KEY (key, site)
) WITHOUT ROWID;

-- Whoever has papers at several sites: which paper is where. Absent in rosters of earlier versions.
CREATE TABLE paper_site (
    key    BLOB NOT NULL,
    paper  TEXT NOT NULL,
    site   INTEGER NOT NULL REFERENCES site (number),
    PRIMARY KEY (key, paper)
) WITHOUT ROWID;
