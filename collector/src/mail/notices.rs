//! The part of a round that is about requests for one's own data: what asks to confirm one, says that it was received,
//! or what was done.

use std::sync::Arc;

use consent_core::{ids::base64url, time::DAY};
use lettre::Message;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::{
    message::Envelope,
    sender::{Sender, Sent, Settled, UNNEEDED, later, settled},
    transport::Untaken,
};
use crate::{
    clock,
    error::Problem,
    intake::{
        asking::{Act, Done},
        writer::ANSWER_TIME,
    },
    keys::mail::requests::Use,
    site::RequestTold,
    sites::Site,
    store::subjects::{
        self, answer,
        asking::{self, EMAIL},
        post::{self, About, Notice},
    },
};

impl Sender {
    /// Sends what is due of a site.
    pub(super) async fn notices(&self, site: &Arc<Site>) -> Result<Sent, Problem> {
        while self.has_notices(site).await? {
            let Done::Claimed(Some(mail)) = self.writer.asking(Act::Claim(site.id)).await? else {
                break;
            };
            let (sender, of) = (self.clone(), Arc::clone(site));
            let noticed = tokio::spawn(async move { sender.notify(&of, &mail).await }).await;
            if noticed.map_err(|_| Problem::unanswered())?? == Sent::Stuck {
                return Ok(Sent::Stuck);
            }
        }
        Ok(Sent::All)
    }

    async fn has_notices(&self, site: &Site) -> Result<bool, Problem> {
        let asked =
            async { post::is_due(&mut self.readers.acquire().await?, site.id, clock::now()).await };
        Ok(timeout(ANSWER_TIME, asked).await.map_err(|_| Problem::unanswered())??)
    }

    async fn notify(&self, site: &Site, mail: &Notice) -> Result<Sent, Problem> {
        let written = timeout(ANSWER_TIME, self.notice(site, mail)).await;
        let taken = match written.map_err(|_| Problem::unanswered())?? {
            Ok(message) => match self.writer.asking(Act::Hand(mail.clone())).await? {
                Done::Handed(true) => self.transport.send(message).await,
                _ => Err(UNNEEDED),
            },
            Err(untaken) => Err(untaken),
        };
        let Settled { outcome, reason, code, sent } = settled(site, mail.attempts, taken);
        self.writer.asking(Act::Settle(mail.clone(), outcome, reason, code)).await?;
        Ok(sent)
    }

    /// The mail itself, signed. Its address is opened here.
    async fn notice(
        &self,
        site: &Site,
        mail: &Notice,
    ) -> Result<Result<Message, Untaken>, Problem> {
        let mut db = self.readers.acquire().await?;
        let asked = asking::find(&mut db, site.id, mail.id).await?;
        let request = subjects::find(&mut db, site.id, mail.id).await?;
        let answer = answer::find(&mut db, site.id, mail.id).await?;
        drop(db);
        let (Some(asked), Some(own)) = (asked, &site.file.mail) else { return Ok(Err(UNNEEDED)) };
        let fields = match self.keys.open_lead(&site.key, mail.id, &asked.sealed) {
            Ok(fields) => fields,
            Err(error) => {
                tracing::error!(%error, "a request cannot be read, so that nobody is sent its mail");
                return Ok(Err(later("sealed", false)));
            }
        };
        let language = asked.language.as_str();
        let link = |of: Use, until| {
            let token = self.keys.request_token(of, &site.key, mail.id.as_bytes(), until);
            let page = match of {
                Use::Confirm => "request",
                Use::Take => "answer",
            };
            let day = site.date(until.plus(-DAY), language);
            (format!("{}/s/{}/{page}/{token}?lang={language}", self.public_url, site.key), day)
        };
        let (confirm, take) =
            (link(Use::Confirm, asked.until), answer.map(|answer| link(Use::Take, answer.until)));
        let due = request.as_ref().map(|request| site.date(request.due_at, language));
        let state = request.as_ref().map_or("", |request| request.state.as_str());
        let told = match (mail.about, state, &take, &due) {
            (About::Confirm, ..) => RequestTold::Confirm { link: &confirm.0, until: &confirm.1 },
            (About::Received, _, _, Some(due)) => RequestTold::Received { due },
            (About::Answered, "done", Some((link, until)), _) => {
                RequestTold::Handed { link, until }
            }
            // What could have been taken is gone.
            (About::Answered, "done", None, _)
                if ["export", "provision"].contains(&&*asked.kind) =>
            {
                return Ok(Err(UNNEEDED));
            }
            (About::Answered, "done", None, _) => RequestTold::Done,
            (About::Answered, "unknown", ..) => RequestTold::Unknown,
            (About::Answered, "refused", ..) => RequestTold::Refused(&mail.detail),
            _ => return Ok(Err(UNNEEDED)),
        };
        let (Some(to), Some(letter)) =
            (fields.get(EMAIL), site.file.request_letter(language, &asked.kind, told))
        else {
            return Ok(Err(UNNEEDED));
        };
        let name =
            [b"ashiato request mail", &mail.id.as_bytes()[..], mail.about.as_str().as_bytes()];
        let id = Sha256::digest(name.concat());
        let envelope = Envelope {
            sender: site.file.speech(language).say(&own.sender),
            from: &own.from,
            reply_to: own.reply_to.as_deref(),
            to,
            id: &base64url(&id[..12]),
            stop: None,
        };
        Ok(self.signed(&letter, &envelope, own.domain(), clock::now()))
    }
}
