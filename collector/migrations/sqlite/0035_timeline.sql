-- A timeline takes the first events of many: by this index they are found without a look at all the others. `at` stands
-- in it before the id, which a table without row ids adds to each of its indexes.
DROP INDEX event_by_grant;
CREATE INDEX event_by_grant ON event (site_id, grant_id, at);
-- As in 0002.
UPDATE sqlite_stat1 SET stat = '1000000 1000000 50 1 1' WHERE tbl = 'event' AND idx = 'event_by_grant';
ANALYZE sqlite_schema;
