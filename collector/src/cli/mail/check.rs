//! `ashiato mail check`.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use serde_json::{Value, json};

use super::super::{Failure, applied};
use crate::{
    clock, config,
    keys::{
        self,
        dkim::{self, Published},
    },
    mail::authentication::{Finding, State, Subject, dns::Dns, organisation},
    store::Database,
};

/// Something is wrong.
const WRONG: u8 = 1;
/// The DNS does not tell.
const UNTOLD: u8 = 3;

/// `ashiato mail check`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// The DNS server to ask, ADDRESS:PORT [default: the system's].
    #[arg(long, value_name = "ADDRESS:PORT")]
    dns: Option<SocketAddr>,
    /// The address from which mail leaves for its receivers: whether SPF lets it.
    #[arg(long, value_name = "IP")]
    smtp_from_address: Option<IpAddr>,
    /// The domain of the envelope's sender, where the mail server puts another in [default: that of From].
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    envelope_domain: Option<String>,
    /// Say it as JSON.
    #[arg(long)]
    json: bool,
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

fn domain(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('.').to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let whole = text.split('.').all(|label| (1..=63).contains(&label.len()));
    if text.contains('.') && text.len() <= 253 && whole && text.chars().all(plain) {
        return Ok(text);
    }
    Err("write a domain, as in bounce.example.com; one in other letters in its xn-- form"
        .to_owned())
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut db = Database::at(&arguments.database.url)?.readers().await?.acquire().await?;
    let site = applied(&mut db, &arguments.site).await?;
    drop(db);
    let Some(mail) = &site.file.mail else {
        return Err(Failure(format!(
            "the site {} sends no mail: its file has no [mail]\n  remedy: add it, and put the file in force by `ashiato site apply FILE`",
            site.file.key
        )));
    };
    let now = clock::now();
    let keys = published(arguments, now)?;
    let from_domain = mail.domain().to_ascii_lowercase();
    let subject = Subject {
        from: &mail.from,
        domain: &from_domain,
        envelope: arguments.envelope_domain.as_deref().unwrap_or(&from_domain),
        host: arguments.smtp_from_address,
        keys: &keys,
        now,
    };
    let findings = Dns::new(arguments.dns)?.judge(&subject).await;
    let is = |state| findings.iter().any(|finding| finding.state == state);
    let (result, code) = match (is(State::Wrong), is(State::Untold)) {
        (true, _) => ("wrong", WRONG),
        (false, true) => ("untold", UNTOLD),
        (false, false) => ("right", 0),
    };
    if arguments.json {
        let said = json!({
            "site": site.file.key.as_str(),
            "domain": subject.domain,
            "organisational_domain": organisation(subject.domain),
            "envelope_domain": subject.envelope,
            "result": result,
            "findings": findings.iter().map(as_json).collect::<Vec<_>>(),
        });
        println!("{said:#}");
    } else {
        println!("mail of {} comes from {}", site.file.key, mail.from);
        for finding in &findings {
            print(finding);
        }
        println!(
            "{}",
            match result {
                "wrong" => "something is wrong",
                "untold" => "it could not be told whether something is wrong",
                _ => "nothing is wrong",
            }
        );
    }
    Ok(ExitCode::from(code))
}

/// What is to be published of the keys that are there; none is made.
fn published(
    arguments: &Arguments,
    now: consent_core::time::Millis,
) -> Result<Vec<Published>, Failure> {
    if let Some(text) = config::keys_text() {
        return Ok(dkim::published(&text, config::KEYS, now)?);
    }
    let path = &arguments.keys_file;
    if !path.is_file() {
        return Err(Failure(format!(
            "there is no keys file {}\n  remedy: name the collector's by --keys-file",
            path.display()
        )));
    }
    Ok(dkim::published(&keys::read(path)?, &path.display().to_string(), now)?)
}

fn print(finding: &Finding) {
    println!("\n{:5} {}: {}", finding.about.as_str(), finding.state.as_str(), finding.text);
    if !finding.remedy.is_empty() {
        println!("  remedy: {}", finding.remedy);
    }
    if let Some(record) = &finding.publish {
        println!("  {record}");
    }
}

fn as_json(finding: &Finding) -> Value {
    let publish = finding.publish.as_ref();
    json!({
        "about": finding.about.as_str().to_ascii_lowercase(),
        "state": finding.state.as_str(),
        "code": finding.code,
        "text": finding.text,
        "remedy": (!finding.remedy.is_empty()).then_some(&finding.remedy),
        "publish": publish.map(|record| json!({"name": record.name, "type": "TXT", "value": record.value})),
    })
}
