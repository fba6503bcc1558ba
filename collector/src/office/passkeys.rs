//! Passkeys: made by somebody who is logged in, and shown instead of the password or beside it.
//!
//! A passkey is taken only of somebody whom their authenticator has verified, so that it is two factors by itself and
//! the log-in asks for nothing more. It cannot be guessed: nothing is counted against an address here.

use consent_core::time::Millis;
use serde_json::json;

use super::{
    desk::Desk,
    hash,
    log_in::{Browser, Failure, begin, note},
    own::{Beside, Codes, Done, Own, Proof},
    second::{self, Second},
    webauthn::{Made, Refusal, RelyingParty, Shown},
};
use crate::{
    keys::{Keys, factors::challenges::Ceremony},
    store::{
        Connection,
        accounts::{self, Account},
        locks::{self, Lock},
        log_ins::Outcome,
        passkeys::{self, Passkey},
    },
};

/// Passkeys of an account, at most.
const MOST: usize = 20;
/// Letters of a passkey's name, at most.
const NAME: usize = 60;

impl Own<'_> {
    /// Keeps a passkey that was made under this log-in; recovery codes are made with the first.
    ///
    /// # Errors
    /// Where that cannot be done; then there is none.
    pub async fn add_passkey(
        &self,
        party: &RelyingParty,
        (known, proof): (String, Proof<'_>),
        (name, made): (&str, &str),
    ) -> Result<Done<Codes>, Failure> {
        let mut until = None;
        let waits = |challenge: &[u8]| {
            until = self.keys.challenge_end(Ceremony::Make(self.session), challenge, self.now);
            until.is_some()
        };
        let new = match Made::read(made).and_then(|made| made.verify(party, waits)) {
            Ok(new) => new,
            Err(refusal) => return Ok(Done::Passkey(refusal)),
        };
        let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
        let name: String = name.trim().chars().take(NAME).collect();
        self.shown((known, Beside::Proof), async |db: &mut Connection| {
            if let Some(refused) = self.unproven(db, proof).await? {
                return Ok(refused);
            }
            let end = until.unwrap_or(self.now);
            if !passkeys::answer(db, &hash_of(&new.challenge), end, self.now).await? {
                return Ok(Done::Passkey(Refusal::Challenge));
            }
            let own = passkeys::of(db, self.account.id).await?;
            let passkey = Passkey {
                id: new.id,
                account: self.account.id,
                name: if name.is_empty() { format!("{}", own.len() + 1) } else { name },
                key: new.key,
                counter: i64::from(new.counter),
                backup_eligible: new.backup_eligible,
                made_at: self.now,
                used_at: None,
            };
            if own.len() >= MOST || !passkeys::add(db, &passkey).await? {
                return Ok(Done::Passkey(Refusal::Taken));
            }
            self.end_others(db).await?;
            let codes = self.first_codes(db).await?;
            self.tell(db, "account.passkey", json!({ "added": true })).await?;
            Ok(Done::Yes(codes))
        })
        .await
    }

    /// Forgets a passkey.
    ///
    /// # Errors
    /// Where that cannot be done; then it stays.
    pub async fn remove_passkey(
        &self,
        (known, proof): (String, Proof<'_>),
        id: &[u8],
    ) -> Result<Done<()>, Failure> {
        self.shown((known, Beside::Proof), async |db: &mut Connection| {
            let own = passkeys::of(db, self.account.id).await?;
            if !own.iter().any(|passkey| passkey.id == id) {
                return Ok(Done::Nothing);
            }
            if let Some(refused) = self.unproven(db, proof).await? {
                return Ok(refused);
            }
            passkeys::remove(db, self.account.id, id).await?;
            self.forget_codes(db).await?;
            self.tell(db, "account.passkey", json!({ "added": false })).await?;
            Ok(Done::Yes(()))
        })
        .await
    }
}

/// Logs in by a passkey alone; the session's token, or why not.
///
/// # Errors
/// Where that cannot be judged; then nobody is in.
pub async fn log_in(
    (desk, keys, party): (&Desk, &Keys, &RelyingParty),
    sent: &str,
    browser: Browser<'_>,
    now: Millis,
) -> Result<Result<String, Refusal>, Failure> {
    let shown = match Shown::read(sent) {
        Ok(shown) => shown,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let whose = whose(&mut tx, &shown).await?;
    let done = match whose {
        None => Err(Refusal::Unknown),
        // Whoever has to say who they are is told by the authenticator (section 7.2, step 6).
        Some((_, account))
            if shown.user_handle().is_none_or(|own| own != keys.user_handle(account.id)) =>
        {
            Err(Refusal::Unknown)
        }
        Some((passkey, account)) => {
            let taken =
                take(&mut tx, (keys, party), (&passkey, &shown), Ceremony::LogIn, now).await?;
            match taken {
                Ok(()) => {
                    note(&mut tx, account.id, Outcome::Passkey, browser, now).await?;
                    Ok(begin(&mut tx, account.id, browser, now).await?)
                }
                Err(refusal) => {
                    note(&mut tx, account.id, Outcome::NoPasskey, browser, now).await?;
                    Err(refusal)
                }
            }
        }
    };
    tx.commit().await?;
    db.keep();
    Ok(done)
}

/// Goes on by a passkey with the log-in that waits under that token.
///
/// # Errors
/// Where that cannot be judged; then nobody is in.
pub async fn go_on(
    (desk, keys, party): (&Desk, &Keys, &RelyingParty),
    (token, sent): (&str, &str),
    browser: Browser<'_>,
    now: Millis,
) -> Result<Second, Failure> {
    let Ok(shown) = Shown::read(sent) else { return Ok(Second::Refused) };
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let hash = hash(token);
    let done = match second::waiting(&mut tx, &hash, now).await? {
        None => Second::Over,
        Some((waiting, account)) => {
            let own = whose(&mut tx, &shown).await?.filter(|(_, other)| other.id == account.id);
            let taken = match own {
                None => Err(Refusal::Unknown),
                Some((passkey, _)) => {
                    let ceremony = Ceremony::GoOn(&hash);
                    take(&mut tx, (keys, party), (&passkey, &shown), ceremony, now).await?
                }
            };
            if taken.is_ok() {
                let whose = (&hash, waiting, &account);
                let how = (Outcome::SecondPasskey, browser);
                Second::In(second::enter(&mut tx, keys, whose, how, now).await?, None)
            } else {
                note(&mut tx, account.id, Outcome::NoPasskey, browser, now).await?;
                Second::Refused
            }
        }
    };
    tx.commit().await?;
    db.keep();
    Ok(done)
}

/// Takes a passkey that somebody shows who is logged in, to change how they log in: why not, where it is not taken.
pub(super) async fn refused(
    db: &mut Connection,
    own: &Own<'_>,
    party: &RelyingParty,
    sent: &str,
) -> Result<Option<Refusal>, Failure> {
    let shown = match Shown::read(sent) {
        Ok(shown) => shown,
        Err(refusal) => return Ok(Some(refusal)),
    };
    let whose = whose(db, &shown).await?.filter(|(_, account)| account.id == own.account.id);
    let Some((passkey, _)) = whose else { return Ok(Some(Refusal::Unknown)) };
    let ceremony = Ceremony::Change(own.session);
    Ok(take(db, (own.keys, party), (&passkey, &shown), ceremony, own.now).await?.err())
}

fn hash_of(challenge: &[u8]) -> [u8; 32] {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(challenge).into()
}

/// The passkey that is shown, and whose it is, where they may log in.
async fn whose(db: &mut Connection, shown: &Shown) -> Result<Option<(Passkey, Account)>, Failure> {
    let Ok(id) = shown.id() else { return Ok(None) };
    let Some(passkey) = passkeys::find(db, &id).await? else { return Ok(None) };
    let account = accounts::by_id(db, passkey.account).await?;
    Ok(account.filter(|account| !account.disabled).map(|account| (passkey, account)))
}

/// Takes what a passkey says, once.
async fn take(
    db: &mut Connection,
    (keys, party): (&Keys, &RelyingParty),
    (passkey, shown): (&Passkey, &Shown),
    ceremony: Ceremony<'_>,
    now: Millis,
) -> Result<Result<(), Refusal>, Failure> {
    let mut until = None;
    let waits = |challenge: &[u8]| {
        until = keys.challenge_end(ceremony, challenge, now);
        until.is_some()
    };
    let verified = match shown.verify(party, &passkey.key, waits) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if verified.backup_eligible != passkey.backup_eligible {
        return Ok(Err(Refusal::Malformed));
    }
    let end = until.unwrap_or(now);
    if !passkeys::answer(db, &hash_of(&verified.challenge), end, now).await? {
        return Ok(Err(Refusal::Challenge));
    }
    if !passkeys::use_it(db, &passkey.id, verified.counter, now).await? {
        return Ok(Err(Refusal::Counter));
    }
    Ok(Ok(()))
}
