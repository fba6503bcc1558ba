//! Lists of leads that are read in: columns to fields, rows to leads, by the very rules of the forms. Nothing here
//! reads a file or a clock.

use std::collections::{BTreeMap, HashSet};

use consent_core::{
    contact::{ContactKind, contacts},
    form::{FieldFault, Form, Submission},
    ids::{LeadId, SiteKey},
    lead::{Basis, Ground, Origin},
    time::Millis,
};

use super::leads::digests;
use crate::{
    keys::{
        Keys,
        leads::{LeadKeyError, Sealed, SealedField},
    },
    site::LeadForm,
    store::{
        Connection, SiteId,
        leads::{
            self as store, Digest,
            grounds::{self, PROOF},
        },
        mail::{Address, suppression},
    },
};

/// Which field, or nothing, each column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    fields: Vec<Option<String>>,
    ground: Option<usize>,
    names: Vec<String>,
}

/// What is said of columns beside their names.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Columns by their names, and the field that each is.
    pub fields: BTreeMap<String, String>,
    /// Columns that are not read.
    pub ignored: Vec<String>,
    /// The column that says the ground.
    pub ground: Option<String>,
}

impl Columns {
    /// Of a list's first line: a column is the field that is said, or whose key or name in any language it bears.
    ///
    /// # Errors
    /// Everything that is wrong with the columns, each with its remedy.
    pub fn of(names: &[String], form: &LeadForm, said: &Mapping) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let plain = |name: &str| name.trim().to_lowercase();
        let known = |field: &str| form.fields.iter().any(|own| own.key.as_str() == field);
        for (column, field) in &said.fields {
            if !names.iter().any(|name| plain(name) == plain(column)) {
                wrong.push(format!("--map {column}={field}: the list has no column {column:?}"));
            }
            if !known(field) {
                let fields: Vec<_> = form.fields.iter().map(|own| own.key.as_str()).collect();
                let fields = fields.join(", ");
                wrong.push(format!("--map {column}={field}: the form has {fields}"));
            }
        }
        for column in said.ignored.iter().chain(&said.ground) {
            if !names.iter().any(|name| plain(name) == plain(column)) {
                wrong.push(format!("the list has no column {column:?}"));
            }
        }
        let mut columns = Self { fields: Vec::new(), ground: None, names: names.to_vec() };
        let mut taken = HashSet::new();
        for (at, name) in names.iter().enumerate() {
            let is = |other: &String| plain(other) == plain(name);
            if said.ground.as_ref().is_some_and(is) {
                columns.ground = Some(at);
                columns.fields.push(None);
                continue;
            }
            if said.ignored.iter().any(is) {
                columns.fields.push(None);
                continue;
            }
            let mapped = said.fields.iter().find(|(column, _)| is(column)).map(|(_, field)| field);
            let named = form
                .fields
                .iter()
                .find(|own| is(&own.key.as_str().to_owned()) || own.name.values().any(is));
            let field = mapped.cloned().or_else(|| named.map(|own| own.key.as_str().to_owned()));
            match field {
                Some(field) if taken.insert(field.clone()) => columns.fields.push(Some(field)),
                Some(field) => {
                    wrong.push(format!("two columns are the field {field}: write --ignore {name:?}"));
                }
                None => wrong.push(format!(
                    "column {name:?} is no field of the form: write --map {name:?}=FIELD or --ignore {name:?}"
                )),
            }
        }
        for field in form.fields.iter().filter(|own| own.required) {
            if !taken.contains(field.key.as_str()) {
                wrong
                    .push(format!("no column is the field {}, which the form requires", field.key));
            }
        }
        if wrong.is_empty() { Ok(columns) } else { Err(wrong) }
    }

    fn column_of(&self, field: &str) -> String {
        let at = self.fields.iter().position(|own| own.as_deref() == Some(field));
        at.and_then(|at| self.names.get(at)).map_or_else(|| field.to_owned(), Clone::clone)
    }
}

/// What is wrong with a row: its column, and what.
pub type Wrong = (String, String);

/// What holds for every row.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// The form whose rules hold.
    pub form: &'a Form,
    /// The ground, where no column says it.
    pub ground: Option<Ground>,
    /// Since when it holds.
    pub since: Millis,
}

/// A row that can be taken.
#[derive(Clone, Debug)]
pub struct Row {
    submission: Submission,
    ground: Ground,
}

/// The ground of that name, if a list may give it.
///
/// # Errors
/// Why not.
pub fn ground(name: &str) -> Result<Ground, String> {
    let name = name.trim();
    match Ground::ALL.into_iter().find(|ground| ground.as_str() == name) {
        Some(Ground::OptIn) => Err(
            "opt_in needs the record of its own confirmation: let people confirm by mail, through a form".to_owned(),
        ),
        Some(ground) if ground != Ground::None => Ok(ground),
        _ => Err(format!(
            "{name:?} is not one of existing_customer, card_exchanged, published_address"
        )),
    }
}

/// Reads a row by the form's own rules.
///
/// # Errors
/// Everything that is wrong with it.
pub fn row(columns: &Columns, cells: &[String], terms: &Terms<'_>) -> Result<Row, Vec<Wrong>> {
    let (have, must) = (cells.len(), columns.names.len());
    if have != must {
        let what = format!("the row has {have} cells, the first line {must}");
        return Err(vec![(String::new(), what)]);
    }
    let mut wrong = Vec::new();
    let own = columns.ground.and_then(|at| Some((columns.names.get(at)?, cells.get(at)?)));
    let found = match (own, terms.ground) {
        (Some((_, cell)), Some(ground)) if cell.trim().is_empty() => Ok(ground),
        (Some((name, cell)), _) => ground(cell).map_err(|why| (name.clone(), why)),
        (None, Some(ground)) => Ok(ground),
        (None, None) => Err((String::new(), "it has no ground".to_owned())),
    };
    let mut fields = BTreeMap::new();
    for (field, cell) in columns.fields.iter().zip(cells) {
        if let Some(field) = field {
            fields.insert(field.clone(), cell.clone());
        }
    }
    let sent = Submission { fields, agreements: BTreeMap::new() };
    let accepted = terms.form.accept(&sent).map_err(|faults| {
        let told = |(field, fault): (String, FieldFault)| {
            (columns.column_of(&field), said(fault).to_owned())
        };
        wrong.extend(faults.into_iter().map(told));
    });
    match (accepted, found) {
        (Ok(submission), Ok(ground)) => Ok(Row { submission, ground }),
        (_, found) => {
            wrong.extend(found.err());
            Err(wrong)
        }
    }
}

/// What an operator is told of a fault, and what to do about it.
const fn said(fault: FieldFault) -> &'static str {
    match fault {
        FieldFault::Required => "is empty, and the form requires it",
        FieldFault::TooShort => "has fewer characters than the form asks",
        FieldFault::TooLong => "has more characters than the form takes",
        FieldFault::TooSmall => "is less than the form asks",
        FieldFault::TooLarge => "is more than the form takes",
        FieldFault::Email => "is no e-mail address",
        FieldFault::Telephone => {
            "is no telephone number: of Japan with its area code, of elsewhere with + and the country's code"
        }
        FieldFault::PostalCode => "is no Japanese postal code of seven digits",
        FieldFault::Kana => "is no reading in kana",
        FieldFault::Number => "is no number",
        FieldFault::Date => "is no day of the calendar",
        FieldFault::Url => "is no address of a web page",
        FieldFault::Choice => "is none of the form's choices",
        FieldFault::TooManyLinks => "has more addresses of web pages than the form takes",
        FieldFault::Control => "has line breaks or other control characters",
        FieldFault::Unknown => "is no field of the form",
    }
}

/// A row, sealed.
#[derive(Clone, Debug)]
pub struct Sheet {
    id: LeadId,
    request: [u8; 32],
    ground: Ground,
    sealed: Sealed,
    proof: Option<SealedField>,
    digests: Vec<Digest>,
    /// By what it is known who has said stop to mail.
    addresses: Vec<Address>,
}

impl Row {
    /// Seals it, with what proves its ground. A row of the same content is known again.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn seal(
        self,
        keys: &Keys,
        site: &SiteKey,
        form: &Form,
        (id, proof, now): (LeadId, &str, Millis),
    ) -> Result<Sheet, LeadKeyError> {
        let Self { mut submission, ground } = self;
        let digests = digests(keys, site, &contacts(form, &submission));
        let request = keys.import_request(site, form.key.as_str(), &submission.fields);
        submission.fields.insert(PROOF.to_owned(), proof.to_owned());
        let mut sealed = keys.seal_lead(site, id, 1, &submission.fields, now)?;
        let at = sealed.fields.iter().position(|field| field.field == PROOF);
        let proof = at.map(|at| sealed.fields.remove(at));
        let emails = digests.iter().filter(|(kind, _)| *kind == ContactKind::Email);
        let addresses = emails.map(|(_, digest)| keys.mail_address(site, digest)).collect();
        Ok(Sheet { id, request, ground, sealed, proof, digests, addresses })
    }
}

impl Sheet {
    /// By what its person is found.
    #[must_use]
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }
}

/// What becomes of a row whose person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OnDuplicate {
    /// It is left out.
    Skip,
    /// It becomes a lead beside the other.
    Add,
}

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Leads that were made.
    pub added: usize,
    /// Rows that had been read in before.
    pub again: usize,
    /// Rows of somebody who is a lead already.
    pub duplicates: usize,
    /// Of the leads that were made, those locked because their person has said stop to mail.
    pub stopped: usize,
}

/// How rows are taken.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The site.
    pub site: SiteId,
    /// The form.
    pub form: &'a Form,
    /// Where the leads come from.
    pub origin: Origin,
    /// Since when their grounds hold.
    pub since: Millis,
    /// Who says so.
    pub by: &'a str,
    /// What becomes of somebody who is known.
    pub on_duplicate: OnDuplicate,
    /// The time now.
    pub now: Millis,
}

/// Stores rows inside the caller's transaction.
///
/// # Errors
/// Where the database does not answer; then none is stored.
pub async fn take(db: &mut Connection, batch: &Batch<'_>, sheets: &[Sheet]) -> sqlx::Result<Taken> {
    let mut taken = Taken::default();
    for sheet in sheets {
        if store::find(db, batch.site, &sheet.request).await?.is_some() {
            taken.again += 1;
            continue;
        }
        if batch.on_duplicate == OnDuplicate::Skip
            && store::is_known(db, batch.site, &sheet.digests).await?
        {
            taken.duplicates += 1;
            continue;
        }
        // Who has said stop stays locked, whatever a list says.
        let mut basis = Basis::since(sheet.ground, batch.since);
        for address in &sheet.addresses {
            if suppression::find(db, batch.site, address).await?.is_some() {
                basis = Basis::NONE;
            }
        }
        taken.stopped += usize::from(basis == Basis::NONE);
        let lead = store::Lead {
            id: sheet.id,
            request: &sheet.request,
            origin: batch.origin,
            form: batch.form.key.as_str(),
            basis,
            agreements: &BTreeMap::new(),
            page: "",
            sealed: &sheet.sealed,
            digests: &sheet.digests,
            now: batch.now,
        };
        store::insert(db, batch.site, &lead).await?;
        if let Some(proof) = &sheet.proof {
            let ground = grounds::Ground {
                ground: sheet.ground,
                since: batch.since,
                said_by: batch.by,
                proof,
            };
            grounds::record(db, batch.site, sheet.id, &ground).await?;
        }
        taken.added += 1;
    }
    Ok(taken)
}
