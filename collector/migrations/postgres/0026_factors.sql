-- A code from an app beside the password (RFC 6238). It counts once it was confirmed by a code.
CREATE TABLE account_totp (
    account_id   BIGINT NOT NULL PRIMARY KEY REFERENCES account (id),
    secret       BYTEA  NOT NULL, -- sealed
    made_at      BIGINT NOT NULL,
    confirmed_at BIGINT,
    step         BIGINT NOT NULL  -- of the last code that was taken: none of it or before it is taken again
);

-- Codes for whoever has lost the app, each once: what is used is deleted.
CREATE TABLE account_recovery (
    account_id BIGINT NOT NULL REFERENCES account (id),
    digest     BYTEA  NOT NULL, -- keyed
    PRIMARY KEY (account_id, digest)
);

-- A log-in whose password was right and that waits for the rest.
CREATE TABLE account_waiting (
    hash       BYTEA  NOT NULL PRIMARY KEY, -- SHA-256 of its token
    account_id BIGINT NOT NULL REFERENCES account (id),
    log_in_id  BYTEA  NOT NULL, -- its row in account_log_in
    expires    BIGINT NOT NULL
);

-- Passkeys (WebAuthn): public keys, by the ids that authenticators give them.
CREATE TABLE account_passkey (
    id              BYTEA  NOT NULL PRIMARY KEY,
    account_id      BIGINT NOT NULL REFERENCES account (id),
    name            TEXT COLLATE "C" NOT NULL,
    key             BYTEA  NOT NULL, -- COSE (RFC 9052)
    counter         BIGINT NOT NULL, -- of the authenticator: 0 where it counts nothing, else it only grows
    backup_eligible BIGINT NOT NULL, -- 1: it may be on several machines
    made_at         BIGINT NOT NULL,
    used_at         BIGINT
);

-- Challenges that were answered: none is answered twice.
CREATE TABLE account_answered (
    hash    BYTEA  NOT NULL PRIMARY KEY, -- SHA-256
    expires BIGINT NOT NULL -- it is answered no more by itself
);

-- What was shown beside the password, or instead of it.
ALTER TABLE account_log_in ADD COLUMN way TEXT COLLATE "C" NOT NULL DEFAULT ''
    CONSTRAINT account_way_is_known CHECK (way IN ('', 'waits', 'code', 'totp', 'recovery', 'passkey', 'second_passkey', 'provider'));

CREATE INDEX account_waiting_by_account ON account_waiting (account_id);
CREATE INDEX account_waiting_by_end ON account_waiting (expires);
CREATE INDEX account_passkey_by_account ON account_passkey (account_id);
CREATE INDEX account_answered_by_end ON account_answered (expires);
