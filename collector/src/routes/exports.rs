//! Answers in files, and events as such (`POST /api/v1/export`, scope `export`).

use std::{io, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use consent_core::ids::EventName;
use http_body_util::channel::{Channel, Sender};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    App,
    analysis::asker,
    api::{bearer_with, read_by},
};
use crate::{
    analysis::asked::segment_schema,
    clock,
    error::{FieldError, Problem},
    export::{Format, Outbox, events::Export, sums},
    keys,
    openapi::{Method, Operation, Schemas, shape},
    query::{self, Answer, Query},
    sites::Site,
    store::{
        audit::Actor,
        exports::{Event, Walk, Wanted},
        tokens::Scope,
    },
};

/// Exports at once, at most: each holds what a part of its table takes.
static ROOM: Semaphore = Semaphore::const_new(4);
/// Events that are read at once.
const AT_ONCE: u32 = 2_000;
/// Names of events, at most.
const MAX_NAMES: usize = 50;

/// How an answer is wanted (RFC 9110, section 12.5.1): none is JSON.
pub(super) fn accepted(headers: &HeaderMap) -> Result<Option<Format>, Problem> {
    let given = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let mut best: Option<(f32, Option<Format>)> = None;
    for range in given.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let format = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/json" | "application/*" | "*/*" | "" => None,
            "text/csv" | "text/*" => Some(Format::Csv),
            "application/vnd.apache.parquet" => Some(Format::Parquet),
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
        let weight: f32 = weight.unwrap_or(0.0);
        if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, format));
        }
    }
    best.map(|(_, format)| format).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "Accept application/json, text/csv or application/vnd.apache.parquet",
        )
    })
}

fn headers(format: Format, name: &str) -> [(header::HeaderName, String); 3] {
    [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.{}\"", format.as_str()),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}

/// An answer as a file.
pub(super) async fn file(
    format: Format,
    query: Query,
    answer: Answer,
) -> Result<Response, Problem> {
    let (first, last) = answer.meta.date_range.clone();
    let name = format!("{}-{first}-{last}", query.site);
    let next = answer.next.clone();
    let written = tokio::task::spawn_blocking(move || {
        let outbox = Outbox::default();
        sums::write(format, &query, &answer, outbox.clone()).map(|()| outbox.take())
    });
    let bytes = written.await.map_err(io::Error::other).and_then(|written| written);
    let bytes = bytes.map_err(|error| unwritten(&error))?;
    let mut response = (headers(format, &name), bytes).into_response();
    if let Some(next) = next.and_then(|next| HeaderValue::try_from(next).ok()) {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

/// Where a file's answer says what an answer in JSON says by `next`.
const NEXT: &str = "ashiato-next";

fn unwritten(error: &io::Error) -> Problem {
    tracing::error!(%error, "a file could not be written");
    Problem::busy()
}

/// The files that a call answers beside JSON, as they are described.
pub(super) fn described(operation: Operation, about: &str) -> Operation {
    let content = [
        (Format::Csv.media_type().to_owned(), json!({ "schema": { "type": "string" } })),
        // Bytes have no schema.
        (Format::Parquet.media_type().to_owned(), json!({})),
    ];
    operation.answers_also(200, about, content.into_iter().collect()).refuses(
        406,
        "not_acceptable",
        "`Accept` has none of the media types that are answered",
    )
}

/// Which events are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EventExport")]
pub(super) struct Asked {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    site: String,
    /// First and last day, in the site's time zone; 800 days at most.
    #[schemars(schema_with = "shape::days")]
    date_range: (String, String),
    /// Names of events; all of them, unless given.
    #[serde(default)]
    #[schemars(length(max = MAX_NAMES), inner(regex(pattern = "^[a-z0-9_]{1,64}$")))]
    events: Vec<String>,
    /// Of a saved segment's visitors only, as they are when it begins; of none that looks at leads.
    #[serde(default)]
    #[schemars(schema_with = "segment_schema")]
    segment: Option<String>,
}

/// The call, as it is described.
pub(super) fn told(schemas: &mut Schemas) -> Operation {
    let example = json!({ "site": "shop", "date_range": ["2026-11-01", "2026-11-22"], "events": ["page_view"] });
    let operation = Operation::new(
        Method::Post,
        ("figures", "exportEvents"),
        "Events as such, in a file",
        Scope::Export,
    )
    .about(
        "CSV, unless Parquet is accepted. Only events whose consent holds, and nothing of any lead. `visitor` is a number \
         that is drawn anew for each export, and empty for visitors who are tied to a lead. Each export stands in the \
         audit trail. A file that ends early is not whole: its connection is cut.",
    )
    .takes::<Asked>(schemas, &example);
    described(operation, "The events")
}

impl Asked {
    fn wanted(self) -> Result<Wanted, Problem> {
        let mut errors = Vec::new();
        let mut fault = |field: String, code, message: String| {
            errors.push(FieldError { field, code, message });
        };
        for (at, name) in self.events.iter().enumerate() {
            if let Err(error) = name.parse::<EventName>() {
                fault(format!("events[{at}]"), "invalid", error.to_string());
            }
        }
        if self.events.len() > MAX_NAMES {
            fault("events".to_owned(), "count", format!("{MAX_NAMES} names at most"));
        }
        let days = query::days(&self.date_range).unwrap_or_else(|message| {
            fault("date_range".to_owned(), "invalid", message);
            (0, 0)
        });
        if !errors.is_empty() {
            return Err(Problem::content(errors));
        }
        Ok(Wanted { days, names: self.events, of: None })
    }
}

/// `POST /api/v1/export`.
pub(super) async fn export(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (bearer, asked): (_, Asked) = bearer_with(&app, &headers, body).await?;
    let format = accepted(&headers)?.unwrap_or(Format::Csv);
    let (site, by) = bearer.at(&app, &asked.site, Scope::Export)?;
    let segment = asked.segment.clone();
    let mut wanted = asked.wanted()?;
    let room = ROOM.try_acquire().map_err(|_| Problem::busy())?;
    let secret = keys::random().map_err(io::Error::other).map_err(|error| unwritten(&error))?;
    let (first, last) = (query::date(wanted.days.0), query::date(wanted.days.1));
    let mut told = vec![("site", site.key.to_string()), ("date_range", format!("{first}/{last}"))];
    if let Some(name) = &segment {
        let asker = asker(&app, &site).await?;
        let mut db = app.readers.acquire().await?;
        wanted.of = Some(Arc::new(asker.leaving(&mut db, name, wanted.days).await?));
        told.push(("segment", name.clone()));
    }
    let outbox = Outbox::default();
    let made = Export::begin(format, secret, &told, outbox.clone());
    let made = Some(made.map_err(|error| unwritten(&error))?);
    let walk = Walk::new(site.id, wanted.clone());
    let mut way = Way { app, site, by, wanted, walk, segment, format, made, outbox };
    // Nothing leaves before the trail has it, and before the database has answered once.
    way.tell("event.export", json!({})).await?;
    let page = way.page().await?;
    let name = format!("{}-events-{first}-{last}", way.site.key);
    let (sender, body) = Channel::new(2);
    tokio::spawn(async move {
        way.send(page, sender).await;
        drop(room);
    });
    Ok((self::headers(format, &name), Body::new(body)).into_response())
}

/// An export on its way.
struct Way {
    app: App,
    site: Arc<Site>,
    by: Actor,
    wanted: Wanted,
    walk: Walk,
    segment: Option<String>,
    format: Format,
    made: Option<Export<Outbox>>,
    outbox: Outbox,
}

impl Way {
    async fn tell(&self, action: &'static str, more: Value) -> Result<(), Problem> {
        let days = [query::date(self.wanted.days.0), query::date(self.wanted.days.1)];
        let mut details =
            json!({ "days": days, "events": self.wanted.names, "format": self.format.as_str() });
        if let Some(name) = &self.segment {
            details["segment"] = name.as_str().into();
        }
        if let (Some(details), Value::Object(mut more)) = (details.as_object_mut(), more) {
            details.append(&mut more);
        }
        let object = ("site", self.site.key.to_string());
        self.app.writer.audit(self.site.id, read_by(self.by.clone(), action, object, details)).await
    }

    /// A connection is held for one page, and not as long as somebody reads.
    async fn page(&mut self) -> Result<Option<Vec<Event>>, Problem> {
        let mut db = self.app.readers.acquire().await?;
        super::asked(self.walk.next(&mut db, AT_ONCE, clock::now())).await
    }

    /// Sends it to its end, or cuts the connection: then whoever reads has no whole file.
    async fn send(mut self, first: Option<Vec<Event>>, mut sender: Sender<Bytes, io::Error>) {
        match self.pages(first, &mut sender).await {
            Ok(rows) => {
                // The file has left: that its end is not told takes nothing back.
                let _ = self.tell("event.exported", json!({ "rows": rows })).await;
            }
            Err(error) => {
                tracing::warn!(%error, "an export ended early");
                sender.abort(error);
            }
        }
    }

    /// How many events it has.
    async fn pages(
        &mut self,
        first: Option<Vec<Event>>,
        sender: &mut Sender<Bytes, io::Error>,
    ) -> io::Result<u64> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        let mut page = first;
        while let Some(events) = page {
            tokio::task::block_in_place(|| self.made()?.add(events))?;
            let bytes = self.outbox.take();
            if !bytes.is_empty() {
                sender.send_data(bytes.into()).await.map_err(gone)?;
            }
            let next = self.page().await;
            page = next.map_err(|problem| io::Error::other(problem.detail))?;
        }
        let made = self.made.take().ok_or(io::ErrorKind::NotFound)?;
        let rows = made.rows();
        tokio::task::block_in_place(|| made.finish())?;
        sender.send_data(self.outbox.take().into()).await.map_err(gone)?;
        Ok(rows)
    }

    fn made(&mut self) -> io::Result<&mut Export<Outbox>> {
        self.made.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_what_is_accepted_is_answered() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            accepted(&headers).map_err(|problem| problem.code)
        };
        for json in [
            "",
            "*/*",
            "application/json",
            "text/html, application/json;q=0.9",
            "text/csv;q=0, */*",
        ] {
            assert_eq!(of(json), Ok(None), "{json}");
        }
        for csv in ["text/csv", "TEXT/CSV; charset=utf-8", "application/json;q=0.5, text/csv;q=0.8"]
        {
            assert_eq!(of(csv), Ok(Some(Format::Csv)), "{csv}");
        }
        assert_eq!(of("application/vnd.apache.parquet"), Ok(Some(Format::Parquet)));
        for none in ["text/html", "application/json;q=0", "image/*"] {
            assert_eq!(of(none), Err("not_acceptable"), "{none}");
        }
    }
}
