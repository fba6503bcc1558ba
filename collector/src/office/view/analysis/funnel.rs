//! The page of funnels.

use maud::{Markup, html};

use super::{Data, Tab, choice, figure, form, notice, page, percent, row, segment};
use crate::{
    analysis::asked::funnel::{Answer, Taken},
    office::{
        asked::MAX_ROWS,
        tongue::Tongue,
        view::{Frame, chart, overview},
    },
};

/// The page.
#[must_use]
pub fn show(frame: &Frame<'_>, data: &Data<'_>, answer: Option<&Answer>) -> Markup {
    let t = frame.t;
    let filled = (1..=MAX_ROWS).filter(|at| !data.asked.get(&format!("v{at}")).is_empty()).max();
    let rows = (filled.unwrap_or(0) + 1).clamp(3, MAX_ROWS);
    let window = data.asked.number("window", 10_080).to_string();
    let windows = [
        ("30", t.say("30分以内", "30 minutes")),
        ("60", t.say("1時間以内", "1 hour")),
        ("1440", t.say("1日以内", "1 day")),
        ("10080", t.say("7日以内", "7 days")),
        ("43200", t.say("30日以内", "30 days")),
        ("129600", t.say("90日以内", "90 days")),
    ];
    let by = [
        ("", t.say("分けない", "Not at all")),
        ("page", t.say("最初のステップのページ", "Page of the first step")),
        ("referrer", t.say("最初のステップの参照元", "Referrer of the first step")),
        ("event", t.say("最初のステップのイベント", "Event of the first step")),
        ("service", t.say("サービス", "Service")),
        ("device", t.say("端末の種類", "Device")),
    ];
    let fields = html! {
        p.hint { (t.say(
            "上から順に行われた訪問者を数えます。間にほかの行動があっても構いません。入力するとステップの欄が増えます。",
            "Counts visitors who took the steps in this order; other things may come between. More rows come as you fill them.")) }
        div.conditions { @for at in 1..=rows {
            (row(t, &at.to_string(), &t.say(format!("ステップ{at}"), format!("Step {at}")), &data.asked.row(&at.to_string())))
        } }
        div.options {
            (choice("window", t.say("最初から最後まで", "First to last within"), &window, &windows))
            (choice("by", t.say("内訳", "Broken down by"), data.asked.get("by"), &by))
            (segment(t, data))
        }
    };
    let form = form(t, data, t.say("ファネルの条件", "The funnel"), &fields);
    let answer = html! { @if let Some(answer) = answer {
        (overview::share(t, &answer.meta))
        (notice(t, answer.withheld.as_ref()))
        section.course aria-labelledby="steps" {
            h2 id="steps" { (t.say("各ステップに進んだ訪問者", "Visitors by step")) }
            @if answer.steps.first().is_none_or(|step| step.visitors == Some(0)) {
                p.none { (t.say("この期間に最初のステップを行った訪問者はいません。", "Nobody took the first step in these days.")) }
            }
            (bars(t, &answer.steps))
            details.numbers { summary { (t.say("表で見る", "As a table")) }
                (table(t, t.say("各ステップに進んだ訪問者", "Visitors by step"), &answer.steps)) }
        }
        @for group in answer.groups.iter().flatten() {
            @let name = match group.value.as_str() {
                device if data.asked.get("by") == "device" => t.device(device),
                "" => t.say("（なし）", "(none)"),
                value => value,
            };
            section.course { h2 { (name) } (table(t, name, &group.steps)) }
        }
        @if let Some(more) = answer.more_groups.filter(|more| *more > 0) {
            p.hint { (t.say(format!("ほかに{more}件あります。"), format!("There are {more} more."))) }
        }
    } };
    page(frame, Tab::Funnel, data, &form, &answer)
}

fn bars(t: Tongue, steps: &[Taken]) -> Markup {
    let first = steps.first().and_then(|step| step.visitors);
    html! {
        ol.funnel { @for (at, step) in steps.iter().enumerate() {
            li {
                @if at > 0 { p.drop {
                    @if let Some(dropped) = step.dropped {
                        (t.say(format!("{}人が離脱", t.number(dropped)), format!("{} left", t.number(dropped))))
                    } @else { (t.say("離脱は非表示", "who left: withheld")) }
                    @if let Some(ms) = step.median_ms { " · " (t.say(format!("次へ進むまでの中央値 {}", t.length(ms)), format!("median time {}", t.length(ms)))) }
                } }
                p.step { span.what { (at + 1) ". " (step.name) }
                    span.figure { (figure(t, step.visitors)) @if step.visitors.is_some() { (t.say("人", "")) " " span.of { (percent(step.of_first)) } } } }
                @if let Some((visitors, first)) = step.visitors.zip(first) { (chart::bar(visitors, first)) }
            }
        } }
    }
}

fn table(t: Tongue, name: &str, steps: &[Taken]) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label=(name) { table {
            caption.unseen { (name) }
            thead { tr {
                th scope="col" { (t.say("ステップ", "Step")) }
                th.number scope="col" { (t.say("訪問者", "Visitors")) }
                th.number scope="col" { (t.say("最初から", "Of the first")) }
                th.number scope="col" { (t.say("前から", "Of the one before")) }
                th.number scope="col" { (t.say("離脱", "Left")) }
                th.number scope="col" { (t.say("中央値", "Median time")) }
            } }
            tbody { @for step in steps { tr {
                th scope="row" { (step.name) }
                td.number { (figure(t, step.visitors)) }
                td.number { (percent(step.of_first)) }
                td.number { (percent(step.of_previous)) }
                td.number { (figure(t, step.dropped)) }
                td.number { (step.median_ms.map_or_else(|| "–".to_owned(), |ms| t.length(ms))) }
            } } }
        } }
    }
}
