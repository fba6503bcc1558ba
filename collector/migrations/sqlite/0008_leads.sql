-- What people wrote is sealed, each lead's under a key of its own. Of rows of before, the fields are moved as they
-- are, with version 0: the collector seals them when it starts, before it takes a call.
DROP TRIGGER a_grant_takes_with_it_what_rests_on_it;
DROP TRIGGER lead_link_rests_on_a_grant;
DROP TRIGGER lead_link_keeps_its_grant;
DROP TRIGGER lead_takes_its_link_with_it;
DROP TRIGGER lead_stays_under_its_link;
DROP TRIGGER lead_is_whole_when_made;
DROP TRIGGER lead_is_whole_when_changed;
DROP INDEX lead_link_by_grant;
ALTER TABLE lead_link RENAME TO lead_link_of_before;
ALTER TABLE lead RENAME TO lead_of_before;

CREATE TABLE lead (
    site_id      BIGINT NOT NULL REFERENCES site (id),
    id           BLOB   NOT NULL,
    origin       TEXT   NOT NULL, -- form, import, api, card
    form         TEXT   NOT NULL, -- '' where it came by none
    ground       TEXT   NOT NULL, -- on what the person may be contacted; none
    ground_since BIGINT,          -- NULL: there is none, or it is not confirmed yet; the lead is locked
    agreements   TEXT   NOT NULL,
    page         TEXT   NOT NULL,
    received_at  BIGINT NOT NULL,
    version      BIGINT NOT NULL, -- counts corrections, from 1
    PRIMARY KEY (site_id, id),
    CONSTRAINT lead_origin_is_known CHECK (origin IN ('form', 'import', 'api', 'card')),
    CONSTRAINT lead_ground_is_known
        CHECK (ground IN ('none', 'opt_in', 'existing_customer', 'card_exchanged', 'published_address')),
    CONSTRAINT lead_without_a_ground_is_locked CHECK (ground <> 'none' OR ground_since IS NULL),
    CONSTRAINT lead_version_counts CHECK (version >= 1)
);

CREATE INDEX lead_by_time ON lead (site_id, received_at);

-- By what it is known that a lead has come already. It outlives the lead, so that what was erased does not come back.
CREATE TABLE lead_request (
    site_id   BIGINT NOT NULL REFERENCES site (id),
    request   BLOB   NOT NULL, -- of a form: the signature it came with
    lead_id   BLOB   NOT NULL,
    erased_at BIGINT,
    PRIMARY KEY (site_id, request),
    UNIQUE (site_id, lead_id)
);

-- A lead's data key, wrapped by a key of the keys file. Destroying this row destroys what the lead held.
CREATE TABLE lead_key (
    site_id BIGINT NOT NULL,
    lead_id BLOB   NOT NULL,
    kek     TEXT   NOT NULL,
    wrapped BLOB   NOT NULL,
    PRIMARY KEY (site_id, lead_id),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE
);

CREATE INDEX lead_key_by_kek ON lead_key (site_id, kek);

CREATE TABLE lead_field (
    site_id BIGINT NOT NULL,
    lead_id BLOB   NOT NULL,
    field   TEXT   NOT NULL,
    version BIGINT NOT NULL, -- the lead's, when it was sealed; 0: not sealed yet
    value   BLOB   NOT NULL,
    PRIMARY KEY (site_id, lead_id, field),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE
);

CREATE INDEX lead_field_unsealed ON lead_field (site_id, lead_id) WHERE version = 0;

-- Finds a person's leads by a keyed hash of their address or number.
CREATE TABLE lead_index (
    site_id BIGINT NOT NULL,
    kind    TEXT   NOT NULL, -- email, telephone
    digest  BLOB   NOT NULL,
    lead_id BLOB   NOT NULL,
    PRIMARY KEY (site_id, kind, digest, lead_id),
    CONSTRAINT lead_index_kind_is_known CHECK (kind IN ('email', 'telephone')),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX lead_index_by_lead ON lead_index (site_id, lead_id);

CREATE TABLE lead_link (
    site_id    BIGINT NOT NULL,
    lead_id    BLOB   NOT NULL,
    grant_id   BIGINT NOT NULL,
    grant_kind TEXT   NOT NULL DEFAULT 'lead_link'
        CONSTRAINT lead_link_is_of_its_kind CHECK (grant_kind = 'lead_link'),
    linked_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, lead_id),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE,
    FOREIGN KEY (site_id, grant_id) REFERENCES consent_grant (site_id, id) ON DELETE CASCADE
);

INSERT INTO lead SELECT site_id, id, 'form', form, 'none', NULL, agreements, page, received_at, 1 FROM lead_of_before;
INSERT INTO lead_request SELECT site_id, request, id, NULL FROM lead_of_before;
INSERT INTO lead_field (site_id, lead_id, field, version, value)
SELECT l.site_id, l.id, f.key, 0, CAST(f.value AS BLOB) FROM lead_of_before l, json_each(l.fields) f;
INSERT INTO lead_link (site_id, lead_id, grant_id, linked_at)
SELECT site_id, lead_id, grant_id, linked_at FROM lead_link_of_before;
DROP TABLE lead_link_of_before;
DROP TABLE lead_of_before;

CREATE INDEX lead_link_by_grant ON lead_link (site_id, grant_id);

-- As migration 0007 has it of the tables before.
CREATE TRIGGER lead_link_rests_on_a_grant BEFORE INSERT ON lead_link
BEGIN
    SELECT RAISE(ABORT, 'lead_link_rests_on_a_grant') WHERE NOT EXISTS (
        SELECT 1 FROM consent_grant g
        WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id AND g.kind = 'lead_link');
    SELECT RAISE(ABORT, 'lead_link_has_its_lead') WHERE NOT EXISTS (
        SELECT 1 FROM lead l WHERE l.site_id = NEW.site_id AND l.id = NEW.lead_id);
END;

CREATE TRIGGER lead_link_keeps_its_grant BEFORE UPDATE OF site_id, grant_id ON lead_link
BEGIN SELECT RAISE(ABORT, 'a link stays under the grant that it was made under'); END;

CREATE TRIGGER a_grant_takes_with_it_what_rests_on_it AFTER DELETE ON consent_grant
BEGIN
    DELETE FROM event WHERE site_id = OLD.site_id AND grant_id = OLD.id;
    DELETE FROM lead_link WHERE site_id = OLD.site_id AND grant_id = OLD.id;
END;

CREATE TRIGGER a_lead_takes_with_it_what_rests_on_it AFTER DELETE ON lead
BEGIN
    DELETE FROM lead_key WHERE site_id = OLD.site_id AND lead_id = OLD.id;
    DELETE FROM lead_field WHERE site_id = OLD.site_id AND lead_id = OLD.id;
    DELETE FROM lead_index WHERE site_id = OLD.site_id AND lead_id = OLD.id;
    DELETE FROM lead_link WHERE site_id = OLD.site_id AND lead_id = OLD.id;
END;

-- What rests on it is bound to its id: sealed for it, linked to it, found by it.
CREATE TRIGGER lead_stays_who_it_is BEFORE UPDATE OF site_id, id ON lead
WHEN NEW.site_id IS NOT OLD.site_id OR NEW.id IS NOT OLD.id
BEGIN SELECT RAISE(ABORT, 'lead_stays_who_it_is'); END;

CREATE TRIGGER lead_is_whole BEFORE INSERT ON lead
BEGIN
    SELECT RAISE(ABORT, 'lead_id_is_whole') WHERE NOT (typeof(NEW.id) = 'blob' AND length(NEW.id) = 16);
END;

CREATE TRIGGER lead_request_is_whole_when_made BEFORE INSERT ON lead_request
BEGIN
    SELECT RAISE(ABORT, 'lead_request_is_whole')
        WHERE NOT (typeof(NEW.request) = 'blob' AND length(NEW.request) = 32);
    SELECT RAISE(ABORT, 'lead_request_lead_id_is_whole')
        WHERE NOT (typeof(NEW.lead_id) = 'blob' AND length(NEW.lead_id) = 16);
END;
CREATE TRIGGER lead_request_is_whole_when_changed BEFORE UPDATE ON lead_request
BEGIN
    SELECT RAISE(ABORT, 'lead_request_is_whole')
        WHERE NOT (typeof(NEW.request) = 'blob' AND length(NEW.request) = 32);
    SELECT RAISE(ABORT, 'lead_request_lead_id_is_whole')
        WHERE NOT (typeof(NEW.lead_id) = 'blob' AND length(NEW.lead_id) = 16);
END;

-- A value lies under its lead, whether or not a connection asks for foreign keys.
CREATE TRIGGER lead_key_has_its_lead BEFORE INSERT ON lead_key
BEGIN
    SELECT RAISE(ABORT, 'lead_key_has_its_lead') WHERE NOT EXISTS (
        SELECT 1 FROM lead l WHERE l.site_id = NEW.site_id AND l.id = NEW.lead_id);
END;
CREATE TRIGGER lead_field_has_its_lead BEFORE INSERT ON lead_field
BEGIN
    SELECT RAISE(ABORT, 'lead_field_has_its_lead') WHERE NOT EXISTS (
        SELECT 1 FROM lead l WHERE l.site_id = NEW.site_id AND l.id = NEW.lead_id);
END;
CREATE TRIGGER lead_index_has_its_lead BEFORE INSERT ON lead_index
BEGIN
    SELECT RAISE(ABORT, 'lead_index_has_its_lead') WHERE NOT EXISTS (
        SELECT 1 FROM lead l WHERE l.site_id = NEW.site_id AND l.id = NEW.lead_id);
END;

-- What was not sealed lies in unused parts of the files: noted here, in this transaction, and done by the collector
-- that starts first, after it has sealed the leads.
PRAGMA user_version = 1;
