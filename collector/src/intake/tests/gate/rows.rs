//! The rows and statements that the tables are tried with.

/// Sound rows by table. `ID` stands for 16 bytes, `BYTES` for 32; VISITOR has granted by RECEIPT, and LINKING
/// is their grant of the lead link, COUNTING one of analytics.
pub(super) const SOUND: [(&str, &str); 56] = [
    (
        "visitor",
        "site_id 1, hash ID, receipt NULL, revision 1, expires 0, decided_at 0, recorded_at 0",
    ),
    (
        "decision",
        "site_id 1, id ID, session BYTES, visitor_id NULL, receipt_id NULL, edition 1, \
         method 'custom', language 'ja', page '', banner '', decided_at 0, recorded_at 0, \
         choices '', receipt NULL, salt BYTES, log_index 0, device ''",
    ),
    (
        "policy",
        "site_id 1, edition 2, revision 1, material '', wording '', document '', applied_at 0",
    ),
    (
        "lead",
        "site_id 1, id ID, origin 'form', form '', ground 'none', ground_since NULL, agreements '', \
         page '', received_at 0, version 1",
    ),
    ("lead_request", "site_id 1, request BYTES, lead_id ID, erased_at NULL"),
    (
        "lead_call",
        "site_id 1, call BYTES, content BYTES, lead_id ID, outcome 'added', version 1, locked 0",
    ),
    ("lead_key", "site_id 1, lead_id LEAD, kek '', wrapped BYTES"),
    ("lead_field", "site_id 1, lead_id LEAD, field 'x', version 1, value BYTES"),
    ("lead_index", "site_id 1, kind 'email', digest BYTES, lead_id LEAD"),
    ("token", "hash BYTES, site_id 1, scopes '', created_at 0"),
    ("tally", "site_id 1, day 0, kind 'asked', detail '', n 1"),
    ("refusal", "site_id 1, hour 0, reason '', event '', n 1"),
    (
        "consent_grant",
        "site_id 1, visitor_id VISITOR, receipt_id RECEIPT, purpose 'more', service '', since 0, \
         kind 'use'",
    ),
    (
        "event",
        "site_id 1, id ID, grant_id COUNTING, name '', at 0, day 0, page '', query '', title '', \
         referrer ''",
    ),
    ("event_uncopied", "site_id 1, after ID"),
    ("event_group", "site_id 1, events ID"),
    (
        "event_part",
        "site_id 1, id 7, day 0, events 1, first_visitor 1, last_visitor 1, seen 0, tag 0",
    ),
    ("event_column", "site_id 1, part_id PART, name '', data ID"),
    ("event_gone", "site_id 1, visitor_id NULL, grant_id NULL, day 0, events ID"),
    ("lead_link", "site_id 1, lead_id LEAD, grant_id LINKING, grant_kind 'lead_link', linked_at 0"),
    (
        "mail_opt_in",
        "site_id 1, id ID, lead_id LEAD, address BYTES, form '', agreement '', wording '', wording_hash '', \
         page '', language '', revision 1, edition 1, asked_at 0, confirmed_at NULL, method NULL, ended_at NULL, \
         ended_by NULL",
    ),
    (
        "mail_outbox",
        "site_id 1, id ID, lead_id LEAD, field '', digest BYTES, created_at 0, state 'waiting', due_at 0, \
         attempts 0, lease_until 0, handed_until 0, ended_at NULL, reason ''",
    ),
    ("mail_suppression", "site_id 1, address BYTES, since 0, how 'page'"),
    ("mail_unsuppressed", "site_id 1, address BYTES, at 0, reason ''"),
    ("mail_cooldown", "site_id 1, address BYTES, last_at 0, sent 1, since 0"),
    (
        "webhook",
        "site_id 1, id ID, url '', events '', fields '', salt ID, created_at 0, failing_since NULL",
    ),
    (
        "webhook_told",
        "site_id 1, webhook_id WEBHOOK, lead_id LEAD, state 'told', version 1, ground '', \
         link_certain 0",
    ),
    (
        "webhook_delivery",
        "site_id 1, id ID, webhook_id WEBHOOK, lead_id LEAD, event '', version 1, ground '', \
         made_at 0, state 'waiting', attempts 0, tries 0, next_at 0, answer ''",
    ),
    ("lead_touched", "site_id 1, lead_id LEAD"),
    (
        "audit",
        "site_id 1, seq 7, at 0, actor_kind 'job', actor '', action '', object_kind '', object '', \
         details '', leaf BYTES",
    ),
    ("disposal", "site_id 1, kind '', rule '', days 1, revision 1, n 1, since 0, until 0"),
    ("own_page_code", "site_id 1, digest BYTES, expires 0"),
    (
        "subject_request",
        "site_id 1, id ID, kind 'erase', law 'gdpr', received_at 0, due_at 0, state 'open', closed_at NULL",
    ),
    (
        "subject_asking",
        "site_id 1, id ID, kind 'erase', language 'ja', digest BYTES, asked_at 0, until 1, confirmed_at NULL, \
         kek '', wrapped BYTES, email BYTES, message NULL",
    ),
    (
        "subject_mail",
        "site_id 1, asking_id ASKING, about 'confirm', detail '', created_at 0, state 'waiting', due_at 0, \
         attempts 0, lease_until 0, ended_at NULL, reason ''",
    ),
    (
        "subject_answer",
        "site_id 1, asking_id ASKING, until 1, kek '', wrapped BYTES, value BYTES, read_at NULL, \
         downloaded_at NULL",
    ),
    ("segment", "site_id 1, name '', definition '', made_at 0"),
    ("score_rule", "site_id 1, name '', points 1, rule '', made_at 0"),
    ("account", "id 9, email '', password NULL, everywhere NULL, created_at 0, disabled_at NULL"),
    ("account_role", "site_id 1, account_id 1, role 'auditor'"),
    ("account_link", "hash BYTES, account_id 1, expires 0"),
    ("account_session", "hash BYTES, account_id 1, language '', agent '', begun_at 0, seen_at 0"),
    ("account_log_in", "id ID, account_id 1, at 0, outcome 'link', agent '', way ''"),
    ("account_totp", "account_id 1, secret BYTES, made_at 0, confirmed_at NULL, step 0"),
    ("account_recovery", "account_id 1, digest BYTES"),
    ("account_waiting", "hash BYTES, account_id 1, log_in_id ID, expires 0"),
    (
        "account_passkey",
        "id ID, account_id 1, name '', key BYTES, counter 0, backup_eligible 0, made_at 0, used_at NULL",
    ),
    ("account_answered", "hash BYTES, expires 0"),
    ("account_delay", "digest BYTES, failures 1, until 0"),
    ("account_refused", "id ID, account_id 1, at 0"),
    (
        "approval",
        "site_id 1, id ID, kind 'lead.erase', object '', reason 'x', asked_by 1, asked_at 0, until 1, \
         state 'waiting', decided_by NULL, decided_at NULL, size 0",
    ),
    ("approval_lead", "site_id 1, approval_id APPROVAL, lead_id LEAD"),
    ("account_identity", "issuer '', subject '', account_id 1, bound_at 0"),
    ("account_sign_on", "hash BYTES, expires 0"),
    ("account_draft", "account_id 1, text '', saved_at 0"),
    (
        "lead_ground",
        "site_id 1, lead_id LEAD, ground 'card_exchanged', since 0, said_by '', version 1, proof BYTES",
    ),
];

/// Checks of single rows, by the name that both engines give them: the table, and what in its sound row is
/// different. They hold for a row that is made, and for one that is changed.
pub(super) const CHECKS: [(&str, &str, &str); 64] = [
    ("visitor_hash_is_whole", "visitor", "hash BYTES"),
    ("visitor_receipt_is_whole", "visitor", "receipt BYTES"),
    ("visitor_revision_counts", "visitor", "revision 0"),
    ("decision_id_is_whole", "decision", "id BYTES"),
    ("decision_session_is_whole", "decision", "session ID"),
    ("decision_receipt_id_is_whole", "decision", "receipt_id BYTES, receipt 'x'"),
    ("decision_salt_is_whole", "decision", "salt ID"),
    ("decision_method_is_known", "decision", "method 'guessed'"),
    ("decision_edition_counts", "decision", "edition 0"),
    ("decision_device_is_known", "decision", "device 'fridge'"),
    ("decision_receipt_has_its_id", "decision", "receipt_id ID"),
    ("decision_receipt_has_its_id", "decision", "receipt 'x'"),
    ("decision_visitor_has_a_receipt", "decision", "visitor_id VISITOR"),
    ("lead_origin_is_known", "lead", "origin 'guessed'"),
    ("lead_ground_is_known", "lead", "ground 'guessed'"),
    ("lead_without_a_ground_is_locked", "lead", "ground_since 1"),
    ("lead_version_counts", "lead", "version 0"),
    ("lead_request_is_whole", "lead_request", "request ID"),
    ("lead_request_lead_id_is_whole", "lead_request", "lead_id BYTES"),
    ("lead_index_kind_is_known", "lead_index", "kind 'fax'"),
    ("policy_edition_counts", "policy", "edition 0"),
    ("policy_revision_counts", "policy", "revision 0"),
    ("token_hash_is_whole", "token", "hash ID"),
    ("tally_kind_is_known", "tally", "kind 'guessed'"),
    ("tally_counts", "tally", "n 0"),
    ("refusal_counts", "refusal", "n 0"),
    ("event_group_is_whole", "event_group", "events substr(ID,1,8)"),
    ("event_part_counts", "event_part", "events 0"),
    ("event_gone_says_what", "event_gone", "day NULL, events NULL"),
    ("event_gone_says_what", "event_gone", "visitor_id 1, grant_id 1"),
    ("event_gone_says_what", "event_gone", "visitor_id 1, day NULL, events NULL"),
    ("mail_opt_in_confirmed_somehow", "mail_opt_in", "confirmed_at 1"),
    ("mail_opt_in_method_is_known", "mail_opt_in", "confirmed_at 1, method 'guessed'"),
    ("mail_opt_in_ended_by_somebody", "mail_opt_in", "ended_at 1"),
    ("mail_opt_in_end_is_known", "mail_opt_in", "ended_at 1, ended_by 'guessed'"),
    ("mail_outbox_state_is_known", "mail_outbox", "state 'guessed', ended_at 1"),
    ("mail_outbox_ends", "mail_outbox", "ended_at 1"),
    ("mail_suppression_how_is_known", "mail_suppression", "how 'guessed'"),
    ("disposal_counts", "disposal", "n 0"),
    ("subject_request_id_is_whole", "subject_request", "id BYTES"),
    ("subject_request_kind_is_known", "subject_request", "kind 'forget'"),
    ("subject_request_law_is_known", "subject_request", "law 'none'"),
    ("subject_request_state_is_known", "subject_request", "state 'lost', closed_at 1"),
    ("subject_request_is_closed_once_it_is", "subject_request", "state 'done'"),
    ("subject_request_is_closed_once_it_is", "subject_request", "closed_at 1"),
    ("subject_asking_id_is_whole", "subject_asking", "id BYTES"),
    ("subject_asking_kind_is_known", "subject_asking", "kind 'forget'"),
    ("subject_mail_about_is_known", "subject_mail", "about 'news'"),
    ("subject_mail_state_is_known", "subject_mail", "state 'lost', ended_at 1"),
    ("subject_mail_ends", "subject_mail", "ended_at 1"),
    ("account_role_is_known", "account", "everywhere 'king'"),
    ("account_site_role_is_known", "account_role", "role 'king'"),
    ("account_outcome_is_known", "account_log_in", "outcome 'guessed'"),
    ("account_delay_counts", "account_delay", "failures 0"),
    ("account_way_is_known", "account_log_in", "way 'guessed'"),
    ("lead_ground_has_a_proof", "lead_ground", "ground 'opt_in'"),
    ("lead_call_outcome_is_known", "lead_call", "outcome 'guessed'"),
    ("approval_id_is_whole", "approval", "id BYTES"),
    ("approval_kind_is_known", "approval", "kind 'guessed'"),
    ("approval_has_a_reason", "approval", "reason ''"),
    ("approval_state_is_known", "approval", "state 'lost'"),
    ("approval_is_by_another", "approval", "state 'approved', decided_by 1, decided_at 1"),
    ("approval_is_decided_by_somebody", "approval", "state 'approved'"),
    ("approval_is_decided_by_somebody", "approval", "decided_at 1"),
];

/// SQLite's word for a foreign key, checked only on a connection that asks for it. What stands under another
/// name holds on every connection.
pub(super) const FOREIGN: &str = "FOREIGN KEY constraint failed";

/// Other statements that may not be: the names on PostgreSQL and SQLite; none on an engine without that
/// statement.
pub(super) const REFUSED: [(&str, &str, &str); 23] = [
    (
        "consent_grant_stays_as_it_is",
        "consent_grant_stays_as_it_is",
        "UPDATE consent_grant SET purpose = 'x'",
    ),
    (
        "consent_grant_stays_as_it_is",
        "consent_grant_stays_as_it_is",
        "UPDATE consent_grant SET receipt_id = ID",
    ),
    (
        "consent_grant_stays_as_it_is",
        "consent_grant_stays_as_it_is",
        "UPDATE consent_grant SET visitor_id = OTHER",
    ),
    ("stays under it", "event stays under the grant", "UPDATE event SET grant_id = LINKING"),
    ("stays under it", "link stays under the grant", "UPDATE lead_link SET grant_id = COUNTING"),
    (
        "consent_grant_rests_on_a_decision",
        "decision_stays_under_its_grants",
        "UPDATE decision SET receipt_id = ID WHERE receipt_id = RECEIPT",
    ),
    (
        "consent_grant_rests_on_a_decision",
        "decision_stays_under_its_grants",
        "UPDATE decision SET visitor_id = OTHER WHERE receipt_id = RECEIPT",
    ),
    (
        "decision_site_id_visitor_id_fkey",
        "visitor_stays_with_its_decisions",
        "DELETE FROM visitor WHERE id = VISITOR",
    ),
    (
        "decision_site_id_visitor_id_fkey",
        "visitor_stays_who_it_is",
        "UPDATE visitor SET id = 999 WHERE id = VISITOR",
    ),
    ("lead_stays_who_it_is", "lead_stays_who_it_is", "UPDATE lead SET id = ID WHERE id <> LEAD"),
    ("", "consent_grant_pkey", "INSERT OR REPLACE INTO consent_grant SELECT * FROM consent_grant"),
    (
        "",
        "consent_grant_once",
        "INSERT OR REPLACE INTO consent_grant \
         (site_id, visitor_id, receipt_id, purpose, service, since) \
         SELECT site_id, visitor_id, receipt_id, purpose, service, 1 FROM consent_grant",
    ),
    ("audit_is_not_changed", "audit_is_not_changed", "UPDATE audit SET actor = 'x'"),
    ("audit_is_not_deleted", "audit_is_not_deleted", "DELETE FROM audit"),
    ("audit_head_site_id_fkey", FOREIGN, "INSERT INTO audit_head VALUES (2, 0, BYTES)"),
    ("", "audit_pkey", "INSERT OR REPLACE INTO audit SELECT * FROM audit"),
    ("", "decision_pkey", "INSERT OR REPLACE INTO decision SELECT * FROM decision"),
    (
        "",
        "decision_of_a_receipt",
        "INSERT OR REPLACE INTO decision (site_id, id, session, visitor_id, receipt_id, edition, \
         method, language, page, banner, decided_at, recorded_at, choices, receipt, salt, log_index) \
         SELECT site_id, ID, session, visitor_id, receipt_id, edition, method, language, page, \
         banner, decided_at, recorded_at, choices, receipt, salt, log_index FROM decision \
         WHERE receipt_id = RECEIPT",
    ),
    (
        "log_head_id_check",
        "CHECK constraint failed: id = 1",
        "INSERT INTO log_head VALUES (2, 0, NULL)",
    ),
    ("log_erasure_log_index_fkey", FOREIGN, "INSERT INTO log_erasure VALUES (999, 0, 0)"),
    ("log_erasure_erased_fkey", FOREIGN, "INSERT INTO log_erasure VALUES (0, 999, 0)"),
    // With everything else that rests on it in the way.
    ("_fkey", FOREIGN, "DELETE FROM site"),
    ("_fkey", FOREIGN, "DELETE FROM log_leaf"),
];

/// What goes together: SQLite's trigger for it, what is deleted, and the tables that are empty then.
pub(super) const TAKES: [(&str, &str, &[&str]); 5] = [
    (
        "a_grant_takes_with_it_what_rests_on_it",
        "DELETE FROM consent_grant",
        &["event", "lead_link"],
    ),
    (
        "decision_takes_its_grants_with_it",
        "DELETE FROM decision",
        &["consent_grant", "event", "lead_link"],
    ),
    (
        "a_lead_takes_with_it_what_rests_on_it",
        "DELETE FROM lead",
        &["lead_link", "lead_key", "lead_field", "lead_index"],
    ),
    ("a_lead_takes_its_mail_with_it", "DELETE FROM lead", &["mail_outbox"]),
    ("lead_takes_its_grounds_with_it", "DELETE FROM lead", &["lead_ground"]),
];

/// What marks a lead for those who are told of it: SQLite's trigger, and a statement that fires it.
pub(super) const MARKS: [(&str, &str); 5] = [
    (
        "lead_is_marked_when_made",
        "INSERT INTO lead (site_id, id, origin, form, ground, ground_since, agreements, page, \
         received_at, version) VALUES (1, ID, 'form', '', 'none', NULL, '', '', 0, 1)",
    ),
    ("lead_is_marked_when_changed", "UPDATE lead SET version = 2 WHERE id = LEAD"),
    ("lead_is_marked_when_erased", "DELETE FROM lead WHERE id = LEAD"),
    (
        "lead_is_marked_when_linked",
        "INSERT INTO lead_link (site_id, lead_id, grant_id, linked_at) VALUES (1, LEAD, LINKING, 0)",
    ),
    // By what goes with a grant.
    ("lead_is_marked_when_unlinked", "DELETE FROM consent_grant WHERE id = LINKING"),
];

/// What tells of a grant that is gone those who keep copies of what rested on it, on either engine.
pub(super) const TELLS: &str = "a_grant_is_gone_from_the_copies";

/// PostgreSQL's triggers: what no constraint can say there (docs/scaling.md).
pub(super) const TRIGGERS: [&str; 9] = [
    "a_grant_is_gone_from_the_copies",
    "audit_is_not_changed",
    "audit_is_not_deleted",
    "consent_grant_stays_as_it_is",
    "event_keeps_its_grant",
    "lead_is_marked",
    "lead_is_marked_when_linked",
    "lead_link_keeps_its_grant",
    "lead_stays_who_it_is",
];
