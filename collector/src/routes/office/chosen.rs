//! The segment whose visitors a page of figures shows: who may choose which, and what is wrong with one that is chosen.

use axum::http::StatusCode;
use serde_json::json;

use super::{
    super::{App, analysis::chosen},
    Caller,
    analysis::{is_told, reaches},
    pages::read_by,
};
use crate::{
    analysis::{chosen::Chosen, kept, segment::Definition},
    error::Problem,
    office::{
        may::{Action, may},
        view::segment::Segments,
    },
    sites::Site,
    store::{
        Connection, SiteId,
        accounts::Role,
        segments::{self, Kept},
    },
};

/// Segments of a site that somebody of that role may choose: of whom one may not see, one does not read what was asked
/// about them.
pub(super) async fn offered(
    db: &mut Connection,
    site: SiteId,
    role: Role,
) -> Result<Vec<Kept>, Problem> {
    let mut kept = segments::list(db, site).await?;
    kept.retain(|kept| {
        let definition = serde_json::from_str::<Definition>(&kept.definition);
        definition.is_ok_and(|definition| reaches(role, &definition))
    });
    Ok(kept)
}

/// What a page may choose, and has chosen.
pub(super) struct Choosing {
    names: Vec<String>,
    may_keep: bool,
    definition: Option<Definition>,
    problem: Option<Problem>,
}

impl Choosing {
    /// Finds the segment of that name. Whatever is wrong with it is told on the page, and then no figures are; what is read
    /// of what people wrote is in the trail before anything is shown.
    pub(super) async fn begin(
        app: &App,
        caller: &Caller,
        (site, role): (&Site, Role),
        name: Option<&str>,
    ) -> Result<Self, Problem> {
        let mut db = app.readers.acquire().await?;
        let kept = offered(&mut db, site.id, role).await?;
        let mut own = Self {
            names: kept.into_iter().map(|kept| kept.name).collect(),
            may_keep: may(role, Action::Keep),
            definition: None,
            problem: None,
        };
        let Some(name) = name else { return Ok(own) };
        let found = kept::find(&mut db, site.id, name).await;
        drop(db);
        let found = found.and_then(|definition| {
            if reaches(role, &definition) { Ok(definition) } else { Err(out_of_reach()) }
        });
        match found {
            Ok(definition) => {
                own.definition = Some(definition);
                if own.is_told() {
                    let object = ("segment", name.to_owned());
                    let entry = read_by(caller, "lead.segment", object, json!({}));
                    app.writer.audit(site.id, entry).await?;
                }
            }
            Err(problem) => own.tell(problem)?,
        }
        Ok(own)
    }

    /// Has a problem told on the page, where it is one of what was chosen.
    fn tell(&mut self, problem: Problem) -> Result<(), Problem> {
        if !is_told(&problem) {
            return Err(problem);
        }
        self.definition = None;
        self.problem = Some(problem);
        Ok(())
    }

    /// What is shown of the segment; nothing where something is wrong with it, which is told then.
    pub(super) async fn figures<T>(
        &mut self,
        work: impl AsyncFnOnce(&Self) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        if !self.is_good() {
            return Ok(None);
        }
        match work(self).await {
            Ok(shown) => Ok(Some(shown)),
            Err(problem) => self.tell(problem).map(|()| None),
        }
    }

    /// Whether there is anything to show.
    pub(super) const fn is_good(&self) -> bool {
        self.problem.is_none()
    }

    /// Whether each view of the chosen segment is told to the trail, since it looks at what people wrote.
    pub(super) fn is_told(&self) -> bool {
        self.definition.as_ref().is_some_and(|definition| definition.looks_at().1)
    }

    /// The segment to ask about, where one is chosen, and a connection to ask by.
    pub(super) async fn open<'a>(
        &self,
        app: &'a App,
        site: &'a Site,
    ) -> Result<(Option<Chosen<'a>>, Connection), Problem> {
        chosen(app, site, self.definition.as_ref()).await
    }

    /// The same as a page shows it.
    pub(super) fn shown(&self) -> Segments<'_> {
        Segments { names: &self.names, may_keep: self.may_keep, problem: self.problem.as_ref() }
    }

    /// How the page is answered.
    pub(super) fn status(&self) -> StatusCode {
        self.problem.as_ref().map_or(StatusCode::OK, |problem| problem.status)
    }
}

pub(super) fn out_of_reach() -> Problem {
    Problem::forbidden("role", "the account's role does not reach that far")
}

/// 422 where there is no finding who is in the segment.
pub(super) fn too_many() -> Problem {
    crate::analysis::Stopped::TooMuch.into()
}
