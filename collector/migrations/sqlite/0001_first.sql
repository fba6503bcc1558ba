-- Times are milliseconds since 1970, days are days since 1970 in the site's time zone.
-- Every key starts with the site, so that sites can be spread over machines.

CREATE TABLE site (
    id       BIGINT NOT NULL PRIMARY KEY,
    key      TEXT   NOT NULL UNIQUE,
    edition  BIGINT NOT NULL
);

-- Every site file ever put in force: `edition` counts all of them, `revision` the material changes.
CREATE TABLE policy (
    site_id    BIGINT NOT NULL REFERENCES site (id),
    edition    BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    material   TEXT   NOT NULL,
    wording    TEXT   NOT NULL,
    document   TEXT   NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, edition)
);

-- A visitor is known by a keyed hash of the id in their cookie. `receipt` names the decision that
-- is in force; `decided_at` is its own time, `recorded_at` the collector's.
CREATE TABLE visitor (
    site_id    BIGINT NOT NULL REFERENCES site (id),
    hash       BLOB   NOT NULL,
    id         INTEGER PRIMARY KEY,
    receipt     BLOB,
    revision    BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    decided_at  BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    UNIQUE (site_id, id),
    UNIQUE (site_id, hash)
);

-- The consent log: one leaf for each decision, in order, never changed. A leaf is the RFC 6962 hash
-- of a commitment, SHA-256 over `salt` and `record`; without its salt it says nothing.
CREATE TABLE log_leaf (
    idx  BIGINT NOT NULL PRIMARY KEY,
    hash BLOB   NOT NULL
);

-- Every decision. A first refusal has neither visitor nor receipt.
CREATE TABLE decision (
    site_id     BIGINT NOT NULL REFERENCES site (id),
    id          BLOB   NOT NULL,
    session     BLOB   NOT NULL, -- SHA-256 of its id and the session that sent it
    visitor_id  BIGINT,
    receipt_id  BLOB,
    edition     BIGINT NOT NULL,
    method      TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    page        TEXT   NOT NULL,
    banner      TEXT   NOT NULL,
    decided_at  BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    choices     TEXT   NOT NULL,
    receipt     TEXT, -- compact JWS
    salt        BLOB   NOT NULL,
    log_index   BIGINT NOT NULL REFERENCES log_leaf (idx),
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (site_id, edition) REFERENCES policy (site_id, edition),
    FOREIGN KEY (site_id, visitor_id) REFERENCES visitor (site_id, id)
) WITHOUT ROWID;

-- What a receipt granted and nobody has withdrawn since. Withdrawing deletes the row, and with it
-- everything that rests on it.
CREATE TABLE consent_grant (
    site_id    BIGINT NOT NULL,
    id         INTEGER PRIMARY KEY,
    visitor_id BIGINT NOT NULL,
    receipt_id BLOB   NOT NULL,
    purpose    TEXT   NOT NULL,
    service    TEXT   NOT NULL, -- '' where the purpose has none
    since      BIGINT NOT NULL,
    UNIQUE (site_id, id),
    UNIQUE (site_id, visitor_id, receipt_id, purpose, service),
    FOREIGN KEY (site_id, visitor_id) REFERENCES visitor (site_id, id) ON DELETE CASCADE
);

-- An event rests on the grant (receipt and purpose) under which it was taken.
CREATE TABLE event (
    site_id    BIGINT NOT NULL,
    id         BLOB   NOT NULL,
    grant_id   BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    day        BIGINT NOT NULL,
    page       TEXT   NOT NULL,
    query      TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    referrer   TEXT   NOT NULL,
    properties TEXT,
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (site_id, grant_id) REFERENCES consent_grant (site_id, id) ON DELETE CASCADE
) WITHOUT ROWID;

-- SQLite checks foreign keys only where a connection asks for it. These hold for every connection.
CREATE TRIGGER event_needs_a_grant BEFORE INSERT ON event
WHEN NOT EXISTS (SELECT 1 FROM consent_grant g WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY: an event needs a grant'); END;

CREATE TRIGGER event_keeps_its_grant BEFORE UPDATE OF site_id, grant_id ON event
BEGIN SELECT RAISE(ABORT, 'an event stays under the grant that it was taken under'); END;

CREATE INDEX event_by_grant ON event (site_id, grant_id);

CREATE TABLE lead (
    site_id     BIGINT NOT NULL REFERENCES site (id),
    id          BLOB   NOT NULL,
    request     BLOB   NOT NULL, -- the signature it came with: sent again, it counts once
    form        TEXT   NOT NULL,
    fields      TEXT   NOT NULL,
    agreements  TEXT   NOT NULL,
    page        TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, id),
    UNIQUE (site_id, request)
);

-- A lead is tied to a visitor by a grant of the lead-link purpose, and only as long as it stands.
CREATE TABLE lead_link (
    site_id   BIGINT NOT NULL,
    lead_id   BLOB   NOT NULL,
    grant_id  BIGINT NOT NULL,
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, lead_id),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE,
    FOREIGN KEY (site_id, grant_id) REFERENCES consent_grant (site_id, id) ON DELETE CASCADE
);

CREATE TRIGGER lead_link_needs_a_grant BEFORE INSERT ON lead_link
WHEN NOT EXISTS (SELECT 1 FROM consent_grant g WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY: a link needs a grant'); END;

CREATE TRIGGER lead_link_keeps_its_grant BEFORE UPDATE OF site_id, grant_id ON lead_link
BEGIN SELECT RAISE(ABORT, 'a link stays under the grant that it was made under'); END;

-- And for whoever deletes a grant.
CREATE TRIGGER a_grant_takes_with_it_what_rests_on_it AFTER DELETE ON consent_grant
BEGIN
    DELETE FROM event WHERE site_id = OLD.site_id AND grant_id = OLD.id;
    DELETE FROM lead_link WHERE site_id = OLD.site_id AND grant_id = OLD.id;
END;

CREATE INDEX lead_link_by_grant ON lead_link (site_id, grant_id);

-- Counts without anybody in them: `asked`, `decided`, and `granted` by switch (PURPOSE or
-- PURPOSE/SERVICE).
CREATE TABLE tally (
    site_id BIGINT NOT NULL REFERENCES site (id),
    day     BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    detail  TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (site_id, day, kind, detail)
) WITHOUT ROWID;

-- What was refused, by hour, without whose it was.
CREATE TABLE refusal (
    site_id BIGINT NOT NULL REFERENCES site (id),
    hour    BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    event   TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (site_id, hour, reason, event)
) WITHOUT ROWID;

-- A bearer token is known by its SHA-256.
CREATE TABLE token (
    hash       BLOB   NOT NULL PRIMARY KEY,
    site_id    BIGINT NOT NULL REFERENCES site (id),
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
