//! Logging in by an OpenID Connect provider: the authorization code flow (OpenID Connect Core 1.0 §3.1) with PKCE
//! (RFC 7636, S256).
//!
//! The provider says who somebody is, and nothing else: only who has an account gets in, and roles stay ours. An
//! account is found by the address that the provider has verified, once; from then on by issuer and subject, so that
//! whoever is given the address later does not come into it.
//!
//! Nothing is stored of a log-in that has begun. State, nonce and verifier are derived under a key of the
//! collector's from what its browser keeps in a cookie, so that only that browser can end it, with any collector.

pub mod provider;
pub mod token;

use consent_core::{
    ids::{base64url, from_base64url},
    time::{Millis, SECOND},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    desk::Desk,
    log_in::{Browser, Failure, begin, note},
};
use crate::{
    keys::{self, Keys, KeysError},
    store::{
        accounts, identities,
        locks::{self, Lock},
        log_ins::Outcome,
    },
};
pub use provider::SignOn;
use token::Person;

/// How long somebody may take at the provider.
pub const TIME: i64 = 600 * SECOND;
/// The longest address of the back office that is come back to.
const NEXT: usize = 1_000;

/// A log-in that has begun: what its browser keeps, and what follows from that.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// The cookie's value.
    pub cookie: String,
    /// What the provider gives back (RFC 6749 §4.1.1).
    pub state: String,
    /// What the ID token holds.
    pub nonce: String,
    /// What shows that the code is asked for by who began (RFC 7636 §4.1).
    pub verifier: String,
    /// When it is over.
    pub expires: Millis,
    /// Where it leads.
    pub next: String,
}

impl Begun {
    /// A new one.
    ///
    /// # Errors
    /// Where the system has no random numbers.
    pub fn new(keys: &Keys, next: &str, now: Millis) -> Result<Self, KeysError> {
        let random = base64url(&keys::random::<32>()?);
        let expires = now.plus(TIME);
        let next = if next.len() > NEXT { "/office" } else { next };
        let cookie = format!("{random}.{}.{}", expires.0, base64url(next.as_bytes()));
        Ok(Self::of(keys, cookie, expires, next.to_owned()))
    }

    fn of(keys: &Keys, cookie: String, expires: Millis, next: String) -> Self {
        let derived = |what| base64url(&keys.sign_on(what, &cookie));
        let (state, nonce, verifier) = (derived("state"), derived("nonce"), derived("verifier"));
        Self { cookie, state, nonce, verifier, expires, next }
    }

    /// The one of that cookie and state; none where they do not belong together, or its time is over.
    #[must_use]
    pub fn resumed(keys: &Keys, cookie: &str, state: &str, now: Millis) -> Option<Self> {
        let mut parts = cookie.split('.');
        let (_, expires, next) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        let next = String::from_utf8(from_base64url(next)?).ok()?;
        let begun = Self::of(keys, cookie.to_owned(), Millis(expires), next);
        let same = begun.state.as_bytes().ct_eq(state.as_bytes());
        (bool::from(same) && now < begun.expires).then_some(begun)
    }

    /// What is sent of the verifier at first.
    #[must_use]
    pub fn challenge(&self) -> String {
        base64url(&Sha256::digest(&self.verifier))
    }
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No log-in of this browser waits for that answer: it was used, has expired, or was never begun.
    State,
    /// The provider, or somebody there, said no.
    Denied,
    /// The provider cannot be reached, is too slow, or says what nobody understands.
    Down,
    /// What it says of who it is cannot be believed.
    Token(token::Fault),
    /// It has not verified the address, or gives none.
    Unverified,
    /// There is no account for whom it names.
    Nobody,
}

impl Refused {
    /// Its code, for the page and for figures.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::State => "sign_on_state",
            Self::Denied => "sign_on_denied",
            Self::Down => "sign_on_down",
            Self::Token(_) => "sign_on_token",
            Self::Unverified => "sign_on_unverified",
            Self::Nobody => "sign_on_nobody",
        }
    }
}

/// Lets in whom the provider has named; the session's token. Each log-in that was begun lets in once.
///
/// # Errors
/// Where that cannot be judged; then nobody is in.
pub async fn let_in(
    desk: &Desk,
    begun: &Begun,
    (issuer, person): (&str, &Person),
    browser: Browser<'_>,
    now: Millis,
) -> Result<Result<String, Refused>, Failure> {
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let used = super::hash(&begun.state);
    if !identities::use_up(&mut tx, &used, begun.expires, now).await? {
        tx.rollback().await?;
        db.keep();
        return Ok(Err(Refused::State));
    }
    let found = match identities::find(&mut tx, issuer, &person.subject).await? {
        Some(id) => accounts::by_id(&mut tx, id).await?.ok_or(Refused::Nobody),
        None => match &person.verified {
            None => Err(Refused::Unverified),
            Some(email) => match accounts::by_email(&mut tx, email).await? {
                // Where the account is another subject's, the address is somebody else's by now.
                Some(account)
                    if !account.disabled
                        && identities::bind(
                            &mut tx,
                            (issuer, &person.subject),
                            account.id,
                            now,
                        )
                        .await? =>
                {
                    Ok(account)
                }
                _ => Err(Refused::Nobody),
            },
        },
    };
    let token = match found.and_then(|it| if it.disabled { Err(Refused::Nobody) } else { Ok(it) }) {
        Ok(account) => {
            note(&mut tx, account.id, Outcome::Provider, browser, now).await?;
            Ok(begin(&mut tx, account.id, browser, now).await?)
        }
        Err(refused) => Err(refused),
    };
    // What was used stays used, whoever was named.
    tx.commit().await?;
    db.keep();
    Ok(token)
}
