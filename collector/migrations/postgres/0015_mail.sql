-- Permission to send advertising by e-mail: what was asked and confirmed, mail that waits to be sent, and who has
-- said stop. An address stands here only as keyed hashes; it is read from its lead, sealed, when a mail is sent.

-- What somebody ticked, and since when it is confirmed: the record that the Act on Regulation of Specified Electronic
-- Mail asks for (article 3(2)). A confirmed one outlives its lead.
CREATE TABLE mail_opt_in (
    site_id      BIGINT NOT NULL REFERENCES site (id),
    id           BYTEA NOT NULL,
    lead_id      BYTEA NOT NULL,
    address      BYTEA NOT NULL, -- keyed hash, of another key than lead_index has
    form         TEXT COLLATE "C" NOT NULL,
    agreement    TEXT COLLATE "C" NOT NULL, -- its key
    wording      TEXT COLLATE "C" NOT NULL, -- beside the checkbox
    wording_hash TEXT COLLATE "C" NOT NULL, -- SHA-256, base64url
    page         TEXT COLLATE "C" NOT NULL,
    language     TEXT COLLATE "C" NOT NULL,
    revision     BIGINT NOT NULL,
    edition      BIGINT NOT NULL,
    asked_at     BIGINT NOT NULL,
    confirmed_at BIGINT,
    method       TEXT COLLATE "C",            -- double_opt_in; double_opt_in_before: the same had been confirmed earlier
    shown        TEXT COLLATE "C",            -- on the page whose button was pressed
    ended_at     BIGINT,
    ended_by     TEXT COLLATE "C",            -- one_click, page, operator, erased
    PRIMARY KEY (site_id, id),
    CONSTRAINT mail_opt_in_confirmed_somehow CHECK ((confirmed_at IS NULL) = (method IS NULL)),
    CONSTRAINT mail_opt_in_method_is_known CHECK (method IN ('double_opt_in', 'double_opt_in_before')),
    CONSTRAINT mail_opt_in_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT mail_opt_in_end_is_known CHECK (ended_by IN ('one_click', 'page', 'operator', 'erased'))
);
CREATE INDEX mail_opt_in_by_address ON mail_opt_in (site_id, address);
CREATE INDEX mail_opt_in_by_lead ON mail_opt_in (site_id, lead_id);
CREATE INDEX mail_opt_in_ended ON mail_opt_in (site_id, ended_at) WHERE ended_at IS NOT NULL;

-- A mail that asks for confirmation, one for each opt-in at most. It goes with its lead.
CREATE TABLE mail_outbox (
    site_id      BIGINT NOT NULL,
    id           BYTEA NOT NULL, -- the opt-in's
    lead_id      BYTEA NOT NULL,
    field        TEXT COLLATE "C" NOT NULL, -- in which the lead has the address
    digest       BYTEA NOT NULL, -- of the address, as lead_index has it
    created_at   BIGINT NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    due_at       BIGINT NOT NULL, -- not tried before
    attempts     BIGINT NOT NULL,
    lease_until  BIGINT NOT NULL, -- a collector works at it until then, at the longest
    handed_until BIGINT NOT NULL, -- the mail server may have it; nobody else tries before
    ended_at     BIGINT,          -- when it was sent, or given up
    reason       TEXT COLLATE "C" NOT NULL, -- why it was not sent the last time, of a fixed list
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE,
    CONSTRAINT mail_outbox_state_is_known CHECK (state IN ('waiting', 'sent', 'failed')),
    CONSTRAINT mail_outbox_ends CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX mail_outbox_due ON mail_outbox (site_id, due_at) WHERE state = 'waiting';
CREATE INDEX mail_outbox_by_lead ON mail_outbox (site_id, lead_id);
CREATE INDEX mail_outbox_by_digest ON mail_outbox (site_id, digest);

-- Who has said stop. It outlives every lead; only the person ends it, by a new double opt-in, or who runs the site and
-- says why.
CREATE TABLE mail_suppression (
    site_id BIGINT NOT NULL REFERENCES site (id),
    address BYTEA NOT NULL,
    since   BIGINT NOT NULL,
    how     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (site_id, address),
    CONSTRAINT mail_suppression_how_is_known CHECK (how IN ('one_click', 'page', 'operator'))
);

-- Suppressions that were taken back by hand, with the reason.
CREATE TABLE mail_unsuppressed (
    site_id BIGINT NOT NULL REFERENCES site (id),
    address BYTEA NOT NULL,
    at      BIGINT NOT NULL,
    reason  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (site_id, address, at)
);

-- When an address was last asked to confirm, so that nobody is sent one mail after another by strangers.
CREATE TABLE mail_cooldown (
    site_id BIGINT NOT NULL REFERENCES site (id),
    address BYTEA NOT NULL,
    last_at BIGINT NOT NULL,
    sent    BIGINT NOT NULL, -- in the month since the first
    since   BIGINT NOT NULL,
    PRIMARY KEY (site_id, address)
);
