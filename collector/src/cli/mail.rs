//! `ashiato mail`, and what `serve` needs for mail.

mod check;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use consent_core::{
    contact::{Contact, ContactKind},
    time::Millis,
};
use serde_json::json;

use super::{Failure, applied, keys_there, who};
use crate::{
    clock,
    config::{self, Mail},
    intake::mail::{self, Done},
    keys::{Keys, dkim},
    mail::Transport,
    store::{
        Connection, Database,
        audit::{self, Entry},
        leads::read,
        locks::{self, Lock},
        mail::{outbox, suppression},
        sites::Applied,
    },
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Say what is wrong with SPF, DKIM and DMARC of the domain that mail comes from, and the record to publish. Ends
    /// with 0 where nothing is wrong, 1 where something is, 3 where the DNS does not tell.
    Check(check::Arguments),
    /// Say how many mails wait, were sent or were given up, and why; never to whom.
    Outbox(Of),
    /// Try mail again at once that was given up, or waits for its next time.
    Retry(Of),
    /// Stop all mail to an address, as its owner could: their leads are locked, and what waits is taken back.
    Suppress {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        of: Of,
    },
    /// Take a stop back that was a mistake. No ground comes back with it: the person has to ask for mail anew.
    Unsuppress {
        #[command(flatten)]
        whose: Whose,
        /// Why; it is kept.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        of: Of,
    },
}

/// Of which site, where.
#[derive(Debug, clap::Args)]
pub(super) struct Of {
    /// The site's key.
    #[arg(long)]
    site: String,
    #[command(flatten)]
    database: config::Database,
}

/// Whose address.
#[derive(Debug, clap::Args)]
pub(super) struct Whose {
    /// The address.
    #[arg(long)]
    email: String,
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
}

pub(super) async fn run(act: &Act) -> Result<ExitCode, Failure> {
    let of = match act {
        Act::Check(arguments) => return check::run(arguments).await,
        Act::Outbox(of) | Act::Retry(of) => of,
        Act::Suppress { of, .. } | Act::Unsuppress { of, .. } => of,
    };
    let mut db = Database::at(&of.database.url)?.open().await?;
    let site = applied(&mut db, &of.site).await?;
    match act {
        Act::Check(_) => {}
        Act::Outbox(_) => show(&mut db, &site).await?,
        Act::Retry(_) => {
            let count = outbox::retry(&mut db, site.id, clock::now()).await?;
            println!("tried again at once: {count}");
        }
        Act::Suppress { whose, .. } => suppress(&mut db, &site, whose).await?,
        Act::Unsuppress { whose, reason, .. } => {
            if reason.trim().is_empty() {
                return Err(Failure(
                    "--reason is empty\n  remedy: say why, in a sentence; it is kept".to_owned(),
                ));
            }
            let (digest, address) = address(&site, whose)?;
            let mut tx = db.begin().await?;
            let taken =
                suppression::take_back(&mut tx, site.id, &address, reason, clock::now()).await?;
            if taken {
                tell(&mut tx, &site, ("mail.unsuppress", &digest)).await?;
            }
            tx.commit().await?;
            if !taken {
                return Err(Failure("nobody has stopped mail to that address".to_owned()));
            }
            println!("taken back; the person has to ask for mail anew");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(db: &mut Connection, site: &Applied) -> Result<(), Failure> {
    let counts = outbox::counts(db, site.id).await?;
    if counts.is_empty() {
        println!("there is no mail");
        return Ok(());
    }
    println!("{:8}  {:>6}  {:20}  why", "state", "mails", "oldest");
    for (state, reason, count, since) in counts {
        let since = jiff::Timestamp::from_second(since / 1_000)?;
        println!(
            "{state:8}  {count:>6}  {since:20}  {}",
            if reason.is_empty() { "-" } else { &reason }
        );
    }
    Ok(())
}

/// By what a person's leads are found, and by what it is known that they want no mail.
fn address(site: &Applied, whose: &Whose) -> Result<([u8; 32], [u8; 32]), Failure> {
    let contact = Contact::email(&whose.email)
        .ok_or_else(|| Failure("--email is no e-mail address".to_owned()))?;
    let keys = keys_there(&whose.keys_file)?;
    let digest = keys.lead_digest(&site.file.key, &contact);
    Ok((digest, keys.mail_address(&site.file.key, &digest)))
}

async fn suppress(db: &mut Connection, site: &Applied, whose: &Whose) -> Result<(), Failure> {
    let (digest, address) = address(site, whose)?;
    let act = mail::Act::Stop { site: site.id, digest, address, how: "operator" };
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Persons).await?;
    let done = mail::act(&mut tx, &act, clock::now()).await?;
    tell(&mut tx, site, ("mail.suppress", &digest)).await?;
    tx.commit().await?;
    println!("stopped: no mail goes to that address, and its leads are locked");
    if done == (Done::Stopped { under_way: true }) {
        println!("one mail is being handed over at this moment and may still arrive");
    }
    Ok(())
}

/// Tells the trail of what was done to the leads that an address finds.
async fn tell(
    db: &mut Connection,
    site: &Applied,
    (action, digest): (&'static str, &[u8; 32]),
) -> sqlx::Result<()> {
    let leads = read::of_person(db, site.id, (ContactKind::Email, *digest)).await?;
    let object = ("site", site.file.key.to_string());
    let details = json!({ "leads": leads });
    let entry = Entry { at: clock::now(), by: who(), action, object, details };
    audit::append(db, site.id, &entry).await.map(drop)
}

/// By what mail leaves, where that is said.
pub(super) fn transport(config: &Mail) -> Result<Option<Transport>, Failure> {
    if let Some(folder) = &config.mail_dir {
        return Ok(Some(Transport::folder(folder)?));
    }
    let Some(url) = &config.smtp_url else { return Ok(None) };
    let login = config::smtp_login().map_err(|missing| {
        Failure(format!(
            "{missing} is missing, the other half of the login at the mail server\n  remedy: set both, or neither"
        ))
    })?;
    Ok(Some(Transport::smtp(url, login)?))
}

/// Sees to it that mail can be signed: the first key is made here, where the keys are in a file.
pub(super) fn key(keys: &Keys, path: &Path, now: Millis) -> Result<(), Failure> {
    if keys.signs_mail() {
        return Ok(());
    }
    if config::keys_text().is_some() {
        return Err(Failure(format!(
            "there is no DKIM key in {name}, and mail is not sent unsigned\n  remedy: put the keys into a file of mode 0600, run `ashiato keys dkim --keys-file FILE` without {name}, and give {name} the file's new content",
            name = config::KEYS
        )));
    }
    dkim::make(path, true, now, 0)?;
    keys.reload()?;
    tracing::info!("a key was made that signs mail; `ashiato keys dkim` says what to publish");
    Ok(())
}
