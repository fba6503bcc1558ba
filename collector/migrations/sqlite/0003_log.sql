-- The log's head: how many leaves there are, and since when it has a name. `origin` is the name in
-- checkpoints; until it is set, leaves of an earlier version stand as they were.
CREATE TABLE log_head (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size   BIGINT NOT NULL,
    origin TEXT
);
INSERT INTO log_head (id, size) SELECT 1, COALESCE(MAX(idx) + 1, 0) FROM log_leaf;

-- The roots over 256 neighbours each: at level 1 over leaves, at level 2 over those of level 1, and so on.
CREATE TABLE log_tile (
    level BIGINT NOT NULL,
    idx   BIGINT NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (level, idx)
);

-- Every checkpoint that was signed: what the log has promised never to take back.
CREATE TABLE log_checkpoint (
    size      BIGINT NOT NULL PRIMARY KEY,
    root      BLOB NOT NULL,
    signed_at BIGINT NOT NULL,
    note      TEXT NOT NULL
);

-- What was erased, itself in the log: a record that is gone without one was dropped.
CREATE TABLE log_erasure (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES log_leaf (idx),
    erased    BIGINT NOT NULL UNIQUE REFERENCES log_leaf (idx),
    erased_at BIGINT NOT NULL
);

-- A leaf has one record. No key says so: decisions are spread by site, and their places are not. Whoever
-- records holds the log; whoever verifies it finds two.
CREATE INDEX decision_by_log_index ON decision (log_index);
