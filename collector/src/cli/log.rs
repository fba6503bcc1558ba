//! `ashiato log`.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::{
    clock,
    keys::Keys,
    log::{audit, note},
    store::Database,
};

/// What `ashiato log verify` is given.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The database.
    #[command(flatten)]
    database: crate::config::Database,
    /// A checkpoint that was kept elsewhere; may be given again. The log must still begin with it.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The log's key, as `/v1/log/key` says it [default: of the keys file, where that is at hand].
    #[arg(long, value_name = "NAME+ID+KEY")]
    key: Option<String>,
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
}

/// Goes through the log, and fails where anything is wrong with it.
pub(super) async fn verify(arguments: &Verify) -> Result<(), Failure> {
    let key = match &arguments.key {
        Some(text) => {
            let (_, key) = note::read_verifier(text).ok_or_else(|| {
                Failure(
                    "--key is no verifier\n  remedy: write it as /v1/log/key says it".to_owned(),
                )
            })?;
            Some(key)
        }
        None if arguments.keys_file.exists() => {
            Some(Keys::open(&arguments.keys_file, clock::now())?.log_verifier())
        }
        None => None,
    };
    let earlier: Vec<String> =
        arguments.checkpoint.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
    let mut db = Database::at(&arguments.database.url)?.readers().await?.acquire().await?;
    let found = audit::run(&mut db, key.as_ref(), &earlier).await?;
    if found.count > 0 {
        let more = found.count - found.faults.len() as u64;
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let faults = found.faults.join("\n  ");
        return Err(Failure(format!("the consent log does not agree:\n  {faults}{more}")));
    }
    let audit::Findings { size, recomputed, erased, bare, checkpoints, .. } = found;
    println!("the consent log agrees: {size} decisions");
    println!("  {recomputed} follow from what is on record");
    if erased > 0 {
        println!("  {erased} are erased, and their leaves stand");
    }
    if bare > 0 {
        println!(
            "  {bare} refusals are from before the log kept what it commits to; their leaves stand"
        );
    }
    println!("  {checkpoints} checkpoints are its beginnings");
    if key.is_none() {
        println!("  signatures were not seen to: give --key, or --keys-file");
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure(format!("cannot read the checkpoint {}: {error}", file.display())))
}
