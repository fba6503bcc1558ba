//! The sites in force, ready to answer: kept in memory and read again when a site file is applied.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use consent_core::{
    ids::{PurposeKey, SiteKey},
    policy::Policy,
    time::{Millis, SECOND},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

mod scripts;

pub use scripts::Scripts;

use crate::{
    client::Client,
    domains::{self, Jar, Place},
    site::{History, Past, SiteFile},
    store::{Connection, Readers, SiteId, sites as store},
};

/// A site in force.
#[derive(Debug)]
pub struct Site {
    /// Its row.
    pub id: SiteId,
    /// Its key.
    pub key: SiteKey,
    /// The edition of its file.
    pub edition: i64,
    /// SHA-256 of its wording.
    pub wording: String,
    /// SHA-256 of its file as it is stored, base64url.
    pub digest: String,
    /// Its file.
    pub file: SiteFile,
    /// Its policy.
    pub policy: Policy,
    /// What there is to tell of its revisions.
    pub history: History,
    /// When its file was put in force.
    pub applied_at: Millis,
    /// Its files of earlier revisions and of this one, by the last edition of each.
    past: Vec<Past>,
    /// What browsers fetch of it.
    pub scripts: Scripts,
    /// Purposes that a Global Privacy Control signal refuses.
    pub gpc: Vec<PurposeKey>,
    /// The domain on which its cookies stand; none where they stand on the page's host alone.
    domain: Option<String>,
    collector: Arc<str>,
    zone: TimeZone,
}

impl Site {
    fn new(
        applied: store::Applied,
        past: Vec<Past>,
        domain: Option<String>,
        client: &Client,
        collector: Arc<str>,
    ) -> Result<Self, String> {
        let file = applied.file;
        let policy = file.policy(applied.revision).map_err(|flaw| format!("{flaw:?}"))?;
        let zone = TimeZone::get(&file.timezone).map_err(|error| error.to_string())?;
        let history = file.history(&zone, &past);
        let (scripts, config) = Scripts::new(client, &file, &history, |assets| {
            let mut config = file.config(applied.revision, assets);
            config.domain.clone_from(&domain);
            config
        })
        .map_err(|error| error.to_string())?;
        Ok(Self {
            id: applied.id,
            key: file.key.clone(),
            edition: applied.edition,
            wording: applied.wording,
            digest: applied.digest,
            policy,
            history,
            applied_at: applied.applied_at,
            past,
            scripts,
            gpc: config.gpc,
            domain,
            collector,
            zone,
            file,
        })
    }

    /// The file of a revision, as it was last.
    #[must_use]
    pub fn revision(&self, number: u32) -> Option<&SiteFile> {
        if number == self.policy.revision() {
            return Some(&self.file);
        }
        self.past.iter().find(|past| past.revision == number)?.file.as_ref()
    }

    /// The day since which it says what it does about Global Privacy Control, where it honours that.
    #[must_use]
    pub fn honours_gpc_since(&self) -> Option<Date> {
        (!self.file.gpc().is_empty()).then(|| crate::site::day(self.applied_at, &self.zone))
    }

    /// Where the collector sets the cookies of a page of that origin; none where the page alone does.
    #[must_use]
    pub fn jar(&self, origin: &str) -> Option<Jar<'_>> {
        let domain = self.domain.as_deref();
        let ours = domain.is_some() || domains::same_host(&self.collector, origin);
        let secure = !Place::of(&self.collector)?.is_plain_localhost();
        (ours && self.file.allows_origin(origin)).then_some(Jar { domain, secure })
    }

    /// The time zone whose days it counts by.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The day of a time, since 1970, in the site's time zone.
    #[must_use]
    pub fn day(&self, at: Millis) -> i64 {
        day_in(&self.zone, at)
    }
}

/// The day of a time, since 1970, in `zone`.
#[must_use]
pub fn day_in(zone: &TimeZone, at: Millis) -> i64 {
    let offset = Timestamp::from_millisecond(at.0)
        .map_or(0, |timestamp| i64::from(zone.to_offset(timestamp).seconds()));
    at.plus(offset * SECOND).seconds().div_euclid(86_400)
}

/// Every site in force.
#[derive(Clone, Debug)]
pub struct Sites {
    client: Arc<Client>,
    collector: Arc<str>,
    by_key: Arc<RwLock<BTreeMap<SiteKey, Arc<Site>>>>,
}

impl Sites {
    /// No sites yet. `collector` is the address by which browsers reach it.
    #[must_use]
    pub fn new(client: Arc<Client>, collector: Arc<str>) -> Self {
        Self { client, collector, by_key: Arc::default() }
    }

    fn read<R>(&self, look: impl FnOnce(&BTreeMap<SiteKey, Arc<Site>>) -> R) -> R {
        look(&self.by_key.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The site of that key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Arc<Site>> {
        self.read(|sites| sites.get(key).cloned())
    }

    /// Every site, in the order of their keys.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Site>> {
        self.read(|sites| sites.values().cloned().collect())
    }

    /// Whether any site has that origin.
    #[must_use]
    pub fn any_allows(&self, origin: &str) -> bool {
        self.read(|sites| sites.values().any(|site| site.file.allows_origin(origin)))
    }

    /// The site that has that origin, where it is the only one.
    #[must_use]
    pub fn only_one_of(&self, origin: &str) -> Option<Arc<Site>> {
        self.read(|sites| {
            let mut having = sites.values().filter(|site| site.file.allows_origin(origin));
            having.next().filter(|_| having.next().is_none()).cloned()
        })
    }

    /// Whether a page of that origin, of any site, may send credentials: those of the collector's own
    /// site may, so that a loader which a browser has kept is answered whatever has changed since.
    #[must_use]
    pub fn may_send_credentials(&self, origin: &str) -> bool {
        domains::same_site(&self.collector, origin) && self.any_allows(origin)
    }

    /// The newest day on which any site said that it honours Global Privacy Control.
    #[must_use]
    pub fn honour_gpc_since(&self) -> Option<Date> {
        self.read(|sites| sites.values().filter_map(|site| site.honours_gpc_since()).max())
    }

    /// Days that events are kept, at most, by whichever site keeps them longest; `None` where no site takes any.
    #[must_use]
    pub fn events_are_kept(&self) -> Option<u32> {
        let of = |site: &Arc<Site>| {
            let services = site.file.purposes.iter().flat_map(|purpose| &purpose.services);
            services
                .filter(|service| !service.events.is_empty())
                .map(|own| own.retention_days)
                .max()
        };
        self.read(|sites| sites.values().filter_map(of).max())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read(BTreeMap::is_empty)
    }

    /// Reads what has been applied since the last time. A site that cannot be read stays as it was.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn refresh(&self, readers: &Readers) -> sqlx::Result<()> {
        let mut db = readers.acquire().await?;
        let mut changed = BTreeMap::new();
        for (key, edition) in store::list(&mut db).await? {
            if self.get(&key).is_some_and(|site| site.edition == edition) {
                continue;
            }
            if let Some(applied) = applied(&mut db, &key).await? {
                changed.insert(applied.file.key.clone(), applied);
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        // What is new on one site can take away the domain that another has had to itself.
        for (key, domain) in self.domains(&changed) {
            let before = self.get(key.as_str());
            let applied = match changed.remove(&key) {
                Some(applied) => applied,
                None if before.as_ref().is_some_and(|before| before.domain == domain) => continue,
                None => match applied(&mut db, key.as_str()).await? {
                    Some(applied) => applied,
                    None => continue,
                },
            };
            let edition = applied.edition;
            let past = store::past(&mut db, applied.id).await?;
            let collector = Arc::clone(&self.collector);
            match Site::new(applied, past, domain, &self.client, collector) {
                Ok(mut site) => {
                    if let Some(before) = before {
                        site.scripts.follow(&before.scripts, before.edition == edition);
                    }
                    tracing::info!(site = %key, edition, "site in force");
                    let mut sites = self.by_key.write().unwrap_or_else(PoisonError::into_inner);
                    sites.insert(key, Arc::new(site));
                }
                Err(reason) => tracing::error!(site = %key, edition, reason, "site left as it was"),
            }
        }
        Ok(())
    }

    /// The domain on which each site's cookies stand, once those that changed are in force. A domain
    /// that pages of two sites are under is neither's: one would take the other's cookies for its own.
    fn domains(
        &self,
        changed: &BTreeMap<SiteKey, store::Applied>,
    ) -> BTreeMap<SiteKey, Option<String>> {
        let standing = self.read(Clone::clone);
        let mut origins: BTreeMap<_, _> =
            standing.iter().map(|(key, site)| (key, site.file.origins.as_slice())).collect();
        origins.extend(changed.iter().map(|(key, new)| (key, new.file.origins.as_slice())));
        let domain = |key: &SiteKey, own: &[String]| {
            let domain = domains::shared(&self.collector, own)?;
            let mut others = origins.iter().filter(|(other, _)| **other != key);
            let Some((other, _)) = others.find(|(_, pages)| domains::reaches(domain, pages)) else {
                return Some(domain.to_owned());
            };
            // Said when one of the two is put in force, not each time that any site is.
            if changed.contains_key(key) || changed.contains_key(*other) {
                tracing::warn!(
                    site = %key, domain, %other,
                    "two sites have pages under one domain: their cookies stay on the pages' own hosts \
                     and are set by the pages alone"
                );
            }
            None
        };
        origins.iter().map(|(key, own)| ((*key).clone(), domain(key, own))).collect()
    }
}

/// The file in force of a site; none where there is none that can be read.
async fn applied(db: &mut Connection, key: &str) -> sqlx::Result<Option<store::Applied>> {
    match store::find(db, key).await {
        Err(error @ sqlx::Error::ColumnDecode { .. }) => {
            tracing::error!(site = %key, %error, "site left as it was");
            Ok(None)
        }
        found => found,
    }
}

#[cfg(test)]
pub(crate) mod tests;
