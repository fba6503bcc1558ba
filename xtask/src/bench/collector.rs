//! The collector under load, beside the least that an HTTP server can do.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ashiato_postgres::Cluster;

use super::{Cores, Engine, Options, allow_many_files, folder};
use crate::{
    install,
    process::{self, Servers},
};

/// The origin of the shop's pages in its site file.
pub(super) const ORIGIN: &str = "http://localhost:8081";

/// Starts both servers, and lets the load drive them: on one engine, or on one after the other.
pub(super) fn run(root: &Path, options: &Options) -> Result<()> {
    process::run(process::cargo(root).args(["build", "--release", "--package", "ashiato-load"]))?;
    allow_many_files()?;
    let chosen = |engine| options.engine.is_none_or(|chosen| chosen == engine);
    if chosen(Engine::Sqlite) {
        on(root, options, None, None)?;
    }
    if chosen(Engine::Postgres) {
        install::for_postgres()?;
        // On the disk on which SQLite's file lies too.
        let cluster = Cluster::start_in(&folder(root, "postgres")?)?;
        on(root, options, Some(cluster.database()?), cluster.pid())?;
    }
    Ok(())
}

fn on(
    root: &Path,
    options: &Options,
    server: Option<String>,
    database_pid: Option<u32>,
) -> Result<()> {
    let program = |name: &str| root.join("target/release").join(name);
    let (ashiato, load) = (program("ashiato"), program("ashiato-load"));
    let name = if server.is_some() {
        "PostgreSQL, synchronous_commit=on"
    } else {
        "SQLite, synchronous=FULL"
    };
    let data = Data { folder: folder(root, "collector")?, ashiato: &ashiato, server };
    data.apply(&root.join("demo-site/shop.toml"))?;

    let cores = Cores::find();
    let mut servers = Servers::new();
    let mut serve = cores.on(0, &ashiato);
    let collector = start(&mut servers, "collector", data.serve(&mut serve, 0))?;
    let bare = start(&mut servers, "bare server", cores.on(0, &load).arg("bare"))?;

    let seconds = options.seconds.unwrap_or(if options.quick { 1.0 } else { 5.0 });
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 3 });
    println!("## Collector\n");
    println!(
        "{name}, all checks on; {}; windows of {seconds} s, rounds: {rounds}.\n",
        match cores {
            Cores(true) => "server on one core, load on another",
            Cores(false) => "server and load not bound to cores of their own",
        }
    );
    let mut drive = cores.on(1, &load);
    drive
        .arg("drive")
        .args(["--collector", &collector.url, "--collector-pid", &collector.pid])
        .args(["--bare", &bare.url, "--bare-pid", &bare.pid])
        .args(["--database-url", &data.database_url()])
        .arg("--ashiato")
        .arg(&ashiato)
        .args(["--origin", ORIGIN])
        .args(["--seconds", &seconds.to_string(), "--rounds", &rounds.to_string()]);
    if let Some(pid) = database_pid {
        drive.args(["--database-pid", &pid.to_string()]);
    }
    process::run(&mut drive)
}

struct Server {
    url: String,
    pid: String,
}

fn start(
    servers: &mut Servers,
    name: &'static str,
    command: &mut std::process::Command,
) -> Result<Server> {
    let url = servers.start(name, command)?.context("stopped before it began")?;
    let pid = servers.pid(name).with_context(|| format!("the {name} has no process"))?;
    Ok(Server { url, pid: pid.to_string() })
}

/// A collector's files.
pub(super) struct Data<'a> {
    pub(super) folder: PathBuf,
    pub(super) ashiato: &'a Path,
    /// The address of a database of PostgreSQL, where it is not SQLite in the folder.
    pub(super) server: Option<String>,
}

impl Data<'_> {
    fn database_url(&self) -> String {
        let file = || format!("sqlite:{}", self.folder.join("ashiato.sqlite").display());
        self.server.clone().unwrap_or_else(file)
    }

    /// Puts a site file in force.
    pub(super) fn apply(&self, site: &Path) -> Result<()> {
        let mut apply = std::process::Command::new(self.ashiato);
        apply.args(["site", "apply"]).arg(site);
        process::read(apply.args(["--database-url", &self.database_url()])).map(drop)
    }

    /// The arguments of a collector on these files.
    pub(super) fn serve<'a>(
        &self,
        command: &'a mut std::process::Command,
        port: u16,
    ) -> &'a mut std::process::Command {
        command
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--database-url", &self.database_url()])
            // One address plays a thousand visitors here.
            .args(["--rate-per-address", "0", "--rate-per-session", "0", "--rate-per-site", "0"])
            .arg("--keys-file")
            .arg(self.folder.join("keys"))
            .env("ASHIATO_LOG", "warn")
    }
}
