//! What a collector keeps on disk: keys, a database, the site files that were applied.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{OTHER, SHOP, database::Database, process::ashiato};

/// A collector's folder. It outlives the collectors that are started on it, so that a test can
/// kill one and start the next.
#[derive(Debug)]
pub struct Data {
    folder: TempDir,
}

impl Data {
    /// A fresh folder with two sites: `shop`, the demo shop at [`SHOP`], and `other`, the same
    /// at [`OTHER`].
    ///
    /// # Panics
    /// Where a site file is not taken.
    #[must_use]
    pub fn new() -> Self {
        let data = Self::empty();
        data.apply(&shop_file());
        data.apply(
            &shop_file().replacen("key = \"shop\"", "key = \"other\"", 1).replace(SHOP, OTHER),
        );
        data
    }

    /// A fresh folder without any site.
    ///
    /// # Panics
    /// Where there is no room for one.
    #[must_use]
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("ashiato-test-").tempdir();
        Self { folder: folder.expect("a temporary folder can be made") }
    }

    /// Puts a site file in force and returns what the command said.
    ///
    /// # Panics
    /// Where it is not taken.
    pub fn apply(&self, text: &str) -> String {
        let file = self.path("site.toml");
        std::fs::write(&file, text).expect("the site file can be written");
        let file = file.display().to_string();
        self.run(&["site", "apply", &file])
    }

    /// A new API token of `site`.
    ///
    /// # Panics
    /// Where none is given.
    #[must_use]
    pub fn token(&self, site: &str, scopes: &[&str]) -> String {
        let mut arguments = vec!["token", "add", "--site", site];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        self.run(&arguments).trim().to_owned()
    }

    /// Runs the command on this database.
    ///
    /// # Panics
    /// Where it fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let url = self.database_url();
        let said = ashiato(arguments.iter().copied().chain(["--database-url", &url]));
        assert!(said.status.success(), "{arguments:?} failed: {}", said.err);
        said.out
    }

    /// The database's address.
    #[must_use]
    pub fn database_url(&self) -> String {
        format!("sqlite:{}", self.path("ashiato.sqlite").display())
    }

    /// The database itself, for what no call of the collector tells.
    #[must_use]
    pub fn database(&self) -> Database {
        Database::open(&self.path("ashiato.sqlite"))
    }

    /// A file of the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Default for Data {
    fn default() -> Self {
        Self::new()
    }
}

/// The demo shop's site file, with [`SHOP`] for its origin.
///
/// # Panics
/// Where the demo shop has none.
#[must_use]
pub fn shop_file() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo-site/shop.toml");
    let text = std::fs::read_to_string(path).expect("the demo shop has a site file");
    let changed = text.replace("http://localhost:8081", SHOP);
    assert!(changed.contains(SHOP), "the demo shop's origin is where it was");
    changed
}
