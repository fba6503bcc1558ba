//! What people ask about their own data, answered by the rules of the command line.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use consent_core::{contact::Contact, ids::LeadId, time::Millis};

use super::{
    super::{
        App,
        extract::{At, With},
    },
    Caller, Sent, enter,
    export::{ask, confirmed, forget},
    html, own_form,
    people::by,
};
use crate::{
    clock,
    error::Problem,
    intake::{
        approval::{self, Asked},
        subject::{self, Desk, Kind, SubjectError},
    },
    office::{
        may::Action,
        period,
        view::{
            Place,
            requests::{self as view, Data, Known, REASONS, Said},
        },
    },
    query,
    site::{Law, Sheet},
    sites::Site,
    store::{
        Connection,
        accounts::Role,
        approvals::{self, Approval},
        sites::{self, Applied},
        subjects::{self, Request},
    },
};

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_request", "the site has no such request")
}

impl From<SubjectError> for Problem {
    fn from(error: SubjectError) -> Self {
        match error {
            SubjectError::Database(error) => Self::unavailable(&error),
            SubjectError::Key(error) => {
                tracing::error!(%error, "a request cannot be answered");
                let detail = "a lead cannot be read; the collector's log says why and what to do";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "sealed", detail)
            }
            other => Self::new(StatusCode::CONFLICT, "request", other.to_string()),
        }
    }
}

async fn in_force(db: &mut Connection, site: &Site) -> Result<Applied, Problem> {
    let found = sites::find(db, site.key.as_str()).await?;
    found.ok_or_else(|| Problem::unknown_site(site.key.as_str()))
}

/// `GET /office/sites/SITE/requests`.
pub(super) async fn list(
    State(app): State<App>,
    At(key): At<String>,
    With(given): With<Vec<(String, String)>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::HandOut)?;
    let closed = given.iter().any(|(name, value)| name == "state" && value == "closed");
    listed(&app, &caller, (&site, role), (closed, None)).await
}

async fn listed(
    app: &App,
    caller: &Caller,
    (site, role): (&Site, Role),
    (closed, said): (bool, Option<Said<'_>>),
) -> Result<Response, Problem> {
    let mut db = app.readers.acquire().await?;
    let mut all = subjects::list(&mut db, site.id).await?;
    drop(db);
    all.retain(|request| (request.state == "open") != closed);
    if closed {
        all.sort_by_key(|request| std::cmp::Reverse(request.closed_at));
        all.truncate(200);
    }
    let key = site.key.to_string();
    let (sites, data) = (caller.sites(app), data(site, said));
    let here = Caller { here: format!("/office/sites/{key}/requests"), ..caller.clone() };
    let frame = here.frame(&sites, Some((&key, role)), Place::Requests);
    let status = if said.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, html(&view::list(&frame, &data, &all, closed))).into_response())
}

fn data<'a>(site: &'a Site, said: Option<Said<'a>>) -> Data<'a> {
    Data { file: &site.file, zone: site.zone(), now: clock::now(), said }
}

/// `POST /office/sites/SITE/requests`.
pub(super) async fn receive(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::HandOut)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let now = clock::now();
    let kind = Kind::parse(sent.get("kind"))
        .ok_or_else(|| Problem::field("kind", "unknown", "one of the kinds of request"))?;
    let law = [Law::Appi, Law::Gdpr].into_iter().find(|law| law.as_str() == sent.get("law"));
    let law = law.ok_or_else(|| Problem::field("law", "unknown", "appi or gdpr"))?;
    let day = sent.get("received");
    let received = if day.is_empty() {
        Some(now)
    } else {
        let day = query::days(&(day.to_owned(), day.to_owned())).ok();
        day.map(|(day, _)| Millis(period::begins(day, site.zone()))).filter(|at| *at <= now)
    };
    let Some(received) = received else {
        let why = caller.t.say(
            "届いた日は今日までの日付にしてください。",
            "The day it came is a day up to today.",
        );
        return listed(&app, &caller, (&site, role), (false, Some(Said::Wrong(why)))).await;
    };
    let mut db = app.desk.hold().await?;
    let applied = in_force(&mut db, &site).await?;
    let by = by(&caller);
    let made = subject::receive(&mut db, &applied, (kind, law, received), (&by, now)).await;
    db.keep();
    let to = format!("/office/sites/{key}/requests/{}", made?.id);
    Ok(Redirect::to(&to).into_response())
}

/// `GET /office/sites/SITE/requests/REQUEST`. What came by the form is shown, which the trail is told before.
pub(super) async fn one(
    State(app): State<App>,
    At((key, request)): At<(String, String)>,
    With(given): With<Vec<(String, String)>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::HandOut)?;
    let id: LeadId = request.parse().map_err(|_| unknown())?;
    let said = given.iter().find_map(|(name, value)| match (name.as_str(), value.as_str()) {
        ("said", "done") => Some(Said::Done),
        ("said", "mailed") => Some(Said::Mailed),
        ("said", "nobody") => Some(Said::Nobody),
        _ => None,
    });
    shown(&app, &caller, (&site, role), (id, said)).await
}

async fn shown(
    app: &App,
    caller: &Caller,
    (site, role): (&Site, Role),
    (id, said): (LeadId, Option<Said<'_>>),
) -> Result<Response, Problem> {
    let (by, now) = (by(caller), clock::now());
    let mut db = app.desk.hold().await?;
    let applied = in_force(&mut db, site).await?;
    let Some(request) = subjects::find(&mut db, site.id, id).await? else {
        db.keep();
        return Err(unknown());
    };
    let asked = if request.state == "open" {
        Desk { site: &applied, keys: &app.keys, by: &by, now }.asked(&mut db, id).await?
    } else {
        None
    };
    let approved = own_approval(&mut db, site, (&request, caller), now).await?;
    db.keep();
    let waits = Kind::parse(&request.kind).and_then(approval::Kind::of_subject);
    let known = Known {
        request: &request,
        asked: asked.as_ref().map(|(fields, matches)| (fields, *matches)),
        waits: waits.is_some_and(|kind| kind.waits(site.file.approval)),
        approved: approved.is_some(),
    };
    let key = site.key.to_string();
    let (sites, data) = (caller.sites(app), data(site, said));
    let here = Caller { here: format!("/office/sites/{key}/requests/{id}"), ..caller.clone() };
    let frame = here.frame(&sites, Some((&key, role)), Place::Requests);
    let status = match said {
        Some(Said::Contact | Said::Wrong(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        Some(Said::Approval) => StatusCode::FORBIDDEN,
        _ => StatusCode::OK,
    };
    Ok((status, html(&view::one(&frame, &data, &known))).into_response())
}

/// What was approved of a request to whoever asks, and is to be used.
async fn own_approval(
    db: &mut Connection,
    site: &Site,
    (request, caller): (&Request, &Caller),
    now: Millis,
) -> sqlx::Result<Option<Approval>> {
    let kind = Kind::parse(&request.kind).and_then(approval::Kind::of_subject);
    let Some(kind) = kind else { return Ok(None) };
    let object = request.id.to_text();
    let all = approvals::list(db, site.id, 200).await?;
    Ok(all.into_iter().find(|one| {
        one.kind == kind.as_str()
            && one.object == object
            && one.asked_by == caller.account.id
            && approval::state(one, now) == "approved"
    }))
}

fn contact(sent: &Sent) -> Result<Option<Contact>, ()> {
    match sent.get("contact").trim() {
        "" => Ok(None),
        given => Contact::email(given).or_else(|| Contact::telephone(given)).map(Some).ok_or(()),
    }
}

/// `POST /office/sites/SITE/requests/REQUEST/ACT`.
pub(super) async fn act(
    State(app): State<App>,
    At((key, request, act)): At<(String, String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::HandOut)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let id: LeadId = request.parse().map_err(|_| unknown())?;
    let of = (&*site, role);
    let Ok(given) = contact(&sent) else {
        return shown(&app, &caller, of, (id, Some(Said::Contact))).await;
    };
    let mut db = app.desk.hold().await?;
    let done = answer(&app, &caller, &site, (&mut db, id), (&act, &sent, given)).await;
    db.keep();
    match done? {
        Done::Said(said) => {
            let to = format!("/office/sites/{key}/requests/{id}?said={said}");
            Ok(Redirect::to(&to).into_response())
        }
        Done::Ask(leads, kind) => {
            let (object, reason) = (id.to_text(), sent.get("reason"));
            let asked = Asked { kind, object: &object, reason, leads: Some(&leads) };
            ask(&app, &caller, &site, asked).await
        }
        Done::Wrong(why) => shown(&app, &caller, of, (id, Some(Said::Wrong(&why)))).await,
        Done::Unasked => shown(&app, &caller, of, (id, Some(Said::Approval))).await,
        Done::File(response) => Ok(response),
    }
}

enum Done {
    Said(&'static str),
    Ask(Vec<LeadId>, approval::Kind),
    Wrong(String),
    Unasked,
    File(Response),
}

async fn answer(
    app: &App,
    caller: &Caller,
    site: &Site,
    (db, id): (&mut Connection, LeadId),
    (act, sent, given): (&str, &Sent, Option<Contact>),
) -> Result<Done, Problem> {
    let (by, now) = (by(caller), clock::now());
    let applied = in_force(db, site).await?;
    let request = subjects::find(db, site.id, id).await?.ok_or_else(unknown)?;
    let kind = Kind::parse(&request.kind).ok_or_else(unknown)?;
    if request.state != "open" {
        let why =
            caller.t.say("この請求はすでに終了しています。", "The request is closed already.");
        return Ok(Done::Wrong(why.to_owned()));
    }
    if act == "refuse" {
        let why = REASONS.iter().find(|(name, ..)| *name == sent.get("why"));
        let (why, ..) =
            why.ok_or_else(|| Problem::field("why", "unknown", "one of the reasons"))?;
        subject::end(db, &applied, (id, kind), ("refused", why), (&by, now)).await?;
        return Ok(Done::Said("done"));
    }
    let waits = approval::Kind::of_subject(kind);
    let waits = waits.filter(|kind| kind.waits(site.file.approval));
    let approved = own_approval(db, site, (&request, caller), now).await?;
    match (act, waits) {
        ("do", Some(_)) if approved.is_none() => return Ok(Done::Unasked),
        ("do", _) | ("ask", Some(_)) => {}
        _ => return Err(unknown()),
    }
    let desk = Desk { site: &applied, keys: &app.keys, by: &by, now };
    let contact =
        match desk.of_request(db, id, given).await {
            Ok(contact) => contact,
            Err(error @ (SubjectError::Nobody | SubjectError::Other)) => {
                return Ok(Done::Wrong(match error {
                SubjectError::Nobody => caller.t.say(
                    "誰のデータについての請求か、メールアドレスか電話番号で入力してください。",
                    "Say whose data it is about: by an e-mail address or a telephone number.",
                ),
                _ => caller.t.say(
                    "確認済みのメールアドレスと異なります。",
                    "The request was confirmed by another address.",
                ),
            }.to_owned()));
            }
            Err(error) => return Err(error.into()),
        };
    let mut leads = desk.find(db, &contact).await?;
    if let ("ask", Some(kind)) = (act, waits) {
        approval::reason(sent.get("reason"))?;
        return Ok(Done::Ask(leads, kind));
    }
    if let Some(approved) = &approved {
        let of = approvals::leads(db, site.id, approved.id).await?;
        leads.retain(|lead| of.contains(lead));
    }
    if leads.is_empty() {
        let unknown = ("unknown", "unknown_person");
        subject::end(db, &applied, (id, kind), unknown, (&by, now)).await?;
        return Ok(Done::Said("nobody"));
    }
    let done = match kind {
        Kind::Export | Kind::Provision => {
            let (held, until) = desk.export(db, (id, kind), &leads).await?;
            match until {
                Some(_) => Done::Said("mailed"),
                None => Done::File(file(caller, &applied, &held, sent.get("format"))),
            }
        }
        Kind::Correct => match desk.correct(db, id, &leads, &values(sent)).await {
            Ok(_) => {
                forget(db).await?;
                Done::Said("done")
            }
            Err(error @ (SubjectError::Field { .. } | SubjectError::Changed)) => {
                return Ok(Done::Wrong(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        },
        Kind::Stop => {
            desk.stop(db, id, &leads).await?;
            Done::Said("done")
        }
        Kind::Erase => {
            if approved.is_none() {
                confirmed(sent)?;
            }
            desk.erase(db, id, &leads).await?;
            forget(db).await?;
            Done::Said("done")
        }
    };
    if let Some(approved) = &approved {
        approval::used(db, site.id, approved.id, (&by, now)).await?;
    }
    Ok(done)
}

fn values(sent: &Sent) -> BTreeMap<String, String> {
    let row = |row: u8| {
        let field = sent.get(&format!("field{row}")).to_owned();
        (!field.is_empty()).then(|| (field, sent.get(&format!("value{row}")).to_owned()))
    };
    (1..=3).filter_map(row).collect()
}

/// What is held, to be handed over.
fn file(caller: &Caller, site: &Applied, held: &serde_json::Value, format: &str) -> Response {
    let (kind, name, text) = if format == "json" {
        let text = serde_json::to_string_pretty(held).unwrap_or_default();
        ("application/json", "held.json", text)
    } else {
        let text = site.file.held_page(held, caller.t.code(), Sheet::Own);
        ("text/html; charset=utf-8", "held.html", text)
    };
    let name = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], text)
        .into_response()
}
