//! `ashiato user`.

mod delete;

use consent_core::ids::LeadId;
use serde_json::{Value, json};

use super::{Failure, applied, who};
use crate::{
    clock, config, office,
    office::desk::Desk,
    store::{
        Connection, Database, Readers, SiteId,
        accounts::{self, Account, AccountId, Role, told},
        audit::{self, Entry},
        factors, identities,
        locks::{self, Lock},
        log_ins, sites,
    },
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Give somebody a role, and print the link by which they set a password, once.
    Add {
        #[command(flatten)]
        who: Who,
        /// What they are.
        #[arg(long)]
        role: Role,
        /// The site's key; every site, those to come too, where none is given.
        #[arg(long)]
        site: Option<String>,
        /// The address by which browsers reach the collector.
        #[command(flatten)]
        office: Office,
    },
    /// Print a new link for an account: it sets a new password, and lets a disabled account in again.
    Link {
        #[command(flatten)]
        who: Who,
        /// The address by which browsers reach the collector.
        #[command(flatten)]
        office: Office,
    },
    /// Log an account out everywhere, and let it in no more.
    Disable {
        #[command(flatten)]
        who: Who,
    },
    /// Delete an account: its address, password, roles, factors, passkeys and sessions. The audit trail keeps what it did.
    Delete {
        #[command(flatten)]
        who: Who,
        /// What was approved in the back office, where a site file has it wait for a second person.
        #[arg(long, value_name = "REQUEST", allow_hyphen_values = true)]
        approved: Option<LeadId>,
    },
    /// Forget what an account shows beside its password, for somebody who has lost it all; they are logged out everywhere.
    ResetFactors {
        #[command(flatten)]
        who: Who,
    },
    /// Forget who an account is at the OpenID Connect provider: the next log-in there binds it anew, by its address.
    Unbind {
        #[command(flatten)]
        who: Who,
    },
    /// List the accounts and their roles.
    List {
        #[command(flatten)]
        database: config::Database,
    },
}

/// Whose account it is, and where.
#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// The account's e-mail address.
    #[arg(long)]
    email: String,
    #[command(flatten)]
    database: config::Database,
}

/// Where the back office is.
#[derive(Debug, clap::Args)]
pub(super) struct Office {
    /// The address by which browsers reach the collector.
    #[arg(long, env = "ASHIATO_PUBLIC_URL", default_value = "http://127.0.0.1:8080", value_parser = config::public_url)]
    public_url: String,
    /// The address by which they reach its back office, where that has one of its own.
    #[arg(long, env = "ASHIATO_OFFICE_URL", value_name = "URL", value_parser = config::public_url)]
    office_url: Option<String>,
}

impl Office {
    fn url(&self) -> &str {
        self.office_url.as_ref().unwrap_or(&self.public_url)
    }
}

impl Who {
    fn email(&self) -> Result<String, Failure> {
        office::email(&self.email).ok_or_else(|| {
            Failure("this is no e-mail address\n  remedy: write NAME@HOST after --email".to_owned())
        })
    }

    async fn open(&self) -> Result<Connection, Failure> {
        Ok(Database::at(&self.database.url)?.create().await?)
    }

    async fn account(&self, db: &mut Connection) -> Result<Account, Failure> {
        accounts::by_email(db, &self.email()?).await?.ok_or_else(|| {
            let remedy =
                "`ashiato user list` shows those that there are, `ashiato user add` adds one";
            Failure(format!("there is no account of that address\n  remedy: {remedy}"))
        })
    }
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    match act {
        Act::Add { who, role, site, office } => add(who, *role, site.as_deref(), office).await,
        Act::Link { who, office } => {
            let mut db = who.open().await?;
            let account = who.account(&mut db).await?;
            let mut tx = db.begin().await?;
            if account.disabled {
                accounts::enable(&mut tx, account.id).await?;
            }
            let details = json!({ "enabled": account.disabled });
            told::tell_of(&mut tx, account.id, &entry(account.id, "account.link", details)).await?;
            tx.commit().await?;
            link(&mut db, &account, office).await
        }
        Act::Disable { who } => disable(who).await,
        Act::Delete { who, approved } => delete::run(who, *approved).await,
        Act::ResetFactors { who } => reset_factors(who).await,
        Act::Unbind { who } => unbind(who).await,
        Act::List { database } => list(&database.url).await,
    }
}

async fn add(who: &Who, role: Role, site: Option<&str>, office: &Office) -> Result<(), Failure> {
    let email = who.email()?;
    let mut db = who.open().await?;
    let site = match site {
        Some(key) => Some(applied(&mut db, key).await?.id),
        None => None,
    };
    let mut tx = db.begin().await?;
    let account = accounts::add(&mut tx, &email, site, role, clock::now()).await?;
    tell_role(&mut tx, account.id, site, role).await?;
    tx.commit().await?;
    if account.disabled {
        let remedy = "`ashiato user link` lets it in again";
        return Err(Failure(format!(
            "the role is given, but the account is disabled\n  remedy: {remedy}"
        )));
    }
    if account.password.is_some() {
        eprintln!(
            "the account has a password already and logs in by it; `ashiato user link` sets a new one"
        );
        return Ok(());
    }
    link(&mut db, &account, office).await
}

/// What the trails are told of an account.
fn entry(account: AccountId, action: &'static str, details: Value) -> Entry {
    let object = ("account", account.0.to_string());
    Entry { at: clock::now(), by: who(), action, object, details }
}

/// Tells of a role: the site's trail, or everybody's.
async fn tell_role(
    db: &mut Connection,
    account: AccountId,
    site: Option<SiteId>,
    role: Role,
) -> sqlx::Result<()> {
    let everywhere = site.is_none();
    let details = json!({ "role": role.as_str(), "everywhere": everywhere });
    let sites = match site {
        Some(site) => vec![site],
        None => sites::ids(db).await?,
    };
    told::tell(db, &sites, &entry(account, "account.role", details)).await
}

async fn link(db: &mut Connection, account: &Account, office: &Office) -> Result<(), Failure> {
    let token = office::token()?;
    let mut tx = db.begin().await?;
    accounts::add_link(&mut tx, &office::hash(&token), Some(account.id), clock::now()).await?;
    tx.commit().await?;
    println!("{}", office::link_url(office.url(), &token));
    Ok(())
}

async fn disable(who: &Who) -> Result<(), Failure> {
    let mut db = who.open().await?;
    let account = who.account(&mut db).await?;
    let mut tx = db.begin().await?;
    accounts::disable(&mut tx, account.id, clock::now()).await?;
    log_ins::end_all(&mut tx, account.id).await?;
    told::tell_of(&mut tx, account.id, &entry(account.id, "account.disable", json!({}))).await?;
    tx.commit().await?;
    println!("the account is disabled and logged out everywhere");
    Ok(())
}

async fn reset_factors(whose: &Who) -> Result<(), Failure> {
    let mut db = whose.open().await?;
    let account = whose.account(&mut db).await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let had = factors::has_second(&mut tx, account.id).await?;
    factors::forget(&mut tx, account.id).await?;
    log_ins::end_all(&mut tx, account.id).await?;
    told::tell_of(&mut tx, account.id, &entry(account.id, "account.reset_factors", json!({})))
        .await?;
    tx.commit().await?;
    println!(
        "{}",
        match had {
            true => "the account logs in by its password alone, and is logged out everywhere",
            false =>
                "nothing was asked for beside the password; the account is logged out everywhere",
        }
    );
    Ok(())
}

async fn unbind(who: &Who) -> Result<(), Failure> {
    let mut db = who.open().await?;
    let account = who.account(&mut db).await?;
    let mut tx = db.begin().await?;
    let n = identities::unbind(&mut tx, account.id).await?;
    log_ins::end_all(&mut tx, account.id).await?;
    told::tell_of(&mut tx, account.id, &entry(account.id, "account.unbind", json!({}))).await?;
    tx.commit().await?;
    println!(
        "{}",
        if n == 0 {
            "the account was bound to nobody; it is logged out everywhere"
        } else {
            "the account is bound to nobody any more, and logged out everywhere"
        }
    );
    Ok(())
}

async fn list(url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let mut keys = Vec::new();
    for (key, _) in sites::list(&mut db).await? {
        if let Some(site) = sites::find(&mut db, &key).await? {
            keys.push((site.id, key));
        }
    }
    // Addresses of people are not shown before the trails have it.
    let mut tx = db.begin().await?;
    keys.sort_unstable_by_key(|(id, _)| *id);
    for (id, key) in &keys {
        let object = ("site", key.clone());
        let details = json!({});
        let entry = Entry { at: clock::now(), by: who(), action: "account.list", object, details };
        audit::append(&mut tx, *id, &entry).await?;
    }
    tx.commit().await?;
    for account in accounts::all(&mut db).await? {
        let roles = accounts::roles(&mut db, account.id).await?;
        let everywhere = account.everywhere.map(|role| format!("{} everywhere", role.as_str()));
        let own = keys.iter().filter_map(|(id, key)| {
            roles.get(id).map(|role| format!("{} of {key}", role.as_str()))
        });
        let roles: Vec<_> = everywhere.into_iter().chain(own).collect();
        let state = match (account.disabled, &account.password) {
            (true, _) => "disabled",
            (false, None) => "no password yet",
            (false, Some(_)) => "active",
        };
        println!("{}\t{}\t{state}", account.email, roles.join(", "));
    }
    Ok(())
}

/// The token of the first owner's link, where there is no account yet.
pub(super) async fn first_link(desk: &Desk, readers: &Readers) -> Result<Option<String>, Failure> {
    if accounts::any(&mut readers.acquire().await?).await? {
        return Ok(None);
    }
    let token = office::token()?;
    let mut db = desk.hold().await?;
    accounts::add_link(&mut db, &office::hash(&token), None, clock::now()).await?;
    db.keep();
    Ok(Some(token))
}
