//! Visits of a site, or of a segment's visitors there.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};
use consent_core::time::Millis;

use super::{
    super::{
        App,
        extract::{At, With},
    },
    chosen::{Choosing, too_many},
    enter, html,
    pages::Given,
};
use crate::{
    clock,
    error::Problem,
    office::{
        choice::Choice,
        may::Action,
        period,
        view::{self, Place, overview::Visits, settings::tag},
    },
    query::{self, Meta, withheld::dashboard as withheld},
    sites::Site,
    store::dashboard::{self, Asked},
};

/// Rows of a breakdown.
const ROWS: u32 = 10;

/// `GET /office/sites/SITE`.
pub(super) async fn overview(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Figures)?;
    let choice = Choice::read(uri.path().to_owned(), &given);
    let segment = choice.segment.as_deref();
    let mut choosing = Choosing::begin(&app, &caller, (&site, role), segment).await?;
    let today = site.day(clock::now());
    let found =
        choosing.figures(async |choosing| visits(&app, &site, &choice, choosing).await).await?;
    let shown = found.as_ref().map(|(visits, meta)| (visits, meta));
    let data = view::overview::Data {
        choice: &choice,
        today,
        zone: site.zone(),
        shown,
        segments: choosing.shown(),
        tag: &tag(&app.public_url, &key),
    };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Overview);
    let frame = view::Frame { segment, ..frame };
    Ok((choosing.status(), html(&view::overview::page(&frame, &data))).into_response())
}

/// What is shown of visits, and for how much of the traffic it stands.
async fn visits(
    app: &App,
    site: &Site,
    choice: &Choice,
    choosing: &Choosing,
) -> Result<(Visits, Meta), Problem> {
    let (now, zone) = (clock::now(), site.zone());
    let today = site.day(now);
    let own_hosts = own_hosts(site);
    let smallest = i64::from(site.file.statistics.smallest_group);
    let (days, earlier) = (choice.period.days(today), choice.period.before(today));
    let (chosen, mut db) = choosing.open(app, site).await?;
    let whose = |days| chosen.as_ref().map(|chosen| chosen.whose(days));
    let (whose_now, whose_before) = (whose(days), whose(earlier));
    let asked = |days: (i64, i64), rows, whose| Asked {
        days,
        by_hour_from: (days.0 == days.1).then(|| Millis(period::begins(days.0, zone))),
        own_hosts: &own_hosts,
        filters: &choice.filters,
        rows,
        whose,
        beside: smallest > 1,
    };
    let asked_now = asked(days, withheld::rows(smallest, ROWS), whose_now.as_ref());
    let (mut shown, beside) =
        dashboard::overview(&mut db, site.id, &asked_now, now).await?.ok_or_else(too_many)?;
    let asked_before = asked(earlier, 0, whose_before.as_ref());
    let (mut before, beside_before) =
        dashboard::overview(&mut db, site.id, &asked_before, now).await?.ok_or_else(too_many)?;
    let rule = (smallest, days.0 == days.1);
    let hidden = withheld::overview(&mut shown, &beside, rule, ROWS);
    let hidden_before = withheld::overview(&mut before, &beside_before, rule, 0);
    let meta = query::meta(&mut db, site.id, &site.file, days).await?;
    Ok((Visits { now: shown, before, hidden, hidden_before }, meta))
}

fn own_hosts(site: &Site) -> Vec<String> {
    let host = |origin: &String| origin.split_once("://").map(|(_, host)| host.to_owned());
    site.file.origins.iter().filter_map(host).collect()
}
