//! What a receipt says of a decision.

use consent_core::{
    ids::{ReceiptId, VisitorHash},
    policy::Kind,
    receipt::{EventState, LogPlace, Party, PurposeState, Receipt, SCHEMA_VERSION},
    standing::Standing,
    time::Millis,
};

use super::consents::Decide;

/// What the receipt is about, beside the decision itself.
pub(super) struct Facts<'a> {
    /// The receipt's id.
    pub(super) id: ReceiptId,
    /// The visitor, where one is known.
    pub(super) visitor: Option<VisitorHash>,
    /// Where they stood.
    pub(super) before: &'a Standing,
    /// Where they stand.
    pub(super) after: &'a Standing,
    /// When it is recorded.
    pub(super) now: Millis,
    /// Its place in the log.
    pub(super) log: LogPlace,
}

/// The receipt of a decision.
pub(super) fn of(decide: &Decide, facts: &Facts<'_>) -> Receipt {
    let Decide { site, request, public_url, .. } = decide;
    let Facts { id, visitor, before, after, now, ref log } = *facts;
    let controller = &site.file.controller;
    let name = controller.name.get(&request.language).or_else(|| controller.name.values().next());
    let asked = site.policy.purposes().iter().filter(|purpose| purpose.kind != Kind::Necessary);
    let purposes = asked
        .map(|purpose| {
            let of = |standing: &Standing| -> Vec<_> {
                let grants = standing.grants().iter();
                grants.filter(|grant| grant.purpose == purpose.key).cloned().collect()
            };
            let granted = of(after);
            let event_state = match (granted.is_empty(), of(before).is_empty()) {
                (false, _) => EventState::ConsentGiven,
                (true, true) => EventState::ConsentRefused,
                (true, false) => EventState::ConsentWithdrawn,
            };
            let services = granted.into_iter().filter_map(|grant| grant.service).collect();
            PurposeState { purpose: purpose.key.clone(), event_state, services }
        })
        .collect();
    Receipt {
        schema_version: SCHEMA_VERSION.to_owned(),
        record_id: id,
        pii_principal_id: visitor,
        site: site.key.clone(),
        decision_id: request.id,
        // What a known visitor decided before is on record; otherwise there is the page's word only.
        previous: visitor.map_or(request.previous, |_| before.receipt()),
        revision: site.policy.revision(),
        wording: site.wording.clone(),
        privacy_notice: format!("{public_url}/s/{}/policy", site.key),
        language: request.language.clone(),
        page: request.page.clone(),
        banner: request.banner.clone(),
        collection_method: request.method,
        decided_at: request.decided_at,
        event_time: now,
        validity_duration: after.expires().since(now),
        purposes,
        pii_controllers: vec![Party {
            party_name: name.cloned().unwrap_or_default(),
            party_role: "controller".to_owned(),
            party_contact: controller.contact.clone(),
        }],
        withdrawal_method: format!("{public_url}/s/{}/policy", site.key),
        log: log.clone(),
    }
}
