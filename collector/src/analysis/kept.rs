//! Segments and rules of scores that are kept under a name.

use serde_json::json;

use super::{
    asked::Faults,
    score::{Points, Rule},
    segment::Definition,
};
use crate::{
    columns::Wanted,
    error::Problem,
    site::SiteFile,
    store::{
        Connection, SiteId,
        audit::{Actor, Entry},
        scores,
        segments::{self, Kept, Outcome},
    },
};
use consent_core::time::Millis;

/// The definition of the segment of that name.
///
/// # Errors
/// 422 where there is none on the site, or the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, name: &str) -> Result<Definition, Problem> {
    let known = if is_name(name) { segments::find(db, site, name).await? } else { None };
    let unknown = || {
        let message = format!("the site has no segment {name:?}: it was removed, or never made");
        Problem::field("segment", "unknown", message)
    };
    serde_json::from_str(&known.ok_or_else(unknown)?).map_err(|_| {
        Problem::field("segment", "unreadable", format!("segment {name:?} is to be made anew"))
    })
}

/// Whether a segment may have that name: PostgreSQL's texts have no NUL, so that it cannot be asked for one.
fn is_name(name: &str) -> bool {
    !name.contains('\0')
}

/// Keeps a segment under a name that the site has none of yet.
///
/// # Errors
/// 409 where it has, 422 where the name or the definition cannot be taken, or the database does not answer.
pub async fn keep(
    db: &mut Connection,
    (site, file): (SiteId, &SiteFile),
    (now, by): (Millis, Actor),
    (name, definition): (&str, &Definition),
) -> Result<Kept, Problem> {
    let mut faults = Faults::default();
    let name = faults.name("name", name);
    // Which days they are makes no difference to what is wrong.
    let _ = definition.segment(file, (0, (0, 0)), &mut faults);
    faults.none()?;
    let text = serde_json::to_string(definition)
        .map_err(|_| Problem::malformed("the definition cannot be written down"))?;
    let object = ("segment", name.clone());
    let entry = Entry { at: now, by, action: "segment.add", object, details: json!({}) };
    let kept = Kept { name, definition: text, made_at: now };
    made(segments::insert(db, site, &kept, &entry).await?, &kept.name)?;
    Ok(kept)
}

fn made(outcome: Outcome, name: &str) -> Result<(), Problem> {
    match outcome {
        Outcome::Made => Ok(()),
        Outcome::Taken => {
            let message = "is there already; remove that one first, or take another name";
            Err(Problem::conflict("name_taken", format!("{name:?} {message}")))
        }
        Outcome::Full => {
            let message = format!("a site has {} of them at most", segments::MAX);
            Err(Problem::field("name", "count", message))
        }
    }
}

/// Removes a segment.
///
/// # Errors
/// 404 where there is none, or the database does not answer.
pub async fn remove(
    db: &mut Connection,
    site: SiteId,
    (now, by): (Millis, Actor),
    name: &str,
) -> Result<(), Problem> {
    let object = ("segment", name.to_owned());
    let entry = Entry { at: now, by, action: "segment.remove", object, details: json!({}) };
    if is_name(name) && segments::remove(db, site, name, &entry).await? {
        Ok(())
    } else {
        Err(Problem::unknown("unknown_segment", "the site has no such segment"))
    }
}

/// Keeps a rule of scores under a name that the site has none of yet.
///
/// # Errors
/// 409 where it has, 422 where the name or the rule cannot be taken, or the database does not answer.
pub async fn keep_rule(
    db: &mut Connection,
    site: SiteId,
    (now, by): (Millis, Actor),
    (name, points, rule): (&str, i64, &Rule),
) -> Result<scores::Kept, Problem> {
    let mut faults = Faults::default();
    let name = faults.name("name", name);
    let _ = rule.points((&name, points), 0, &mut faults);
    faults.none()?;
    let text = serde_json::to_string(rule)
        .map_err(|_| Problem::malformed("the rule cannot be written down"))?;
    let object = ("score_rule", name.clone());
    let details = json!({ "points": points });
    let entry = Entry { at: now, by, action: "score.add", object, details };
    let kept = scores::Kept { name, points, rule: text, made_at: now };
    made(scores::insert(db, site, &kept, &entry).await?, &kept.name)?;
    Ok(kept)
}

/// Removes a rule of scores.
///
/// # Errors
/// 404 where there is none, or the database does not answer.
pub async fn remove_rule(
    db: &mut Connection,
    site: SiteId,
    (now, by): (Millis, Actor),
    name: &str,
) -> Result<(), Problem> {
    let object = ("score_rule", name.to_owned());
    let entry = Entry { at: now, by, action: "score.remove", object, details: json!({}) };
    if scores::remove(db, site, name, &entry).await? {
        Ok(())
    } else {
        Err(Problem::unknown("unknown_rule", "the site has no such rule"))
    }
}

/// The rules of a site that can be worked out, and the columns that they look at.
///
/// # Errors
/// Where the database does not answer.
pub async fn rules(
    db: &mut Connection,
    site: SiteId,
    today: i64,
) -> Result<(Vec<Points>, Wanted), Problem> {
    let (mut all, mut wanted) = (Vec::new(), Wanted::NONE);
    for kept in scores::list(db, site).await? {
        // A rule of a version that knew others is no rule: it is listed, and gives no points.
        let Ok(rule) = serde_json::from_str::<Rule>(&kept.rule) else { continue };
        let mut faults = Faults::default();
        let (points, columns) = rule.points((&kept.name, kept.points), today, &mut faults);
        if faults.none().is_ok() {
            wanted = wanted | columns;
            all.push(points);
        }
    }
    Ok((all, wanted))
}
