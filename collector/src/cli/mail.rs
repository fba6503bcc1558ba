//! `ashiato mail`, and what `serve` needs for mail.

use std::path::Path;

use consent_core::time::Millis;

use super::Failure;
use crate::{
    config::{self, Mail},
    keys::{Keys, dkim},
    mail::Transport,
};

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
