-- When a lead last changed, so that another system can ask for what has changed since: it came, was corrected, was given
-- its ground, or lost it.
ALTER TABLE lead ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE lead SET changed_at = received_at;
CREATE INDEX lead_by_change ON lead (site_id, changed_at, id);

-- Calls by which other systems gave leads, so that what is sent again is answered as before and done once. It outlives
-- the lead, as lead_request does.
CREATE TABLE lead_call (
    site_id BIGINT NOT NULL REFERENCES site (id),
    call    BLOB   NOT NULL, -- keyed hash of the id, or of the Idempotency-Key
    content BLOB   NOT NULL, -- keyed hash of what was sent under it
    lead_id BLOB   NOT NULL,
    outcome TEXT   NOT NULL, -- added, updated: the lead of somebody who was known
    version BIGINT NOT NULL, -- the lead's, after it
    locked  BIGINT NOT NULL, -- 1: it was, after it
    PRIMARY KEY (site_id, call),
    CONSTRAINT lead_call_outcome_is_known CHECK (outcome IN ('added', 'updated'))
);
