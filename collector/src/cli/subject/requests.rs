//! The requests themselves: recorded, refused, listed.

use std::path::Path;

use consent_core::{ids::LeadId, time::Millis};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::json;

use super::{Asked, Failure, Reason, applied, keys_there, who};
use crate::{
    clock,
    intake::subject::{self, Desk, Kind},
    site::Law,
    store::{
        Connection, Database,
        sites::Applied,
        subjects::{self, asking},
    },
};

/// When and under which law somebody asked.
pub(super) fn asked(asked: &Asked, site: &Applied, now: Millis) -> Result<(Law, Millis), Failure> {
    let law = asked.law.unwrap_or(site.file.rights.law);
    let Some(day) = &asked.received else { return Ok((law, now)) };
    let start = || {
        let day: Date = day.parse().ok()?;
        day.to_zoned(TimeZone::get(&site.file.timezone).ok()?).ok()
    };
    let start = start().ok_or_else(|| Failure(format!("{day:?} is no day (2026-11-22)")))?;
    match Millis(start.timestamp().as_millisecond()) {
        received if received <= now => Ok((law, received)),
        _ => {
            Err(Failure(format!("{day} is still to come\n  remedy: give the day on which it came")))
        }
    }
}

/// An open request of that id, and of that kind.
pub(super) async fn open_request(
    db: &mut Connection,
    site: &Applied,
    id: &str,
    kind: Option<Kind>,
) -> Result<(LeadId, Kind), Failure> {
    let remedy = "`ashiato subject requests --open` lists those that are";
    let id: LeadId =
        id.parse().map_err(|error| Failure(format!("{id:?} is no request: {error}")))?;
    let all = subjects::list(db, site.id).await?;
    let found = all.into_iter().find(|request| request.id == id && request.state == "open");
    let found =
        found.ok_or_else(|| Failure(format!("request {id} is not open\n  remedy: {remedy}")))?;
    let own = Kind::parse(&found.kind).unwrap_or(Kind::Export);
    match kind {
        Some(kind) if kind != own => Err(Failure(format!(
            "request {id} is to {}, not to {}\n  remedy: {remedy}",
            own.as_str(),
            kind.as_str()
        ))),
        _ => Ok((id, own)),
    }
}

pub(super) async fn receive(kind: Kind, given: &Asked, url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let site = applied(&mut db, &given.site).await?;
    let now = clock::now();
    let (law, received) = asked(given, &site, now)?;
    let request = subject::receive(&mut db, &site, (kind, law, received), (&who(), now)).await?;
    let due = day(request.due_at, &site)?;
    println!("request {}: to {} by {due} ({})", request.id, kind.as_str(), law.as_str());
    Ok(())
}

pub(super) async fn refuse(
    request: &str,
    reason: Reason,
    site: &str,
    url: &str,
) -> Result<(), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let site = applied(&mut db, site).await?;
    let request = open_request(&mut db, &site, request, None).await?;
    let (by, now) = (who(), clock::now());
    subject::end(&mut db, &site, request, ("refused", reason.as_str()), (&by, now)).await?;
    println!("request {}: refused, {}", request.0, reason.as_str());
    Ok(())
}

/// Shows what came by the form, which the trail is told.
pub(super) async fn show(
    request: &str,
    site: &str,
    keys_file: &Path,
    url: &str,
) -> Result<(), Failure> {
    let keys = keys_there(keys_file)?;
    let mut db = Database::at(url)?.open().await?;
    let site = applied(&mut db, site).await?;
    let (id, kind) = open_request(&mut db, &site, request, None).await?;
    let (by, now) = (who(), clock::now());
    let desk = Desk { site: &site, keys: &keys, by: &by, now };
    let Some((fields, matches)) = desk.asked(&mut db, id).await? else {
        return Err(Failure(format!(
            "request {id} did not come by the site's form\n  remedy: its address is where it came from; give it by --email or --telephone"
        )));
    };
    println!("request {id}: to {}; {}", kind.as_str(), matching(matches));
    for (name, value) in fields {
        println!("{name}: {value}");
    }
    Ok(())
}

fn matching(n: i64) -> String {
    match n {
        1 => "1 lead has its address".to_owned(),
        n => format!("{n} leads have its address"),
    }
}

fn day(at: Millis, site: &Applied) -> Result<Date, Failure> {
    let zone = TimeZone::get(&site.file.timezone)?;
    Ok(Timestamp::from_millisecond(at.0)?.to_zoned(zone).date())
}

pub(super) async fn list(key: &str, open: bool, as_json: bool, url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.readers().await?.acquire().await?;
    let site = applied(&mut db, key).await?;
    let now = clock::now();
    let all = subjects::list(&mut db, site.id).await?;
    for request in all.iter().filter(|request| !open || request.state == "open") {
        let overdue = request.state == "open" && request.due_at < now;
        let matches = match request.state.as_str() {
            "open" => asking::matches(&mut db, site.id, request.id).await?,
            _ => None,
        };
        if as_json {
            let line = json!({
                "request": request.id,
                "kind": request.kind,
                "law": request.law,
                "received_at": request.received_at,
                "due_at": request.due_at,
                "state": request.state,
                "closed_at": request.closed_at,
                "overdue": overdue,
                "matches": matches,
            });
            println!("{line}");
            continue;
        }
        let (received, due) = (day(request.received_at, &site)?, day(request.due_at, &site)?);
        let closed = match request.closed_at {
            Some(at) => format!("{} on {}", request.state, day(at, &site)?),
            None if overdue => "open, OVERDUE".to_owned(),
            None => "open".to_owned(),
        };
        let by_form = matches.map(|n| format!("  by form, {}", matching(n))).unwrap_or_default();
        println!(
            "{}  {}  {}  received {received}  due {due}  {closed}{by_form}",
            request.id, request.kind, request.law
        );
    }
    Ok(())
}
