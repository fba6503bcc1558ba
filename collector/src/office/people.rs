//! Who may give and take which roles: within one's own sites, never above one's own role, and never so that a site loses
//! its last owner. What reaches beyond a site (a new link, a disabled or deleted account) needs all the sites of whom it
//! is about.

use serde_json::{Value, json};

use super::may::{Action, may};
use crate::store::{
    Connection, SiteId,
    accounts::{
        self, Account, AccountId, Role,
        gone::{self, owned},
        people::{self, Person},
        told,
    },
    audit::{Actor, Entry},
    log_ins,
};
use consent_core::time::Millis;

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The database did not answer.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// There is no such account on the site.
    #[error("nobody of that account has a role on the site")]
    Unknown,
    /// One's own account.
    #[error("nobody changes their own role or account; another owner or administrator does")]
    Own,
    /// The role is above one's own.
    #[error("an owner's role is given and taken by owners only")]
    Above,
    /// It reaches further than one's own sites.
    #[error(
        "the account has a role beyond the sites that you run; whoever runs all of them can do that"
    )]
    Beyond,
    /// Another of its sites has that wait for a second person, and this one has not.
    #[error(
        "another of the account's sites has its deletion wait for a second person: ask on the people page of that site"
    )]
    Elsewhere,
    /// Nobody would own it any more.
    #[error("the last owner stays: make somebody else the owner first")]
    LastOwner,
}

/// Whoever gives and takes roles.
#[derive(Debug)]
pub struct Giver {
    /// The account.
    pub account: Account,
    /// What it is on the sites that it has a role on.
    pub roles: Vec<(SiteId, Role)>,
}

/// Whether somebody of that role gives and takes that other role.
#[must_use]
pub fn gives(own: Role, other: Role) -> bool {
    may(own, Action::People) && (own == Role::Owner || other != Role::Owner)
}

impl Giver {
    /// With their roles as they are now: asked in the transaction that gives and takes.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of(db: &mut Connection, id: AccountId) -> sqlx::Result<Self> {
        let mut account = accounts::by_id(db, id).await?.ok_or(sqlx::Error::RowNotFound)?;
        if account.disabled {
            account.everywhere = None;
            return Ok(Self { account, roles: Vec::new() });
        }
        let roles = told::sites_of(db, id).await?;
        Ok(Self { account, roles })
    }

    /// With those of their roles alone that may be used.
    #[must_use]
    pub fn limited_to(mut self, may: impl Fn(Role) -> bool) -> Self {
        self.account.everywhere = self.account.everywhere.filter(|role| may(*role));
        self.roles.retain(|(_, role)| may(*role));
        self
    }

    fn on(&self, site: SiteId, role: Role) -> bool {
        self.roles.iter().any(|(own, giver)| *own == site && gives(*giver, role))
    }

    /// Whether roles on every site are theirs to give.
    #[must_use]
    pub fn everywhere(&self, role: Role) -> bool {
        self.account.everywhere.is_some_and(|own| gives(own, role))
    }

    /// Whether they may have that role there: on one site, or on all.
    ///
    /// # Errors
    /// Where they may not.
    pub fn may_give(&self, site: Option<SiteId>, role: Role) -> Result<(), Refused> {
        let reaches = match site {
            Some(site) => self.on(site, role),
            None => self.everywhere(role),
        };
        if reaches { Ok(()) } else { Err(Refused::Above) }
    }

    /// Somebody with a role on the site, whose role there is theirs to change.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn reach(
        &self,
        db: &mut Connection,
        site: SiteId,
        account: AccountId,
    ) -> Result<Person, Refused> {
        let all = people::of(db, site).await?;
        let found = all.into_iter().find(|person| person.account.id == account);
        let found = found.ok_or(Refused::Unknown)?;
        if account == self.account.id {
            return Err(Refused::Own);
        }
        self.may_give(Some(site), found.role)?;
        match found.account.everywhere {
            Some(role) if !found.own && !self.everywhere(role) => Err(Refused::Beyond),
            _ => Ok(found),
        }
    }

    /// Whether all that an account may is theirs to give and take.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn reach_whole(&self, db: &mut Connection, account: &Account) -> Result<(), Refused> {
        let all = told::sites_of(db, account.id).await?;
        let own = all.iter().all(|(site, role)| self.on(*site, *role));
        let everywhere = account.everywhere.is_none_or(|role| self.everywhere(role));
        if own && everywhere { Ok(()) } else { Err(Refused::Beyond) }
    }

    fn entry(&self, account: AccountId, action: &'static str, details: Value, at: Millis) -> Entry {
        let by = Actor::Account(self.account.id.0.to_string());
        Entry { at, by, action, object: ("account", account.0.to_string()), details }
    }
}

/// What is done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It gets a role in the place of the one on that site, or of the one on all.
    Role(Role),
    /// Its role there is taken.
    Remove,
    /// It is logged out everywhere, and let in no more.
    Disable,
    /// It is let in again, by a new link.
    Enable,
    /// It is deleted, with what was approved.
    Delete(Option<consent_core::ids::LeadId>),
}

/// Does it, in the caller's transaction, which is rolled back where it is refused. The trails are told last.
///
/// # Errors
/// Where it reaches too far, or a site would lose its last owner.
pub async fn act(
    db: &mut Connection,
    giver: &Giver,
    (site, account, act): (SiteId, AccountId, Act),
    now: Millis,
) -> Result<(), Refused> {
    let found = giver.reach(db, site, account).await?;
    let (before, own) = (owned(db).await?, found.own.then_some(site));
    let mut sites: Vec<_> =
        told::sites_of(db, account).await?.into_iter().map(|(site, _)| site).collect();
    let everywhere = own.is_none();
    let (action, details) = match act {
        Act::Role(role) => {
            giver.may_give(own, role)?;
            accounts::add(db, &found.account.email, own, role, now).await?;
            ("account.role", json!({ "role": role.as_str(), "everywhere": everywhere }))
        }
        Act::Remove => {
            gone::take_role(db, account, own).await?;
            ("account.unrole", json!({ "role": found.role.as_str(), "everywhere": everywhere }))
        }
        Act::Disable => {
            giver.reach_whole(db, &found.account).await?;
            accounts::disable(db, account, now).await?;
            log_ins::end_all(db, account).await?;
            ("account.disable", json!({}))
        }
        Act::Enable => {
            giver.reach_whole(db, &found.account).await?;
            accounts::enable(db, account).await?;
            ("account.link", json!({ "enabled": found.account.disabled }))
        }
        Act::Delete(approved) => {
            giver.reach_whole(db, &found.account).await?;
            gone::delete(db, account, now).await?;
            ("account.delete", json!({ "approval": approved }))
        }
    };
    let after = owned(db).await?;
    if before.iter().any(|site| !after.contains(site)) {
        return Err(Refused::LastOwner);
    }
    if matches!(act, Act::Role(_) | Act::Remove) && !everywhere {
        sites = vec![site];
    }
    told::tell(db, &sites, &giver.entry(account, action, details, now)).await?;
    Ok(())
}

/// Gives an address a role on a site, or on all; the account, and whether a link is to be handed over: it has no password
/// yet, and nobody else's site is reached by it.
///
/// # Errors
/// Where that reaches too far.
pub async fn add(
    db: &mut Connection,
    giver: &Giver,
    (email, site, everywhere, role): (&str, SiteId, bool, Role),
    now: Millis,
) -> Result<(Account, bool), Refused> {
    let place = (!everywhere).then_some(site);
    giver.may_give(place, role)?;
    let before = owned(db).await?;
    if let Some(known) = accounts::by_email(db, email).await? {
        if known.id == giver.account.id {
            return Err(Refused::Own);
        }
        let here = told::sites_of(db, known.id).await?;
        if here.iter().any(|(own, _)| *own == site) {
            giver.reach(db, site, known.id).await?;
        }
        if everywhere {
            giver.reach_whole(db, &known).await?;
        }
    }
    let account = accounts::add(db, email, place, role, now).await?;
    let after = owned(db).await?;
    if before.iter().any(|site| !after.contains(site)) {
        return Err(Refused::LastOwner);
    }
    let links = account.password.is_none()
        && !account.disabled
        && giver.reach_whole(db, &account).await.is_ok();
    let details = json!({ "role": role.as_str(), "everywhere": everywhere });
    let entry = giver.entry(account.id, "account.role", details, now);
    match place {
        Some(site) => told::tell(db, &[site], &entry).await?,
        None => told::tell_of(db, account.id, &entry).await?,
    }
    Ok((account, links))
}
