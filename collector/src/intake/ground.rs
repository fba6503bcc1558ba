//! Grounds that are given to a lead by hand, and taken back: each with its proof, sealed under the lead's own key, and
//! its entry in the trail, in one transaction. None is given to who has said stop to mail.

use consent_core::{
    ids::LeadId,
    lead::{Basis, Ground},
    time::Millis,
};
use serde_json::json;

use crate::{
    keys::{
        Keys,
        leads::{LeadKeyError, Sealed, WrappedKey},
    },
    store::{
        Connection,
        audit::{self, Actor, Entry},
        leads::{
            self,
            grounds::{self, PROOF, Recorded},
            read::{self, Stored},
        },
        locks::{self, Lock},
        mail::suppression,
        reports::Holding,
        sites::Applied,
    },
};

/// Why nothing could be done.
#[derive(Debug, thiserror::Error)]
pub enum GroundError {
    /// The database did not answer.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// A key is not there.
    #[error("{0}")]
    Key(#[from] LeadKeyError),
}

/// Why a ground was not given, or not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The site has no such lead.
    Unknown,
    /// It was erased then.
    Erased(Millis),
    /// Its person has said stop to mail, then.
    Stopped(Millis),
    /// Its person has confirmed by mail, then.
    Confirmed(Millis),
    /// There is nothing of anybody in it.
    Empty,
    /// It has no ground.
    Locked,
}

/// Whose ground it is, and who says so.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The secrets.
    pub keys: &'a Keys,
    /// The site.
    pub site: &'a Applied,
    /// The lead.
    pub lead: LeadId,
    /// Who says so.
    pub said_by: &'a str,
    /// Who gives the command.
    pub by: &'a Actor,
    /// The time now.
    pub now: Millis,
}

impl Desk<'_> {
    /// Gives the lead a ground, in place of the one it has.
    ///
    /// # Errors
    /// Where the database does not answer, or the lead's key is not there; then nothing is stored.
    pub async fn give(
        &self,
        db: &mut Connection,
        (ground, since): (Ground, Millis),
        proof: &str,
    ) -> Result<Result<(), Refused>, GroundError> {
        let (site, lead) = (self.site.id, self.lead);
        let mut tx = db.begin().await?;
        // A lead that is being changed takes its proofs along, this one too.
        locks::take(&mut tx, Lock::Persons).await?;
        // Changed before it is looked at: whoever stops mail meanwhile waits, and locks the lead again.
        let given =
            grounds::give(&mut tx, site, lead, (Basis::since(ground, since), self.now)).await?;
        let Some(stored) = self.stored(&mut tx).await? else {
            return Ok(Err(self.missing(&mut tx).await?));
        };
        if !given {
            return Ok(Err(Refused::Confirmed(stored.ground_since.unwrap_or(stored.received_at))));
        }
        for digest in grounds::emails(&mut tx, site, lead).await? {
            let address = self.keys.mail_address(&self.site.file.key, &digest);
            if let Some(at) = suppression::find(&mut tx, site, &address).await? {
                return Ok(Err(Refused::Stopped(at)));
            }
        }
        let Some(key) = &stored.sealed.key else { return Ok(Err(Refused::Empty)) };
        let place = (PROOF, stored.version);
        let proof = self.keys.seal_beside(&self.site.file.key, lead, key, place, proof)?;
        let said_by = self.said_by;
        let given = grounds::Ground { ground, since, said_by, proof: &proof };
        grounds::record(&mut tx, site, lead, &given).await?;
        self.tell(&mut tx, "lead.ground", (ground.as_str(), since)).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Takes the ground back that the lead has by hand or by a list: it is locked. What was recorded of it stays as long
    /// as the lead.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn take(&self, db: &mut Connection) -> Result<Result<(), Refused>, GroundError> {
        let mut tx = db.begin().await?;
        let Some(stored) = self.stored(&mut tx).await? else {
            return Ok(Err(self.missing(&mut tx).await?));
        };
        let Some(since) = stored.ground_since else { return Ok(Err(Refused::Locked)) };
        if !grounds::take(&mut tx, self.site.id, self.lead, self.now).await? {
            let confirmed = stored.ground == Ground::OptIn.as_str();
            return Ok(Err(if confirmed { Refused::Confirmed(since) } else { Refused::Locked }));
        }
        self.tell(&mut tx, "lead.unground", (&stored.ground, since)).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Every ground that was given to the lead, with its proof, opened, and whether it is the one that holds; the trail
    /// knows that it was shown.
    ///
    /// # Errors
    /// Where the database does not answer, or a proof does not open.
    pub async fn show(
        &self,
        db: &mut Connection,
    ) -> Result<Result<Vec<(Recorded, String, bool)>, Refused>, GroundError> {
        let mut tx = db.begin().await?;
        let Some(stored) = self.stored(&mut tx).await? else {
            return Ok(Err(self.missing(&mut tx).await?));
        };
        let recorded = grounds::of_lead(&mut tx, self.site.id, self.lead).await?;
        let proofs = recorded.into_iter().map(|one| {
            let proof = open(self.keys, self.site, self.lead, stored.sealed.key.as_ref(), &one)?;
            let holds = one.ground == stored.ground && Some(one.since) == stored.ground_since;
            Ok((one, proof, holds))
        });
        let proofs = proofs.collect::<Result<Vec<_>, LeadKeyError>>()?;
        let entry = self.entry("lead.read", json!({ "grounds": proofs.len() }));
        audit::append(&mut tx, self.site.id, &entry).await?;
        tx.commit().await?;
        Ok(Ok(proofs))
    }

    async fn stored(&self, db: &mut Connection) -> sqlx::Result<Option<Stored>> {
        let holding = Holding { revision: self.site.revision, now: self.now };
        read::one(db, self.site.id, holding, self.lead).await
    }

    async fn missing(&self, db: &mut Connection) -> sqlx::Result<Refused> {
        let erased = leads::erased(db, self.site.id, self.lead).await?;
        Ok(erased.map_or(Refused::Unknown, Refused::Erased))
    }

    async fn tell(
        &self,
        db: &mut Connection,
        action: &'static str,
        (ground, since): (&str, Millis),
    ) -> sqlx::Result<()> {
        let details = json!({ "ground": ground, "since": since.0, "said_by": self.said_by });
        audit::append(db, self.site.id, &self.entry(action, details)).await.map(drop)
    }

    fn entry(&self, action: &'static str, details: serde_json::Value) -> Entry {
        let object = ("lead", self.lead.to_text());
        Entry { at: self.now, by: self.by.clone(), action, object, details }
    }
}

fn open(
    keys: &Keys,
    site: &Applied,
    lead: LeadId,
    key: Option<&WrappedKey>,
    recorded: &Recorded,
) -> Result<String, LeadKeyError> {
    let sealed = Sealed { key: key.cloned(), fields: vec![recorded.proof.clone()] };
    let mut opened = keys.open_lead(&site.file.key, lead, &sealed)?;
    opened.remove(PROOF).ok_or(LeadKeyError::Altered)
}
