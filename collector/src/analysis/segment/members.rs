//! Who is in a segment.

use std::collections::{BTreeMap, HashMap};

use consent_core::form::SEPARATOR;

use super::{Holds, Lead, Segment};
use crate::{
    analysis::{Patience, Stopped, each, place},
    columns::{Members, Table},
    store::VisitorRow,
};

/// Counts that are kept for all visitors together, at most: 2 bytes each.
const MAX_COUNTS: usize = 40_000_000;

/// What is known of a linked lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its form, or nothing.
    pub form: String,
    /// Where it came from.
    pub origin: String,
    /// Since when it is linked, in milliseconds since 1970.
    pub since: i64,
    /// What was filled in; empty where the segment does not look at that.
    pub fields: BTreeMap<String, String>,
}

/// Who of a table's visitors is in a segment. Of who is known by a lead, nothing counts from before it was linked:
/// neither for being in it, nor afterwards.
///
/// # Errors
/// Where nobody waits any more, or it is too much.
pub fn members(
    segment: &Segment,
    table: &Table,
    leads: &HashMap<VisitorRow, Vec<Facts>>,
    patience: &Patience,
) -> Result<Members, Stopped> {
    let mut did = segment.did.clone();
    let many = did.len();
    if many.saturating_mul(table.visitors()) > MAX_COUNTS {
        return Err(Stopped::TooMuch);
    }
    // Looked for by every visitor once, not by every event.
    let mut from = Vec::with_capacity(table.visitors());
    for visitor in 0..u32::try_from(table.visitors()).map_err(|_| Stopped::TooMuch)? {
        let facts = leads.get(&table.visitor_row(visitor));
        from.push(if segment.leads {
            facts.and_then(|all| since(&segment.holds, all))
        } else {
            None
        });
    }
    let mut counts = vec![0_u16; many * table.visitors()];
    each(table.events(), patience, |event| {
        let at = place(event.visitor);
        if from[at].is_some_and(|from| event.at < from) {
            return Ok(());
        }
        for (count, did) in counts[at * many..(at + 1) * many].iter_mut().zip(&mut did) {
            if (did.days.0..=did.days.1).contains(&event.day) && did.matching.holds(&event, table) {
                *count = count.saturating_add(1);
            }
        }
        Ok(())
    })?;
    let member = |at: usize| {
        let visitor = u32::try_from(at).ok()?;
        let facts = leads.get(&table.visitor_row(visitor)).map_or(&[][..], Vec::as_slice);
        let counts = &counts[at * many..(at + 1) * many];
        let is = |place: usize, wanted: bool| {
            (u32::from(counts[place]) >= did[place].at_least) == wanted
        };
        holds(&segment.holds, facts, &is).then(|| from[at].unwrap_or(i64::MIN))
    };
    Ok(Members::new((0..table.visitors()).map(member).collect()))
}

fn holds(of: &Holds, facts: &[Facts], did: &impl Fn(usize, bool) -> bool) -> bool {
    match of {
        Holds::All(parts) => parts.iter().all(|part| holds(part, facts, did)),
        Holds::Any(parts) => parts.iter().any(|part| holds(part, facts, did)),
        Holds::Did(place, wanted) => did(*place, *wanted),
        Holds::Lead(lead) => facts.iter().any(|facts| lead.is(facts)),
    }
}

/// Since when the first lead is linked of which any condition holds.
fn since(of: &Holds, facts: &[Facts]) -> Option<i64> {
    match of {
        Holds::All(parts) | Holds::Any(parts) => {
            parts.iter().filter_map(|part| since(part, facts)).min()
        }
        Holds::Did(..) => None,
        Holds::Lead(lead) => {
            facts.iter().filter(|facts| lead.is(facts)).map(|facts| facts.since).min()
        }
    }
}

impl Lead {
    fn is(&self, facts: &Facts) -> bool {
        let value = |key: &str| facts.fields.get(key).map_or("", String::as_str);
        match self {
            Self::There => true,
            Self::Form(is) => is.contains(&facts.form),
            Self::Origin(is) => is.contains(&facts.origin),
            // Of several things that were chosen, one is enough.
            Self::Field(key, is) => {
                value(key).split(SEPARATOR).any(|one| is.iter().any(|wanted| wanted == one))
            }
            Self::Filled(key, filled) => value(key).is_empty() != *filled,
        }
    }
}
