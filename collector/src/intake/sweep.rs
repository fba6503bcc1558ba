//! Erasing what has ended by itself: consents that have run out, with everything that rests on them, and
//! links of an older policy revision. It goes in small pieces through the writer, so that nobody waits long,
//! and each piece looks again in its own transaction: who renewed just before has nothing taken away. What
//! is left when a collector stops is found by the next round of any.

use std::time::Duration;

use consent_core::{ids::LeadId, time::Millis};
use tokio::time::timeout;

use super::writer::Writer;
use crate::{
    error::Problem,
    store::{Connection, Readers, SiteId, ended, sites},
};

/// Visitors of one piece, at most.
const VISITORS: u32 = 64;
/// Events of one piece, at most.
const EVENTS: u64 = 1_000;
/// Links of one piece, at most.
const LINKS: u32 = 256;

/// How long is looked for what is to be erased: all links of a site are read.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Consents that had run out.
    pub consents: u64,
    /// Events that rested on them.
    pub events: u64,
    /// Links between leads and visitors, of either kind.
    pub links: u64,
}

/// One piece: of those leads' links what is outdated, and what of the site's consents has run out.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The site.
    pub site: SiteId,
    /// Leads whose links seemed to be outdated.
    pub leads: Vec<LeadId>,
}

/// Erases a piece inside the caller's transaction, which holds the lock of decisions. Nothing is erased where
/// nothing is left.
///
/// # Errors
/// Where the database does not answer.
pub async fn erase(db: &mut Connection, piece: &Piece, now: Millis) -> sqlx::Result<Swept> {
    let site = piece.site;
    let links = ended::cut(db, site, &piece.leads).await?;
    let mut swept = Swept { links, ..Swept::default() };
    for visitor in ended::run_out(db, site, now, VISITORS).await? {
        let room = EVENTS - swept.events;
        swept.events += ended::erase_events(db, site, visitor, room).await?;
        if swept.events >= EVENTS {
            break; // the next piece goes on with the same visitor
        }
        swept.links += ended::unlink(db, site, visitor).await?;
        ended::end(db, site, visitor, now).await?;
        swept.consents += 1;
    }
    Ok(swept)
}

/// Erases everything that has ended by `now`.
///
/// # Errors
/// Where the database does not answer, or the writer has no room; the next round does the rest.
pub async fn round(writer: &Writer, readers: &Readers, now: Millis) -> Result<(), Problem> {
    let all = sites::ids(&mut readers.acquire().await?).await?;
    for site in all {
        // Whether there may be outdated links: who looks for them reads every link of the site.
        let mut links = true;
        while let Some(piece) = next(readers, site, now, links).await? {
            links = !piece.leads.is_empty();
            if writer.sweep(piece).await? == Swept::default() {
                break; // another collector has done it, or was renewed
            }
        }
    }
    Ok(())
}

async fn next(
    readers: &Readers,
    site: SiteId,
    now: Millis,
    links: bool,
) -> Result<Option<Piece>, Problem> {
    let found = timeout(PATIENCE, look(readers, site, now, links)).await;
    Ok(found.map_err(|_| Problem::unanswered())??)
}

async fn look(
    readers: &Readers,
    site: SiteId,
    now: Millis,
    links: bool,
) -> sqlx::Result<Option<Piece>> {
    let mut db = readers.acquire().await?;
    let leads = if links { ended::outdated(&mut db, site, LINKS).await? } else { Vec::new() };
    let due = !leads.is_empty() || !ended::run_out(&mut db, site, now, 1).await?.is_empty();
    Ok(due.then_some(Piece { site, leads }))
}
