//! A segment whose visitors' events are asked about: sums, dashboards and files of them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Patience, Stopped, Waiting,
    answer::Asker,
    asked::Faults,
    kept,
    segment::{Definition, Facts, members},
};
use crate::{
    error::Problem,
    store::{
        Connection, VisitorRow,
        columns::{self, Whose},
    },
};

/// A segment that is asked about, with room to find who is in it, as long as it is there.
#[derive(Debug)]
pub struct Chosen<'a> {
    asker: Asker<'a>,
    definition: Definition,
    leads: Arc<HashMap<VisitorRow, Vec<Facts>>>,
    patience: Patience,
    _waiting: Waiting,
}

impl<'a> Asker<'a> {
    /// A segment to be asked about, with what is known of linked leads as far as it looks at them.
    ///
    /// # Errors
    /// 422 where it cannot be looked for, or the database does not answer.
    pub async fn chosen(
        self,
        db: &mut Connection,
        definition: Definition,
    ) -> Result<Chosen<'a>, Problem> {
        let mut faults = Faults::default();
        // Which days they are makes no difference to what is wrong, nor to what it looks at.
        let segment = definition.segment(self.file, (self.today, (0, 0)), &mut faults);
        faults.none()?;
        let leads = if segment.leads { self.leads(db, &segment).await? } else { HashMap::new() };
        let patience = Patience::default();
        let waiting = patience.waiting();
        Ok(Chosen { asker: self, definition, leads: Arc::new(leads), patience, _waiting: waiting })
    }
}

impl Asker<'_> {
    /// Who is in a saved segment, whose events are to leave as such: one that looks at what they did and at no lead, of
    /// which nothing is in reach of what leaves.
    ///
    /// # Errors
    /// 422 where there is none of that name or it looks at leads, or the database does not answer.
    pub async fn leaving(
        self,
        db: &mut Connection,
        name: &str,
        days: (i64, i64),
    ) -> Result<HashSet<VisitorRow>, Problem> {
        let (site, now) = (self.site, self.holding.now);
        let definition = kept::find(db, site, name).await?;
        if definition.looks_at().0 {
            let message = format!(
                "segment {name:?} looks at leads, of which nothing leaves with events: name one of what visitors did alone"
            );
            return Err(Problem::field("segment", "leads", message));
        }
        let chosen = self.chosen(db, definition).await?;
        let found = columns::visitors_of(db, site, (days, now), &chosen.whose(days)).await?;
        found.ok_or_else(|| Stopped::TooMuch.into())
    }
}

impl Chosen<'_> {
    /// Who is in it where those days are asked about: they are the days of what has none of its own.
    #[must_use]
    pub fn whose(&self, days: (i64, i64)) -> Whose {
        let mut faults = Faults::default();
        let when = (self.asker.today, days);
        let segment = self.definition.segment(self.asker.file, when, &mut faults);
        let (leads, patience) = (Arc::clone(&self.leads), self.patience.clone());
        Whose {
            days: segment.days(),
            wanted: segment.wanted,
            find: Arc::new(move |table| members(&segment, table, &leads, &patience).ok()),
        }
    }
}
