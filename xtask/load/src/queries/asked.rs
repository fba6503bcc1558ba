//! The questions themselves, and an erasure.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ashiato::{
    analysis::{
        answer::{self, Asker},
        chosen::Chosen,
        segment::Definition,
    },
    intake::writer::Writer,
    query::{self, Query, Question, WhoseIn},
    site::SiteFile,
    sites::Site,
    store::{
        Connection, SiteId,
        columns::copy,
        dashboard::{self, Asked},
        probe,
        reports::{self, Holding, Timeline},
    },
};
use consent_core::time::{DAY, Millis};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::crowd::{LARGE, Made};

pub(super) struct Bench {
    pub(super) made: Made,
    pub(super) db: Connection,
    pub(super) rounds: usize,
    pub(super) writer: Writer,
    /// Changes with every round of copying.
    pub(super) copied: watch::Receiver<()>,
}

impl Bench {
    pub(super) async fn ask(&mut self) -> Result<()> {
        let (site, now) = (self.made.site.id, crate::visitors::now());
        let today = self.made.site.day(now);
        let month = (today - 29, today);
        self.overview("overview, 30 days", (site, month, now), None, Some(300)).await?;
        let top = r#""metrics":["visitors","page_views"],"dimensions":["page"],"limit":100"#;
        self.question("top pages with visitors, 30 days", top, month, Some(300)).await?;
        let daily = r#""metrics":["visitors","visits","page_views"],"dimensions":["time:day"]"#;
        self.question("visitors and visits a day, 30 days", daily, month, Some(300)).await?;
        let filtered = r#""metrics":["visitors","visits","engaged_ms"],"dimensions":["referrer"],
            "filters":[["contains","page",["/products/1"]],["is_not","event",["click"]]]"#;
        self.question("referrers, with filters, 30 days", filtered, month, None).await?;
        let all = r#""metrics":["visitors","page_views"],"dimensions":["page"],"limit":100"#;
        self.question("top pages with visitors, 90 days", all, (today - 89, today), None).await?;
        self.of_a_segment(month, top).await?;
        self.funnel(month).await?;
        self.cohorts((today - 55, today - 1)).await?;
        self.timeline().await?;
        let least =
            self.times(async |bench| Ok(probe::schema(&mut bench.db).await.map(drop)?)).await?;
        row("(a number of one row)", &least, None);
        self.erase().await
    }

    /// Of those who saw some products twice in 90 days and have not clicked in 30: as it is, and where small groups are
    /// protected, so that what it leaves out is counted as well.
    async fn of_a_segment(&mut self, month: (i64, i64), top: &str) -> Result<()> {
        let definition: Definition = serde_json::from_str(SEGMENT)?;
        for smallest in [1, 10] {
            let mut file = self.made.site.file.clone();
            file.statistics.smallest_group = smallest;
            let protected = if smallest > 1 { ", small groups protected" } else { "" };
            let what = format!("top pages of a segment, 30 days{protected}");
            let question = question(top, month)?;
            let times = self
                .times(async |bench| {
                    let chosen = bench.chosen(&file, &definition).await?;
                    let whose = |days| chosen.whose(days);
                    let (site, now) = (bench.made.site.id, crate::visitors::now());
                    let of = (&question, Some(&whose as &WhoseIn<'_>));
                    let answer = query::run(&mut bench.db, site, &file, of, now).await?;
                    ensure!(!answer.results.is_empty(), "nothing is answered");
                    Ok(())
                })
                .await?;
            row(&what, &times, Some(2_500));
            let what = format!("overview of a segment, 30 days{protected}");
            let of = (self.made.site.id, month, crate::visitors::now());
            self.overview(&what, of, Some((&file, &definition)), Some(2_500)).await?;
        }
        Ok(())
    }

    async fn chosen<'f>(
        &mut self,
        file: &'f SiteFile,
        definition: &Definition,
    ) -> Result<Chosen<'f>> {
        let asker = asker(&self.made.site, file).await?;
        let chosen = asker.chosen(&mut self.db, definition.clone()).await;
        chosen.map_err(|problem| anyhow::anyhow!("{problem:?}"))
    }

    async fn overview(
        &mut self,
        what: &str,
        (site, days, now): (SiteId, (i64, i64), Millis),
        of: Option<(&SiteFile, &Definition)>,
        must: Option<u32>,
    ) -> Result<()> {
        let hosts = ["localhost:8081".to_owned()];
        let times = self
            .times(async |bench| {
                let chosen = match of {
                    Some((file, definition)) => Some(bench.chosen(file, definition).await?),
                    None => None,
                };
                let whose = chosen.as_ref().map(|chosen| chosen.whose(days));
                let asked = Asked {
                    days,
                    by_hour_from: None,
                    own_hosts: &hosts,
                    filters: &[],
                    rows: 10,
                    whose: whose.as_ref(),
                    beside: of.is_some_and(|(file, _)| file.statistics.smallest_group > 1),
                };
                let shown = dashboard::overview(&mut bench.db, site, &asked, now).await?;
                ensure!(shown.is_some_and(|(shown, _)| shown.total.visits > 0), "nothing is shown");
                Ok(())
            })
            .await?;
        row(what, &times, must);
        Ok(())
    }

    async fn question(
        &mut self,
        what: &str,
        asked: &str,
        days: (i64, i64),
        must: Option<u32>,
    ) -> Result<()> {
        let question = question(asked, days)?;
        let times = self
            .times(async |bench| {
                let (site, now) = (Arc::clone(&bench.made.site), crate::visitors::now());
                let of = (&question, None);
                let answer = query::run(&mut bench.db, site.id, &site.file, of, now).await?;
                ensure!(!answer.results.is_empty(), "nothing is answered");
                Ok(())
            })
            .await?;
        row(what, &times, must);
        Ok(())
    }

    async fn funnel(&mut self, days: (i64, i64)) -> Result<()> {
        let steps = r#""window_minutes":129600,"breakdown":"referrer","steps":[
            {"name":"seen","filters":[["is","event",["page_view"]],["contains","page",["/products/1"]]]},
            {"name":"kept","filters":[["is","event",["add_to_cart"]]]},
            {"name":"read","filters":[["is","event",["user_engagement"]]]}]"#;
        let asked = read(steps, days)?;
        let times = self
            .times(async |bench| {
                let site = Arc::clone(&bench.made.site);
                let answer =
                    asker(&site, &site.file).await?.funnel(&mut bench.db, &asked, None).await;
                let answer = answer.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
                ensure!(answer.groups.is_some(), "nobody is in the funnel");
                Ok(())
            })
            .await?;
        row("funnel of three steps, 30 days and 90 to end it", &times, Some(2_500));
        Ok(())
    }

    async fn cohorts(&mut self, days: (i64, i64)) -> Result<()> {
        let asked = read(r#""unit":"week","periods":8"#, days)?;
        let times = self
            .times(async |bench| {
                let site = Arc::clone(&bench.made.site);
                let answer =
                    asker(&site, &site.file).await?.cohorts(&mut bench.db, &asked, None).await;
                let answer = answer.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
                ensure!(!answer.cohorts.is_empty(), "nobody came");
                Ok(())
            })
            .await?;
        row("cohorts by week, eight weeks", &times, Some(2_500));
        Ok(())
    }

    async fn timeline(&mut self) -> Result<()> {
        let times = self
            .times(async |bench| {
                let (site, lead) = (Arc::clone(&bench.made.site), bench.made.lead);
                let shown = reports::timeline(&mut bench.db, site.id, holding(&site), lead).await?;
                let seen = matches!(shown, Timeline::Linked(_, moments) if !moments.is_empty());
                ensure!(seen, "nothing is known of the lead");
                Ok(())
            })
            .await?;
        row(&format!("timeline of a lead with {LARGE} events"), &times, Some(20));
        Ok(())
    }

    async fn times(
        &mut self,
        mut act: impl AsyncFnMut(&mut Self) -> Result<()>,
    ) -> Result<Vec<Duration>> {
        act(self).await?; // warm
        let mut times = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds.max(1) {
            let start = Instant::now();
            act(self).await?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times)
    }

    /// A visitor of many events: until the rows are gone, and until no copy has any of it.
    async fn erase(&mut self) -> Result<()> {
        let start = Instant::now();
        let erased = self.writer.erase(self.made.site.id, self.made.large).await;
        ensure!(matches!(erased, Ok(true)), "the visitor was not there");
        row(&format!("a visitor of {LARGE} events erased"), &[start.elapsed()], None);
        while !copy::is_clean(&mut self.db, self.made.site.id).await? {
            self.copied.changed().await?;
        }
        row("the same, and in no copy any more", &[start.elapsed()], Some(2_000));
        Ok(())
    }
}

/// Who saw some products twice in 90 days and has not clicked in 30.
const SEGMENT: &str = r#"{"all":[
    {"did":{"filters":[["contains","page",["/products/1"]]],"at_least":2,"in_last_days":90}},
    {"did_not":{"filters":[["is","event",["click"]]],"in_last_days":30}}]}"#;

fn question(asked: &str, days: (i64, i64)) -> Result<Question> {
    let question = read::<Query>(asked, days)?.question();
    question.map_err(|problem| anyhow::anyhow!("{problem:?}"))
}

fn holding(site: &Site) -> Holding {
    Holding { revision: site.policy.revision(), now: crate::visitors::now() }
}

async fn asker<'f>(site: &Site, file: &'f SiteFile) -> Result<Asker<'f>> {
    let room = answer::room().await.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
    let holding = holding(site);
    let today = site.day(holding.now);
    Ok(Asker { room, site: site.id, key: &file.key, file, holding, today, keys: None })
}

/// A question about the shop and these days, as the API takes it.
fn read<T: DeserializeOwned>(asked: &str, days: (i64, i64)) -> Result<T> {
    let date = |day: i64| {
        let then = jiff::Timestamp::from_millisecond(day * DAY);
        then.map(|then| then.strftime("%Y-%m-%d").to_string())
    };
    let (from, to) = (date(days.0)?, date(days.1)?);
    let text = format!(r#"{{"site":"shop",{asked},"date_range":["{from}","{to}"]}}"#);
    Ok(serde_json::from_str(&text)?)
}

fn row(what: &str, times: &[Duration], must: Option<u32>) {
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    let must = must.map_or_else(String::new, |must| must.to_string());
    println!(
        "| {what} | {:.1} | {:.1} | {must} |",
        ms(times.get(times.len() / 2)),
        ms(times.last())
    );
}
