-- The audit trail: what was done with a site's data, by whom, without anybody's personal data. It only grows: an entry
-- is a leaf of the site's own Merkle tree (RFC 6962), whose right edge lies in `audit_head`.
CREATE TABLE audit (
    site_id     BIGINT NOT NULL REFERENCES site (id),
    seq         BIGINT NOT NULL CONSTRAINT audit_seq_counts CHECK (seq >= 0),
    at          BIGINT NOT NULL,
    actor_kind  TEXT COLLATE "C" NOT NULL CONSTRAINT audit_actor_is_known
        CHECK (actor_kind IN ('command', 'job', 'token', 'account', 'visitor')),
    actor       TEXT COLLATE "C" NOT NULL,
    action      TEXT COLLATE "C" NOT NULL,
    object_kind TEXT COLLATE "C" NOT NULL,
    object      TEXT COLLATE "C" NOT NULL,
    details     TEXT COLLATE "C" NOT NULL, -- a JSON object
    leaf        BYTEA NOT NULL CONSTRAINT audit_leaf_is_whole CHECK (octet_length(leaf) = 32),
    PRIMARY KEY (site_id, seq)
);

CREATE FUNCTION only_grows() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: the trail only grows', TG_NAME;
END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION only_grows();
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION only_grows();

-- How many entries there are, and the roots of the full subtrees over them, left to right. Whoever appends holds
-- this row until the transaction ends.
CREATE TABLE audit_head (
    site_id BIGINT NOT NULL PRIMARY KEY REFERENCES site (id),
    size    BIGINT NOT NULL,
    edge    BYTEA NOT NULL
);

-- What a disposal that is under way has disposed of so far, by rule: counted in the transaction of each step, and
-- told to the trail when it is through. Whoever goes on with it goes on counting.
CREATE TABLE disposal (
    site_id  BIGINT NOT NULL REFERENCES site (id),
    kind     TEXT COLLATE "C" NOT NULL,
    rule     TEXT COLLATE "C" NOT NULL,
    days     BIGINT NOT NULL,
    revision BIGINT NOT NULL, -- of the policy, where the rule stands
    n        BIGINT NOT NULL CONSTRAINT disposal_counts CHECK (n >= 1),
    since    BIGINT NOT NULL,
    until    BIGINT NOT NULL, -- what was there before it is gone
    PRIMARY KEY (site_id, kind, rule, days, revision)
);
