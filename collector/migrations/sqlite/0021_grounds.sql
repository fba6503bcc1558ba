-- On what ground beside an opt-in a lead may be contacted, who says so, and the proof of it, sealed under the lead's own
-- key. It goes with its lead.
CREATE TABLE lead_ground (
    site_id BIGINT NOT NULL,
    lead_id BLOB NOT NULL,
    ground  TEXT NOT NULL,
    since   BIGINT NOT NULL,
    said_by TEXT NOT NULL,
    version BIGINT NOT NULL, -- the lead's, when the proof was sealed
    proof   BLOB NOT NULL,
    PRIMARY KEY (site_id, lead_id, since),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE,
    CONSTRAINT lead_ground_has_a_proof
        CHECK (ground IN ('existing_customer', 'card_exchanged', 'published_address'))
);

-- Whether or not a connection asks for foreign keys.
CREATE TRIGGER lead_ground_has_its_lead BEFORE INSERT ON lead_ground
BEGIN
    SELECT RAISE(ABORT, 'lead_ground_has_its_lead') WHERE NOT EXISTS (
        SELECT 1 FROM lead l WHERE l.site_id = NEW.site_id AND l.id = NEW.lead_id);
END;
CREATE TRIGGER lead_takes_its_grounds_with_it AFTER DELETE ON lead
BEGIN
    DELETE FROM lead_ground WHERE site_id = OLD.site_id AND lead_id = OLD.id;
END;
