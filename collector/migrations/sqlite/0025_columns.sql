-- Copies of events by their columns, which questions read (docs/scaling.md). Whatever they say, an event counts only
-- as long as its row does: what goes from `event` stands in `event_gone` from the same moment on.

-- Sites whose events from before are not copied yet, and how far that has come: up to which id. Until it is through,
-- questions read the rows.
CREATE TABLE event_uncopied (
    site_id BIGINT NOT NULL PRIMARY KEY REFERENCES site (id),
    after   BLOB   NOT NULL
);
INSERT INTO event_uncopied SELECT id, x'' FROM site WHERE EXISTS (SELECT 1 FROM event e WHERE e.site_id = site.id);

-- Events that are not copied yet: ids of 16 bytes, one after the other, by the transaction that stored them. Ids of
-- these rows are never used again; nor are those of the other tables here.
CREATE TABLE event_group (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    site_id BIGINT NOT NULL REFERENCES site (id),
    events  BLOB   NOT NULL
        CONSTRAINT event_group_is_whole CHECK (length(events) >= 16 AND length(events) % 16 = 0),
    UNIQUE (site_id, id)
);

-- Parts of a site's day. `tag` is random: under it a part is kept in memory. `seen` says up to which row of
-- `event_gone` a part knows what is gone; what is gone later is left out by whoever reads it.
CREATE TABLE event_part (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    site_id       BIGINT NOT NULL REFERENCES site (id),
    day           BIGINT NOT NULL,
    events        BIGINT NOT NULL CONSTRAINT event_part_counts CHECK (events >= 1),
    first_visitor BIGINT NOT NULL,
    last_visitor  BIGINT NOT NULL,
    seen          BIGINT NOT NULL,
    tag           BIGINT NOT NULL,
    UNIQUE (site_id, id)
);
CREATE INDEX event_part_of_day ON event_part (site_id, day);

CREATE TABLE event_column (
    site_id BIGINT NOT NULL,
    part_id BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    data    BLOB   NOT NULL,
    PRIMARY KEY (site_id, part_id, name),
    FOREIGN KEY (site_id, part_id) REFERENCES event_part (site_id, id) ON DELETE CASCADE
);

-- What is gone from `event`, and may lie in copies still: all that was taken under a grant; or events of a day, each
-- by its grant and its time, in eight bytes each, the largest first.
CREATE TABLE event_gone (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    site_id    BIGINT NOT NULL REFERENCES site (id),
    visitor_id BIGINT,
    grant_id   BIGINT,
    day        BIGINT,
    events     BLOB,
    UNIQUE (site_id, id),
    CONSTRAINT event_gone_says_what CHECK ((visitor_id IS NOT NULL AND grant_id IS NOT NULL AND day IS NULL AND events IS NULL)
        OR (visitor_id IS NULL AND grant_id IS NULL AND day IS NOT NULL AND length(events) >= 16
            AND length(events) % 16 = 0))
);

CREATE TRIGGER a_grant_is_gone_from_the_copies AFTER DELETE ON consent_grant
BEGIN INSERT INTO event_gone (site_id, visitor_id, grant_id) VALUES (OLD.site_id, OLD.visitor_id, OLD.id); END;
