//! `cargo xtask test`: every check and every test, one line for each step, a summary at the end.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use ashiato_postgres::Cluster;

use crate::{
    client, fuzz,
    install::{self, Browsers},
    process::{self, is_installed, run as run_program},
};

/// Which steps to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Steps to run instead of all
    #[arg(value_enum)]
    steps: Vec<Step>,
}

/// The steps, in the order they run: what fails fastest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Step {
    /// Formatting
    Format,
    /// The browser client, which the collector carries
    Client,
    /// Lints, native and for the browser
    Clippy,
    /// The documentation builds without a warning
    Docs,
    /// The collector and the shop that the end-to-end tests start
    Binaries,
    /// The examples in the rules' documentation, those that must not compile among them
    Doctests,
    /// Unit tests, those of the store on both databases, and the end-to-end tests without a browser
    Tests,
    /// The end-to-end tests without a browser once more, on PostgreSQL
    Postgres,
    /// What must hold of every input, searched for inputs that break it for some seconds each
    Fuzz,
    /// End-to-end tests in Chromium and Firefox
    Browser,
    /// Licences and advisories of the dependencies, where cargo-deny is installed
    Dependencies,
}

impl Step {
    const ALL: [Self; 11] = [
        Self::Format,
        Self::Client,
        Self::Clippy,
        Self::Docs,
        Self::Binaries,
        Self::Doctests,
        Self::Tests,
        Self::Postgres,
        Self::Fuzz,
        Self::Browser,
        Self::Dependencies,
    ];

    /// Whether the steps after it cannot say anything once it has failed.
    const fn carries_the_rest(self) -> bool {
        matches!(self, Self::Client | Self::Binaries)
    }
}

/// What the steps are given.
struct Run<'a> {
    root: &'a Path,
    browsers: Browsers,
}

/// Runs the steps; fails where one of them failed.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let all = Run { root, browsers: install::for_tests(root)? };
    let chosen = |step: &Step| options.steps.is_empty() || options.steps.contains(step);
    let mut lines = Vec::new();
    let mut failed = 0;
    for step in Step::ALL.into_iter().filter(chosen) {
        eprintln!("\n==> {step:?}");
        let start = Instant::now();
        let done = all.run(step);
        let line = line(step, start.elapsed(), &done);
        eprintln!("{line}");
        lines.push(line);
        failed += usize::from(done.is_err());
        if done.is_err() && step.carries_the_rest() {
            lines.push("       the steps after it were not run".to_owned());
            break;
        }
    }
    println!("\n{}", lines.join("\n"));
    match failed {
        0 => Ok(()),
        1 => bail!("one step failed"),
        _ => bail!("{failed} steps failed"),
    }
}

fn line(step: Step, took: Duration, done: &Result<()>) -> String {
    let name = format!("{step:?}").to_lowercase();
    let seconds = took.as_secs_f64();
    match done {
        Ok(()) => format!("ok     {name} ({seconds:.1} s)"),
        Err(error) => format!("FAILED {name} ({seconds:.1} s): {error:#}"),
    }
}

impl Run<'_> {
    fn run(&self, step: Step) -> Result<()> {
        match step {
            Step::Format => self.cargo(&["fmt", "--all", "--check"]),
            Step::Client => client::build(self.root),
            Step::Clippy => self.clippy(),
            Step::Docs => {
                let mut doc = process::cargo(self.root);
                doc.env("RUSTDOCFLAGS", "-D warnings");
                run_program(doc.args(["doc", "--workspace", "--no-deps"]))
            }
            // The same choice of packages each time, so that cargo builds each dependency once.
            Step::Binaries => self.cargo(&["build", "--workspace", "--bins"]),
            Step::Doctests => self.cargo(&["test", "--workspace", "--doc"]),
            Step::Tests => self.tests(&["--workspace"], "sqlite"),
            Step::Postgres => self.tests(&["--package", "ashiato-tests"], "postgres"),
            Step::Fuzz => fuzz::run(self.root, &fuzz::Options::short()),
            Step::Browser => self.browser(),
            Step::Dependencies => self.dependencies(),
        }
    }

    fn cargo(&self, arguments: &[&str]) -> Result<()> {
        run_program(process::cargo(self.root).args(arguments))
    }

    fn clippy(&self) -> Result<()> {
        let strict = ["--", "-D", "warnings"];
        self.cargo(&[&["clippy", "--workspace", "--all-targets"][..], &strict].concat())?;
        let browser = ["clippy", "--target", "wasm32-unknown-unknown", "--package", "consent-wasm"];
        for part in client::PARTS {
            self.cargo(&[&browser[..], &["--features", part], &strict].concat())?;
        }
        Ok(())
    }

    /// Runs tests of these packages. They share one PostgreSQL server, in which each has a database.
    fn tests(&self, packages: &[&str], engine: &str) -> Result<()> {
        install::for_postgres()?;
        let server = Cluster::start().context("the tests' PostgreSQL server does not start")?;
        let mut cargo = process::cargo(self.root);
        if is_installed("cargo-nextest") {
            cargo.args(["nextest", "run"]).args(packages);
        } else {
            cargo.arg("test").args(packages).args(["--lib", "--bins", "--tests"]);
        }
        cargo.env(ashiato_postgres::VARIABLE, server.variable());
        cargo.env("ASHIATO_TEST_ENGINE", engine);
        run_program(self.told(&mut cargo))
    }

    fn browser(&self) -> Result<()> {
        let mut node = Command::new("node");
        node.current_dir(self.root.join("tests/browser"));
        node.args(["--test", "--test-reporter=spec", "--test-concurrency=2"]);
        run_program(self.told(&mut node))
    }

    fn told<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        told(command, self.root, &self.browsers.chromium).env("FIREFOX", &self.browsers.firefox)
    }

    fn dependencies(&self) -> Result<()> {
        if !is_installed("cargo-deny") {
            eprintln!("cargo-deny is not installed: licences and advisories are not checked");
            return Ok(());
        }
        self.cargo(&["deny", "--all-features", "check"])
    }
}

/// The environment that tells the tests what to start.
fn told<'a>(command: &'a mut Command, root: &Path, chromium: &Path) -> &'a mut Command {
    let programs = root.join("target/debug");
    command
        .env("ASHIATO_BIN", programs.join("ashiato"))
        .env("DEMO_SITE_BIN", programs.join("demo-site"))
        .env("XTASK_BIN", programs.join("xtask"))
        .env("CHROMIUM", chromium)
}

/// Which pictures to make.
#[derive(clap::Args)]
pub(crate) struct Pictures {
    /// Instead of README's, a sheet of every state of what visitors see, in every layout, theme and
    /// direction, into this folder
    #[arg(long, value_name = "DIR")]
    all: Option<PathBuf>,
}

/// Makes pictures of the real thing: README's anew, or all that can be looked at.
pub(crate) fn pictures(root: &Path, options: &Pictures) -> Result<()> {
    let chromium = install::for_chromium(root)?;
    client::build(root)?;
    run_program(process::cargo(root).args(["build", "--workspace", "--bins"]))?;
    let mut node = Command::new("node");
    node.arg(root.join("tests/browser/pictures.mjs"));
    if let Some(folder) = &options.all {
        node.arg("--all").arg(std::path::absolute(folder)?);
    }
    run_program(told(&mut node, root, &chromium))
}
