//! `ashiato token`.

use clap::Subcommand;
use consent_core::{
    ids::{LeadId, base64url},
    time::{DAY, Millis},
};
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Failure, applied, who};
use crate::{
    clock, config,
    intake::approval::{self, Kind},
    keys,
    store::{
        Database,
        audit::{self, Actor, Entry},
        tokens::{self, New, Over, Scope},
    },
};

/// Characters of a token's name.
const NAME: usize = 80;
/// Days that a token may hold.
const LONGEST: i64 = 3_650;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Print a new token, once.
    Add {
        /// The site's key.
        #[arg(long)]
        site: String,
        /// What it may do; may be given again.
        #[arg(long, required = true)]
        scope: Vec<Scope>,
        /// What it is for, so that others know whether it is needed still.
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// When it holds no more: after so many days, or from that day on (YYYY-MM-DD, in the site's time zone).
        #[arg(long, value_name = "DAYS|DATE")]
        expires: Option<String>,
        /// What was approved in the back office, where the site has tokens that read leads wait for a second person.
        #[arg(long, value_name = "REQUEST", allow_hyphen_values = true)]
        approved: Option<LeadId>,
        #[command(flatten)]
        database: config::Database,
    },
    /// List the tokens of a site: never the tokens themselves.
    List {
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        database: config::Database,
    },
    /// Revoke a token: from now on it lets nobody in.
    Revoke {
        /// Its id, as the list and the audit trail have it.
        #[arg(allow_hyphen_values = true)]
        token: String,
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        database: config::Database,
    },
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    match act {
        Act::Add { .. } => add(act).await,
        Act::List { site, database } => list(site, &database.url).await,
        Act::Revoke { token, site, database } => revoke(token, site, &database.url).await,
    }
}

/// When a token ends: after so many days, or with a day.
fn expires(text: &str, zone: &str, now: Millis) -> Result<Millis, Failure> {
    let wrong = |why: &str| {
        let remedy = "write a number of days up to 3650, or a day to come as in 2027-04-01";
        Failure(format!("--expires {text:?} {why}\n  remedy: {remedy}"))
    };
    let at = match text.parse::<i64>() {
        Ok(days) if (1..=LONGEST).contains(&days) => now.plus(days * DAY),
        Ok(_) => return Err(wrong("is no number of days that a token may hold")),
        Err(_) => {
            let day: Date = text.parse().map_err(|_| wrong("is no number of days and no day"))?;
            let start = day.to_zoned(TimeZone::get(zone)?)?;
            Millis(start.timestamp().as_millisecond())
        }
    };
    let last = jiff::Timestamp::from_millisecond(now.0)?.checked_add((LONGEST * 24).hours())?;
    if at <= now || at.0 > last.as_millisecond() {
        return Err(wrong("is past, or too far away"));
    }
    Ok(at)
}

async fn add(act: &Act) -> Result<(), Failure> {
    let Act::Add { site, scope: scopes, name, expires: until, approved, database } = act else {
        return Ok(());
    };
    let name = name.trim();
    if name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(Failure(format!("--name: up to {NAME} characters, in one line")));
    }
    let mut db = Database::at(&database.url)?.open().await?;
    let site = applied(&mut db, site).await?;
    let now = clock::now();
    let until = until.as_deref().map(|text| expires(text, &site.file.timezone, now)).transpose()?;
    let token = format!("ashiato_{}", base64url(&keys::random::<32>()?));
    let hash = Sha256::digest(&token);
    let (id, by) = (tokens::id(&hash), who());
    let mut tx = db.begin().await?;
    let approved = if scopes.contains(&Scope::Leads) {
        let asked = (site.id, site.file.approval);
        let of = (Kind::TokenAdd, "");
        let needed = approval::needed(&mut tx, asked, *approved, of, now).await?;
        if let Some(needed) = &needed {
            approval::take(&mut tx, site.id, needed.id, of, now).await?;
        }
        needed.map(|needed| needed.id)
    } else {
        None
    };
    let made_by = match &by {
        Actor::Command(user) => format!("command {user}"),
        _ => "command".to_owned(),
    };
    let new = New { scopes, name, made_by: &made_by, expires: until };
    tokens::insert(&mut tx, &hash, site.id, new, now).await?;
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let mut details = json!({ "scopes": scopes });
    if let Some(until) = until {
        details["expires"] = until.0.into();
    }
    if let Some(approved) = approved {
        details["approval"] = approved.to_text().into();
    }
    let object = ("token", id.clone());
    let entry = Entry { at: now, by, action: "token.add", object, details };
    audit::append(&mut tx, site.id, &entry).await?;
    tx.commit().await?;
    eprintln!("the audit trail names it {id}");
    println!("{token}");
    Ok(())
}

async fn list(site: &str, url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.readers().await?.acquire().await?;
    let site = applied(&mut db, site).await?;
    let now = clock::now();
    let day = |at: Option<Millis>| {
        let day = at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
        let zone = TimeZone::get(&site.file.timezone).unwrap_or(TimeZone::UTC);
        day.map_or_else(|| "never".to_owned(), |at| at.to_zoned(zone).date().to_string())
    };
    for token in tokens::list(&mut db, site.id).await? {
        let state = match token.over(now) {
            None => "holds",
            Some(Over::Expired) => "expired",
            Some(Over::Revoked) => "revoked",
        };
        println!(
            "{}\t{state}\t{}\texpires {}\tused {}\tby {}\t{}",
            token.id,
            token.scopes,
            day(token.expires_at),
            day(token.used_at),
            if token.made_by.is_empty() { "unknown" } else { &token.made_by },
            token.name
        );
    }
    Ok(())
}

async fn revoke(token: &str, site: &str, url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let site = applied(&mut db, site).await?;
    let now = clock::now();
    let mut tx = db.begin().await?;
    if !tokens::revoke(&mut tx, site.id, token, now).await? {
        let remedy = "`ashiato token list` shows those that there are";
        return Err(Failure(format!(
            "the site has no token {token} to revoke\n  remedy: {remedy}"
        )));
    }
    let (object, details) = (("token", token.to_owned()), json!({}));
    let entry = Entry { at: now, by: who(), action: "token.revoke", object, details };
    audit::append(&mut tx, site.id, &entry).await?;
    tx.commit().await?;
    println!("token {token} is revoked");
    Ok(())
}
