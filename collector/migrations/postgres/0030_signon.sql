-- Who an account is at an OpenID Connect provider: bound at the first log-in by it, and no other after that.
CREATE TABLE account_identity (
    issuer     TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL REFERENCES account (id),
    bound_at   BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE UNIQUE INDEX account_identity_is_single ON account_identity (account_id, issuer);

-- Log-ins by a provider that were used, until they would have expired: none lets in twice.
CREATE TABLE account_sign_on (
    hash    BYTEA  NOT NULL PRIMARY KEY, -- SHA-256 of the state
    expires BIGINT NOT NULL
);

-- A site file that somebody is writing in the guided set-up, until it is put in force.
CREATE TABLE account_draft (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES account (id),
    text       TEXT COLLATE "C" NOT NULL,
    saved_at   BIGINT NOT NULL
);
