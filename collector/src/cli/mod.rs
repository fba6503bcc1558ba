//! The command line.

mod analysis;
mod audit;
mod copies;
mod export;
mod import;
mod keys;
mod leads;
mod limits;
mod list;
mod log;
mod logs;
mod mail;
mod query;
mod refusals;
mod retention;
mod serve;
mod site;
mod subject;
mod tasks;
mod token;
mod user;
mod webhook;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{
    clock, config,
    keys::Keys,
    store::{
        Connection,
        audit::Actor,
        sites::{self, Applied},
    },
};

/// Consent and behaviour, collected only where the visitor said yes.
#[derive(Debug, Parser)]
#[command(name = "ashiato", version, propagate_version = true)]
struct Command {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Run the collector.
    Serve(Box<config::Serve>),
    /// Check a site file, or put it in force.
    #[command(subcommand)]
    Site(SiteAct),
    /// Make a token for the API, list them, or revoke one.
    #[command(subcommand)]
    Token(token::Act),
    /// Give people access to the back office, or take it.
    #[command(subcommand)]
    User(user::Act),
    /// Show the keys, or exchange them for newer ones.
    #[command(subcommand)]
    Keys(keys::Act),
    /// Show or verify the audit trail: who did what with a site's data.
    #[command(subcommand)]
    Audit(audit::Act),
    /// Read leads in, list those who may be contacted, give one a ground, erase one, or wrap the keys of leads anew.
    #[command(subcommand)]
    Leads(leads::Act),
    /// Check the sending domain, see mail that waits, try it again, or stop mail to somebody.
    #[command(subcommand)]
    Mail(mail::Act),
    /// Tell other systems what becomes of leads.
    #[command(subcommand)]
    Webhook(webhook::Act),
    /// Verify the consent log, or print what others verify it by.
    #[command(subcommand)]
    Log(log::Act),
    /// Show what is kept no longer, or dispose of it now.
    #[command(subcommand)]
    Retention(retention::Act),
    /// Answer people who ask about their own data: show, correct, stop, erase.
    #[command(subcommand)]
    Subject(subject::Act),
    /// Have the copies of events that questions read made anew.
    #[command(subcommand)]
    Copies(copies::Act),
    /// Ask what the consented visitors did.
    Query(Box<query::Arguments>),
    /// Write what consented visitors did to a file, event by event.
    Export(export::Arguments),
    /// Say what was refused, and what to do about it.
    Refusals(refusals::Arguments),
}

#[derive(Debug, Subcommand)]
enum SiteAct {
    /// Say what is wrong with a site file, by line, and what it means to visitors.
    Check {
        /// The site file.
        file: PathBuf,
        /// Hold it against what is in force in this database, as in sqlite:PATH.
        #[arg(long = "database-url", env = "ASHIATO_DATABASE_URL")]
        url: Option<String>,
    },
    /// Put a site file in force; a material change is a new revision, and visitors are asked again.
    Apply {
        /// The site file.
        file: PathBuf,
        #[command(flatten)]
        database: config::Database,
    },
}

/// Why a command failed, for the person who gave it.
#[derive(Debug)]
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Who gives the command, as the audit trail names them: by the account that the system knows them by, whichever they
/// act as.
fn who() -> Actor {
    let known = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"];
    let name = known.iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
    Actor::Command(
        name.map_or_else(|| "unknown".to_owned(), |name| name.chars().take(64).collect()),
    )
}

/// The site of that key, as it is in force.
async fn applied(db: &mut Connection, key: &str) -> Result<Applied, Failure> {
    let remedy = "ashiato site apply FILE, with the same --database-url";
    let missing = || Failure(format!("there is no site {key:?}\n  remedy: {remedy}"));
    sites::find(db, key).await?.ok_or_else(missing)
}

/// Keys that are there: none are made but by a collector that starts.
fn keys_there(path: &Path) -> Result<Keys, Failure> {
    if let Some(text) = config::keys_text() {
        return Ok(Keys::parse(&text, config::KEYS)?);
    }
    if path.is_file() {
        return Ok(Keys::open(path, clock::now())?);
    }
    Err(Failure(format!(
        "there is no keys file {}\n  remedy: name the collector's by --keys-file",
        path.display()
    )))
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let Command { act } = Command::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ashiato: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        let done = match act {
            Act::Serve(config) => serve::run(*config).await,
            Act::Site(SiteAct::Check { file, url }) => site::check(&file, url.as_deref()).await,
            Act::Site(SiteAct::Apply { file, database }) => site::apply(&file, &database.url).await,
            Act::Token(act) => token::run(&act).await,
            Act::User(act) => user::run(&act).await,
            Act::Keys(act) => keys::run(&act).await,
            Act::Audit(act) => audit::run(&act).await,
            Act::Leads(act) => leads::run(&act).await,
            Act::Mail(act) => return mail::run(&act).await,
            Act::Webhook(act) => webhook::run(act).await,
            Act::Retention(act) => retention::run(&act).await,
            Act::Subject(act) => subject::run(&act).await,
            Act::Log(act) => log::run(act).await,
            Act::Copies(act) => copies::run(&act).await,
            Act::Query(arguments) => query::run(*arguments).await,
            Act::Export(arguments) => export::run(arguments).await,
            Act::Refusals(arguments) => refusals::run(arguments).await,
        };
        done.map(|()| ExitCode::SUCCESS)
    });
    match done {
        Ok(code) => code,
        Err(Failure(message)) => {
            eprintln!("ashiato: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_can_be_parsed() {
        super::Command::command().debug_assert();
    }

    /// One random identifier of 64 begins with a hyphen.
    #[test]
    fn every_identifier_may_begin_with_a_hyphen() {
        const IDENTIFIERS: [&str; 8] =
            ["LEAD", "REQUEST", "APPROVAL", "TOKEN", "APPROVED", "OBJECT", "TIMELINE", "SESSION"];
        let (mut commands, mut seen) = (vec![super::Command::command()], 0);
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                let named = argument.get_id().as_str().to_uppercase();
                let values = argument.get_value_names().unwrap_or_default();
                if IDENTIFIERS
                    .iter()
                    .any(|id| named == *id || values.iter().any(|value| value == id))
                {
                    seen += 1;
                    let place = format!("{} {}", command.get_name(), argument.get_id());
                    assert!(argument.is_allow_hyphen_values_set(), "{place}");
                }
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(seen > 10, "{seen}");
    }
}
