//! Accounts and their roles.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use consent_core::ids::LeadId;
use serde_json::json;

use super::{
    super::{App, extract::At},
    Caller, allow, enter,
    export::{ask, confirmed},
    html, own_form, told,
};
use crate::{
    clock,
    error::Problem,
    intake::approval::{self, Asked, Kind},
    office::{
        self,
        may::Action,
        people::{self, Act, Giver, Refused},
        view::{
            Place,
            people::{self as view, Data, Said},
        },
    },
    sites::Site,
    store::{
        Connection,
        accounts::{self, AccountId, Role, people::of, told::sites_of},
        audit::Actor,
    },
};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let said = refused.to_string();
        match refused {
            Refused::Database(error) => Self::unavailable(&error),
            Refused::Unknown => Self::new(StatusCode::NOT_FOUND, "unknown_account", said),
            other => Self::forbidden(code(&other), said),
        }
    }
}

const fn code(refused: &Refused) -> &'static str {
    match refused {
        Refused::Own => "own",
        Refused::Above => "above",
        Refused::Beyond => "beyond",
        Refused::Elsewhere => "elsewhere",
        Refused::LastOwner => "last_owner",
        Refused::Database(_) | Refused::Unknown => "unknown_account",
    }
}

async fn shown(
    app: &App,
    caller: &Caller,
    (site, role): (&Site, Role),
    said: Option<Said<'_>>,
) -> Result<Response, Problem> {
    let mut db = app.readers.acquire().await?;
    let people = of(&mut db, site.id).await?;
    drop(db);
    // Addresses of people are not shown before the trail has it.
    let object = ("site", site.key.to_string());
    app.writer.audit(site.id, told(caller, "account.list", object, json!({}))).await?;
    let everywhere = caller.account.everywhere.filter(|own| people::gives(*own, Role::Auditor));
    let data = Data {
        people: &people,
        own: caller.account.id.0,
        role,
        everywhere,
        waits: Kind::AccountDelete.waits(site.file.approval),
        zone: site.zone(),
        said,
    };
    let key = site.key.to_string();
    let sites = caller.sites(app);
    let here = Caller { here: format!("/office/sites/{key}/people"), ..caller.clone() };
    let frame = here.frame(&sites, Some((&key, role)), Place::People);
    let status = match said {
        Some(Said::Email) => StatusCode::UNPROCESSABLE_ENTITY,
        Some(Said::Refused(_)) => StatusCode::FORBIDDEN,
        _ => StatusCode::OK,
    };
    Ok((status, html(&view::page(&frame, &data))).into_response())
}

/// `GET /office/sites/SITE/people`.
pub(super) async fn page(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::People)?;
    shown(&app, &caller, (&site, role), None).await
}

fn role(name: &str) -> Result<Role, Problem> {
    let found = Role::ALL.into_iter().find(|role| role.as_str() == name);
    found.ok_or_else(|| Problem::field("role", "unknown", "one of the roles"))
}

/// `POST /office/sites/SITE/people`.
pub(super) async fn add(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, own) = caller.site(&app, &key, Action::People)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let role = role(sent.get("role"))?;
    let Some(email) = office::email(sent.get("email")) else {
        return shown(&app, &caller, (&site, own), Some(Said::Email)).await;
    };
    let mut db = app.desk.hold().await?;
    let mut tx = db.begin().await?;
    accounts_alone(&mut tx).await?;
    let giver = giver(&app, &mut tx, &caller).await?;
    let everywhere = sent.get("everywhere") == "yes";
    let added =
        people::add(&mut tx, &giver, (&email, site.id, everywhere, role), clock::now()).await;
    let (account, links) = match added {
        Ok(added) => added,
        Err(refused) => {
            tx.rollback().await?;
            db.keep();
            return said_no(&app, &caller, (&site, own), refused).await;
        }
    };
    tx.commit().await?;
    let link = if links { Some(link(&app, &mut db, account.id).await?) } else { None };
    db.keep();
    let said = match &link {
        Some(link) => Said::Link(&email, link),
        None if account.disabled => Said::Disabled,
        None => Said::Known,
    };
    shown(&app, &caller, (&site, own), Some(said)).await
}

/// Of two changes of accounts at once the second sees the first: no two take the last owners.
async fn accounts_alone(db: &mut Connection) -> Result<(), Problem> {
    use crate::store::locks::{Lock, take};
    Ok(take(db, Lock::Accounts).await?)
}

/// The caller as who gives and takes: by those of their roles alone that may be used from where they call.
async fn giver(app: &App, db: &mut Connection, caller: &Caller) -> Result<Giver, Problem> {
    let giver = Giver::of(db, caller.account.id).await?;
    Ok(giver.limited_to(|role| allow::may(app, role)))
}

async fn said_no(
    app: &App,
    caller: &Caller,
    of: (&Site, Role),
    refused: Refused,
) -> Result<Response, Problem> {
    match refused {
        Refused::Database(_) | Refused::Unknown => Err(refused.into()),
        other => shown(app, caller, of, Some(Said::Refused(code(&other)))).await,
    }
}

async fn link(app: &App, db: &mut Connection, account: AccountId) -> Result<String, Problem> {
    let token = office::token().map_err(|error| {
        tracing::error!(%error, "no link can be made");
        Problem::busy()
    })?;
    let mut tx = db.begin().await?;
    accounts::add_link(&mut tx, &office::hash(&token), Some(account), clock::now()).await?;
    tx.commit().await?;
    Ok(office::link_url(&app.access.url, &token))
}

/// Whether an account's deletion is the caller's to approve.
pub(super) async fn reaches(
    app: &App,
    db: &mut Connection,
    (site, _): (&Site, Role),
    caller: &Caller,
    account: AccountId,
) -> Result<(), Problem> {
    let giver = giver(app, db, caller).await?;
    let found = giver.reach(db, site.id, account).await?;
    Ok(giver.reach_whole(db, &found.account).await?)
}

/// Whether any of an account's sites has its deletion wait for a second person.
async fn waits_on(app: &App, db: &mut Connection, account: AccountId) -> Result<bool, Problem> {
    let own = sites_of(db, account).await?;
    let waits = |site: &Site| Kind::AccountDelete.waits(site.file.approval);
    let of = |site: &Site| own.iter().any(|(id, _)| *id == site.id);
    Ok(app.sites.all().iter().any(|site| waits(site) && of(site)))
}

/// Deletes an account; what was approved is used up with it.
pub(super) async fn delete(
    app: &App,
    caller: &Caller,
    (site, _): (&Site, Role),
    account: AccountId,
    approved: Option<LeadId>,
) -> Result<(), Problem> {
    let now = clock::now();
    let mut db = app.desk.hold().await?;
    let mut tx = db.begin().await?;
    accounts_alone(&mut tx).await?;
    let giver = giver(app, &mut tx, caller).await?;
    if let Some(approved) = approved {
        let object = account.0.to_string();
        approval::take(&mut tx, site.id, approved, (Kind::AccountDelete, &object), now).await?;
    }
    people::act(&mut tx, &giver, (site.id, account, Act::Delete(approved)), now).await?;
    tx.commit().await?;
    db.keep();
    Ok(())
}

/// `POST /office/sites/SITE/people/ACCOUNT/ACT`.
pub(super) async fn act(
    State(app): State<App>,
    At((key, account, act)): At<(String, String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, own) = caller.site(&app, &key, Action::People)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let unknown = || Problem::from(Refused::Unknown);
    let account = AccountId(account.parse().map_err(|_| unknown())?);
    let done = match act.as_str() {
        "role" => Act::Role(role(sent.get("role"))?),
        "remove" => Act::Remove,
        "disable" => Act::Disable,
        "link" => Act::Enable,
        "delete" => Act::Delete(None),
        _ => return Err(unknown()),
    };
    let waits = Kind::AccountDelete.waits(site.file.approval);
    let mut db = app.desk.hold().await?;
    if act == "delete" && (waits || waits_on(&app, &mut db, account).await?) {
        let giver = giver(&app, &mut db, &caller).await?;
        let found = match giver.reach(&mut db, site.id, account).await {
            Ok(found) => giver.reach_whole(&mut db, &found.account).await,
            Err(refused) => Err(refused),
        };
        db.keep();
        if let Err(refused) = found.and(if waits { Ok(()) } else { Err(Refused::Elsewhere) }) {
            return said_no(&app, &caller, (&site, own), refused).await;
        }
        let object = account.0.to_string();
        let reason = sent.get("reason");
        let asked = Asked { kind: Kind::AccountDelete, object: &object, reason, leads: Some(&[]) };
        return ask(&app, &caller, &site, asked).await;
    }
    if act == "delete" && confirmed(&sent).is_err() {
        db.keep();
        return shown(&app, &caller, (&site, own), Some(Said::Refused("sure"))).await;
    }
    let mut tx = db.begin().await?;
    accounts_alone(&mut tx).await?;
    let giver = giver(&app, &mut tx, &caller).await?;
    if let Err(refused) = people::act(&mut tx, &giver, (site.id, account, done), clock::now()).await
    {
        tx.rollback().await?;
        db.keep();
        return said_no(&app, &caller, (&site, own), refused).await;
    }
    let known = accounts::by_id(&mut tx, account).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    let link = match done {
        Act::Enable => Some(link(&app, &mut db, account).await?),
        _ => None,
    };
    db.keep();
    let said = match &link {
        Some(link) => Said::Link(&known.email, link),
        None => Said::Done,
    };
    shown(&app, &caller, (&site, own), Some(said)).await
}

/// What the trail is told by somebody with an account.
pub(super) fn by(caller: &Caller) -> Actor {
    Actor::Account(caller.account.id.0.to_string())
}
