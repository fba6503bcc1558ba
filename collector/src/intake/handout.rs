//! What goes with every list of leads that is given out: what a mail to them must show, and for each how its person
//! stops it (Act on Regulation of Specified Electronic Mail, articles 4 and 3(3)).

use consent_core::{contact::Contact, form::FieldKind, ids::SiteKey};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::{
    keys::{Keys, leads::Fields},
    site::{LeadForm, SiteFile},
};

/// What a mail must show beside how to stop it, in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MailItem")]
pub struct Item {
    /// Its stable name: `sender`, `address`, `complaints`.
    pub name: &'static str,
    /// What stands before it.
    pub label: &'static str,
    /// What it says.
    pub text: String,
}

/// Who mail is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mail<'a> {
    /// The address that it comes from.
    pub from: &'a str,
    /// Where answers go.
    pub reply_to: Option<&'a str>,
    /// What it must show, by language, the site's first one first.
    #[serde(serialize_with = "by_language")]
    #[schemars(with = "std::collections::BTreeMap<String, Vec<Item>>")]
    pub items: Vec<(&'a str, Vec<Item>)>,
}

impl<'a> Mail<'a> {
    /// Of a site; none where its file has no `[mail]`: then no list is given out.
    #[must_use]
    pub fn of(file: &'a SiteFile) -> Option<Self> {
        let mail = file.mail.as_ref()?;
        let items = file.languages.iter().map(|language| {
            let items = file.mail_items(language).into_iter();
            let item = |(name, label, text)| Item { name, label, text };
            (language.as_str(), items.map(item).collect())
        });
        Some(Self { from: &mail.from, reply_to: mail.reply_to.as_deref(), items: items.collect() })
    }
}

fn by_language<S: Serializer>(
    items: &[(&str, Vec<Item>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(items.iter().map(|(language, items)| (language, items)))
}

/// Why a list of a site without `[mail]` is not given out, and what to do.
pub const NO_MAIL: &str = "the site file has no [mail], and a list of people to write to has to say who writes, from \
    where, and where to complain: add it (docs/mail.md) and apply the file";

/// The address by which the person of a lead stops mail, by the page's button or in one click (RFC 8058); none where the
/// lead has no e-mail address.
#[must_use]
pub fn stop_url(
    keys: &Keys,
    (site, public_url): (&SiteKey, &str),
    (form, fields): (Option<&LeadForm>, &Fields),
) -> Option<String> {
    let email = |key: &str| fields.get(key).and_then(|value| Contact::email(value));
    let of_form = form.and_then(|form| {
        let emails = form.fields.iter().filter(|field| field.kind == FieldKind::Email);
        emails.filter_map(|field| email(field.key.as_str())).next()
    });
    // A form that is gone is not asked any more: what reads as an e-mail address is one.
    let contact = of_form.or_else(|| fields.keys().find_map(|key| email(key)))?;
    let token = keys.stop_token(site, &keys.lead_digest(site, &contact));
    Some(format!("{public_url}/s/{site}/stop/{token}"))
}
