-- A consent that has run out ends as a withdrawn one does. `ended_at` says when everything that rested on
-- it was erased; until then no query counts it. A new decision takes it away.
ALTER TABLE visitor ADD COLUMN ended_at BIGINT;
CREATE INDEX visitor_by_end ON visitor (site_id, expires) WHERE ended_at IS NULL;

-- From here on: what no row may be, whoever writes it. On PostgreSQL each of these is a constraint or a trigger
-- of the same name. SQLite adds no constraint to a table that is there, and a table that others rest on is not
-- made anew without deleting from them: so here they are triggers, whose message is the name. They
-- hold for every connection, whether or not it has asked for foreign keys.

-- A grant rests on the decision that its receipt records, and goes with it: without proof of consent nothing
-- may stand on it. So a grant whose decision was erased goes now, as from here on it always does.
CREATE UNIQUE INDEX decision_of_a_receipt ON decision (site_id, visitor_id, receipt_id);
DELETE FROM consent_grant WHERE NOT EXISTS (
    SELECT 1 FROM decision d WHERE d.site_id = consent_grant.site_id
    AND d.visitor_id = consent_grant.visitor_id AND d.receipt_id = consent_grant.receipt_id);

-- What a grant allows: `use`, or `lead_link`, which alone a link may rest on.
ALTER TABLE consent_grant ADD COLUMN kind TEXT NOT NULL DEFAULT 'use'
    CONSTRAINT consent_grant_kind_is_known CHECK (kind IN ('use', 'lead_link'));
ALTER TABLE lead_link ADD COLUMN grant_kind TEXT NOT NULL DEFAULT 'lead_link'
    CONSTRAINT lead_link_is_of_its_kind CHECK (grant_kind = 'lead_link');
UPDATE consent_grant SET kind = 'lead_link' WHERE EXISTS (
    SELECT 1 FROM decision d
    JOIN policy p ON p.site_id = d.site_id AND p.edition = d.edition, json_each(p.document, '$.purposes') AS asked
    WHERE d.site_id = consent_grant.site_id AND d.visitor_id = consent_grant.visitor_id
    AND d.receipt_id = consent_grant.receipt_id
    AND json_extract(asked.value, '$.key') = consent_grant.purpose
    AND json_extract(asked.value, '$.kind') = 'lead_link');

CREATE TRIGGER consent_grant_rests_on_a_decision BEFORE INSERT ON consent_grant
BEGIN
    SELECT RAISE(ABORT, 'consent_grant_rests_on_a_decision') WHERE NOT EXISTS (
        SELECT 1 FROM decision d WHERE d.site_id = NEW.site_id AND d.visitor_id = NEW.visitor_id
        AND d.receipt_id = NEW.receipt_id);
    SELECT RAISE(ABORT, 'consent_grant_names_its_purpose') WHERE NEW.purpose = '';
    -- OR REPLACE would put another grant under what rests on the one that is there.
    SELECT RAISE(ABORT, 'consent_grant_pkey') WHERE EXISTS (
        SELECT 1 FROM consent_grant g WHERE g.id = NEW.id);
    SELECT RAISE(ABORT, 'consent_grant_once') WHERE EXISTS (
        SELECT 1 FROM consent_grant g WHERE g.site_id = NEW.site_id AND g.visitor_id = NEW.visitor_id
        AND g.receipt_id = NEW.receipt_id AND g.purpose = NEW.purpose AND g.service = NEW.service);
END;

CREATE TRIGGER consent_grant_stays_as_it_is BEFORE UPDATE ON consent_grant
BEGIN SELECT RAISE(ABORT, 'consent_grant_stays_as_it_is: it is deleted, or left alone'); END;

CREATE TRIGGER decision_takes_its_grants_with_it AFTER DELETE ON decision
BEGIN
    DELETE FROM consent_grant WHERE site_id = OLD.site_id AND visitor_id = OLD.visitor_id
    AND receipt_id = OLD.receipt_id;
END;

CREATE TRIGGER decision_stays_under_its_grants BEFORE UPDATE OF site_id, visitor_id, receipt_id ON decision
WHEN NEW.site_id IS NOT OLD.site_id OR NEW.visitor_id IS NOT OLD.visitor_id OR NEW.receipt_id IS NOT OLD.receipt_id
BEGIN
    SELECT RAISE(ABORT, 'decision_stays_under_its_grants') WHERE EXISTS (
        SELECT 1 FROM consent_grant g WHERE g.site_id = OLD.site_id AND g.visitor_id = OLD.visitor_id
        AND g.receipt_id = OLD.receipt_id);
END;

CREATE TRIGGER visitor_stays_with_its_decisions BEFORE DELETE ON visitor
BEGIN
    SELECT RAISE(ABORT, 'visitor_stays_with_its_decisions') WHERE EXISTS (
        SELECT 1 FROM decision d WHERE d.site_id = OLD.site_id AND d.visitor_id = OLD.id);
END;

CREATE TRIGGER visitor_stays_who_it_is BEFORE UPDATE OF site_id, id ON visitor
WHEN NEW.site_id <> OLD.site_id OR NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'visitor_stays_who_it_is') WHERE EXISTS (
        SELECT 1 FROM decision d WHERE d.site_id = OLD.site_id AND d.visitor_id = OLD.id);
END;

-- The checks of an event's row are part of the trigger that looks up its grant: no event costs a look-up more.
DROP TRIGGER event_needs_a_grant;
CREATE TRIGGER event_rests_on_a_grant BEFORE INSERT ON event
WHEN typeof(NEW.id) <> 'blob' OR length(NEW.id) <> 16
    OR NOT EXISTS (SELECT 1 FROM consent_grant g WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id)
BEGIN
    SELECT RAISE(ABORT, 'event_id_is_whole') WHERE typeof(NEW.id) <> 'blob' OR length(NEW.id) <> 16;
    SELECT RAISE(ABORT, 'event_rests_on_a_grant');
END;

DROP TRIGGER lead_link_needs_a_grant;
CREATE TRIGGER lead_link_rests_on_a_grant BEFORE INSERT ON lead_link
BEGIN
    SELECT RAISE(ABORT, 'lead_link_rests_on_a_grant') WHERE NOT EXISTS (
        SELECT 1 FROM consent_grant g
        WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id AND g.kind = 'lead_link');
    SELECT RAISE(ABORT, 'lead_link_has_its_lead') WHERE NOT EXISTS (
        SELECT 1 FROM lead l WHERE l.site_id = NEW.site_id AND l.id = NEW.lead_id);
END;

CREATE TRIGGER lead_takes_its_link_with_it AFTER DELETE ON lead
BEGIN DELETE FROM lead_link WHERE site_id = OLD.site_id AND lead_id = OLD.id; END;

CREATE TRIGGER lead_stays_under_its_link BEFORE UPDATE OF site_id, id ON lead
WHEN NEW.site_id IS NOT OLD.site_id OR NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'lead_stays_under_its_link') WHERE EXISTS (
        SELECT 1 FROM lead_link l WHERE l.site_id = OLD.site_id AND l.lead_id = OLD.id);
END;

-- What a row of each table is made of.
CREATE TRIGGER visitor_is_whole_when_made BEFORE INSERT ON visitor
BEGIN
    SELECT RAISE(ABORT, 'visitor_hash_is_whole') WHERE NOT (typeof(NEW.hash) = 'blob' AND length(NEW.hash) = 16);
    SELECT RAISE(ABORT, 'visitor_receipt_is_whole')
        WHERE NOT (NEW.receipt IS NULL OR typeof(NEW.receipt) = 'blob' AND length(NEW.receipt) = 16);
    SELECT RAISE(ABORT, 'visitor_revision_counts') WHERE NOT (NEW.revision >= 1);
END;
CREATE TRIGGER visitor_is_whole_when_changed BEFORE UPDATE ON visitor
BEGIN
    SELECT RAISE(ABORT, 'visitor_hash_is_whole') WHERE NOT (typeof(NEW.hash) = 'blob' AND length(NEW.hash) = 16);
    SELECT RAISE(ABORT, 'visitor_receipt_is_whole')
        WHERE NOT (NEW.receipt IS NULL OR typeof(NEW.receipt) = 'blob' AND length(NEW.receipt) = 16);
    SELECT RAISE(ABORT, 'visitor_revision_counts') WHERE NOT (NEW.revision >= 1);
END;

CREATE TRIGGER decision_is_whole_when_made BEFORE INSERT ON decision
BEGIN
    -- OR REPLACE would take a decision away without its grants.
    SELECT RAISE(ABORT, 'decision_pkey') WHERE EXISTS (
        SELECT 1 FROM decision d WHERE d.site_id = NEW.site_id AND d.id = NEW.id);
    SELECT RAISE(ABORT, 'decision_of_a_receipt') WHERE EXISTS (
        SELECT 1 FROM decision d WHERE d.site_id = NEW.site_id AND d.visitor_id = NEW.visitor_id
        AND d.receipt_id = NEW.receipt_id);
    SELECT RAISE(ABORT, 'decision_has_its_visitor') WHERE NEW.visitor_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM visitor v WHERE v.site_id = NEW.site_id AND v.id = NEW.visitor_id);
    SELECT RAISE(ABORT, 'decision_id_is_whole') WHERE NOT (typeof(NEW.id) = 'blob' AND length(NEW.id) = 16);
    SELECT RAISE(ABORT, 'decision_session_is_whole')
        WHERE NOT (typeof(NEW.session) = 'blob' AND length(NEW.session) = 32);
    SELECT RAISE(ABORT, 'decision_receipt_id_is_whole')
        WHERE NOT (NEW.receipt_id IS NULL OR typeof(NEW.receipt_id) = 'blob' AND length(NEW.receipt_id) = 16);
    SELECT RAISE(ABORT, 'decision_salt_is_whole') WHERE NOT (typeof(NEW.salt) = 'blob' AND length(NEW.salt) = 32);
    SELECT RAISE(ABORT, 'decision_method_is_known')
        WHERE NOT (NEW.method IN ('accept_all', 'reject_all', 'custom', 'withdraw', 'gpc'));
    SELECT RAISE(ABORT, 'decision_edition_counts') WHERE NOT (NEW.edition >= 1);
    SELECT RAISE(ABORT, 'decision_receipt_has_its_id')
        WHERE NOT ((NEW.receipt_id IS NULL) = (NEW.receipt IS NULL));
    SELECT RAISE(ABORT, 'decision_visitor_has_a_receipt')
        WHERE NOT (NEW.visitor_id IS NULL OR NEW.receipt_id IS NOT NULL);
END;
CREATE TRIGGER decision_is_whole_when_changed BEFORE UPDATE ON decision
BEGIN
    SELECT RAISE(ABORT, 'decision_id_is_whole') WHERE NOT (typeof(NEW.id) = 'blob' AND length(NEW.id) = 16);
    SELECT RAISE(ABORT, 'decision_session_is_whole')
        WHERE NOT (typeof(NEW.session) = 'blob' AND length(NEW.session) = 32);
    SELECT RAISE(ABORT, 'decision_receipt_id_is_whole')
        WHERE NOT (NEW.receipt_id IS NULL OR typeof(NEW.receipt_id) = 'blob' AND length(NEW.receipt_id) = 16);
    SELECT RAISE(ABORT, 'decision_salt_is_whole') WHERE NOT (typeof(NEW.salt) = 'blob' AND length(NEW.salt) = 32);
    SELECT RAISE(ABORT, 'decision_method_is_known')
        WHERE NOT (NEW.method IN ('accept_all', 'reject_all', 'custom', 'withdraw', 'gpc'));
    SELECT RAISE(ABORT, 'decision_edition_counts') WHERE NOT (NEW.edition >= 1);
    SELECT RAISE(ABORT, 'decision_receipt_has_its_id')
        WHERE NOT ((NEW.receipt_id IS NULL) = (NEW.receipt IS NULL));
    SELECT RAISE(ABORT, 'decision_visitor_has_a_receipt')
        WHERE NOT (NEW.visitor_id IS NULL OR NEW.receipt_id IS NOT NULL);
END;

CREATE TRIGGER lead_is_whole_when_made BEFORE INSERT ON lead
BEGIN
    SELECT RAISE(ABORT, 'lead_id_is_whole') WHERE NOT (typeof(NEW.id) = 'blob' AND length(NEW.id) = 16);
    SELECT RAISE(ABORT, 'lead_request_is_whole')
        WHERE NOT (typeof(NEW.request) = 'blob' AND length(NEW.request) = 32);
END;
CREATE TRIGGER lead_is_whole_when_changed BEFORE UPDATE ON lead
BEGIN
    SELECT RAISE(ABORT, 'lead_id_is_whole') WHERE NOT (typeof(NEW.id) = 'blob' AND length(NEW.id) = 16);
    SELECT RAISE(ABORT, 'lead_request_is_whole')
        WHERE NOT (typeof(NEW.request) = 'blob' AND length(NEW.request) = 32);
END;

CREATE TRIGGER policy_is_whole_when_made BEFORE INSERT ON policy
BEGIN
    SELECT RAISE(ABORT, 'policy_edition_counts') WHERE NOT (NEW.edition >= 1);
    SELECT RAISE(ABORT, 'policy_revision_counts') WHERE NOT (NEW.revision >= 1);
END;
CREATE TRIGGER policy_is_whole_when_changed BEFORE UPDATE ON policy
BEGIN
    SELECT RAISE(ABORT, 'policy_edition_counts') WHERE NOT (NEW.edition >= 1);
    SELECT RAISE(ABORT, 'policy_revision_counts') WHERE NOT (NEW.revision >= 1);
END;

CREATE TRIGGER token_is_whole_when_made BEFORE INSERT ON token
BEGIN
    SELECT RAISE(ABORT, 'token_hash_is_whole') WHERE NOT (typeof(NEW.hash) = 'blob' AND length(NEW.hash) = 32);
END;
CREATE TRIGGER token_is_whole_when_changed BEFORE UPDATE ON token
BEGIN
    SELECT RAISE(ABORT, 'token_hash_is_whole') WHERE NOT (typeof(NEW.hash) = 'blob' AND length(NEW.hash) = 32);
END;

-- Nothing rests on counts: these tables are made anew, with what their rows have to be.
CREATE TABLE new_tally (
    site_id BIGINT NOT NULL REFERENCES site (id),
    day     BIGINT NOT NULL,
    kind    TEXT   NOT NULL CONSTRAINT tally_kind_is_known CHECK (kind IN ('asked', 'decided', 'granted')),
    detail  TEXT   NOT NULL,
    n       BIGINT NOT NULL CONSTRAINT tally_counts CHECK (n >= 1),
    PRIMARY KEY (site_id, day, kind, detail)
) WITHOUT ROWID;
INSERT INTO new_tally SELECT site_id, day, kind, detail, n FROM tally;
DROP TABLE tally;
ALTER TABLE new_tally RENAME TO tally;

CREATE TABLE new_refusal (
    site_id BIGINT NOT NULL REFERENCES site (id),
    hour    BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    event   TEXT   NOT NULL,
    n       BIGINT NOT NULL CONSTRAINT refusal_counts CHECK (n >= 1),
    PRIMARY KEY (site_id, hour, reason, event)
) WITHOUT ROWID;
INSERT INTO new_refusal SELECT site_id, hour, reason, event, n FROM refusal;
DROP TABLE refusal;
ALTER TABLE new_refusal RENAME TO refusal;
