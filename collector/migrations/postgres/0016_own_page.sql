-- What has opened a visitor's own page: it opens it once. Its digest is kept until it would be refused anyway.
CREATE TABLE own_page_code (
    site_id BIGINT NOT NULL REFERENCES site (id),
    digest  BYTEA  NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (site_id, digest)
);
