//! Leads that leave: the list of those who may be contacted, as a table, at once or once it is approved; and leads that
//! are erased.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use consent_core::{ids::LeadId, time::Millis};
use serde_json::json;

use super::{
    super::{App, extract::At},
    Caller, Sent, enter, own_form,
    table::{broken, send, table},
    told,
};
use crate::{
    clock,
    error::Problem,
    intake::{
        approval::{self, Asked, Kind, Refused},
        handout::{self, Mail},
        listing::{self, Person, Table},
    },
    office::may::Action,
    sites::Site,
    store::{
        audit::{self, Actor, Entry},
        checkpoints,
        leads::{
            self, Erasure,
            read::{self, Search},
        },
        reports::Holding,
        sites,
    },
};

/// Leads of one part of the table.
const PART: u32 = 250;

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let said = refused.to_string();
        match refused {
            Refused::Database(error) => Self::unavailable(&error),
            Refused::Keys(error) => {
                tracing::error!(%error, "nothing can be asked for just now");
                Self::busy()
            }
            Refused::Reason => Self::field("reason", "reason", said),
            Refused::Unknown => Self::new(StatusCode::NOT_FOUND, "unknown_approval", said),
            Refused::Own => Self::forbidden("own_approval", said),
            Refused::Unasked => Self::forbidden("approval_needed", said),
            Refused::Other(_) | Refused::Not(_) => {
                Self::new(StatusCode::CONFLICT, "not_approved", said)
            }
        }
    }
}

/// Asks for what waits for a second person, and shows what was asked.
pub(super) async fn ask(
    app: &App,
    caller: &Caller,
    site: &Site,
    asked: Asked<'_>,
) -> Result<Response, Problem> {
    let mut db = app.desk.hold().await?;
    let asked = approval::ask(&mut db, site.id, asked, (caller.account.id, clock::now())).await;
    db.keep();
    let to = format!("/office/sites/{}/approvals/{}", site.key, asked?);
    Ok(Redirect::to(&to).into_response())
}

/// `POST /office/sites/SITE/leads/export`.
pub(super) async fn leads(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::HandOut)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    if Kind::LeadsExport.waits(site.file.approval) {
        no_mail(&site)?;
        let asked =
            Asked { kind: Kind::LeadsExport, object: "", reason: sent.get("reason"), leads: None };
        return ask(&app, &caller, &site, asked).await;
    }
    leads_table(&app, &caller, &site, None).await
}

fn no_mail(site: &Site) -> Result<Mail<'_>, Problem> {
    Mail::of(&site.file)
        .ok_or_else(|| Problem::new(StatusCode::CONFLICT, "no_mail", handout::NO_MAIL))
}

/// The table of those who may be contacted, all or those that were approved to leave. None is sent before the trail has
/// it.
pub(super) async fn leads_table(
    app: &App,
    caller: &Caller,
    site: &Site,
    approved: Option<LeadId>,
) -> Result<Response, Problem> {
    no_mail(site)?;
    let mut db = app.readers.acquire().await?;
    let applied = sites::find(&mut db, site.key.as_str()).await?;
    let applied = applied.ok_or_else(|| Problem::unknown_site(site.key.as_str()))?;
    let fields = read::fields(&mut db, site.id).await?;
    drop(db);
    let (app, by) = (app.clone(), Actor::Account(caller.account.id.0.to_string()));
    let language = caller.t.code().to_owned();
    let name = format!("leads-{}.csv", site.key);
    Ok(table(&name, |parts| async move {
        let file = &applied.file;
        let mail = Mail::of(file).ok_or_else(|| broken("the site has no [mail] any more"))?;
        let known = mail.items.iter().any(|(own, _)| *own == language);
        let language = if known { &*language } else { mail.items.first().map_or("en", |it| it.0) };
        let columns = listing::columns(file, fields.iter().map(String::as_str));
        let sheet = Table::new(&mail, language, columns);
        send(&parts, format!("\u{feff}{}", sheet.head().map_err(broken)?)).await?;
        let mut search = Search { approved, ..Search::default() };
        loop {
            let holding = Holding { revision: applied.revision, now: clock::now() };
            let mut db = app.readers.acquire().await.map_err(broken)?;
            let page = read::usable(&mut db, applied.id, holding, &search, PART).await;
            drop(db);
            let page = page.map_err(broken)?;
            let Some(last) = page.last() else { return Ok(()) };
            search.after = Some(search.place(last.lead()));
            let seen: Vec<_> = page.iter().map(|usable| usable.lead().id).collect();
            let of = (file, &*app.public_url);
            let people = page.iter().map(|usable| Person::open(&app.keys, of, usable));
            let people = people.collect::<Result<Vec<_>, _>>().map_err(broken)?;
            let text = sheet.rows(&people).map_err(broken)?;
            let entry = Entry {
                at: clock::now(),
                by: by.clone(),
                action: "lead.export",
                object: ("site", file.key.to_string()),
                details: json!({ "leads": seen, "approval": approved }),
            };
            let written = app.writer.audit(applied.id, entry).await;
            written.map_err(|problem| broken(problem.code))?;
            send(&parts, text).await?;
        }
    }))
}

/// `POST /office/sites/SITE/leads/LEAD/erase`.
pub(super) async fn lead_erase(
    State(app): State<App>,
    At((key, lead)): At<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::HandOut)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let id: LeadId = lead.parse().map_err(|_| unknown_lead())?;
    if Kind::LeadErase.waits(site.file.approval) {
        let mut db = app.readers.acquire().await?;
        let holding = Holding { revision: site.policy.revision(), now: clock::now() };
        let found = read::one(&mut db, site.id, holding, id).await?;
        drop(db);
        found.ok_or_else(unknown_lead)?;
        let (object, leads) = (id.to_text(), [id]);
        let reason = sent.get("reason");
        let asked = Asked { kind: Kind::LeadErase, object: &object, reason, leads: Some(&leads) };
        return ask(&app, &caller, &site, asked).await;
    }
    confirmed(&sent)?;
    erase(&app, &caller, &site, id, None).await?;
    Ok(Redirect::to(&format!("/office/sites/{key}/leads")).into_response())
}

fn unknown_lead() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_lead", "the site has no such lead")
}

/// What cannot be undone is ticked first.
pub(super) fn confirmed(sent: &Sent) -> Result<(), Problem> {
    if sent.get("sure") == "yes" {
        return Ok(());
    }
    Err(Problem::field("sure", "sure", "tick that you are sure: this cannot be undone"))
}

/// Erases a lead; with what was approved, that is used up.
pub(super) async fn erase(
    app: &App,
    caller: &Caller,
    site: &Site,
    id: LeadId,
    approved: Option<LeadId>,
) -> Result<(), Problem> {
    let mut db = app.desk.hold().await?;
    let now: Millis = clock::now();
    let mut tx = db.begin().await?;
    if let Some(approved) = approved {
        let of = (Kind::LeadErase, &*id.to_text());
        approval::take(&mut tx, site.id, approved, of, now).await?;
    }
    let erased = leads::erase(&mut tx, site.id, id, now).await?;
    if erased == Erasure::Unknown {
        return Err(unknown_lead());
    }
    if erased == Erasure::Erased {
        let details = json!({ "approval": approved });
        let entry = told(caller, "lead.erase", ("lead", id.to_text()), details);
        audit::append(&mut tx, site.id, &entry).await?;
    }
    tx.commit().await?;
    forget(&mut db).await?;
    db.keep();
    Ok(())
}

/// Sees to it that the database's log has no copies of what was erased. It is gone at the latest with the next disposal.
pub(super) async fn forget(db: &mut crate::store::Connection) -> Result<(), Problem> {
    if !checkpoints::forget(db).await? {
        tracing::warn!(
            "the database's log still has copies of what was erased: somebody reads for long"
        );
    }
    Ok(())
}
