//! What somebody changes about their own log-in: password, app, recovery codes. Each asks for the password anew, so
//! that a browser left alone gives nobody the account.
//!
//! The trails of the account's sites are told of each in its transaction.

use consent_core::time::Millis;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    desk::Desk,
    log_in::{Browser, Failure, Judged, begin, judge, note, still},
    password, recovery, second, totp,
    webauthn::Refusal,
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
    /// There was nothing to do: it is so already, or not any more.
    Nothing,
    /// There were too many tries: the next may come in so many milliseconds.
    Wait(i64),
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
    /// Goes on inside a transaction where the password is right. A wrong code stays held against the address, like a
    /// wrong password.
    pub(super) async fn shown<T>(
        &self,
        password: String,
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
        let done = act(&mut tx).await?;
        if let Done::Code = done {
            log_ins::let_in(&mut tx, &tried, Outcome::Code).await?;
        } else {
            log_ins::forgive(&mut tx, &self.keys.log_in_digest(&self.account.email)).await?;
            log_ins::undo(&mut tx, &tried).await?;
        }
        tx.commit().await?;
        db.keep();
        Ok(done)
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
        self.shown(known, async |db: &mut Connection| {
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
    pub async fn confirm_app(&self, known: String, code: &str) -> Result<Done<Codes>, Failure> {
        let id = self.account.id;
        self.shown(known, async |db: &mut Connection| {
            let app = factors::app(db, id).await?.filter(|app| app.confirmed_at.is_none());
            let Some(app) = app else { return Ok(Done::Nothing) };
            let secret = self.keys.open_totp(id, &app.sealed)?;
            let Some(step) = totp::step(&secret, code, self.now) else { return Ok(Done::Code) };
            factors::confirm(db, id, step, self.now).await?;
            self.end_others(db).await?;
            // Whoever has passkeys has kept them already.
            let codes = self.first_codes(db).await?;
            self.tell(db, "account.totp", json!({ "on": true })).await?;
            Ok(Done::Yes(codes))
        })
        .await
    }

    /// Switches the app off; a code of it is asked for, or a recovery code where it is lost.
    ///
    /// # Errors
    /// Where that cannot be done; then it stays on.
    pub async fn remove_app(&self, known: String, code: &str) -> Result<Done<()>, Failure> {
        self.shown(known, async |db: &mut Connection| {
            let app = factors::app(db, self.account.id).await?;
            if app.is_none_or(|app| app.confirmed_at.is_none()) {
                return Ok(Done::Nothing);
            }
            if second::take(db, self.keys, self.account, code, self.now).await?.is_none() {
                return Ok(Done::Code);
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
    pub async fn renew_codes(&self, known: String) -> Result<Done<Codes>, Failure> {
        self.shown(known, async |db: &mut Connection| {
            if !factors::has_second(db, self.account.id).await? {
                return Ok(Done::Nothing);
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
