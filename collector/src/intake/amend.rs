//! Putting right what a stored lead holds: opened, changed, and sealed anew under a key of its own, with the proofs of its
//! grounds, which were sealed under the key that goes.
//!
//! Grounds are of a person, and nothing that is changed here gives one. An opt-in is of one address: where the lead has
//! others afterwards, nobody has confirmed those, and the lead is locked. So it is where the new address is of somebody
//! who has said stop.

use std::collections::BTreeMap;

use consent_core::{
    contact::ContactKind,
    form::Form,
    ids::{LeadId, SiteKey},
    lead::Ground,
    time::Millis,
};

use super::leads::{contacts_held, digests};
use crate::{
    keys::{
        Keys,
        leads::{Fields, LeadKeyError, Sealed, SealedField},
    },
    store::{
        Connection, SiteId,
        leads::{
            self as store, Correction, Digest,
            grounds::{self, PROOF},
            read::Stored,
        },
        mail::{self, Address, suppression},
    },
};

/// A lead with the proofs of its grounds, sealed, as it was read.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The lead.
    pub lead: Stored,
    /// What proves its grounds, by since when each holds.
    pub proofs: Vec<(Millis, SealedField)>,
}

impl Seen {
    /// With the proofs of a lead. One of another version than the lead's is left as it is: either somebody has changed
    /// the lead since it was read, so that no change of what was seen is stored, or its key went with a correction of a
    /// version that did not seal it anew.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of(db: &mut Connection, site: SiteId, lead: Stored) -> sqlx::Result<Self> {
        let proofs = proofs_of(db, site, lead.id, lead.version).await?;
        Ok(Self { lead, proofs })
    }
}

async fn proofs_of(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    version: i64,
) -> sqlx::Result<Vec<(Millis, SealedField)>> {
    let grounds = grounds::of_lead(db, site, lead).await?;
    let proofs = grounds.into_iter().map(|own| (own.since, own.proof));
    Ok(proofs.filter(|(_, proof)| proof.version == version).collect())
}

/// A change of a lead, sealed: from here on nobody meets what is written in it.
#[derive(Clone, Debug)]
pub struct Amendment {
    lead: LeadId,
    seen: i64,
    /// The proofs of its grounds as they were seen.
    proven: Vec<(Millis, SealedField)>,
    sealed: Sealed,
    proofs: Vec<(Millis, SealedField)>,
    digests: Vec<Digest>,
    /// By what it is known who has said stop to mail.
    addresses: Vec<Address>,
    /// Whether the address that was confirmed is another now.
    unconfirmed: bool,
}

/// How a lead stands after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amended {
    /// Its version.
    pub version: i64,
    /// Whether it is locked.
    pub locked: bool,
}

impl Amendment {
    /// Puts `values` over what the lead holds; an empty one takes its field away. They have been judged by the form.
    /// None where that changes nothing.
    ///
    /// # Errors
    /// Where the lead does not open, or the system gives no random numbers.
    pub fn of(
        keys: &Keys,
        site: &SiteKey,
        form: &Form,
        (seen, values): (&Seen, &BTreeMap<String, String>),
        now: Millis,
    ) -> Result<Option<Self>, LeadKeyError> {
        let Seen { lead, proofs: proofs_seen } = seen;
        let before = keys.open_lead(site, lead.id, &lead.sealed)?;
        let mut fields = before.clone();
        for (name, value) in values {
            match value.is_empty() {
                true => fields.remove(name),
                false => fields.insert(name.clone(), value.clone()),
            };
        }
        if fields == before {
            return Ok(None);
        }
        let open = |(since, proof): &(Millis, SealedField)| {
            let sealed = Sealed { key: lead.sealed.key.clone(), fields: vec![proof.clone()] };
            let mut opened = keys.open_lead(site, lead.id, &sealed)?;
            Ok((*since, opened.remove(PROOF).unwrap_or_default()))
        };
        let opened: Vec<_> = proofs_seen.iter().map(open).collect::<Result<_, LeadKeyError>>()?;
        let all = fields.iter().map(|(field, value)| (field.as_str(), value.as_str()));
        let all = all.chain(opened.iter().map(|(_, proof)| (PROOF, proof.as_str())));
        let mut sealed = keys.seal_lead_with(site, (lead.id, lead.version + 1), all, now)?;
        let proofs = sealed.fields.split_off(fields.len());
        let of = |fields: &Fields| digests(keys, site, &contacts_held(Some(form), fields));
        let digests = of(&fields);
        let of_mail = |digests: &[Digest]| {
            let email = |(kind, digest): &Digest| (*kind == ContactKind::Email).then_some(*digest);
            let mut emails: Vec<_> = digests.iter().filter_map(email).collect();
            emails.sort_unstable();
            emails
        };
        let emails = of_mail(&digests);
        Ok(Some(Self {
            lead: lead.id,
            seen: lead.version,
            proven: proofs_seen.clone(),
            sealed,
            proofs: opened.iter().map(|(since, _)| *since).zip(proofs).collect(),
            unconfirmed: lead.ground == Ground::OptIn.as_str() && of_mail(&of(&before)) != emails,
            addresses: emails.iter().map(|digest| keys.mail_address(site, digest)).collect(),
            digests,
        }))
    }

    /// The lead that it changes.
    #[must_use]
    pub const fn lead(&self) -> LeadId {
        self.lead
    }

    /// Stores it inside the caller's transaction, under [`Lock::Persons`](crate::store::locks::Lock). None where the lead was
    /// changed or given a ground since it was read, or is gone.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn store(
        &self,
        db: &mut Connection,
        site: SiteId,
        now: Millis,
    ) -> sqlx::Result<Option<Amended>> {
        let Self { lead, seen, sealed, proofs, digests, .. } = self;
        // One that was given since would go with the key.
        if proofs_of(db, site, *lead, *seen).await? != self.proven {
            return Ok(None);
        }
        let new = Correction { seen: *seen, sealed, proofs, digests, now };
        if !store::update(db, site, *lead, &new).await? {
            return Ok(None);
        }
        let mut lock = self.unconfirmed;
        for address in &self.addresses {
            lock |= suppression::find(db, site, address).await?.is_some();
        }
        if self.unconfirmed {
            mail::forget_unconfirmed(db, site, *lead).await?;
        }
        if lock {
            store::lock(db, site, &[*lead], now).await?;
        }
        let locked = store::is_locked(db, site, *lead).await?;
        Ok(Some(Amended { version: seen + 1, locked }))
    }
}
