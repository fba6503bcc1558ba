-- Roots of complete subtrees of the log: of 256 leaves at level 1, of 256 of those at level 2, and so on. They
-- follow from the leaves, and are kept so that nobody has to read all of those.
CREATE TABLE log_node (
    level BIGINT NOT NULL,
    idx   BIGINT NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (level, idx)
);

-- Every checkpoint that was signed: what the log has promised never to take back.
CREATE TABLE log_checkpoint (
    size      BIGINT NOT NULL PRIMARY KEY,
    note      TEXT NOT NULL,
    signed_at BIGINT NOT NULL
);

-- What a leaf commits to, where that is no receipt: of first refusals.
ALTER TABLE decision ADD COLUMN record TEXT;

CREATE INDEX decision_by_log_index ON decision (log_index);
