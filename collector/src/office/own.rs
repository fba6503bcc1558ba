//! What somebody changes about their own log-in: password, app, recovery codes. Each asks for the password anew, so
//! that a browser left alone gives nobody the account; and what they show beside it is changed by whoever shows it, so
//! that the password alone does not take the second step off.
//!
//! The trails of the account's sites are told of each in its transaction.

use consent_core::time::Millis;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    desk::Desk,
    log_in::{Browser, Failure, Judged, begin, judge, note, still, uncount},
    passkeys, password, recovery, second, totp,
    webauthn::{Refusal, RelyingParty},
};
use crate::{
    keys::Keys,
    store::{
        Connection,
        accounts::{self, Account, told},
        audit::{Actor, Entry},
        factors,
        locks::{self, Lock},
        log_ins::{self, Outcome},
    },
};

/// What became of something that asks for the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done<T> {
    /// It is done.
    Yes(T),
    /// The password is wrong.
    Password,
    /// The code is wrong, or was used before.
    Code,
    /// The passkey is not taken, for that.
    Passkey(Refusal),
    /// What is asked for beside the password was not shown: it is no code of the account, or was used before; or the passkey
    /// was not taken, for that.
    Unproven(Option<Refusal>),
    /// There was nothing to do: it is so already, or not any more.
    Nothing,
    /// There were too many tries: the next may come in so many milliseconds.
    Wait(i64),
}

/// What somebody shows beside the password, where their account has a second factor.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// A code of the app, or a recovery code.
    pub code: &'a str,
    /// What a passkey says, as a script sent it, where one was shown instead.
    pub passkey: &'a str,
    /// Whose passkeys are shown here, where any can be.
    pub party: Option<&'a RelyingParty>,
}

/// What something asks for beside the password, where the account has a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nothing.
    Nothing,
    /// A [`Proof`]: it is done only once that is taken.
    Proof,
}

/// Recovery codes, as they are shown once.
pub type Codes = Vec<Zeroizing<String>>;

/// Whose own account it is, and from where they change it.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// The way to write.
    pub desk: &'a Desk,
    /// The secrets.
    pub keys: &'a Keys,
    /// The account.
    pub account: &'a Account,
    /// The browser.
    pub browser: Browser<'a>,
    /// The hash of the session's token.
    pub session: &'a [u8],
    /// The time.
    pub now: Millis,
}

impl Own<'_> {
    /// Goes on inside a transaction where the password is right. A wrong code or passkey stays held against the address,
    /// like a wrong password; and where there is a second factor, what was wrong before is forgiven only where that was
    /// shown too.
    pub(super) async fn shown<T>(
        &self,
        (password, beside): (String, Beside),
        act: impl AsyncFnOnce(&mut Connection) -> Result<Done<T>, Failure>,
    ) -> Result<Done<T>, Failure> {
        let pair = (self.account.email.as_str(), password);
        let (account, tried) =
            match judge(self.desk, self.keys, pair, self.browser, self.now).await? {
                Judged::Right(account, tried) => (account, tried),
                Judged::Wrong => return Ok(Done::Password),
                Judged::Wait(ms) => return Ok(Done::Wait(ms)),
            };
        let mut db = self.desk.hold().await?;
        let mut tx = db.begin().await?;
        locks::take(&mut tx, Lock::Accounts).await?;
        if !still(&mut tx, &account).await? {
            tx.rollback().await?;
            db.keep();
            return Ok(Done::Password);
        }
        let alone = !factors::has_second(&mut tx, account.id).await?;
        let done = act(&mut tx).await?;
        let proven = beside == Beside::Proof && matches!(done, Done::Yes(_));
        let wrong = match &done {
            Done::Code | Done::Unproven(None) => Some(Outcome::Code),
            Done::Unproven(Some(_)) => Some(Outcome::NoPasskey),
            _ => None,
        };
        if let Some(outcome) = wrong {
            log_ins::let_in(&mut tx, &tried, outcome).await?;
        } else {
            let digest = self.keys.log_in_digest(&self.account.email);
            if alone || proven {
                log_ins::forgive(&mut tx, &digest).await?;
            } else {
                uncount(&mut tx, &digest, self.now).await?;
            }
            log_ins::undo(&mut tx, &tried).await?;
        }
        tx.commit().await?;
        db.keep();
        Ok(done)
    }

    /// Takes what is shown beside the password, once: what is to be said where it is not taken. Nothing is asked for where
    /// the account has no second factor.
    pub(super) async fn unproven<T>(
        &self,
        db: &mut Connection,
        proof: Proof<'_>,
    ) -> Result<Option<Done<T>>, Failure> {
        if !factors::has_second(db, self.account.id).await? {
            return Ok(None);
        }
        if let Some(party) = proof.party.filter(|_| !proof.passkey.is_empty()) {
            let refused = passkeys::refused(db, self, party, proof.passkey).await?;
            return Ok(refused.map(|refusal| Done::Unproven(Some(refusal))));
        }
        let taken = second::take(db, self.keys, self.account, proof.code, self.now).await?;
        Ok(taken.is_none().then_some(Done::Unproven(None)))
    }

    /// Changes the password, ends every other session and begins a new one; its token.
    ///
    /// # Errors
    /// Where that cannot be done; then the password stays as it was.
    pub async fn change_password(
        &self,
        known: String,
        given: String,
    ) -> Result<Done<String>, Failure> {
        let kept = password::hash(given).await?;
        self.shown((known, Beside::Nothing), async |db: &mut Connection| {
            accounts::set_password(db, self.account.id, &kept).await?;
            log_ins::end_all(db, self.account.id).await?;
            factors::end_waiting_of(db, self.account.id).await?;
            note(db, self.account.id, Outcome::Changed, self.browser, self.now).await?;
            let token = begin(db, self.account.id, self.browser, self.now).await?;
            self.tell(db, "account.password", json!({})).await?;
            Ok(Done::Yes(token))
        })
        .await
    }

    /// Makes the secret of an app, unless one is there; one that counts stays.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub async fn set_up_app(&self) -> Result<(), Failure> {
        let secret = totp::secret()?;
        let sealed = self.keys.seal_totp(self.account.id, &secret)?;
        let mut db = self.desk.hold().await?;
        factors::set_up(&mut db, self.account.id, &sealed, self.now).await?;
        db.keep();
        Ok(())
    }

    /// Has the app count that shows this code; recovery codes are made with it where there are none.
    ///
    /// # Errors
    /// Where that cannot be done; then it does not count.
    pub async fn confirm_app(
        &self,
        (known, proof): (String, Proof<'_>),
        code: &str,
    ) -> Result<Done<Codes>, Failure> {
        let id = self.account.id;
        self.shown((known, Beside::Proof), async |db: &mut Connection| {
            let app = factors::app(db, id).await?.filter(|app| app.confirmed_at.is_none());
            let Some(app) = app else { return Ok(Done::Nothing) };
            let secret = self.keys.open_totp(id, &app.sealed)?;
            let Some(step) = totp::step(&secret, code, self.now) else { return Ok(Done::Code) };
            if let Some(refused) = self.unproven(db, proof).await? {
                return Ok(refused);
            }
            factors::confirm(db, id, step, self.now).await?;
            self.end_others(db).await?;
            // Whoever has passkeys has kept them already.
            let codes = self.first_codes(db).await?;
            self.tell(db, "account.totp", json!({ "on": true })).await?;
            Ok(Done::Yes(codes))
        })
        .await
    }

    /// Switches the app off.
    ///
    /// # Errors
    /// Where that cannot be done; then it stays on.
    pub async fn remove_app(
        &self,
        (known, proof): (String, Proof<'_>),
    ) -> Result<Done<()>, Failure> {
        self.shown((known, Beside::Proof), async |db: &mut Connection| {
            let app = factors::app(db, self.account.id).await?;
            if app.is_none_or(|app| app.confirmed_at.is_none()) {
                return Ok(Done::Nothing);
            }
            if let Some(refused) = self.unproven(db, proof).await? {
                return Ok(refused);
            }
            factors::remove_app(db, self.account.id).await?;
            self.forget_codes(db).await?;
            self.tell(db, "account.totp", json!({ "on": false })).await?;
            Ok(Done::Yes(()))
        })
        .await
    }

    /// Makes recovery codes anew; those of before are worth nothing any more.
    ///
    /// # Errors
    /// Where that cannot be done; then those of before stay.
    pub async fn renew_codes(
        &self,
        (known, proof): (String, Proof<'_>),
    ) -> Result<Done<Codes>, Failure> {
        self.shown((known, Beside::Proof), async |db: &mut Connection| {
            if !factors::has_second(db, self.account.id).await? {
                return Ok(Done::Nothing);
            }
            if let Some(refused) = self.unproven(db, proof).await? {
                return Ok(refused);
            }
            let codes = self.renew(db).await?;
            self.tell(db, "account.codes", json!({})).await?;
            Ok(Done::Yes(codes))
        })
        .await
    }

    /// Ends what was begun before there was this second factor, but for the session that sets it up.
    pub(super) async fn end_others(&self, db: &mut Connection) -> sqlx::Result<()> {
        log_ins::end_others(db, self.account.id, self.session).await?;
        factors::end_waiting_of(db, self.account.id).await
    }

    /// Recovery codes with whatever is set up first; none where there are some.
    pub(super) async fn first_codes(&self, db: &mut Connection) -> Result<Codes, Failure> {
        match factors::codes(db, self.account.id).await? {
            0 => self.renew(db).await,
            _ => Ok(Codes::new()),
        }
    }

    /// Recovery codes recover nothing any more once nothing is asked for beside the password.
    pub(super) async fn forget_codes(&self, db: &mut Connection) -> Result<(), Failure> {
        if !factors::has_second(db, self.account.id).await? {
            factors::set_codes(db, self.account.id, &[]).await?;
            factors::end_waiting_of(db, self.account.id).await?;
        }
        Ok(())
    }

    async fn renew(&self, db: &mut Connection) -> Result<Codes, Failure> {
        let codes = recovery::made()?;
        let digest = |code: &Zeroizing<String>| {
            let letters = recovery::letters(code)?;
            Some(self.keys.recovery_digest(self.account.id, &letters))
        };
        let digests: Vec<_> = codes.iter().filter_map(digest).collect();
        factors::set_codes(db, self.account.id, &digests).await?;
        Ok(codes)
    }

    pub(super) async fn tell(
        &self,
        db: &mut Connection,
        action: &'static str,
        details: Value,
    ) -> Result<(), Failure> {
        let id = self.account.id.0.to_string();
        let (by, object) = (Actor::Account(id.clone()), ("account", id));
        let entry = Entry { at: self.now, by, action, object, details };
        Ok(told::tell_of(db, self.account.id, &entry).await?)
    }
}
