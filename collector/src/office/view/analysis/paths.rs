//! The page of paths.

use maud::{Markup, html};

use super::{Data, Tab, choice, figure, form, notice, page, row, segment};
use crate::{
    analysis::asked::paths::{Answer, Step},
    office::{
        tongue::Tongue,
        view::{Frame, chart, overview},
    },
};

/// The page.
#[must_use]
pub fn show(frame: &Frame<'_>, data: &Data<'_>, answer: Option<&Answer>) -> Markup {
    let t = frame.t;
    let asked = data.asked;
    let fields = html! {
        p.hint { (t.say(
            "同じ訪問の中で、あるページやイベントの前後に何が行われたかを、多い順にたどります。",
            "What was done in the same visit before or after a page or an event, the most taken ways first.")) }
        div.conditions { (row(t, "1", t.say("起点", "From"), &asked.row("1"))) }
        div.options {
            (choice("direction", t.say("向き", "Direction"), asked.get("direction"), &[("after", t.say("その後", "After it")), ("before", t.say("その前", "Before it"))]))
            (choice("by", t.say("たどるもの", "Made of"), asked.get("by"), &[("page", t.say("ページ", "Pages")), ("event", t.say("イベント", "Events"))]))
            (choice("depth", t.say("深さ", "Steps"), &asked.number("depth", 3).to_string(), &[("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")]))
            (segment(t, data))
        }
    };
    let form = form(t, data, t.say("経路の条件", "Paths"), &fields);
    let answer = html! { @if let Some(answer) = answer {
        (overview::share(t, &answer.meta))
        (notice(t, answer.withheld.as_ref()))
        section.course aria-labelledby="paths" {
            h2 id="paths" { (asked.row("1").value) }
            @let visits = figure(t, answer.visits);
            @if answer.counted == "visitors" {
                p { (t.say(format!("訪問者 {visits}"), format!("Visitors: {visits}"))) }
                p.hint { (t.say(
                    "少人数の数字を保護しているため、訪問者ごとに、起点に達した最初の訪問だけを数えています。",
                    "Since small groups are protected, only each visitor's first visit that came here counts.")) }
            } @else {
                p { (t.say(format!("訪問 {visits}"), format!("{visits} visits"))) }
            }
            @match answer.visits {
                Some(0) => { p.none { (t.say("この期間には見つかりません。", "None in these days.")) } }
                Some(all) => { (branches(t, asked.get("direction") == "before", all, (&answer.next, answer.ended, answer.others))) }
                None => {}
            }
        }
    } };
    page(frame, Tab::Paths, data, &form, &answer)
}

fn branches(
    t: Tongue,
    before: bool,
    all: i64,
    (next, ended, others): (&[Step], Option<i64>, Option<i64>),
) -> Markup {
    let rest = |name: &str, n: i64| {
        html! {
            li { p.step { span.soft { (name) } span.figure { (t.number(n)) " " span.of { (t.share(n, all)) } } } (chart::bar(n, all)) }
        }
    };
    html! {
        ol.paths {
            @for step in next {
                li {
                    p.step { span.what { (step.name) } span.figure { (t.number(step.visits)) " " span.of { (t.share(step.visits, all)) } } }
                    (chart::bar(step.visits, all))
                    @if !step.next.is_empty() || step.others.is_some_and(|others| others > 0) {
                        (branches(t, before, all, (&step.next, step.ended, step.others)))
                    }
                }
            }
            @if let Some(others) = others.filter(|others| *others > 0) { (rest(t.say("そのほか", "Elsewhere"), others)) }
            @if let Some(ended) = ended.filter(|ended| *ended > 0) {
                (rest(if before { t.say("ここから訪問開始", "The visit began here") } else { t.say("ここで訪問終了", "The visit ended here") }, ended))
            }
        }
    }
}
