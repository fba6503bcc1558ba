//! What a collector keeps on disk: keys, a database, the site files that were applied.

use std::path::{Path, PathBuf};

use ashiato_postgres::Cluster;
use tempfile::TempDir;

use crate::{OTHER, SHOP, database::Database, process::ashiato};

/// A collector's folder. It outlives the collectors that are started on it, so that a test can
/// kill one and start the next.
///
/// The database is SQLite in the folder; with `ASHIATO_TEST_ENGINE=postgres` in the environment, one of a
/// PostgreSQL server.
#[derive(Debug)]
pub struct Data {
    folder: TempDir,
    server: Option<(Cluster, String)>,
}

impl Data {
    /// A fresh folder with two sites: `shop`, the demo shop at [`SHOP`], and `other`, the same
    /// at [`OTHER`].
    ///
    /// # Panics
    /// Where a site file is not taken.
    #[must_use]
    pub fn new() -> Self {
        Self::empty().with_sites()
    }

    /// A fresh folder without any site.
    ///
    /// # Panics
    /// Where there is no room for one.
    #[must_use]
    pub fn empty() -> Self {
        match std::env::var("ASHIATO_TEST_ENGINE").as_deref() {
            Ok("postgres") => Self::empty_on(Cluster::at_hand().expect("PostgreSQL runs")),
            _ => Self::empty_on_sqlite(),
        }
    }

    /// The same with a file of SQLite.
    ///
    /// # Panics
    /// Where there is no room for one.
    #[must_use]
    pub fn empty_on_sqlite() -> Self {
        let folder = tempfile::Builder::new().prefix("ashiato-test-").tempdir();
        Self { folder: folder.expect("a temporary folder can be made"), server: None }
    }

    /// The same with a database of that server.
    ///
    /// # Panics
    /// Where it makes none.
    #[must_use]
    pub fn empty_on(server: Cluster) -> Self {
        let url = server.database().expect("the server makes a database");
        Self { server: Some((server, url)), ..Self::empty_on_sqlite() }
    }

    /// Puts the sites of [`Data::new`] in force.
    ///
    /// # Panics
    /// Where a site file is not taken.
    #[must_use]
    pub fn with_sites(self) -> Self {
        self.apply(&shop_file());
        let other = shop_file().replacen("key = \"shop\"", "key = \"other\"", 1);
        self.apply(&other.replace(SHOP, OTHER));
        self
    }

    /// Whether the database is SQLite.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        self.server.is_none()
    }

    /// The PostgreSQL server, where the database is of one.
    pub fn server(&mut self) -> Option<&mut Cluster> {
        self.server.as_mut().map(|(server, _)| server)
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

    /// Runs a statement on the shop's events behind the collector's back, whose copies of them are made anew then.
    ///
    /// # Panics
    /// Where that fails.
    pub fn change_events(&self, sql: &str) {
        self.database().run(sql);
        let _ = self.run(&["copies", "rebuild", "--site", "shop"]);
    }

    /// The database's address.
    #[must_use]
    pub fn database_url(&self) -> String {
        match &self.server {
            Some((_, url)) => url.clone(),
            None => format!("sqlite:{}", self.path("ashiato.sqlite").display()),
        }
    }

    /// The database itself, for what no call of the collector tells.
    #[must_use]
    pub fn database(&self) -> Database {
        Database::open(&self.database_url())
    }

    /// Whether these bytes stand anywhere in the database.
    ///
    /// # Panics
    /// Where it cannot be read.
    #[must_use]
    pub fn holds(&self, needle: &[u8]) -> bool {
        let finds = |content: &[u8], needle: &[u8]| {
            content.windows(needle.len()).any(|window| window == needle)
        };
        if let Some((server, url)) = &self.server {
            let content = server.dump(url).expect("the database can be dumped");
            let hex: String = needle.iter().map(|byte| format!("{byte:02x}")).collect();
            return finds(&content, needle) || finds(&content, hex.as_bytes());
        }
        let files = ["ashiato.sqlite", "ashiato.sqlite-wal"];
        let mut contents = files.map(|name| std::fs::read(self.path(name)).unwrap_or_default());
        assert!(!contents[0].is_empty(), "there is a database");
        contents.iter_mut().any(|content| finds(content, needle))
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
