//! Lists of leads that are read in, and leads that other systems give: rows to leads, by the very rules of the forms.
//! Nothing here reads a file or a clock.

mod columns;

use std::collections::BTreeMap;

use consent_core::{
    contact::{ContactKind, contacts},
    form::{FieldFault, Form, Submission},
    ids::{LeadId, SiteKey},
    lead::{Basis, Ground, Origin},
    time::Millis,
};

pub use columns::{Columns, Mapping};

use super::{
    amend::{Amendment, Seen},
    leads::digests,
    sealing::SealingError,
};
use crate::{
    keys::{
        Keys,
        leads::{Fields, LeadKeyError, Sealed, SealedField},
    },
    store::{
        Connection, SiteId,
        leads::{
            self as store, Digest,
            grounds::{self, PROOF},
            read,
        },
        mail::{Address, suppression},
        reports::Holding,
    },
};

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
    /// What it says, judged by the form.
    pub submission: Submission,
    /// On what ground its person may be contacted.
    pub ground: Ground,
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
        // What is written there may be anything, as somebody's address.
        _ => Err("is not one of existing_customer, card_exchanged, published_address".to_owned()),
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
    /// What it says, where it may be put over what a known lead holds.
    fields: Option<Fields>,
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
        Ok(Sheet { id, request, ground, sealed, proof, digests, addresses, fields: None })
    }
}

impl Sheet {
    /// The same, which may be put over what a known lead holds: with what it says, not sealed.
    #[must_use]
    pub fn with_fields(self, fields: Fields) -> Self {
        Self { fields: Some(fields), ..self }
    }

    /// The same, known again by that.
    #[must_use]
    pub fn known_by(self, request: [u8; 32]) -> Self {
        Self { request, ..self }
    }

    /// The lead that it becomes.
    #[must_use]
    pub const fn id(&self) -> LeadId {
        self.id
    }

    /// By what its person is found.
    #[must_use]
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// Stores it as a lead inside the caller's transaction; on what ground. Who has said stop stays locked, whatever is
    /// said of them.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn store(
        &self,
        db: &mut Connection,
        source: &Source<'_>,
        now: Millis,
    ) -> sqlx::Result<Basis> {
        let site = source.site;
        let mut basis = Basis::since(self.ground, source.since);
        for address in &self.addresses {
            if suppression::find(db, site, address).await?.is_some() {
                basis = Basis::NONE;
            }
        }
        let lead = store::Lead {
            id: self.id,
            request: &self.request,
            origin: source.origin,
            form: source.form.key.as_str(),
            basis,
            agreements: &BTreeMap::new(),
            page: "",
            sealed: &self.sealed,
            digests: &self.digests,
            now,
        };
        store::insert(db, site, &lead).await?;
        if let Some(proof) = &self.proof {
            let (since, said_by) = (source.since, source.by);
            let ground = grounds::Ground { ground: self.ground, since, said_by, proof };
            grounds::record(db, site, self.id, &ground).await?;
        }
        Ok(basis)
    }
}

/// What becomes of somebody who is a lead already, by e-mail address or telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OnDuplicate {
    /// The row is left out.
    Skip,
    /// It becomes a lead beside the other.
    Add,
    /// What it fills in takes the place of what the lead holds; the lead's ground stays as it is.
    Update,
}

/// Where leads come from, and on whose word.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The site.
    pub site: SiteId,
    /// The form.
    pub form: &'a Form,
    /// Where they come from.
    pub origin: Origin,
    /// Since when their grounds hold.
    pub since: Millis,
    /// Who says so.
    pub by: &'a str,
}

/// How rows are taken.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Where they come from.
    pub source: Source<'a>,
    /// The keys, and the site's.
    pub keys: (&'a Keys, &'a SiteKey),
    /// What becomes of somebody who is known.
    pub on_duplicate: OnDuplicate,
    /// The time now.
    pub now: Millis,
}

/// What became of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Leads that were made.
    pub added: usize,
    /// Leads that were there, and hold now what their rows say.
    pub updated: usize,
    /// Rows that had been read in before, or say nothing new.
    pub again: usize,
    /// Rows of somebody who is a lead already.
    pub duplicates: usize,
    /// Of the leads that were made, those locked because their person has said stop to mail.
    pub stopped: usize,
    /// Rows that cannot be taken, by their place, and why.
    pub refused: Vec<(usize, &'static str)>,
}

const SEVERAL: &str = "is of several leads: correct the one by `ashiato subject correct`, or add it \
    by --on-duplicate add";
const OTHER_FORM: &str = "is of a lead that came by another form: add it by --on-duplicate add";
const CHANGED: &str = "is of a lead that was changed at the same moment: read the file in again";

/// Stores rows inside the caller's transaction.
///
/// # Errors
/// Where the database does not answer, or a lead that is to be updated does not open; then none is stored.
pub async fn take(
    db: &mut Connection,
    batch: &Batch<'_>,
    sheets: &[Sheet],
) -> Result<Taken, SealingError> {
    let (mut taken, site) = (Taken::default(), batch.source.site);
    for (at, sheet) in sheets.iter().enumerate() {
        let came = store::find(db, site, &sheet.request).await?;
        // What was erased does not come back, neither as a lead nor into another one.
        let erased = came.is_some_and(|came| came.erased_at.is_some());
        if erased || (came.is_some() && batch.on_duplicate != OnDuplicate::Update) {
            taken.again += 1;
            continue;
        }
        let known = match batch.on_duplicate {
            OnDuplicate::Add => Vec::new(),
            _ => read::known(db, site, &sheet.digests).await?,
        };
        match (batch.on_duplicate, known.as_slice()) {
            (OnDuplicate::Update, []) if came.is_some() => taken.again += 1,
            (OnDuplicate::Update, [lead]) => match update(db, batch, sheet, *lead).await? {
                Updated::Changed => taken.updated += 1,
                Updated::Same => taken.again += 1,
                Updated::Refused(why) => taken.refused.push((at, why)),
            },
            (OnDuplicate::Update, [_, _, ..]) => taken.refused.push((at, SEVERAL)),
            (OnDuplicate::Skip, [_, ..]) => taken.duplicates += 1,
            _ => {
                let basis = sheet.store(db, &batch.source, batch.now).await?;
                taken.stopped += usize::from(basis == Basis::NONE);
                taken.added += 1;
            }
        }
    }
    Ok(taken)
}

enum Updated {
    Changed,
    Same,
    Refused(&'static str),
}

async fn update(
    db: &mut Connection,
    batch: &Batch<'_>,
    sheet: &Sheet,
    lead: LeadId,
) -> Result<Updated, SealingError> {
    let ((keys, key), form) = (batch.keys, batch.source.form);
    // The link does not matter here.
    let holding = Holding { revision: 0, now: batch.now };
    let stored = read::one(db, batch.source.site, holding, lead).await?;
    let (Some(stored), Some(fields)) = (stored, &sheet.fields) else {
        return Ok(Updated::Refused(CHANGED));
    };
    if stored.form != form.key.as_str() {
        return Ok(Updated::Refused(OTHER_FORM));
    }
    let seen = Seen::of(db, batch.source.site, stored).await?;
    let Some(new) = Amendment::of(keys, key, form, (&seen, fields), batch.now)? else {
        return Ok(Updated::Same);
    };
    Ok(match new.store(db, batch.source.site, batch.now).await? {
        Some(_) => Updated::Changed,
        None => Updated::Refused(CHANGED),
    })
}
