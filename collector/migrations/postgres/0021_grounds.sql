-- On what ground beside an opt-in a lead may be contacted, who says so, and the proof of it, sealed under the lead's own
-- key. It goes with its lead.
CREATE TABLE lead_ground (
    site_id BIGINT NOT NULL,
    lead_id BYTEA NOT NULL,
    ground  TEXT COLLATE "C" NOT NULL,
    since   BIGINT NOT NULL,
    said_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL, -- the lead's, when the proof was sealed
    proof   BYTEA NOT NULL,
    PRIMARY KEY (site_id, lead_id, since),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE,
    CONSTRAINT lead_ground_has_a_proof
        CHECK (ground IN ('existing_customer', 'card_exchanged', 'published_address'))
);
