//! The project's tasks: `cargo xtask build | demo | test | fuzz | pictures | bench`.

mod bench;
mod client;
mod demo;
mod fuzz;
mod install;
mod process;
mod test;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, shows and tests Ashiato")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the browser client, then the collector (which carries it) and the demo shop
    Build,
    /// Start a collector and a demo shop that uses it, and say where they are
    Demo(demo::Options),
    /// Run every check and test
    Test(test::Options),
    /// Search for inputs that break what must hold of every body, header, site file, query, address and value
    Fuzz(fuzz::Options),
    /// Make the pictures in README anew, or a sheet of every state
    Pictures(test::Pictures),
    /// Measure the collector and the client, beside others, and print tables
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let root = root();
    let done = match Arguments::parse().task {
        Task::Build => build(&root),
        Task::Demo(options) => demo::run(&root, &options),
        Task::Test(options) => test::run(&root, &options),
        Task::Fuzz(options) => fuzz::run(&root, &options),
        Task::Pictures(options) => test::pictures(&root, &options),
        Task::Bench(options) => bench::run(&root, &options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// The client goes first: the collector embeds it.
fn build(root: &Path) -> Result<()> {
    install::for_build()?;
    client::build(root)?;
    let mut cargo = process::cargo(root);
    process::run(cargo.args([
        "build",
        "--release",
        "--package",
        "ashiato",
        "--package",
        "demo-site",
    ]))
}
