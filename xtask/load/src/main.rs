//! The load of `cargo xtask bench collector`: a program of its own, so that it is built like what it
//! measures and can be bound to a processor core of its own.
//!
//! It asserts nothing about speed; it fails only where an answer or a count is wrong.

mod bare;
mod crowd;
mod kept;
mod leads;
mod link;
mod plan;
mod queries;
mod stored;
mod table;
mod visitors;
mod watch;
mod window;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::{runtime::Builder, task::LocalSet};

#[derive(Parser)]
#[command(name = "ashiato-load")]
struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Serve the least that an HTTP server can do with a batch: read it and answer 204
    Bare,
    /// Drive a collector and the bare server by turns, and print tables of what was measured
    Drive(plan::Options),
    /// Write, find, wrap anew and erase leads in a database, and print tables of what was measured
    Leads(leads::Options),
    /// Store many events, ask questions while others come in, and print a table of what was measured
    Queries(queries::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().act) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(act: Act) -> Result<()> {
    match act {
        // As the collector sets up its own.
        Act::Bare => Builder::new_multi_thread().enable_all().build()?.block_on(bare::serve()),
        Act::Leads(options) => {
            Builder::new_multi_thread().enable_all().build()?.block_on(leads::run(&options))
        }
        Act::Queries(options) => {
            Builder::new_multi_thread().enable_all().build()?.block_on(queries::run(&options))
        }
        // One thread: it has one core.
        Act::Drive(options) => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            LocalSet::new().block_on(&runtime, plan::run(&options))
        }
    }
}
