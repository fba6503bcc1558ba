//! `cargo xtask bench`: what the collector and the client cost, measured and never asserted.
//!
//! Figures of a shared machine mean little by themselves. Everything is therefore measured by turns
//! with something known, in one run, and the tables give the ratio.

mod client;
mod collector;
mod leads;
mod queries;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context as _, Result};
use ashiato_postgres::Cluster;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{install, process::is_installed};

/// What to measure, and how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// One of them instead of all
    #[arg(value_enum)]
    what: Option<What>,
    /// The collector, leads or questions on one of the two instead of both
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Windows of a second and few rounds: shows that it runs, its figures say little
    #[arg(long)]
    quick: bool,
    /// Seconds of one window of the collector's [default: 5]
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,
    /// Rounds [default: 3 of the collector's, 7 of the client's]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Leads among which one is found and erased [default: 1000000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    leads: Option<u32>,
    /// Events that questions are asked about [default: 10000000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..))]
    events: Option<u32>,
    /// Write what was measured of the client, every visit of it, into this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Batches and decisions a second, against a bare server
    Collector,
    /// Leads a second, sealed and written; found, wrapped anew and erased
    Leads,
    /// Questions over ten million events, while others come in
    Queries,
    /// Bytes, and time to the banner, against other banners
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    /// SQLite
    Sqlite,
    /// PostgreSQL
    Postgres,
}

/// Measures, and prints Markdown.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let chosen = |what| options.what.is_none_or(|chosen| chosen == what);
    crate::build(root)?;
    println!("{}\n", machine());
    if chosen(What::Collector) {
        collector::run(root, options)?;
    }
    if chosen(What::Leads) {
        leads::run(root, options)?;
    }
    if chosen(What::Queries) {
        queries::run(root, options)?;
    }
    if chosen(What::Client) {
        client::run(root, options)?;
    }
    Ok(())
}

/// Does it on an empty database of each engine that is chosen, with a folder for what it needs beside it: its address.
fn on_each(
    root: &Path,
    options: &Options,
    title: &str,
    act: impl Fn(&Path, &str) -> Result<()>,
) -> Result<()> {
    let on = |engine: &str, server: Option<String>| {
        let folder = folder(root, &title.to_lowercase())?;
        let file = || format!("sqlite:{}", folder.join("ashiato.sqlite").display());
        println!("## {title}\n\n{engine}.\n");
        act(&folder, &server.unwrap_or_else(file))?;
        println!();
        Ok::<_, anyhow::Error>(())
    };
    let chosen = |engine| options.engine.is_none_or(|chosen| chosen == engine);
    if chosen(Engine::Sqlite) {
        on("SQLite, synchronous=FULL", None)?;
    }
    if chosen(Engine::Postgres) {
        install::for_postgres()?;
        let cluster = Cluster::start_in(&root.join("target/bench"))?;
        on("PostgreSQL, synchronous_commit=on", Some(cluster.database()?))?;
    }
    Ok(())
}

/// The machine, in a line.
fn machine() -> String {
    let cores = cores();
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let model =
        model.and_then(|rest| rest.split_once(": ")).map_or("unknown CPU", |(_, name)| name);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let system = std::env::consts::OS;
    format!("{cores} cores of {model}, {system} {}", kernel.trim())
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Binds programs to processor cores, where there is more than one and `taskset` is installed.
#[derive(Clone, Copy, Debug)]
struct Cores(bool);

impl Cores {
    fn find() -> Self {
        Self(cores() > 1 && is_installed("taskset"))
    }

    fn on(self, core: usize, program: &Path) -> Command {
        if !self.0 {
            return Command::new(program);
        }
        let mut bound = Command::new("taskset");
        bound.args(["--cpu-list", &core.to_string()]).arg(program);
        bound
    }
}

/// A thousand connections need as many open files, in this process's children too.
fn allow_many_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    setrlimit(Resource::Nofile, raised).context("the limit of open files cannot be raised")
}

/// An empty folder below `target/bench`: on a disk, where memory might lie under the system's folder
/// for temporary files.
fn folder(root: &Path, name: &str) -> Result<PathBuf> {
    let folder = root.join("target/bench").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
