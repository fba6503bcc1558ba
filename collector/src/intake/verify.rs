//! Who signed this, and may they?

use consent_core::{
    ids::{SiteKey, VisitorHash, VisitorId},
    jws::{Flaw, Signed},
    time::{Millis, SECOND, SIGNATURE_TOLERANCE},
};

use crate::{
    error::Problem,
    keys::Keys,
    session::{LIFETIME, Session},
};

/// A body whose signature verifies.
#[derive(Clone, Debug)]
pub struct Verified<'a> {
    /// The session that signed it.
    pub session: Session,
    /// The session's own string.
    pub session_text: String,
    /// The payload as it was signed.
    pub payload: &'a str,
    /// When, by the signer's clock.
    pub signed_at: Millis,
    /// The signature.
    pub signature: [u8; 32],
}

/// Verifies a signed body.
///
/// # Errors
/// 401 where it is unsigned, or its session or signature does not hold now.
pub fn open<'a>(keys: &Keys, body: &'a str, now: Millis) -> Result<Verified<'a>, Problem> {
    let signed = Signed::parse(body).map_err(|flaw| {
        let code = match flaw {
            Flaw::NoPayload | Flaw::NotDetached => "unsigned",
            Flaw::Header | Flaw::Algorithm | Flaw::Signature => "signature_malformed",
        };
        Problem::unauthorized(code, flaw.to_string())
    })?;
    let unknown =
        || Problem::unauthorized("session_unknown", "the kid is not a session of this collector");
    let session = Session::parse(&signed.session).ok_or_else(unknown)?;
    let key = keys.session_key(&signed.session, now).ok_or_else(unknown)?;
    let payload = signed.verify(&key).ok_or_else(|| {
        Problem::unauthorized("signature_invalid", "the signature is not that of this session")
    })?;
    // One that ends later than a session can was opened by a clock that has been set back since.
    if now >= session.expires || session.expires > now.plus(LIFETIME + SIGNATURE_TOLERANCE) {
        return Err(Problem::unauthorized(
            "session_expired",
            "the session has ended; open another by POST /v1/sessions",
        ));
    }
    let iat = signed.iat.saturating_mul(SECOND);
    if (now.0.saturating_sub(iat)).saturating_abs() > SIGNATURE_TOLERANCE {
        return Err(Problem::unauthorized(
            "signature_expired",
            "iat is more than 5 minutes off; correct the clock by `now` of POST /v1/sessions",
        ));
    }
    let signature = *signed.signature();
    Ok(Verified {
        session,
        session_text: signed.session,
        payload,
        signed_at: Millis(iat),
        signature,
    })
}

/// The site that a body says its session is of, verified or not: to count by, and for nothing else.
#[must_use]
pub fn claimed_site(body: &str) -> Option<SiteKey> {
    Some(Session::parse(&Signed::parse(body).ok()?.session)?.site)
}

impl Verified<'_> {
    /// Checks that the body speaks of the site whose session signed it.
    ///
    /// # Errors
    /// 401 where it does not.
    pub fn for_site(&self, site: &str) -> Result<(), Problem> {
        if self.session.site.as_str() == site {
            return Ok(());
        }
        Err(Problem::unauthorized("session_other_site", "the session is one of another site"))
    }

    /// Checks that the body speaks of the visitor for whom the session was opened; by what the site knows them.
    ///
    /// # Errors
    /// 401 where it does not.
    pub fn for_visitor(&self, keys: &Keys, visitor: VisitorId) -> Result<VisitorHash, Problem> {
        match &self.session.visitor {
            Some(hash) if keys.is_visitor(&self.session.site, visitor, hash) => Ok(*hash),
            Some(_) => Err(Problem::unauthorized(
                "session_other_visitor",
                "the session was opened for another visitor",
            )),
            None => Err(Problem::unauthorized(
                "session_without_visitor",
                "the session was opened without a visitor; it can record a decision or carry a form, no more",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use consent_core::jws;

    use super::*;

    const NOW: Millis = Millis(1_800_000_000_000);

    fn keys() -> Keys {
        Keys::of([1; 32], [2; 32], [3; 32])
    }

    fn session(visitor: Option<VisitorId>) -> String {
        let site = "shop".parse().unwrap();
        let visitor = visitor.map(|visitor| keys().visitor_hash(&site, visitor));
        let session = Session { site, expires: NOW.plus(1_000_000), visitor };
        keys().open_session(&session, &[4; 16], NOW).0
    }

    fn code(body: &str, now: Millis) -> &'static str {
        open(&keys(), body, now).unwrap_err().code
    }

    fn signed(session: &str, at: Millis) -> String {
        let key = keys().session_key(session, at).unwrap_or([0; 32]);
        jws::sign(&key, session, at, "{}")
    }

    #[test]
    fn a_good_signature_opens_the_payload() {
        let body = signed(&session(None), NOW);
        assert_eq!(open(&keys(), &body, NOW).unwrap().payload, "{}");
    }

    #[test]
    fn what_is_unsigned_altered_forged_or_out_of_time_is_refused() {
        let text = session(None);
        let body = signed(&text, NOW);
        assert_eq!(code("{}", NOW), "unsigned");
        assert_eq!(code(&body.replace("{}", "{ }"), NOW), "signature_invalid");
        let foreign = jws::sign(&[0; 32], &text, NOW, "{}");
        assert_eq!(code(&foreign, NOW), "signature_invalid");
        let later =
            text.replacen(&format!("{:x}", NOW.0 + 1_000_000), &format!("{:x}", NOW.0 * 2), 1);
        assert_ne!(later, text);
        let stretched = jws::sign(&keys().session_key(&text, NOW).unwrap(), &later, NOW, "{}");
        assert_eq!(code(&stretched, NOW), "signature_invalid");
        assert_eq!(code(&signed(&text, NOW), NOW.plus(1_000_000)), "session_expired");
        let off = SIGNATURE_TOLERANCE + 1_000;
        assert_eq!(code(&signed(&text, NOW.plus(-off)), NOW), "signature_expired");
        assert_eq!(code(&signed(&text, NOW.plus(off)), NOW), "signature_expired");
        assert_eq!(code(&signed("someone", NOW), NOW), "session_unknown");
        let foreign = Keys::of([9; 32], [2; 32], [3; 32]);
        let session = Session { site: "shop".parse().unwrap(), expires: NOW, visitor: None };
        let (theirs, key) = foreign.open_session(&session, &[4; 16], NOW);
        assert_eq!(code(&jws::sign(&key, &theirs, NOW, "{}"), NOW), "session_unknown");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_session_last_longer() {
        let text = session(None);
        let back = NOW.plus(-2 * LIFETIME);
        assert_eq!(code(&signed(&text, NOW), back), "session_expired");
        assert_eq!(code(&signed(&text, back), back), "session_expired", "nor by its page's clock");
        let little = NOW.plus(-60 * SECOND);
        assert!(
            open(&keys(), &signed(&text, NOW), little).is_ok(),
            "a minute is within what clocks differ"
        );
    }

    #[test]
    fn a_session_speaks_for_its_own_site_and_visitor_only() {
        let (mine, other) = (VisitorId::from_bytes([8; 16]), VisitorId::from_bytes([9; 16]));
        let body = signed(&session(Some(mine)), NOW);
        let verified = open(&keys(), &body, NOW).unwrap();
        assert!(verified.for_site("shop").is_ok());
        assert_eq!(verified.for_site("shop2").unwrap_err().code, "session_other_site");
        let hash = keys().visitor_hash(&"shop".parse().unwrap(), mine);
        assert_eq!(verified.for_visitor(&keys(), mine).unwrap(), hash);
        let refused = verified.for_visitor(&keys(), other).unwrap_err();
        assert_eq!(refused.code, "session_other_visitor");
        let body = signed(&session(None), NOW);
        let refused = open(&keys(), &body, NOW).unwrap().for_visitor(&keys(), mine).unwrap_err();
        assert_eq!(refused.code, "session_without_visitor");
    }
}
