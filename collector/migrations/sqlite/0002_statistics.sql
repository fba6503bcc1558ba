-- SQLite guesses that ten events share a site, so that reading all of them seems cheaper than any
-- index. These figures say how it really is, from the first event on; ANALYZE may replace them. An
-- index that is added to this table needs its line, or it is taken for a very good one.
ANALYZE site; -- makes the table of figures
DELETE FROM sqlite_stat1 WHERE tbl = 'event';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('event', 'event', '1000000 1000000 1'),
    ('event', 'event_by_grant', '1000000 1000000 50 1');
ANALYZE sqlite_schema;
