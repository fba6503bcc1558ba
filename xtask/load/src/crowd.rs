//! Visitors and what they did over ninety days, stored as the collector stores it, by its own functions, at the times at
//! which it happened.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use ashiato::{
    client::{Asset, Client},
    device::Device,
    intake::{
        consents::{self, Decide},
        events::{self, Batch, Ids},
        leads::{self, Filled},
    },
    keys::{self, Keys},
    session::Session,
    sites::{Site, Sites},
    store::{Connection, Database, audit::Actor, partitions, sites as rows},
    transparency::Appender,
};
use consent_core::{
    choices::Method,
    form::Submission,
    ids::{LeadId, Uuid7, VisitorHash},
    time::{DAY, Millis},
    wire::ConsentRequest,
};

/// Events of the one visitor who has many.
pub(crate) const LARGE: u32 = 10_000;
/// Days over which everything happened.
const DAYS: i64 = 90;
/// Events of a visitor, about.
const EACH: u32 = 80;
/// Visits that are stored by one call, and calls in a transaction.
const VISITS: usize = 200;
const CALLS: usize = 20;
/// Decisions of a transaction.
const DECISIONS: u32 = 1_000;
/// Pages that visitors go round.
const PAGES: u64 = 2_000;

/// Numbers that look random and are the same every time (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}

/// An event as it is sent.
pub(crate) fn event(random: &mut Random, at: Millis) -> String {
    // The most popular pages take most of the views.
    let page = random.below(PAGES) * random.below(PAGES) / PAGES;
    let referrer = random.below(40);
    let (name, properties) = match random.below(10) {
        0 => ("click", r#"{"target":"menu"}"#.to_owned()),
        1 => ("add_to_cart", r#"{"item":"chazutsu","quantity":1}"#.to_owned()),
        2 => ("user_engagement", format!(r#"{{"engaged_ms":{}}}"#, random.below(90_000))),
        _ => ("page_view", "{}".to_owned()),
    };
    let mut id = [0; 10];
    id[..5].copy_from_slice(&random.below(u64::MAX).to_le_bytes()[..5]);
    id[5..].copy_from_slice(&random.below(u64::MAX).to_le_bytes()[..5]);
    let id = Uuid7::new(at, &id);
    format!(
        r#"{{"id":"{id}","name":"{name}","at":{},"page":{{"url":"http://localhost:8081/products/{page}",
        "title":"桜皮の茶筒 {page} | ひより道具店","referrer":"https://site{referrer}.example/"}},"properties":{properties}}}"#,
        at.0
    )
}

/// Everything that was made.
pub(crate) struct Made {
    pub(crate) database: Database,
    pub(crate) keys: Arc<Keys>,
    pub(crate) site: Arc<Site>,
    pub(crate) visitors: Arc<Vec<VisitorHash>>,
    /// Who has many events, and said before them who it is.
    pub(crate) large: VisitorHash,
    pub(crate) lead: LeadId,
}

/// Visitors who have said yes, before anything happened.
pub(crate) struct Crowd {
    made: Made,
    db: Connection,
    events: u32,
    begin: Millis,
}

impl Crowd {
    pub(crate) async fn gather(url: &str, folder: &Path, site: &Path, events: u32) -> Result<Self> {
        let begin = crate::visitors::now().plus(-DAYS * DAY);
        let database = Database::at(url)?;
        let mut db = database.create().await?;
        let text = std::fs::read_to_string(site)?;
        let file =
            ashiato::site::parse(&text).map_err(|_| anyhow::anyhow!("the site file is not one"))?;
        rows::apply(&mut db, &file.key, &file, &Actor::Job("bench"), begin).await?;
        let types = Arc::new(Asset::new("text/plain", vec![]));
        let client =
            Arc::new(Client { loader: String::new(), ui: String::new(), parts: [].into(), types });
        let sites = Sites::new(client, "http://localhost:8080".into());
        sites.refresh(&database.readers().await?).await?;
        let site = sites.get(file.key.as_str()).context("the site is in force")?;
        let keys = Arc::new(Keys::open(&folder.join("keys"), begin)?);
        for month in 0..=DAYS / 30 + 1 {
            partitions::ahead(&mut db, begin.plus(month * 30 * DAY)).await?;
        }
        let mut visitors = Vec::new();
        let count = (events / EACH).max(10);
        for from in (0..count).step_by(DECISIONS as usize) {
            let some = DECISIONS.min(count - from);
            visitors.extend(decide(&mut db, &keys, &site, (from, some), begin).await?);
        }
        let large = visitors.pop().context("there are visitors")?;
        let visitors = Arc::new(visitors);
        let lead = fill_in(&mut db, &keys, &site, large, begin).await?;
        Ok(Self { made: Made { database, keys, site, visitors, large, lead }, db, events, begin })
    }

    /// Has everything happen, day after day.
    pub(crate) async fn fill(mut self) -> Result<Made> {
        let mut random = Random::new(1);
        let (mut left, mut of_large) = (self.events, LARGE.min(self.events / 10));
        let mut visits = Vec::new();
        for day in 0..DAYS {
            let share = |left: u32| left.div_ceil(u32::try_from(DAYS - day).unwrap_or(1));
            let (mut today, mut large) = (share(left), share(of_large));
            left -= today;
            of_large -= large.min(of_large);
            while today > 0 {
                let length = (1 + u32::try_from(random.below(11)).unwrap_or(0)).min(today);
                today -= length;
                let visitor = if large > 0 {
                    large = large.saturating_sub(length);
                    self.made.large
                } else {
                    let all = self.made.visitors.len() as u64;
                    self.made.visitors[usize::try_from(random.below(all))?]
                };
                let mut at = self.begin.plus(day * DAY);
                at = at.plus(i64::try_from(random.below(80_000_000))?);
                let mut entries = Vec::new();
                for _ in 0..length {
                    at = at.plus(1_000 + i64::try_from(random.below(60_000))?);
                    entries.push(event(&mut random, at));
                }
                let site = Arc::clone(&self.made.site);
                visits.push(Batch::read(site, visitor, entries.iter().map(String::as_str)));
                if visits.len() == VISITS * CALLS || today == 0 {
                    self.store(&visits, self.begin.plus((day + 1) * DAY)).await?;
                    visits.clear();
                }
            }
        }
        Ok(self.made)
    }

    async fn store(&mut self, visits: &[Batch], now: Millis) -> Result<()> {
        let mut tx = self.db.begin().await?;
        for call in visits.chunks(VISITS) {
            let call: Vec<_> = call.iter().collect();
            let stored = events::store(&mut tx, &call, Ids::New, now).await?;
            let stored = stored.context("every id is new")?;
            let refused: Vec<_> = stored.iter().flat_map(|one| &one.refused).collect();
            anyhow::ensure!(refused.is_empty(), "refused: {:?}", refused.first());
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A visitor sends the shop's form.
async fn fill_in(
    db: &mut Connection,
    keys: &Keys,
    site: &Arc<Site>,
    visitor: VisitorHash,
    now: Millis,
) -> Result<LeadId> {
    let form = site.file.lead_form(&"contact".parse()?).context("the shop has that form")?.clone();
    let fields =
        [("name", "足跡 花子"), ("email", "hanako@example.com"), ("message", "こんにちは。")];
    let fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let filled = Filled {
        site: Arc::clone(site),
        visitor: Some(visitor),
        form,
        language: "ja".to_owned(),
        submission: Submission { fields, ..Submission::default() },
        page: "http://localhost:8081/contact".to_owned(),
        signature: keys::random()?,
        id: LeadId::from_bytes(keys::random()?),
    };
    let mut tx = db.begin().await?;
    let taken = leads::take(&mut tx, &filled.seal(keys, now)?, now).await?;
    tx.commit().await?;
    let taken = taken.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
    anyhow::ensure!(taken.linked, "the lead is not tied to its visitor");
    Ok(taken.lead)
}

/// Some visitors' decisions.
async fn decide(
    db: &mut Connection,
    keys: &Keys,
    site: &Arc<Site>,
    (from, some): (u32, u32),
    now: Millis,
) -> Result<Vec<VisitorHash>> {
    let one = |number: u32| -> Result<Decide> {
        let mut id = [0; 10];
        id[6..].copy_from_slice(&(from + number).to_le_bytes());
        let session = Session { site: site.key.clone(), expires: Millis(i64::MAX), visitor: None };
        Ok(Decide {
            site: Arc::clone(site),
            session_text: session.to_text("key", &keys::random()?),
            session,
            request: ConsentRequest {
                id: Uuid7::new(now, &id),
                site: site.key.to_string(),
                revision: 1,
                language: "ja".to_owned(),
                page: "http://localhost:8081/".to_owned(),
                banner: "default".to_owned(),
                method: Method::Custom,
                decided_at: now,
                previous: None,
                purposes: [("analytics".parse()?, true), ("lead_link".parse()?, true)].into(),
                services: [].into(),
            },
            device: if number.is_multiple_of(3) { Device::Computer } else { Device::Phone },
            public_url: "http://localhost:8080".into(),
            random: (keys::random()?, keys::random()?, keys::random()?),
        })
    };
    let decides = (0..some).map(one).collect::<Result<Vec<_>>>()?;
    let mut tx = db.begin().await?;
    let mut log = Appender::default();
    let own: Vec<_> = decides.iter().collect();
    let decided = consents::decide(&mut tx, &mut log, keys, &own, now).await?;
    log.settle(&mut tx).await?;
    tx.commit().await?;
    decided
        .into_iter()
        .map(|decided| {
            let decided = decided.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
            let visitor = decided.visitor.context("a visitor is made")?;
            Ok(keys.visitor_hash(&site.key, visitor))
        })
        .collect()
}
