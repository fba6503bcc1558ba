//! The page of cohorts.

use maud::{Markup, html};

use super::{Data, Tab, choice, figure, form, notice, page, percent, row, segment};
use crate::{
    analysis::asked::{
        cohorts::{Answer, Row},
        share,
    },
    office::{
        tongue::Tongue,
        view::{
            Frame,
            chart::{self, Column},
            overview,
        },
    },
};

/// The page.
#[must_use]
pub fn show(frame: &Frame<'_>, data: &Data<'_>, answer: Option<&Answer>) -> Markup {
    let t = frame.t;
    let asked = data.asked;
    let unit = Some(asked.get("unit")).filter(|unit| !unit.is_empty()).unwrap_or("week");
    let units = [
        ("day", t.say("日", "Day")),
        ("week", t.say("週", "Week")),
        ("month", t.say("月", "Month")),
    ];
    let periods = asked.number("periods", 8).to_string();
    let fields = html! {
        p.hint { (t.say(
            "初めて訪れた時期ごとに、その後も訪れた訪問者の割合を調べます。条件を入れると、その行動を初めて行った時期で分けます。",
            "Of those who first came in one period, how many came again. With a condition, periods go by when it was first done.")) }
        div.conditions {
            (row(t, "first", t.say("初回とみなす行動（空欄：訪問）", "First did (empty: came)"), &asked.row("first")))
            (row(t, "again", t.say("再訪とみなす行動（空欄：訪問）", "Then did (empty: came)"), &asked.row("again")))
        }
        div.options {
            (choice("unit", t.say("区切り", "Periods of a"), unit, &units))
            (choice("periods", t.say("その後の期間数", "Periods after"), &periods, &[("4", "4"), ("8", "8"), ("12", "12"), ("26", "26")]))
            (segment(t, data))
        }
    };
    let form = form(t, data, t.say("再訪の条件", "Retention"), &fields);
    let answer = html! { @if let Some(answer) = answer {
        (overview::share(t, &answer.meta))
        (notice(t, answer.withheld.as_ref()))
        (curve(t, answer))
        section.course aria-labelledby="cohorts" {
            h2 id="cohorts" { (t.say("初回の時期ごとの再訪", "By when they first came")) }
            (table(t, answer))
            p.hint { (t.say(
                "*は期間の途中のため、これから増えることがあります。400日より前の訪問は調べていません。",
                "* is not over and may grow. Visits more than 400 days before are not looked at.")) }
        }
    } };
    page(frame, Tab::Cohorts, data, &form, &answer)
}

fn after(t: Tongue, at: usize) -> String {
    t.say(format!("{}期後", at + 1), format!("+{}", at + 1))
}

/// The part of all who came again, by the period after.
fn curve(t: Tongue, answer: &Answer) -> Markup {
    let known: Vec<_> = answer.average.iter().map_while(|part| *part).collect();
    let column = |(at, part): (usize, &f64)| {
        #[expect(clippy::cast_possible_truncation, reason = "a part of a whole, in thousandths")]
        let value = (part * 1_000.0).round() as i64;
        Column { short: after(t, at), name: after(t, at), value, before: None }
    };
    let columns: Vec<_> = known.iter().enumerate().map(column).collect();
    let about = t.say(
        "再訪した割合のグラフ。同じ数字が下の表の最後の行にあります。",
        "Chart: the part that came again. The last row of the table below has the same figures.",
    );
    html! {
        @if !columns.is_empty() {
            section.course aria-labelledby="curve" {
                h2 id="curve" { (t.say("再訪した割合", "Part that came again")) }
                (chart::by_time(&columns, about, |value| t.share(value, 1_000), ""))
            }
        }
    }
}

fn table(t: Tongue, answer: &Answer) -> Markup {
    let name = t.say("初回の時期ごとの再訪", "By when they first came");
    let all: i64 = answer.cohorts.iter().filter_map(|row| row.visitors).sum();
    html! {
        div.scroll tabindex="0" role="group" aria-label=(name) { table.cohorts {
            caption.unseen { (name) }
            thead { tr {
                th scope="col" { (t.say("初回", "First came")) }
                th.number scope="col" { (t.say("訪問者", "Visitors")) }
                @for at in 0..answer.average.len() { th.number scope="col" { (after(t, at)) } }
            } }
            tbody {
                @for row in &answer.cohorts { tr {
                    th scope="row" { (row.start) }
                    td.number { (figure(t, row.visitors)) }
                    @for (at, n) in row.again.iter().enumerate() { (cell(t, row, at, *n)) }
                } }
                tr.all { th scope="row" { (t.say("全体", "All")) } td.number { (t.number(all)) }
                    @for part in &answer.average { td.number { (percent(*part)) } } }
            }
        } }
    }
}

/// A part of a cohort, the darker the more.
fn cell(t: Tongue, row: &Row, at: usize, n: Option<i64>) -> Markup {
    if row.withheld.contains(&at) {
        return html! { td.number { (figure(t, None)) } };
    }
    let Some((n, visitors)) = n.zip(row.visitors) else {
        return html! { td.number { span.unseen { (t.say("まだ", "not yet")) } } };
    };
    let tenth = if visitors > 0 { (n * 10 + visitors - 1) / visitors } else { 0 };
    let is_over = i64::try_from(at).is_ok_and(|at| at < row.over);
    html! {
        td.number.heat class={ "heat-" (tenth.clamp(0, 10)) } title=(t.say(format!("{}人", t.number(n)), format!("{} visitors", t.number(n)))) {
            (percent(share(n, visitors))) @if !is_over { "*" }
        }
    }
}
