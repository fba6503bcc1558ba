//! What of a decision can be checked without the database.

use consent_core::{
    choices::{Choices, Method},
    ids::PurposeKey,
    policy::Contradiction,
    time::{CLOCK_SKEW, EVENT_MAX_AGE, Millis},
    wire::ConsentRequest,
};

use crate::{error::Problem, sites::Site};

/// Keeps of a no what the site asks: a no is taken whatever it names, but nothing that a client made
/// up is stored.
pub fn forget_unknown(site: &Site, request: &mut ConsentRequest) {
    let purposes = site.policy.purposes();
    request.purposes.retain(|key, _| purposes.iter().any(|purpose| purpose.key == *key));
    let services = || purposes.iter().flat_map(|purpose| &purpose.services);
    request.services.retain(|key, _| services().any(|service| service.key == *key));
}

/// Checks that a decision fits what the site asks now.
///
/// # Errors
/// 422, by field.
pub fn decision(site: &Site, request: &ConsentRequest, now: Millis) -> Result<(), Problem> {
    let choices = request.choices();
    if request.decided_at > now.plus(CLOCK_SKEW) {
        return Err(Problem::field("decided_at", "future", "the decision lies in the future"));
    }
    let banned =
        |text: &str, max| text.is_empty() || text.len() > max || text.chars().any(char::is_control);
    for (field, text) in [("language", &request.language), ("banner", &request.banner)] {
        if banned(text, 64) {
            return Err(Problem::field(
                field,
                "invalid",
                "1 to 64 bytes without control characters",
            ));
        }
    }
    if choices.refuse_everything() {
        // A no is always taken, whatever revision was shown and however late it comes.
        return match request.method {
            Method::AcceptAll => Err(contradiction(&Contradiction::Method(Method::AcceptAll))),
            _ => Ok(()),
        };
    }
    if request.revision != site.policy.revision() {
        return Err(Problem::field(
            "revision",
            "outdated",
            format!("the policy is at revision {}; show it and ask again", site.policy.revision()),
        ));
    }
    if request.decided_at < now.plus(-EVENT_MAX_AGE) {
        return Err(Problem::field("decided_at", "too_old", "the decision is older than 48 hours"));
    }
    if request.method == Method::Gpc {
        follows_signal(&choices, &site.gpc)?;
    }
    site.policy.check(request.method, &choices).map_err(|flaw| contradiction(&flaw))
}

/// Checks that what is said to be decided by the browser's signal grants nothing that it refuses.
fn follows_signal(choices: &Choices, refused: &[PurposeKey]) -> Result<(), Problem> {
    match refused.iter().find(|purpose| choices.grant(purpose, None)) {
        None => Ok(()),
        Some(purpose) => Err(Problem::field(
            &format!("purposes.{purpose}"),
            "contradiction",
            "the signal refuses this purpose; a visitor who grants it by hand does so by `custom`",
        )),
    }
}

fn contradiction(flaw: &Contradiction) -> Problem {
    match flaw {
        Contradiction::UnknownPurpose(key) => Problem::field(
            &format!("purposes.{key}"),
            "unknown_purpose",
            "the site has no such purpose",
        ),
        Contradiction::UnknownService(key) => Problem::field(
            &format!("services.{key}"),
            "unknown_service",
            "the site has no such service",
        ),
        Contradiction::NotAsked(key) => Problem::field(
            &format!("purposes.{key}"),
            "not_asked",
            "a necessary purpose is not asked and cannot be refused",
        ),
        Contradiction::Method(method) => Problem::field(
            "method",
            "contradiction",
            format!("{} does not fit these purposes and services", method.as_str()),
        ),
    }
}
