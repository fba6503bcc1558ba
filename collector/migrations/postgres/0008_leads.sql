-- What people wrote is sealed, each lead's under a key of its own. Of rows of before, the fields are moved as they
-- are, with version 0: the collector seals them when it starts, before it takes a call.

-- By what it is known that a lead has come already. It outlives the lead, so that what was erased does not come back.
CREATE TABLE lead_request (
    site_id   BIGINT NOT NULL REFERENCES site (id),
    request   BYTEA NOT NULL, -- of a form: the signature it came with
    lead_id   BYTEA NOT NULL,
    erased_at BIGINT,
    PRIMARY KEY (site_id, request),
    UNIQUE (site_id, lead_id),
    CONSTRAINT lead_request_is_whole CHECK (octet_length(request) = 32),
    CONSTRAINT lead_request_lead_id_is_whole CHECK (octet_length(lead_id) = 16)
);

-- A lead's data key, wrapped by a key of the keys file. Destroying this row destroys what the lead held.
CREATE TABLE lead_key (
    site_id BIGINT NOT NULL,
    lead_id BYTEA NOT NULL,
    kek     TEXT COLLATE "C" NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (site_id, lead_id),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE
);

CREATE INDEX lead_key_by_kek ON lead_key (site_id, kek);

CREATE TABLE lead_field (
    site_id BIGINT NOT NULL,
    lead_id BYTEA NOT NULL,
    field   TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL, -- the lead's, when it was sealed; 0: not sealed yet
    value   BYTEA NOT NULL,
    PRIMARY KEY (site_id, lead_id, field),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE
);

CREATE INDEX lead_field_unsealed ON lead_field (site_id, lead_id) WHERE version = 0;

-- Finds a person's leads by a keyed hash of their address or number.
CREATE TABLE lead_index (
    site_id BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL, -- email, telephone
    digest  BYTEA NOT NULL,
    lead_id BYTEA NOT NULL,
    PRIMARY KEY (site_id, kind, digest, lead_id),
    CONSTRAINT lead_index_kind_is_known CHECK (kind IN ('email', 'telephone')),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE
);

CREATE INDEX lead_index_by_lead ON lead_index (site_id, lead_id);

INSERT INTO lead_request SELECT site_id, request, id, NULL FROM lead;
INSERT INTO lead_field (site_id, lead_id, field, version, value)
SELECT l.site_id, l.id, f.key, 0, convert_to(f.value, 'UTF8') FROM lead l, json_each_text(l.fields::json) f;

-- `ground_since` is NULL where there is no ground, or it is not confirmed yet: the lead is locked. `version` counts
-- corrections, from 1. `form` is '' where a lead came by none.
ALTER TABLE lead
    DROP COLUMN request, -- with its constraints
    DROP COLUMN fields,
    ADD COLUMN origin TEXT COLLATE "C" NOT NULL DEFAULT 'form'
        CONSTRAINT lead_origin_is_known CHECK (origin IN ('form', 'import', 'api', 'card')),
    ADD COLUMN ground TEXT COLLATE "C" NOT NULL DEFAULT 'none' CONSTRAINT lead_ground_is_known
        CHECK (ground IN ('none', 'opt_in', 'existing_customer', 'card_exchanged', 'published_address')),
    ADD COLUMN ground_since BIGINT,
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CONSTRAINT lead_version_counts CHECK (version >= 1),
    ADD CONSTRAINT lead_without_a_ground_is_locked CHECK (ground <> 'none' OR ground_since IS NULL);
ALTER TABLE lead ALTER COLUMN origin DROP DEFAULT, ALTER COLUMN ground DROP DEFAULT, ALTER COLUMN version DROP DEFAULT;
CREATE INDEX lead_by_time ON lead (site_id, received_at);

-- What rests on it is bound to its id: sealed for it, linked to it, found by it.
CREATE FUNCTION stays_who_it_is() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.site_id, NEW.id) IS DISTINCT FROM (OLD.site_id, OLD.id) THEN
        RAISE EXCEPTION '%', TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lead_stays_who_it_is BEFORE UPDATE ON lead
FOR EACH ROW EXECUTE FUNCTION stays_who_it_is();

-- What was not sealed lies in unused parts of the files: noted here, in this transaction, and done by the collector
-- that starts first, after it has sealed the leads.
COMMENT ON TABLE lead_field IS 'to be written anew: unused parts may hold what was not sealed';
