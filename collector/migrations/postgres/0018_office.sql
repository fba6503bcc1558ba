-- Accounts of the back office. An address is in no index: accounts are few, and whoever adds one holds a lock.
CREATE TABLE account (
    id          BIGINT NOT NULL PRIMARY KEY,
    email       TEXT COLLATE "C" NOT NULL,
    password    TEXT COLLATE "C",          -- Argon2id (PHC string); NULL: none set yet
    everywhere  TEXT COLLATE "C",          -- a role on every site, also on those to come
    created_at  BIGINT NOT NULL,
    disabled_at BIGINT,
    CONSTRAINT account_role_is_known CHECK (everywhere IS NULL OR everywhere IN
        ('owner', 'administrator', 'marketer', 'privacy_officer', 'auditor'))
);

-- Who may what on one site.
CREATE TABLE account_role (
    site_id    BIGINT NOT NULL REFERENCES site (id),
    account_id BIGINT NOT NULL REFERENCES account (id),
    role       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (site_id, account_id),
    CONSTRAINT account_site_role_is_known
        CHECK (role IN ('owner', 'administrator', 'marketer', 'privacy_officer', 'auditor'))
);

-- A link that sets a password, once. Without an account: the first owner's.
CREATE TABLE account_link (
    hash       BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of its token
    account_id BIGINT REFERENCES account (id),
    expires    BIGINT NOT NULL
);

-- A browser that is logged in.
CREATE TABLE account_session (
    hash       BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of its token
    account_id BIGINT NOT NULL REFERENCES account (id),
    language   TEXT COLLATE "C" NOT NULL, -- of its pages; '' as the browser asks
    agent      TEXT COLLATE "C" NOT NULL, -- the kind of browser and system, nothing finer
    begun_at   BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

-- What an account shows as its log-in history: no addresses of machines.
CREATE TABLE account_log_in (
    id         BYTEA NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    at         BIGINT NOT NULL,
    outcome    TEXT COLLATE "C" NOT NULL,
    agent      TEXT COLLATE "C" NOT NULL,
    CONSTRAINT account_outcome_is_known CHECK (outcome IN ('link', 'password', 'refused', 'changed'))
);

-- Failed log-ins under a keyed hash of the address, whether or not there is such an account.
CREATE TABLE account_delay (
    digest   BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    until    BIGINT NOT NULL, -- nobody is let in before
    CONSTRAINT account_delay_counts CHECK (failures >= 1)
);

CREATE INDEX account_role_by_account ON account_role (account_id);
CREATE INDEX account_session_by_account ON account_session (account_id);
CREATE INDEX account_log_in_by_time ON account_log_in (account_id, at);
CREATE INDEX account_delay_by_end ON account_delay (until);
