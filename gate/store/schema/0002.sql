-- Timings of decisions before an event ride in its own row ({"seq": {"part": milliseconds}}): a table
-- of their own was a second page in every commit. `timing` keeps what closing leaves over.
DROP VIEW append;
ALTER TABLE event ADD COLUMN timings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE schema_record ADD COLUMN at TEXT NOT NULL DEFAULT '';
