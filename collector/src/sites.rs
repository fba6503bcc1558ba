//! The sites in force, ready to answer: kept in memory and read again when a site file is applied.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use consent_core::{
    ids::SiteKey,
    policy::Policy,
    time::{Millis, SECOND},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    client::{Asset, CONFIG_MARK, Client, hashed_name},
    site::{History, Past, SiteFile},
    store::{Readers, SiteId, sites as store},
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
    /// The loader with its configuration.
    pub loader: Asset,
    /// What the loader may fetch, by hashed name.
    parts: HashMap<String, Arc<Asset>>,
    /// The same of the edition before: loaders that browsers have kept still ask for it.
    earlier: HashMap<String, Arc<Asset>>,
    /// The hashed name of the part whose fetching means that somebody is asked.
    pub asking: String,
    zone: TimeZone,
}

impl Site {
    fn new(applied: store::Applied, past: Vec<Past>, client: &Client) -> Result<Self, String> {
        let file = applied.file;
        let policy = file.policy(applied.revision).map_err(|flaw| format!("{flaw:?}"))?;
        let zone = TimeZone::get(&file.timezone).map_err(|error| error.to_string())?;
        let history = file.history(&zone, &past);
        let mut assets = BTreeMap::new();
        let mut parts = HashMap::new();
        let mut asking = String::new();
        for (name, asset) in &client.parts {
            let hashed = hashed_name(name, &asset.hash);
            if *name == "ui.wasm" {
                asking.clone_from(&hashed);
            }
            assets.insert((*name).to_owned(), hashed.clone());
            parts.insert(hashed, Arc::clone(asset));
        }
        for language in &file.languages {
            let mut texts = file.texts(language);
            texts.changes = file.told(&history, language);
            let texts = serde_json::to_vec(&texts).map_err(|e| e.to_string())?;
            let asset = Asset::new("application/json", texts);
            let hashed = hashed_name(&format!("text-{language}.json"), &asset.hash);
            assets.insert(format!("text.{language}"), hashed.clone());
            parts.insert(hashed, Arc::new(asset));
        }
        let config = serde_json::to_string(&file.config(applied.revision, assets))
            .map_err(|error| error.to_string())?;
        let loader = client.loader.replacen(CONFIG_MARK, &config, 1);
        Ok(Self {
            id: applied.id,
            key: file.key.clone(),
            edition: applied.edition,
            wording: applied.wording,
            policy,
            history,
            applied_at: applied.applied_at,
            past,
            loader: Asset::new("text/javascript; charset=utf-8", loader.into_bytes()),
            parts,
            earlier: HashMap::new(),
            asking,
            zone,
            file,
        })
    }

    /// The part of that hashed name, of this edition or the one before.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Arc<Asset>> {
        self.parts.get(name).or_else(|| self.earlier.get(name))
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
    by_key: Arc<RwLock<BTreeMap<SiteKey, Arc<Site>>>>,
}

impl Sites {
    /// No sites yet.
    #[must_use]
    pub fn new(client: Arc<Client>) -> Self {
        Self { client, by_key: Arc::default() }
    }

    /// The site of that key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Arc<Site>> {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Whether any site has that origin.
    #[must_use]
    pub fn any_allows(&self, origin: &str) -> bool {
        let sites = self.by_key.read().unwrap_or_else(PoisonError::into_inner);
        sites.values().any(|site| site.file.allows_origin(origin))
    }

    /// The newest day on which any site said that it honours Global Privacy Control.
    #[must_use]
    pub fn honour_gpc_since(&self) -> Option<Date> {
        let sites = self.by_key.read().unwrap_or_else(PoisonError::into_inner);
        sites.values().filter_map(|site| site.honours_gpc_since()).max()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Reads what has been applied since the last time. A site that cannot be read stays as it was.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn refresh(&self, readers: &Readers) -> sqlx::Result<()> {
        let mut db = readers.acquire().await?;
        for (key, edition) in store::list(&mut db).await? {
            if self.get(&key).is_some_and(|site| site.edition == edition) {
                continue;
            }
            let applied = match store::find(&mut db, &key).await {
                Ok(Some(applied)) => applied,
                Ok(None) => continue,
                Err(error @ sqlx::Error::ColumnDecode { .. }) => {
                    tracing::error!(site = %key, edition, %error, "site left as it was");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let past = store::past(&mut db, applied.id).await?;
            match Site::new(applied, past, &self.client) {
                Ok(mut site) => {
                    if let Some(before) = self.get(&key) {
                        site.earlier.clone_from(&before.parts);
                    }
                    tracing::info!(site = %key, edition, "site in force");
                    let mut sites = self.by_key.write().unwrap_or_else(PoisonError::into_inner);
                    sites.insert(site.key.clone(), Arc::new(site));
                }
                Err(reason) => tracing::error!(site = %key, edition, reason, "site left as it was"),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_sites_own_clock() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let noon = Millis(1_800_000_000_000); // 2027-01-15T08:00:00Z
        assert_eq!(day_in(&tokyo, noon), 20_833);
        assert_eq!(day_in(&tokyo, noon.plus(7 * 3_600_000 - 1)), 20_833);
        assert_eq!(day_in(&tokyo, noon.plus(7 * 3_600_000)), 20_834);
        assert_eq!(day_in(&berlin, noon.plus(15 * 3_600_000 - 1)), 20_833);
        assert_eq!(day_in(&berlin, noon.plus(15 * 3_600_000)), 20_834);
        assert_eq!(day_in(&TimeZone::UTC, Millis(-1)), -1);
    }

    #[tokio::test]
    async fn a_loader_that_a_browser_kept_still_finds_its_parts_after_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let database = crate::store::Database::at(&url).unwrap();
        let mut db = database.create().await.unwrap();
        let readers = database.readers().await.unwrap();
        let mut file = crate::site::parse(include_str!("../../demo-site/shop.toml")).unwrap();
        let types = Arc::new(Asset::new("text/plain", Vec::new()));
        let client = Client { loader: CONFIG_MARK.to_owned(), parts: BTreeMap::new(), types };
        let sites = Sites::new(Arc::new(client));
        let mut names = Vec::new();
        for use_of_it in
            ["商品の動画を見るために使います。", "商品の動画をページで見るために使います。"]
        {
            file.purposes[1].usage.insert("ja".to_owned(), use_of_it.to_owned());
            store::apply(&mut db, &file.key.clone(), &file, Millis(1)).await.unwrap();
            sites.refresh(&readers).await.unwrap();
            let config = sites.get("shop").unwrap().loader.identity.clone();
            let config: consent_core::client::Config = serde_json::from_slice(&config).unwrap();
            names.push(config.assets["text.ja"].clone());
        }
        let site = sites.get("shop").unwrap();
        assert_ne!(names[0], names[1]);
        assert!(names.iter().all(|name| site.part(name).is_some()));
        assert!(site.part("text-ja.gone.json").is_none());
    }
}
