//! The collector's turn at the outbox: one mail after another, each looked at again right before it is handed over.
//!
//! A mail is sent once, as far as SMTP allows: where a collector or the connection dies between the server's taking a
//! mail and its yes, nobody knows, and it is sent again, under the same Message-ID.

use std::sync::Arc;

use consent_core::{
    contact::Contact,
    ids::base64url,
    time::{Millis, SECOND},
};
use lettre::Message;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::{
    message::{Envelope, message},
    transport::{Transport, Untaken},
};
use crate::{
    clock,
    error::Problem,
    intake::{
        mail::{Act, CONFIRM_WITHIN, Done},
        writer::{ANSWER_TIME, Writer},
    },
    keys::{Keys, mail::Confirm},
    site::{Letter, Told},
    sites::{Site, Sites},
    store::{
        Readers,
        leads::read,
        mail::{
            self as store,
            outbox::{self, Claimed, Outcome},
        },
        reports::Holding,
    },
};

/// How long is waited before a mail is tried again: after the last of these it is given up.
const PAUSES: [i64; 8] = [60, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400];

/// What sends mail.
#[derive(Clone, Debug)]
pub struct Sender {
    /// By what it leaves.
    pub transport: Transport,
    /// The sites in force.
    pub sites: Sites,
    /// The secrets.
    pub keys: Arc<Keys>,
    /// The way to the database.
    pub writer: Writer,
    /// The way to read it.
    pub readers: Readers,
    /// The address by which people reach the collector.
    pub public_url: Arc<str>,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing is due any more.
    All,
    /// The mail server takes nothing now.
    Stuck,
}

impl Sender {
    /// Sends all that is due.
    ///
    /// # Errors
    /// Where the database does not answer; what was begun is tried again when its lease has run out.
    pub async fn round(&self) -> Result<Sent, Problem> {
        for site in self.sites.all() {
            if site.file.mail.is_none() {
                continue;
            }
            while self.is_due(&site).await? {
                let Done::Claimed(Some(mail)) = self.writer.mail(Act::Claim(site.id)).await? else {
                    break;
                };
                // Of its own, so that a collector that stops ends what it has begun to hand over.
                let (sender, of) = (self.clone(), Arc::clone(&site));
                let delivered = tokio::spawn(async move { sender.deliver(&of, &mail).await }).await;
                if delivered.map_err(|_| Problem::unanswered())?? == Sent::Stuck {
                    return Ok(Sent::Stuck);
                }
            }
            if self.notices(&site).await? == Sent::Stuck {
                return Ok(Sent::Stuck);
            }
        }
        Ok(Sent::All)
    }

    async fn is_due(&self, site: &Site) -> Result<bool, Problem> {
        let asked = async {
            outbox::is_due(&mut self.readers.acquire().await?, site.id, clock::now()).await
        };
        Ok(timeout(ANSWER_TIME, asked).await.map_err(|_| Problem::unanswered())??)
    }

    async fn deliver(&self, site: &Site, mail: &Claimed) -> Result<Sent, Problem> {
        let written = timeout(ANSWER_TIME, self.write(site, mail)).await;
        let sent = match written.map_err(|_| Problem::unanswered())?? {
            Ok(message) => match self.writer.mail(Act::Hand(mail.clone())).await? {
                Done::Handed(true) => self.transport.send(message).await,
                // Confirmed, stopped or erased meanwhile.
                _ => Err(UNNEEDED),
            },
            Err(untaken) => Err(untaken),
        };
        let Settled { outcome, reason, code, sent } = settled(site, mail.attempts, sent);
        self.writer.mail(Act::Settle(mail.clone(), outcome, reason, code)).await?;
        Ok(sent)
    }

    /// The mail itself, signed. Its address is opened here and nowhere else.
    async fn write(
        &self,
        site: &Site,
        mail: &Claimed,
    ) -> Result<Result<Message, Untaken>, Problem> {
        let mut db = self.readers.acquire().await?;
        let holding = Holding { revision: site.policy.revision(), now: clock::now() };
        let lead = read::one(&mut db, site.id, holding, mail.lead).await?;
        let opt_in = store::find(&mut db, site.id, &mail.id).await?;
        drop(db);
        let (Some(lead), Some(opt_in), Some(own)) = (lead, opt_in, &site.file.mail) else {
            return Ok(Err(UNNEEDED));
        };
        let fields = match self.keys.open_lead(&site.key, lead.id, &lead.sealed) {
            Ok(fields) => fields,
            Err(error) => {
                tracing::error!(%error, "a lead cannot be read, so that nobody is sent its mail");
                return Ok(Err(later("sealed", false)));
            }
        };
        let to =
            fields.get(&mail.field).and_then(|value| Contact::email(value).map(|it| (value, it)));
        // A lead that was corrected meanwhile has another address, whose owner was never asked for anything.
        let same = |contact: &Contact| self.keys.lead_digest(&site.key, contact) == mail.digest;
        let Some((to, _)) = to.filter(|(_, contact)| same(contact)) else {
            return Ok(Err(for_good("changed")));
        };
        let now = clock::now();
        let last_day = now.plus(CONFIRM_WITHIN);
        // It works until that day is over wherever the reader is.
        let until = last_day.plus(consent_core::time::DAY);
        let token = self.keys.confirm_token(&site.key, Confirm { id: mail.id, until });
        let stop = self.keys.stop_token(&site.key, &mail.digest);
        let folder = format!("{}/s/{}", self.public_url, site.key);
        let language = opt_in.language.as_str();
        let stop = format!("{folder}/stop/{stop}");
        let told = Told {
            language,
            wording: &opt_in.wording,
            confirm: &format!("{folder}/confirm/{token}?lang={language}"),
            stop: &format!("{stop}?lang={language}"),
            until: &site.date(last_day, language),
        };
        let Some(letter) = site.file.letter(told) else { return Ok(Err(UNNEEDED)) };
        let speech = site.file.speech(language);
        let id = Sha256::digest([b"ashiato mail id", &mail.id[..]].concat());
        let envelope = Envelope {
            sender: speech.say(&own.sender),
            from: &own.from,
            reply_to: own.reply_to.as_deref(),
            to,
            id: &base64url(&id[..12]),
            stop: Some(&stop),
        };
        Ok(self.signed(&letter, &envelope, own.domain(), now))
    }

    /// The message, signed.
    pub(super) fn signed(
        &self,
        letter: &Letter,
        envelope: &Envelope<'_>,
        domain: &str,
        now: Millis,
    ) -> Result<Message, Untaken> {
        let mut message = message(letter, envelope).ok_or_else(|| for_good("address"))?;
        if let Err(error) = self.keys.sign_mail(&mut message, domain, now) {
            tracing::error!(%error, "mail waits");
            return Err(later("unsigned", true));
        }
        Ok(message)
    }
}

/// What is written down of a mail, and what its round does next.
pub(super) struct Settled {
    pub(super) outcome: Outcome,
    pub(super) reason: &'static str,
    pub(super) code: Option<u16>,
    pub(super) sent: Sent,
}

/// What became of a mail; the log is told.
pub(super) fn settled(site: &Site, attempts: i64, sent: Result<(), Untaken>) -> Settled {
    let site = site.key.as_str();
    let Err(untaken) = sent else {
        tracing::info!(site, "a mail was handed over");
        return Settled { outcome: Outcome::Sent, reason: "", code: None, sent: Sent::All };
    };
    let Untaken { reason, code, all, .. } = untaken;
    let outcome = after(attempts, untaken, clock::now());
    if untaken != UNNEEDED {
        let given_up = outcome == Outcome::Failed;
        tracing::warn!(site, reason, code, given_up, "a mail was not taken");
    }
    Settled { outcome, reason, code, sent: if all { Sent::Stuck } else { Sent::All } }
}

/// Nobody wants it any more.
pub(super) const UNNEEDED: Untaken = for_good("unneeded");

const fn for_good(reason: &'static str) -> Untaken {
    Untaken { reason, code: None, for_good: true, all: false }
}

pub(super) const fn later(reason: &'static str, all: bool) -> Untaken {
    Untaken { reason, code: None, for_good: false, all }
}

/// What becomes of a mail that was not taken.
fn after(attempts: i64, untaken: Untaken, now: Millis) -> Outcome {
    let tries = usize::try_from(attempts).unwrap_or(usize::MAX);
    match PAUSES.get(tries.saturating_sub(1)) {
        Some(pause) if !untaken.for_good => Outcome::Later(now.plus(pause * SECOND)),
        _ => Outcome::Failed,
    }
}
