//! Which field each column of a list is.

use std::collections::{BTreeMap, HashSet};

use crate::site::LeadForm;

/// Which field, or nothing, each column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub(super) fields: Vec<Option<String>>,
    pub(super) ground: Option<usize>,
    pub(super) names: Vec<String>,
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

    pub(super) fn column_of(&self, field: &str) -> String {
        let at = self.fields.iter().position(|own| own.as_deref() == Some(field));
        at.and_then(|at| self.names.get(at)).map_or_else(|| field.to_owned(), Clone::clone)
    }
}
