-- The audit trail: what was done with a site's data, by whom, without anybody's personal data. It only grows: an entry
-- is a leaf of the site's own Merkle tree (RFC 6962), whose right edge lies in `audit_head`.
CREATE TABLE audit (
    site_id     BIGINT NOT NULL REFERENCES site (id),
    seq         BIGINT NOT NULL CONSTRAINT audit_seq_counts CHECK (seq >= 0),
    at          BIGINT NOT NULL,
    actor_kind  TEXT   NOT NULL CONSTRAINT audit_actor_is_known
        CHECK (actor_kind IN ('command', 'job', 'token', 'account', 'visitor')),
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    object_kind TEXT   NOT NULL,
    object      TEXT   NOT NULL,
    details     TEXT   NOT NULL, -- a JSON object
    leaf        BLOB   NOT NULL CONSTRAINT audit_leaf_is_whole
        CHECK (typeof(leaf) = 'blob' AND length(leaf) = 32),
    PRIMARY KEY (site_id, seq)
) WITHOUT ROWID;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit_is_not_changed: the trail only grows'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit_is_not_deleted: the trail only grows'); END;
CREATE TRIGGER audit_is_made_once BEFORE INSERT ON audit
BEGIN
    -- OR REPLACE would put another entry in the place of the one that is there.
    SELECT RAISE(ABORT, 'audit_pkey') WHERE EXISTS (
        SELECT 1 FROM audit a WHERE a.site_id = NEW.site_id AND a.seq = NEW.seq);
END;

-- How many entries there are, and the roots of the full subtrees over them, left to right. Whoever appends holds
-- this row until the transaction ends.
CREATE TABLE audit_head (
    site_id BIGINT NOT NULL PRIMARY KEY REFERENCES site (id),
    size    BIGINT NOT NULL,
    edge    BLOB   NOT NULL
);

-- What a disposal that is under way has disposed of so far, by rule: counted in the transaction of each step, and
-- told to the trail when it is through. Whoever goes on with it goes on counting.
CREATE TABLE disposal (
    site_id  BIGINT NOT NULL REFERENCES site (id),
    kind     TEXT NOT NULL,
    rule     TEXT NOT NULL,
    days     BIGINT NOT NULL,
    revision BIGINT NOT NULL, -- of the policy, where the rule stands
    n        BIGINT NOT NULL CONSTRAINT disposal_counts CHECK (n >= 1),
    since    BIGINT NOT NULL,
    until    BIGINT NOT NULL, -- what was there before it is gone
    PRIMARY KEY (site_id, kind, rule, days, revision)
) WITHOUT ROWID;
