//! The page of scores: for what there are points, and which leads have most.

use consent_core::ids::LeadId;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Data, Tab, page, row, segments::filters};
use crate::{
    analysis::score::{Rule, Score},
    office::{asked::Row, tongue::Tongue, view::Frame},
    store::scores::Kept,
};

/// What the page is made of, more than the others.
#[derive(Debug)]
pub struct Scores<'a> {
    /// For what there are points.
    pub rules: &'a [Kept],
    /// Whether rules may be kept and removed.
    pub may_keep: bool,
    /// The site's time zone.
    pub zone: &'a TimeZone,
}

/// The page; of the leads those with the highest scores.
#[must_use]
pub fn show(
    frame: &Frame<'_>,
    data: &Data<'_>,
    of: &Scores<'_>,
    leads: &[(LeadId, Score)],
) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let form = html! {
        p.share { (t.say(
            "閲覧と結び付けることに同意し、連絡できるリードだけを評価します。結び付いた後の行動だけが数えられ、点数の理由はすべて表示されます。",
            "Only leads who agreed to be tied to their browsing and may be contacted have a score. What they did before that does not count, and every point has its reason here.")) }
        section.card aria-labelledby="rules" {
            h2 id="rules" { (t.say("点数のルール", "For what there are points")) }
            @if of.rules.is_empty() { p.none { (t.say("まだありません。", "None yet.")) } }
            ul.kept { @for rule in of.rules { li {
                div { h3 { (rule.name) " " span.badge { (signed(rule.points)) (t.say("点", "")) } } p.hint { (said(t, rule)) } }
                @if of.may_keep { form method="post" action={ "/office/sites/" (site) "/analysis/scores/remove" } {
                    (frame.hidden())
                    input type="hidden" name="name" value=(rule.name);
                    button.quiet type="submit" { (t.say("削除", "Remove")) span.unseen { "：" (rule.name) } }
                } }
            } } }
            @if of.may_keep { (new(frame, data, site)) }
        }
    };
    let answer = html! {
        section.course aria-labelledby="scores" {
            h2 id="scores" { (t.say("点数の高いリード", "Leads with the highest scores")) }
            @if leads.is_empty() { p.none { (t.say("点数の付いたリードはありません。", "No lead has any points.")) } }
            @else { div.scroll tabindex="0" role="group" aria-label=(t.say("点数の高いリード", "Leads with the highest scores")) { table {
                caption.unseen { (t.say("点数の高いリード", "Leads with the highest scores")) }
                thead { tr { th scope="col" { (t.say("リード", "Lead")) } th.number scope="col" { (t.say("点数", "Score")) }
                    th scope="col" { (t.say("理由", "Reasons")) } } }
                tbody { @for (lead, score) in leads { tr {
                    @let id = lead.to_text();
                    th scope="row" { a href={ "/office/sites/" (site) "/leads/" (id) } { (id.get(..8).unwrap_or(&id)) "…" } }
                    td.number { (t.number(score.score)) }
                    td { ul { @for reason in &score.reasons { li {
                        (reason.rule) " " (signed(reason.points)) " "
                        span.soft { (t.say(format!("（{}回、最後は{}）", t.number(reason.times), t.moment(reason.last_at, of.zone)),
                            format!("({} times, last {})", t.number(reason.times), t.moment(reason.last_at, of.zone)))) }
                    } } } }
                } } }
            } } }
        }
    };
    page(frame, Tab::Scores, data, &form, &answer)
}

fn new(frame: &Frame<'_>, data: &Data<'_>, site: &str) -> Markup {
    let t = frame.t;
    let given = |name: &str| data.asked.get(name);
    let number = |id: &str, label: &str, (least, most): (&str, &str), value: &str, needed: bool| {
        html! {
            div.field.short { label for=(id) { (label) }
                input id=(id) name=(id) type="number" min=(least) max=(most) value=(value) required[needed]; }
        }
    };
    let or = |name: &str, usual: &'static str| {
        if given(name).is_empty() { usual.to_owned() } else { given(name).to_owned() }
    };
    let given_row = Row { times: 1, ..data.asked.row("1") };
    html! {
        details.numbers open[data.problem.is_some()] {
            summary { (t.say("ルールを追加", "Add a rule")) }
            form method="post" action={ "/office/sites/" (site) "/analysis/scores/keep" } {
                (frame.hidden())
                div.conditions { (row(t, "1", t.say("行動", "What is done"), &given_row)) }
                div.options {
                    div.field { label for="name" { (t.say("ルール名", "Name")) }
                        input id="name" name="name" required maxlength="64" autocomplete="off" value=(given("name")); }
                    (number("points", t.say("点数（減点は負の数）", "Points (may be below 0)"), ("-1000", "1000"), &or("points", "10"), true))
                    (number("n1", t.say("何回ごとに", "For every so many times"), ("1", "1000"), &or("n1", "1"), true))
                    (number("up_to", t.say("最大で何度まで", "At most so often"), ("1", "100"), &or("up_to", "1"), true))
                    (number("t1", t.say("過去の日数（空欄：400日）", "In the last days (empty: 400)"), ("1", "400"), given("t1"), false))
                }
                button type="submit" { (t.say("追加する", "Add it")) }
            }
        }
    }
}

fn signed(points: i64) -> String {
    if points > 0 { format!("+{points}") } else { format!("−{}", points.unsigned_abs()) }
}

/// A rule in words.
fn said(t: Tongue, kept: &Kept) -> String {
    let Ok(rule) = serde_json::from_str::<Rule>(&kept.rule) else {
        return t
            .say(
                "読み取れないルールのため、点数は付きません。",
                "It cannot be read and gives no points.",
            )
            .to_owned();
    };
    let what = filters(t, &rule.did.filters);
    let (every, up_to) = (rule.did.at_least, rule.up_to);
    let days = rule.did.in_last_days.unwrap_or(400);
    t.say(
        format!("過去{days}日間の{what} {every}回ごと、最大{up_to}度"),
        format!("for every {every} of {what} in the last {days} days, at most {up_to} times"),
    )
}
