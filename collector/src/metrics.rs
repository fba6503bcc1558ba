//! What the collector counts about itself, for Prometheus.
//!
//! No label comes from a caller: routes are the templates of `routes`, methods, statuses and reasons are
//! fixed lists. So nothing of a visitor can get into a label, and the number of series has a bound.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use consent_core::choices;
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::refusals::Reason;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Came {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct How {
    method: &'static str,
}

/// The figures. A clone counts the same ones.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Figures>);

#[derive(Debug)]
struct Figures {
    registry: Registry,
    requests: Family<Request, Histogram>,
    groups: Histogram,
    commits: Histogram,
    stored: Counter,
    duplicate: Counter,
    refused_events: Family<Why, Counter>,
    refused_calls: Family<Why, Counter>,
    decisions: Family<How, Counter>,
    leads: Counter,
    ended: Counter,
    erased: Counter,
    cut: Counter,
    sessions: Counter,
    webhooks: Family<Came, Counter>,
    queue: Gauge,
    log: Gauge<u64, AtomicU64>,
    database: Gauge<u64, AtomicU64>,
}

/// The name of a method, as far as it is one that is answered: callers may write any.
#[must_use]
pub fn method(given: &str) -> &'static str {
    let known = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"];
    known.into_iter().find(|known| *known == given).unwrap_or("other")
}

/// What is looked up when the figures are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Jobs that wait for the writer.
    pub queue: usize,
    /// Entries of the consent log, where the database answers.
    pub log: Option<u64>,
    /// Bytes of the database, where that can be told.
    pub database: Option<u64>,
}

/// 0.5 ms to 8 s.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_5, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ashiato");
        let requests = Family::new_with_constructor(durations as fn() -> Histogram);
        let groups = Histogram::new(exponential_buckets(1.0, 2.0, 9));
        let figures = Figures {
            requests,
            groups,
            commits: durations(),
            stored: Counter::default(),
            duplicate: Counter::default(),
            refused_events: Family::default(),
            refused_calls: Family::default(),
            decisions: Family::default(),
            leads: Counter::default(),
            ended: Counter::default(),
            erased: Counter::default(),
            cut: Counter::default(),
            sessions: Counter::default(),
            webhooks: Family::default(),
            queue: Gauge::default(),
            log: Gauge::default(),
            database: Gauge::default(),
            registry: Registry::default(),
        };
        let f = &figures;
        registry.register_with_unit(
            "http_request_duration",
            "Time to an answer, by route template, method and status",
            Unit::Seconds,
            f.requests.clone(),
        );
        registry.register("writer_group_size", "Jobs in one transaction", f.groups.clone());
        registry.register_with_unit(
            "writer_commit_duration",
            "Time of a transaction of the writer, to the end of its commit",
            Unit::Seconds,
            f.commits.clone(),
        );
        registry.register("events_stored", "Events stored", f.stored.clone());
        registry.register("events_duplicate", "Events that were there before", f.duplicate.clone());
        registry.register("events_refused", "Events refused", f.refused_events.clone());
        registry.register("calls_refused", "Visitors' calls refused", f.refused_calls.clone());
        registry.register("decisions", "Decisions answered, by method", f.decisions.clone());
        registry.register("leads", "Leads answered", f.leads.clone());
        registry.register(
            "consents_ended",
            "Consents that ran out and were erased",
            f.ended.clone(),
        );
        registry.register("events_erased", "Events erased with such consents", f.erased.clone());
        let cut = "Links cut since their consent ran out or is of an older policy";
        registry.register("links_cut", cut, f.cut.clone());
        registry.register("sessions_opened", "Sessions opened", f.sessions.clone());
        let webhooks = "Attempts to tell a webhook, by what came of them";
        registry.register("webhook_attempts", webhooks, f.webhooks.clone());
        registry.register("writer_queue_depth", "Jobs that wait for the writer", f.queue.clone());
        registry.register("consent_log_entries", "Entries of the consent log", f.log.clone());
        registry.register_with_unit(
            "database_size",
            "Room that the database takes",
            Unit::Bytes,
            f.database.clone(),
        );
        Self(Arc::new(Figures { registry, ..figures }))
    }
}

impl Metrics {
    /// A request was answered. `route` is its template, nothing where it has none.
    pub fn answered(&self, route: Option<&str>, method: &'static str, status: u16, took: Duration) {
        let route = route.unwrap_or("none").to_owned();
        let request = Request { route, method, status };
        self.0.requests.get_or_create(&request).observe(took.as_secs_f64());
    }

    /// The writer committed a group.
    pub fn committed(&self, jobs: usize, took: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "a group is a few hundred jobs")]
        self.0.groups.observe(jobs as f64);
        self.0.commits.observe(took.as_secs_f64());
    }

    /// Events of a batch were stored, or were there before.
    pub fn events(&self, stored: usize, duplicate: usize) {
        self.0.stored.inc_by(u64::try_from(stored).unwrap_or(0));
        self.0.duplicate.inc_by(u64::try_from(duplicate).unwrap_or(0));
    }

    /// An event was refused.
    pub fn event_refused(&self, reason: &'static Reason) {
        self.0.refused_events.get_or_create(&Why { reason: reason.name }).inc();
    }

    /// A visitor's call was refused.
    pub fn call_refused(&self, reason: &'static Reason) {
        self.0.refused_calls.get_or_create(&Why { reason: reason.name }).inc();
    }

    /// A decision was recorded, or answered again.
    pub fn decided(&self, method: choices::Method) {
        self.0.decisions.get_or_create(&How { method: method.as_str() }).inc();
    }

    /// A lead was stored, or answered again.
    pub fn lead(&self) {
        self.0.leads.inc();
    }

    /// Consents ran out and were erased with their events; links were cut.
    pub fn swept(&self, consents: u64, events: u64, links: u64) {
        self.0.ended.inc_by(consents);
        self.0.erased.inc_by(events);
        self.0.cut.inc_by(links);
    }

    /// A session was opened.
    pub fn session(&self) {
        self.0.sessions.inc();
    }

    /// An attempt was made to tell a webhook; `outcome` is one of a fixed list.
    pub fn webhook(&self, outcome: &'static str) {
        self.0.webhooks.get_or_create(&Came { outcome }).inc();
    }

    /// The figures as text, with sizes as they are now. A size that is not known keeps its last value.
    #[must_use]
    pub fn text(&self, sizes: Sizes) -> String {
        self.0.queue.set(i64::try_from(sizes.queue).unwrap_or(i64::MAX));
        for (gauge, size) in [(&self.0.log, sizes.log), (&self.0.database, sizes.database)] {
            if let Some(size) = size {
                gauge.set(size);
            }
        }
        let mut text = String::new();
        // Writing to a text does not fail.
        prometheus_text::encode(&mut text, &self.0.registry).unwrap_or_default();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_in_prometheus_text_with_labels_of_fixed_lists_only() {
        let metrics = Metrics::default();
        metrics.answered(Some("/s/{site}/policy"), "GET", 200, Duration::from_millis(3));
        metrics.answered(None, method("HANAKO"), 404, Duration::from_millis(1));
        metrics.committed(3, Duration::from_millis(5));
        metrics.events(7, 1);
        metrics.swept(1, 5, 2);
        metrics.webhook("late");
        metrics.event_refused(Reason::named("too_old").unwrap());
        metrics.decided(choices::Method::AcceptAll);
        let text = metrics.text(Sizes { queue: 2, log: Some(9), database: None });
        for line in [
            r#"ashiato_http_request_duration_seconds_count{route="/s/{site}/policy",method="GET",status="200"} 1"#,
            r#"ashiato_http_request_duration_seconds_count{route="none",method="other",status="404"} 1"#,
            "ashiato_writer_group_size_sum 3",
            "ashiato_writer_commit_duration_seconds_count 1",
            "ashiato_events_stored_total 7",
            "ashiato_events_duplicate_total 1",
            r#"ashiato_events_refused_total{reason="too_old"} 1"#,
            "ashiato_consents_ended_total 1",
            "ashiato_events_erased_total 5",
            "ashiato_links_cut_total 2",
            r#"ashiato_decisions_total{method="accept_all"} 1"#,
            r#"ashiato_webhook_attempts_total{outcome="late"} 1"#,
            "ashiato_writer_queue_depth 2",
            "ashiato_consent_log_entries 9",
        ] {
            assert!(text.lines().any(|told| told.starts_with(line)), "{line} in\n{text}");
        }
        assert!(!text.contains("HANAKO"));
    }
}
