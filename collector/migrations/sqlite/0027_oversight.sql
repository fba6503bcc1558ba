-- Four eyes: what waits for a second person, and the leads that it was asked of. What is erased meanwhile falls out with
-- its row; nothing comes in.
CREATE TABLE approval (
    site_id    BIGINT NOT NULL REFERENCES site (id),
    id         BLOB   NOT NULL CONSTRAINT approval_id_is_whole CHECK (typeof(id) = 'blob' AND length(id) = 16),
    kind       TEXT   NOT NULL CONSTRAINT approval_kind_is_known CHECK (kind IN
        ('leads.export', 'lead.erase', 'subject.export', 'subject.provision', 'subject.erase', 'account.delete',
         'token.add', 'webhook.add')),
    object     TEXT   NOT NULL, -- of what it is: the id of a lead, a request, an account
    reason     TEXT   NOT NULL CONSTRAINT approval_has_a_reason CHECK (length(reason) > 0),
    asked_by   BIGINT NOT NULL, -- an account's id
    asked_at   BIGINT NOT NULL,
    until      BIGINT NOT NULL, -- to be decided, then to be used, before that
    state      TEXT   NOT NULL CONSTRAINT approval_state_is_known
        CHECK (state IN ('waiting', 'approved', 'declined', 'withdrawn', 'done')),
    decided_by BIGINT CONSTRAINT approval_is_by_another CHECK (decided_by IS NULL OR decided_by <> asked_by),
    decided_at BIGINT,
    size       BIGINT NOT NULL, -- leads that it was asked of
    PRIMARY KEY (site_id, id),
    CONSTRAINT approval_is_decided_by_somebody CHECK ((decided_by IS NULL) = (decided_at IS NULL)
        AND (state IN ('approved', 'declined', 'done')) = (decided_by IS NOT NULL))
);
CREATE TABLE approval_lead (
    site_id     BIGINT NOT NULL,
    approval_id BLOB   NOT NULL,
    lead_id     BLOB   NOT NULL,
    PRIMARY KEY (site_id, approval_id, lead_id),
    FOREIGN KEY (site_id, approval_id) REFERENCES approval (site_id, id) ON DELETE CASCADE,
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE
);
CREATE INDEX approval_lead_by_lead ON approval_lead (site_id, lead_id);

-- When the trail was verified last.
CREATE INDEX audit_verified ON audit (site_id, seq) WHERE action = 'audit.verify';

-- Log-ins that failed, until the trail is told.
CREATE TABLE account_refused (
    id         BLOB   NOT NULL PRIMARY KEY, -- as in account_log_in
    account_id BIGINT NOT NULL REFERENCES account (id),
    at         BIGINT NOT NULL
);

-- What a token is for, who made it, until when it holds, and when it was used last.
ALTER TABLE token ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN made_by TEXT NOT NULL DEFAULT ''; -- as the trail names who did it: kind and id
ALTER TABLE token ADD COLUMN expires_at BIGINT;
ALTER TABLE token ADD COLUMN used_at BIGINT;
ALTER TABLE token ADD COLUMN revoked_at BIGINT;
