-- A consent that has run out ends as a withdrawn one does. `ended_at` says when everything that rested on
-- it was erased; until then no query counts it. A new decision takes it away.
ALTER TABLE visitor ADD COLUMN ended_at BIGINT;
CREATE INDEX visitor_by_end ON visitor (site_id, expires) WHERE ended_at IS NULL;
