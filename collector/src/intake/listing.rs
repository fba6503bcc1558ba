//! The list of those who may be contacted, as a table: a row for each lead, with what a mail to it must show and how its
//! person stops it.

use consent_core::{ids::FormKey, time::Millis};

use super::{
    cell::{rows, safe},
    handout::{self, Item, Mail},
};
use crate::{
    keys::{
        Keys,
        leads::{Fields, LeadKeyError},
    },
    site::SiteFile,
    store::leads::read::{Stored, Usable},
};

/// What stands in front of the fields.
const BEFORE: [&str; 6] = ["lead", "form", "origin", "ground", "ground_since", "received_at"];

/// A lead whose person may be contacted, opened.
#[derive(Debug)]
pub struct Person {
    /// The lead.
    pub lead: Stored,
    /// What was filled in.
    pub fields: Fields,
    /// By what address the person stops mail.
    pub stop: Option<String>,
}

impl Person {
    /// Opens a lead.
    ///
    /// # Errors
    /// Where it does not open.
    pub fn open(
        keys: &Keys,
        (file, public_url): (&SiteFile, &str),
        usable: &Usable,
    ) -> Result<Self, LeadKeyError> {
        let lead = usable.lead().clone();
        let fields = keys.open_lead(&file.key, lead.id, &lead.sealed)?;
        let form: Option<FormKey> = lead.form.parse().ok();
        let form = form.and_then(|form| file.lead_form(&form));
        let stop = handout::stop_url(keys, (&file.key, public_url), (form, &fields));
        Ok(Self { lead, fields, stop })
    }
}

/// The columns of the fields that are held: those of the forms in their order, then what leads of before have beside
/// them.
#[must_use]
pub fn columns<'a>(file: &SiteFile, held: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let held: std::collections::BTreeSet<&str> = held.into_iter().collect();
    let forms = file.forms.iter().flat_map(|form| &form.fields);
    let mut columns: Vec<String> = Vec::new();
    for key in forms.map(|field| field.key.as_str()).chain(held.iter().copied()) {
        if held.contains(key) && !columns.iter().any(|column| column == key) {
            columns.push(key.to_owned());
        }
    }
    columns
}

/// A table of them.
#[derive(Clone, Debug)]
pub struct Table {
    fields: Vec<String>,
    from: String,
    items: Vec<Item>,
}

impl Table {
    /// With those columns, and what a mail must show in that language.
    #[must_use]
    pub fn new(mail: &Mail<'_>, language: &str, fields: Vec<String>) -> Self {
        let items = mail.items.iter().find(|(own, _)| *own == language);
        let items = items.map_or_else(Vec::new, |(_, items)| items.clone());
        Self { fields, from: mail.from.to_owned(), items }
    }

    /// Its first line.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn head(&self) -> csv::Result<String> {
        let heads = BEFORE.iter().copied().chain(self.fields.iter().map(String::as_str)).map(safe);
        let items = self.items.iter().map(|item| format!("mail_{}", item.name));
        let heads = heads.chain(["mail_from".to_owned()]).chain(items);
        rows([heads.chain(["stop_url".to_owned()]).collect::<Vec<_>>()])
    }

    /// A line for each of them.
    ///
    /// # Errors
    /// Where one cannot be written.
    pub fn rows(&self, people: &[Person]) -> csv::Result<String> {
        rows(people.iter().map(|person| self.row(person)))
    }

    fn row(&self, Person { lead, fields: held, stop }: &Person) -> Vec<String> {
        let since = lead.ground_since.map_or_else(String::new, moment);
        // An id may begin like a formula too.
        let id = lead.id.to_text();
        let before = [&id, &lead.form, &lead.origin, &lead.ground, &since];
        let before = before.into_iter().map(|cell| safe(cell)).chain([moment(lead.received_at)]);
        let own = self.fields.iter();
        let own = own.map(|key| held.get(key).map_or_else(String::new, |it| safe(it)));
        let after = std::iter::once(self.from.as_str());
        let after = after.chain(self.items.iter().map(|item| item.text.as_str()));
        let after = after.chain([stop.as_deref().unwrap_or("")]).map(safe);
        before.chain(own).chain(after).collect()
    }
}

/// A moment as tables have it (RFC 3339).
#[must_use]
pub fn moment(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |at| at.to_string())
}
