//! The client as a site has it: with its configuration and texts in it, and ready to be sent.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use consent_core::client::Config;

use crate::{
    client::{Asset, CARRIED_MARK, CONFIG_MARK, Client, SCRIPT, hashed_name},
    site::{History, SiteFile},
};

/// How a script says that it is a module, below a line that has Chromium compile all of it off the page's thread.
const MODULE: &str = "//# allFunctionsCalledOnLoad\nexport default";

/// What browsers fetch of the client, for one site.
#[derive(Debug)]
pub struct Scripts {
    /// The loader with its configuration.
    loader: Asset,
    /// The loader that carries the part that asks, by the language of its texts.
    asking: BTreeMap<String, Asset>,
    /// What the loader may fetch, by hashed name.
    parts: HashMap<String, Arc<Asset>>,
    /// The same of the edition before: loaders that browsers have kept still ask for it.
    earlier: HashMap<String, Arc<Asset>>,
}

impl Scripts {
    /// Of a site; answers the configuration as well, which `config` makes of the parts' addresses.
    ///
    /// # Errors
    /// Where something cannot be written as JSON.
    pub fn new(
        client: &Client,
        file: &SiteFile,
        history: &History,
        config: impl FnOnce(BTreeMap<String, String>) -> Config,
    ) -> serde_json::Result<(Self, Config)> {
        let mut addresses = BTreeMap::new();
        let mut parts = HashMap::new();
        let mut add = |name: String, file: &str, asset: Arc<Asset>| {
            let hashed = hashed_name(file, &asset.hash);
            addresses.insert(name, hashed.clone());
            parts.insert(hashed, asset);
        };
        // A site without forms needs nothing that is for them.
        let has_forms = !file.forms.is_empty();
        for (name, asset) in &client.parts {
            if has_forms || !name.starts_with("form.") {
                add((*name).to_owned(), name, Arc::clone(asset));
            }
        }
        let mut spoken = Vec::new();
        for language in &file.languages {
            let mut texts = file.texts(language);
            texts.changes = file.told(history, language);
            // JSON is JavaScript as it is.
            let texts = serde_json::to_string(&texts)?;
            let script = format!("{MODULE}({})({texts})", client.ui);
            let script = Arc::new(Asset::new(SCRIPT, script.into()));
            add(format!("ui.{language}"), &format!("ui-{language}.js"), script);
            let mut say = |name: &str, texts: String| {
                let texts = Arc::new(Asset::new("application/json", texts.into()));
                add(format!("{name}.{language}"), &format!("{name}-{language}.json"), texts);
            };
            say("text", texts.clone());
            if has_forms {
                say("form", serde_json::to_string(&file.form_texts(language))?);
            }
            spoken.push((language, texts));
        }
        let config = config(addresses);
        let text = serde_json::to_string(&config)?;
        let loader = |carried: &str| {
            let whole = client.loader.replacen(CARRIED_MARK, carried, 1);
            Asset::new(SCRIPT, whole.replacen(CONFIG_MARK, &text, 1).into_bytes())
        };
        let mut asking = BTreeMap::new();
        for (language, texts) in spoken {
            let carried = format!("[{},{{{language:?}:{texts}}}]", client.ui);
            asking.insert(language.clone(), loader(&carried));
        }
        Ok((Self { loader: loader("[]"), asking, parts, earlier: HashMap::new() }, config))
    }

    /// The loader by itself.
    #[must_use]
    pub const fn loader(&self) -> &Asset {
        &self.loader
    }

    /// The loader with the part that asks, for a browser that prefers that language.
    #[must_use]
    pub fn asking(&self, language: &str) -> Option<&Asset> {
        self.asking.get(language)
    }

    /// The part of that hashed name, of this edition or the one before.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Arc<Asset>> {
        self.parts.get(name).or_else(|| self.earlier.get(name))
    }

    /// Whether to fetch that part means that somebody is asked.
    #[must_use]
    pub fn is_asking(&self, name: &str) -> bool {
        name.starts_with("ui-") && self.parts.contains_key(name)
    }

    /// Keeps what stood before; where that was of the same edition, what stood before that.
    pub fn follow(&mut self, before: &Self, is_same_edition: bool) {
        self.earlier.clone_from(if is_same_edition { &before.earlier } else { &before.parts });
    }
}
