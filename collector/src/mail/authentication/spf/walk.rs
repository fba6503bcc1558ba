//! What a record leads to, whichever host is asked about: what it costs, and what in it ends every check.

use super::{
    Published, fetch,
    record::{Mechanism, Qualifier, Record},
    spec::{Session, Spec},
};
use crate::mail::authentication::{Found, Kind, Missing, finding::shown};

/// Look-ups that a receiver makes at most (RFC 7208, section 4.6.4).
pub(super) const MOST: usize = 10;
/// Those of them that may find nothing.
pub(super) const EMPTY: usize = 2;
/// Beyond this nothing is followed any more.
const FAR: usize = 60;

/// What was met with.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Look-ups in all.
    pub(super) lookups: usize,
    /// Those that found nothing, by the term.
    pub(super) empty: Vec<String>,
    /// Terms of the domain's own record that cost something, and how much.
    pub(super) costs: Vec<(String, usize)>,
    /// What ends the check in an error, in sentences.
    pub(super) faults: Vec<String>,
    /// Whether a term should not be used any more (RFC 7208, section 5.5).
    pub(super) ptr: bool,
    /// A term by which whoever likes may pass.
    pub(super) open: Option<String>,
    /// Whether any host at all may pass.
    pub(super) lets: bool,
    /// Whether something hangs on which host it is, so that it was not followed.
    pub(super) hangs: bool,
    /// What becomes of a host that nothing else matches; none: no record says it.
    pub(super) all: Option<Qualifier>,
}

/// Walks from a domain's record.
pub(super) fn walk(
    found: &Found,
    domain: &str,
    record: &Record,
    session: &Session<'_>,
) -> Result<Walk, Missing> {
    let mut walk = Walk::default();
    walk.all = walk.record(found, session, record, &mut vec![domain.to_owned()])?;
    Ok(walk)
}

impl Walk {
    /// What `all` means in the end.
    fn record(
        &mut self,
        found: &Found,
        session: &Session<'_>,
        record: &Record,
        path: &mut Vec<String>,
    ) -> Result<Option<Qualifier>, Missing> {
        let domain = path.last().cloned().unwrap_or_default();
        for directive in &record.directives {
            let before = self.lookups;
            let passes = directive.qualifier == Qualifier::Pass;
            match &directive.mechanism {
                Mechanism::All => {
                    self.lets |= passes;
                    return Ok(Some(directive.qualifier));
                }
                Mechanism::Ip4(_, length) | Mechanism::Ip6(_, length) => {
                    self.lets |= passes;
                    if passes && *length == 0 {
                        self.open = Some(directive.term.clone());
                    }
                }
                Mechanism::Include(spec) => {
                    self.lookups += 1;
                    let lets = self.lets;
                    let all = self.follow(found, session, (spec, &directive.term), path)?;
                    if passes && all == Some(Qualifier::Pass) {
                        self.open = Some(directive.term.clone());
                    }
                    self.lets = lets || (passes && self.lets);
                }
                Mechanism::A(spec, _) => {
                    self.lookups += 1;
                    self.lets |= passes;
                    if let Some(name) = at(spec.as_ref(), &domain, session)
                        && found.records(Kind::A, &name)?.is_empty()
                        && found.records(Kind::Aaaa, &name)?.is_empty()
                    {
                        self.empty.push(directive.term.clone());
                    }
                }
                Mechanism::Mx(spec, _) => {
                    self.lookups += 1;
                    self.lets |= passes;
                    if let Some(name) = at(spec.as_ref(), &domain, session) {
                        match found.records(Kind::Mx, &name)?.len() {
                            0 => self.empty.push(directive.term.clone()),
                            many if many > MOST => self.faults.push(format!(
                                "\"{}\" leads to {many} mail servers, and more than {MOST} are an error",
                                shown(&directive.term)
                            )),
                            _ => {}
                        }
                    }
                }
                Mechanism::Ptr(_) => {
                    self.lookups += 1;
                    self.lets |= passes;
                    self.ptr = true;
                }
                Mechanism::Exists(_) => {
                    self.lookups += 1;
                    self.lets |= passes;
                }
            }
            self.note_cost(path, &directive.term, before);
            if self.lookups > FAR {
                return Ok(None);
            }
        }
        let Some(spec) = &record.redirect else { return Ok(None) };
        let before = self.lookups;
        self.lookups += 1;
        let all = self.follow(found, session, (spec, "redirect="), path)?;
        self.note_cost(path, "redirect=", before);
        Ok(all)
    }

    fn note_cost(&mut self, path: &[String], term: &str, before: usize) {
        if path.len() == 1 && self.lookups > before {
            self.costs.push((term.to_owned(), self.lookups - before));
        }
    }

    /// Another domain's record, by `include` or `redirect`.
    fn follow(
        &mut self,
        found: &Found,
        session: &Session<'_>,
        (spec, term): (&Spec, &str),
        path: &mut Vec<String>,
    ) -> Result<Option<Qualifier>, Missing> {
        let domain = path.last().cloned().unwrap_or_default();
        let Some(name) = spec.name(&domain, session) else {
            // Somebody may pass.
            (self.lets, self.hangs) = (true, true);
            return Ok(None);
        };
        if self.lookups > FAR {
            return Ok(None);
        }
        let (term, shown_name) = (shown(term), shown(&name));
        if path.contains(&name) {
            self.faults
                .push(format!("\"{term}\" leads back to {shown_name}, in a circle without end"));
            return Ok(None);
        }
        match fetch(found, &name)? {
            Published::One(_, Ok(record)) => {
                path.push(name);
                let all = self.record(found, session, &record, path)?;
                path.pop();
                Ok(all)
            }
            Published::One(_, Err(wrong)) => {
                self.faults.push(format!("the record of {shown_name} cannot be read: {wrong}"));
                Ok(None)
            }
            Published::Nothing => {
                self.faults
                    .push(format!("\"{term}\" leads to {shown_name}, which has no SPF record"));
                Ok(None)
            }
            Published::Several(all) => {
                let count = all.len();
                self.faults.push(format!(
                    "\"{term}\" leads to {shown_name}, which has {count} SPF records"
                ));
                Ok(None)
            }
        }
    }
}

/// The name that is looked up.
fn at(spec: Option<&Spec>, domain: &str, session: &Session<'_>) -> Option<String> {
    spec.map_or_else(|| Some(domain.to_owned()), |spec| spec.name(domain, session))
}
