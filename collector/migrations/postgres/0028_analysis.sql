-- Segments: conditions on visitors, under a name. A definition holds nothing that tells whose a lead is.
CREATE TABLE segment (
    site_id    BIGINT NOT NULL REFERENCES site (id),
    name       TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL, -- JSON
    made_at    BIGINT NOT NULL,
    PRIMARY KEY (site_id, name)
);

-- For what a lead gets points.
CREATE TABLE score_rule (
    site_id BIGINT NOT NULL REFERENCES site (id),
    name    TEXT COLLATE "C" NOT NULL,
    points  BIGINT NOT NULL,
    rule    TEXT COLLATE "C" NOT NULL, -- JSON: what is done
    made_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, name)
);
