-- Requests about one's own data that come by the site's form: what was asked, sealed with the address it came with,
-- until it is confirmed and answered, and the mail about it. What was asked becomes a request (subject_request) under
-- the same id once the address is confirmed; what never is goes when its link has ended.

-- The record of provision to third parties can be asked for too.
ALTER TABLE subject_request DROP CONSTRAINT subject_request_kind_is_known;
ALTER TABLE subject_request ADD CONSTRAINT subject_request_kind_is_known
    CHECK (kind IN ('export', 'correct', 'stop', 'erase', 'provision'));

CREATE TABLE subject_asking (
    site_id      BIGINT NOT NULL REFERENCES site (id),
    id           BYTEA NOT NULL CONSTRAINT subject_asking_id_is_whole CHECK (octet_length(id) = 16),
    kind         TEXT COLLATE "C" NOT NULL CONSTRAINT subject_asking_kind_is_known
        CHECK (kind IN ('export', 'correct', 'stop', 'erase', 'provision')),
    language     TEXT COLLATE "C" NOT NULL,
    digest       BYTEA NOT NULL, -- of the address, as lead_index has it
    asked_at     BIGINT NOT NULL,
    until        BIGINT NOT NULL, -- the link's end
    confirmed_at BIGINT,
    kek          TEXT COLLATE "C" NOT NULL, -- the lead key that wraps the data key
    wrapped      BYTEA NOT NULL,
    email        BYTEA NOT NULL, -- sealed
    message      BYTEA,          -- sealed; none where nothing was written
    PRIMARY KEY (site_id, id)
);
CREATE INDEX subject_asking_ends ON subject_asking (site_id, until) WHERE confirmed_at IS NULL;

-- Mail about it: that asks to confirm, that it was received, that it was answered. It goes with it.
CREATE TABLE subject_mail (
    site_id     BIGINT NOT NULL,
    asking_id   BYTEA NOT NULL,
    about       TEXT COLLATE "C" NOT NULL CONSTRAINT subject_mail_about_is_known
        CHECK (about IN ('confirm', 'received', 'answered')),
    detail      TEXT COLLATE "C" NOT NULL, -- why it was answered as it was, of a fixed list
    created_at  BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CONSTRAINT subject_mail_state_is_known
        CHECK (state IN ('waiting', 'sent', 'failed')),
    due_at      BIGINT NOT NULL, -- not tried before
    attempts    BIGINT NOT NULL,
    lease_until BIGINT NOT NULL, -- a collector works at it until then, at the longest
    ended_at    BIGINT CONSTRAINT subject_mail_ends CHECK ((state = 'waiting') = (ended_at IS NULL)),
    reason      TEXT COLLATE "C" NOT NULL, -- why it was not sent the last time, of a fixed list
    PRIMARY KEY (site_id, asking_id, about),
    FOREIGN KEY (site_id, asking_id) REFERENCES subject_asking (site_id, id) ON DELETE CASCADE
);
CREATE INDEX subject_mail_due ON subject_mail (site_id, due_at) WHERE state = 'waiting';

-- What is handed out by a link, sealed under a key of its own. Each way of taking it works once.
CREATE TABLE subject_answer (
    site_id       BIGINT NOT NULL,
    asking_id     BYTEA NOT NULL,
    until         BIGINT NOT NULL, -- the link's end
    kek           TEXT COLLATE "C" NOT NULL,
    wrapped       BYTEA NOT NULL,
    value         BYTEA NOT NULL,
    read_at       BIGINT,
    downloaded_at BIGINT,
    PRIMARY KEY (site_id, asking_id),
    FOREIGN KEY (site_id, asking_id) REFERENCES subject_asking (site_id, id) ON DELETE CASCADE
);
