-- Webhooks: who is told of leads, what each has been told, and what is under way. Nothing here is of a person but ids:
-- fields are opened when something is sent. A webhook's secrets are not stored either: they are derived from the keys
-- file and a salt.
CREATE TABLE webhook (
    site_id        BIGINT NOT NULL REFERENCES site (id),
    id             BLOB NOT NULL, -- a UUIDv7
    url            TEXT NOT NULL,
    events         TEXT NOT NULL, -- names, with spaces between them
    fields         TEXT NOT NULL, -- the same
    salt           BLOB NOT NULL,
    salt_before    BLOB,          -- signs too, until then
    before_until   BIGINT,
    created_at     BIGINT NOT NULL,
    failing_since  BIGINT,      -- of the first failure after which nothing was delivered
    disabled_at    BIGINT,
    disabled_why   TEXT,          -- why: gone, failing
    PRIMARY KEY (site_id, id)
);

-- What a receiver knows of a lead; it outlives the lead until the receiver has been told that. `state`: silent, it was
-- told nothing; told; locked, it was told that the person may not be contacted.
CREATE TABLE webhook_told (
    site_id      BIGINT NOT NULL,
    webhook_id   BLOB NOT NULL,
    lead_id      BLOB NOT NULL,
    state        TEXT NOT NULL,
    version      BIGINT NOT NULL, -- 0: none for certain
    ground       TEXT NOT NULL,
    ground_since BIGINT,
    linked_at    BIGINT,
    link_certain BIGINT NOT NULL, -- 0: it may not have heard of the link
    PRIMARY KEY (site_id, webhook_id, lead_id),
    FOREIGN KEY (site_id, webhook_id) REFERENCES webhook (site_id, id) ON DELETE CASCADE
);

-- What is told, one thing at a time of a lead. `state`: waiting, sending (until next_at), delivered, overtaken (by what
-- happened to the lead before it was delivered), dead (given up).
CREATE TABLE webhook_delivery (
    site_id      BIGINT NOT NULL,
    id           BLOB NOT NULL, -- a UUIDv7: the webhook-id
    webhook_id   BLOB NOT NULL,
    lead_id      BLOB NOT NULL,
    event        TEXT NOT NULL,
    version      BIGINT NOT NULL,
    ground       TEXT NOT NULL,
    ground_since BIGINT,
    linked_at    BIGINT,
    made_at      BIGINT NOT NULL,
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL, -- all
    tries        BIGINT NOT NULL, -- since it was made, or told to be tried again
    next_at      BIGINT NOT NULL,
    ended_at     BIGINT,
    answer       TEXT NOT NULL, -- what came of the last attempt
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (site_id, webhook_id) REFERENCES webhook (site_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX webhook_delivery_one_at_a_time ON webhook_delivery (site_id, webhook_id, lead_id)
    WHERE state IN ('waiting', 'sending', 'dead');
CREATE INDEX webhook_delivery_due ON webhook_delivery (site_id, webhook_id, next_at)
    WHERE state IN ('waiting', 'sending');
CREATE INDEX webhook_delivery_ended ON webhook_delivery (site_id, ended_at) WHERE ended_at IS NOT NULL;

-- Leads of which something has changed, where a site has a webhook: rows are only added, so that nobody waits for
-- another who marks the same lead.
CREATE TABLE lead_touched (
    site_id BIGINT NOT NULL,
    id      INTEGER PRIMARY KEY,
    lead_id BLOB   NOT NULL
);

-- Whoever changes a lead marks it, in the same transaction: by whatever statement, and by what a withdrawn grant takes
-- with it.
CREATE TRIGGER lead_is_marked_when_made AFTER INSERT ON lead
WHEN EXISTS (SELECT 1 FROM webhook w WHERE w.site_id = NEW.site_id)
BEGIN INSERT INTO lead_touched (site_id, lead_id) VALUES (NEW.site_id, NEW.id); END;

CREATE TRIGGER lead_is_marked_when_changed AFTER UPDATE OF version, ground, ground_since ON lead
WHEN EXISTS (SELECT 1 FROM webhook w WHERE w.site_id = NEW.site_id)
BEGIN INSERT INTO lead_touched (site_id, lead_id) VALUES (NEW.site_id, NEW.id); END;

CREATE TRIGGER lead_is_marked_when_erased AFTER DELETE ON lead
WHEN EXISTS (SELECT 1 FROM webhook w WHERE w.site_id = OLD.site_id)
BEGIN INSERT INTO lead_touched (site_id, lead_id) VALUES (OLD.site_id, OLD.id); END;

CREATE TRIGGER lead_is_marked_when_linked AFTER INSERT ON lead_link
WHEN EXISTS (SELECT 1 FROM webhook w WHERE w.site_id = NEW.site_id)
BEGIN INSERT INTO lead_touched (site_id, lead_id) VALUES (NEW.site_id, NEW.lead_id); END;

CREATE TRIGGER lead_is_marked_when_unlinked AFTER DELETE ON lead_link
WHEN EXISTS (SELECT 1 FROM webhook w WHERE w.site_id = OLD.site_id)
BEGIN INSERT INTO lead_touched (site_id, lead_id) VALUES (OLD.site_id, OLD.lead_id); END;
