-- As in 0002, of the tables that events are read together with: SQLite takes ten grants for all that a site has, begins
-- with them, and looks for every event under each. An index that is added to these tables needs its line.
DELETE FROM sqlite_stat1 WHERE tbl IN ('consent_grant', 'decision');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('consent_grant', 'sqlite_autoindex_consent_grant_1', '1000000 1000000 1'),
    ('consent_grant', 'sqlite_autoindex_consent_grant_2', '1000000 1000000 5 5 2 1'),
    ('decision', 'decision', '1000000 1000000 1'),
    ('decision', 'decision_of_a_receipt', '1000000 1000000 2 1'),
    ('decision', 'decision_by_log_index', '1000000 1');
ANALYZE sqlite_schema;
