-- A consent that has run out ends as a withdrawn one does. `ended_at` says when everything that rested on
-- it was erased; until then no query counts it. A new decision takes it away.
ALTER TABLE visitor ADD COLUMN ended_at BIGINT;
CREATE INDEX visitor_by_end ON visitor (site_id, expires) WHERE ended_at IS NULL;

-- From here on: what no row may be, whoever writes it. On SQLite each of these is a trigger of the same name, or
-- raises it. Here they are constraints wherever a constraint can say it: a distributed PostgreSQL takes
-- triggers only where it is told to (docs/scaling.md).

-- A grant rests on the decision that its receipt records, and goes with it: without proof of consent nothing
-- may stand on it. So a grant whose decision was erased goes now, as from here on it always does.
ALTER TABLE decision ADD CONSTRAINT decision_of_a_receipt UNIQUE (site_id, visitor_id, receipt_id);
DELETE FROM consent_grant g WHERE NOT EXISTS (
    SELECT 1 FROM decision d WHERE d.site_id = g.site_id AND d.visitor_id = g.visitor_id
    AND d.receipt_id = g.receipt_id);
ALTER TABLE consent_grant ADD CONSTRAINT consent_grant_rests_on_a_decision
    FOREIGN KEY (site_id, visitor_id, receipt_id)
    REFERENCES decision (site_id, visitor_id, receipt_id) ON DELETE CASCADE ON UPDATE RESTRICT;

-- What a grant allows: `use`, or `lead_link`, which alone a link may rest on.
ALTER TABLE consent_grant ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'use'
    CONSTRAINT consent_grant_kind_is_known CHECK (kind IN ('use', 'lead_link'));
UPDATE consent_grant g SET kind = 'lead_link' WHERE EXISTS (
    SELECT 1 FROM decision d
    JOIN policy p ON p.site_id = d.site_id AND p.edition = d.edition
    CROSS JOIN LATERAL json_array_elements(p.document::json -> 'purposes') AS asked
    WHERE d.site_id = g.site_id AND d.visitor_id = g.visitor_id AND d.receipt_id = g.receipt_id
    AND asked.value ->> 'key' = g.purpose AND asked.value ->> 'kind' = 'lead_link');
ALTER TABLE consent_grant
    ADD CONSTRAINT consent_grant_names_its_purpose CHECK (purpose <> ''),
    ADD CONSTRAINT consent_grant_of_a_kind UNIQUE (site_id, id, kind);
ALTER TABLE lead_link ADD COLUMN grant_kind TEXT COLLATE "C" NOT NULL DEFAULT 'lead_link'
    CONSTRAINT lead_link_is_of_its_kind CHECK (grant_kind = 'lead_link');
ALTER TABLE lead_link DROP CONSTRAINT lead_link_site_id_grant_id_fkey,
    ADD CONSTRAINT lead_link_rests_on_a_grant FOREIGN KEY (site_id, grant_id, grant_kind)
    REFERENCES consent_grant (site_id, id, kind) ON DELETE CASCADE;

-- No constraint can say that a row stays as it is.
CREATE FUNCTION stays_as_it_is() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: it is deleted, or left alone', TG_NAME;
END $$;
CREATE TRIGGER consent_grant_stays_as_it_is BEFORE UPDATE ON consent_grant
FOR EACH ROW EXECUTE FUNCTION stays_as_it_is();

-- What a row of each table is made of.
ALTER TABLE visitor
    ADD CONSTRAINT visitor_hash_is_whole CHECK (octet_length(hash) = 16),
    ADD CONSTRAINT visitor_receipt_is_whole CHECK (octet_length(receipt) = 16),
    ADD CONSTRAINT visitor_revision_counts CHECK (revision >= 1);
ALTER TABLE decision
    ADD CONSTRAINT decision_id_is_whole CHECK (octet_length(id) = 16),
    ADD CONSTRAINT decision_session_is_whole CHECK (octet_length(session) = 32),
    ADD CONSTRAINT decision_receipt_id_is_whole CHECK (octet_length(receipt_id) = 16),
    ADD CONSTRAINT decision_salt_is_whole CHECK (octet_length(salt) = 32),
    ADD CONSTRAINT decision_method_is_known CHECK (method IN ('accept_all', 'reject_all', 'custom', 'withdraw', 'gpc')),
    ADD CONSTRAINT decision_edition_counts CHECK (edition >= 1),
    ADD CONSTRAINT decision_receipt_has_its_id CHECK ((receipt_id IS NULL) = (receipt IS NULL)),
    ADD CONSTRAINT decision_visitor_has_a_receipt CHECK (visitor_id IS NULL OR receipt_id IS NOT NULL);
ALTER TABLE lead
    ADD CONSTRAINT lead_id_is_whole CHECK (octet_length(id) = 16),
    ADD CONSTRAINT lead_request_is_whole CHECK (octet_length(request) = 32);
ALTER TABLE policy
    ADD CONSTRAINT policy_edition_counts CHECK (edition >= 1),
    ADD CONSTRAINT policy_revision_counts CHECK (revision >= 1);
ALTER TABLE token
    ADD CONSTRAINT token_hash_is_whole CHECK (octet_length(hash) = 32);
ALTER TABLE tally
    ADD CONSTRAINT tally_kind_is_known CHECK (kind IN ('asked', 'decided', 'granted')),
    ADD CONSTRAINT tally_counts CHECK (n >= 1);
ALTER TABLE refusal ADD CONSTRAINT refusal_counts CHECK (n >= 1);
-- It may be large, and every row in it was written by a collector: it is not read through for this.
ALTER TABLE event ADD CONSTRAINT event_id_is_whole CHECK (octet_length(id) = 16) NOT VALID;
