//! `ashiato log`: the consent log, for auditors.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use consent_core::ids::Uuid7;
use serde_json::json;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

use super::{Failure, applied, keys_there, who};
use crate::{
    clock, config,
    keys::Keys,
    log::note::{self, Checkpoint, Verifier},
    store::{
        Connection, Database,
        audit::{self, Entry},
        log as leaves, newest_migration, probe,
    },
    transparency::{self, Appender, Expected, Report},
};

/// A checkpoint, a key or a tile has 8 KiB at most; cosignatures may be added.
const MAX_FETCHED: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Say whether anything in the log was changed, dropped, moved or dated back.
    Verify(Verify),
    /// Print a signed checkpoint of the log as it stands. Keep it where the database is not.
    Checkpoint(Own),
    /// Print the key by which checkpoints are verified.
    Key(Own),
    /// Erase a decision: its record, receipt and salt go, and all that rests on its grants; its place in the log
    /// stays, and a new one says that it was erased.
    Erase(Erase),
}

/// `ashiato log erase`.
#[derive(Debug, Args)]
pub(super) struct Erase {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// The decision's id.
    #[arg(long, value_name = "ID")]
    decision: Uuid7,
    #[command(flatten)]
    database: config::Database,
}

/// `ashiato log verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Verify what a collector serves instead of a database: its address, `https://HOST`.
    #[arg(long = "url", value_name = "URL")]
    served: Option<String>,
    /// A checkpoint that was kept before: the log must continue it. May be given again.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The key that checkpoints must be signed by, NAME+HASH+KEY [default: with --url the one that is
    /// served, else that of the collector's keys, where they are given].
    #[arg(long)]
    key: Option<String>,
    /// The collector's keys file, which holds the key too; --key goes before it.
    #[arg(long, env = "ASHIATO_KEYS_FILE")]
    keys_file: Option<PathBuf>,
    #[command(flatten)]
    database: config::Database,
}

/// The collector's own keys and database.
#[derive(Debug, Args)]
pub(super) struct Own {
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    pub(super) keys_file: PathBuf,
    #[command(flatten)]
    pub(super) database: config::Database,
}

pub(super) async fn run(act: Act) -> Result<(), Failure> {
    match act {
        Act::Verify(arguments) => {
            let report = match arguments.served.clone() {
                Some(url) => online(&arguments, &url)?,
                None => offline(&arguments).await?,
            };
            print!("{}", report.to_text());
            if report.is_good() {
                Ok(())
            } else {
                Err(Failure("the consent log is not as it should be; see above".to_owned()))
            }
        }
        Act::Checkpoint(own) => {
            let mut db = Database::at(&own.database.url)?.open().await?;
            let keys = keys_there(&own.keys_file)?;
            let mut tx = db.begin().await?;
            let signed = transparency::sign(&mut tx, &keys, clock::now()).await?;
            tx.commit().await?;
            print!("{}", signed.note);
            Ok(())
        }
        Act::Key(own) => {
            let mut db = as_it_is(&own.database).await?;
            let (_, origin) = leaves::head(&mut db).await?;
            let origin = origin.ok_or_else(nameless)?;
            println!("{}", keys_there(&own.keys_file)?.log_verifier(&origin).to_text());
            Ok(())
        }
        Act::Erase(erase) => run_erase(&erase).await,
    }
}

async fn run_erase(Erase { site, decision, database }: &Erase) -> Result<(), Failure> {
    let mut db = Database::at(&database.url)?.open().await?;
    let id = applied(&mut db, site).await?.id;
    let mut log = Appender::default();
    let mut tx = db.begin().await?;
    let now = clock::now();
    if !transparency::erase(&mut tx, &mut log, (id, *decision), now).await? {
        return Err(Failure(format!("site {site} has no decision {decision}")));
    }
    log.settle(&mut tx).await?;
    let entry = Entry {
        at: now,
        by: who(),
        action: "decision.erase",
        object: ("decision", decision.to_text()),
        details: json!({}),
    };
    audit::append(&mut tx, id, &entry).await?;
    tx.commit().await?;
    println!("decision {decision} is erased, and the consent log says so");
    Ok(())
}

/// The database, which whoever verifies changes nothing of: not even its version.
pub(super) async fn as_it_is(database: &config::Database) -> Result<Connection, Failure> {
    let mut db = Database::at(&database.url)?.readers_as_it_is().await?.acquire().await?;
    let (has, needed) = (probe::schema(&mut db).await?, newest_migration());
    if has == needed {
        return Ok(db);
    }
    Err(Failure(format!(
        "the database is at migration {has}, and this program is at {needed}\n  remedy: verify by the \
         program of the collector that writes it"
    )))
}

pub(super) fn nameless() -> Failure {
    Failure(
        "the log has no name yet\n  remedy: start the collector once by `ashiato serve`".to_owned(),
    )
}

async fn offline(arguments: &Verify) -> Result<Report, Failure> {
    let mut db = as_it_is(&arguments.database).await?;
    let mut db = db.snapshot().await?;
    let (_, origin) = leaves::head(&mut db).await?;
    let origin = origin.ok_or_else(nameless)?;
    let verifier = match (&arguments.key, &arguments.keys_file) {
        (Some(key), _) => Some(Verifier::parse(key)?),
        (None, Some(file)) => Some(keys_there(file)?.log_verifier(&origin)),
        (None, None) => match config::keys_text() {
            Some(text) => Some(Keys::parse(&text, config::KEYS)?.log_verifier(&origin)),
            None => None,
        },
    };
    let earlier = earlier(arguments, verifier.as_ref())?;
    Ok(transparency::verify(&mut db, &Expected { verifier, earlier }).await?)
}

fn online(arguments: &Verify, url: &str) -> Result<Report, Failure> {
    let agent = agent();
    let base = format!("{}/v1/log/", url.trim_end_matches('/'));
    let fetch = |path: &str| -> Result<Vec<u8>, ureq::Error> {
        let mut response = agent.get(format!("{base}{path}")).call()?;
        response.body_mut().with_config().limit(MAX_FETCHED).read_to_vec()
    };
    let key = match &arguments.key {
        Some(key) => key.clone(),
        None => {
            let served = fetch("key")
                .map_err(|error| Failure(format!("{base}key cannot be fetched: {error}")))?;
            String::from_utf8_lossy(&served).into_owned()
        }
    };
    let verifier = Verifier::parse(&key)?;
    let earlier = earlier(arguments, Some(&verifier))?;
    Ok(transparency::verify_online(fetch, &verifier, &earlier)?)
}

/// The checkpoints that were kept, verified where there is a key.
fn earlier(arguments: &Verify, verifier: Option<&Verifier>) -> Result<Vec<Checkpoint>, Failure> {
    let read = |file: &PathBuf| {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure(format!("cannot read the checkpoint {name}: {error}")))?;
        let read = match verifier {
            Some(verifier) => verifier.open(&text),
            None => note::unverified(&text),
        };
        read.map_err(|error| Failure(format!("the checkpoint {name}: {error}")))
    };
    arguments.checkpoint.iter().map(read).collect()
}

/// A client that trusts whom this machine trusts.
fn agent() -> Agent {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::debug!(%error, "a certificate of this machine was not read");
    }
    let roots: Vec<_> =
        found.certs.iter().map(|cert| Certificate::from_der(cert).to_owned()).collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(Duration::from_secs(60)))
        .max_redirects(0)
        .build()
        .into()
}
