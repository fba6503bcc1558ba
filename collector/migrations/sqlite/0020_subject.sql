-- What people asked for about their own data, and until when it is to be answered. Nobody is named here; the steps
-- stand in the trail under the request's id.
CREATE TABLE subject_request (
    site_id     BIGINT NOT NULL REFERENCES site (id),
    id          BLOB   NOT NULL CONSTRAINT subject_request_id_is_whole
        CHECK (typeof(id) = 'blob' AND length(id) = 16),
    kind        TEXT   NOT NULL CONSTRAINT subject_request_kind_is_known
        CHECK (kind IN ('export', 'correct', 'stop', 'erase')),
    law         TEXT   NOT NULL CONSTRAINT subject_request_law_is_known CHECK (law IN ('appi', 'gdpr')),
    received_at BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    state       TEXT   NOT NULL CONSTRAINT subject_request_state_is_known
        CHECK (state IN ('open', 'done', 'unknown', 'refused')),
    closed_at   BIGINT CONSTRAINT subject_request_is_closed_once_it_is
        CHECK ((state = 'open') = (closed_at IS NULL)),
    PRIMARY KEY (site_id, id)
);
