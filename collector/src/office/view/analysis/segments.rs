//! The page of segments: those that are kept, and a form that makes one.

use maud::{Markup, html};

use super::{Data, Tab, choice, figure, form, notice, page, row};
use crate::{
    analysis::{answer::Size, segment::Definition},
    office::{
        asked::{MAX_ROWS, Row},
        choice::escaped,
        tongue::Tongue,
        view::{Frame, overview},
    },
    store::segments::Kept,
};

/// What the page is made of, more than the others.
#[derive(Debug)]
pub struct Segments<'a> {
    /// Those that are kept.
    pub kept: &'a [Kept],
    /// The one that the form says, and how many are in it.
    pub size: Option<(&'a Definition, &'a Size)>,
    /// Forms of the site, by key and name; none where leads may not be looked at.
    pub forms: &'a [(String, String)],
    /// Whether segments may be looked for by leads.
    pub leads: bool,
    /// Whether they may be kept and removed.
    pub may_keep: bool,
}

/// The page.
#[must_use]
pub fn show(frame: &Frame<'_>, data: &Data<'_>, of: &Segments<'_>) -> Markup {
    let t = frame.t;
    let asked = data.asked;
    let filled = (1..=MAX_ROWS).filter(|at| !asked.get(&format!("v{at}")).is_empty()).max();
    let rows = (filled.unwrap_or(0) + 1).clamp(2, MAX_ROWS);
    let mut leads = vec![
        (String::new(), t.say("問わない", "Whether or not").to_owned()),
        ("any".to_owned(), t.say("リードと結び付いている", "Linked to a lead").to_owned()),
    ];
    leads.extend(of.forms.iter().map(|(key, name)| {
        (format!("form:{key}"), t.say(format!("「{name}」のリード"), format!("A lead by {name}")))
    }));
    let leads: Vec<_> = leads.iter().map(|(key, name)| (key.as_str(), name.as_str())).collect();
    let fields = html! {
        h2 { (t.say("新しいセグメント", "A new segment")) }
        p.hint { (t.say(
            "行動の条件で訪問者のまとまりを作ります。保存すると、アクセスやイベントの画面、ファネルや経路などで対象として選べます。",
            "Visitors of whom these things hold. Once kept, it can be chosen for visits and events, and wherever you analyse.")) }
        (choice("match", t.say("条件の組み合わせ", "Of the conditions"), asked.get("match"), &[("all", t.say("すべて満たす", "all hold")), ("any", t.say("どれかを満たす", "at least one holds"))]))
        div.conditions { @for at in 1..=rows { (condition(t, at, &asked.row(&at.to_string()))) } }
        @if of.leads { div.options { (choice("lead", t.say("リード", "Lead"), asked.get("lead"), &leads)) } }
    };
    let form = html! {
        (kept(frame, of))
        (form(t, data, t.say("新しいセグメント", "A new segment"), &fields))
    };
    let answer = html! { @if let Some((_, size)) = of.size {
        (overview::share(t, &size.meta))
        (notice(t, size.withheld.as_ref()))
        section.course aria-labelledby="size" {
            h2 id="size" { (t.say("該当する訪問者", "Who is in it")) }
            p.size { strong { (figure(t, size.visitors)) } @if let Some((visitors, of)) = size.visitors.zip(size.of) {
                (t.say("人", " visitors")) " "
                span.of { (t.say(format!("この期間の訪問者{}人の{}", t.number(of), t.share(visitors, of)),
                    format!("{} of {} in these days", t.share(visitors, of), t.number(of)))) } } }
            @if of.may_keep { form.keep method="post" action={ (asked.path) "/keep" } {
                (frame.hidden())
                @for (name, value) in asked.others() { input type="hidden" name=(name) value=(value); }
                div.field { label for="name" { (t.say("セグメント名", "Name")) } input id="name" name="name" required maxlength="64" autocomplete="off"; }
                button type="submit" { (t.say("保存する", "Keep it")) }
            } }
        }
    } };
    page(frame, Tab::Segments, data, &form, &answer)
}

/// A row of what somebody did or did not do.
fn condition(t: Tongue, at: usize, given: &Row) -> Markup {
    let name = at.to_string();
    let label = t.say(format!("条件{at}"), format!("Condition {at}"));
    let days = if given.days == 0 { String::new() } else { given.days.to_string() };
    html! {
        div.condition {
            (row(t, &name, &label, given))
            div.field {
                label for={ "d" (name) } { (t.say("したか", "They")) span.unseen { " " (label) } }
                select id={ "d" (name) } name={ "d" (name) } {
                    option value="did" selected[!given.not] { (t.say("した", "did it")) }
                    option value="not" selected[given.not] { (t.say("していない", "did not")) }
                }
            }
            div.field.short {
                label for={ "n" (name) } { (t.say("回数（以上）", "Times, at least")) span.unseen { " " (label) } }
                input id={ "n" (name) } name={ "n" (name) } type="number" min="1" max="1000" value=(given.times);
            }
            div.field.short {
                label for={ "t" (name) } { (t.say("過去の日数", "In the last days")) span.unseen { " " (label) } }
                input id={ "t" (name) } name={ "t" (name) } type="number" min="1" max="400" value=(days) placeholder=(t.say("表示期間", "shown days"));
            }
        }
    }
}

fn kept(frame: &Frame<'_>, of: &Segments<'_>) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    html! {
        section.card aria-labelledby="kept" {
            h2 id="kept" { (t.say("保存したセグメント", "Segments")) }
            @if of.kept.is_empty() { p.none { (t.say("まだありません。", "None yet.")) } }
            ul.kept { @for kept in of.kept { li {
                div { h3 { (kept.name) }
                    @if let Ok(definition) = serde_json::from_str::<Definition>(&kept.definition) { p.hint { (said(t, &definition)) } }
                    p { a href={ "/office/sites/" (site) "?segment=" (escaped(&kept.name)) } {
                        (t.say("アクセスを見る", "See their visits")) span.unseen { "：" (kept.name) }
                    } } }
                @if of.may_keep { form method="post" action={ "/office/sites/" (site) "/analysis/segments/remove" } {
                    (frame.hidden())
                    input type="hidden" name="name" value=(kept.name);
                    button.quiet type="submit" { (t.say("削除", "Remove")) span.unseen { "：" (kept.name) } }
                } }
            } } }
        }
    }
}

/// A definition in words.
fn said(t: Tongue, definition: &Definition) -> String {
    let all = |parts: &[Definition], ja: &str, en: &str| {
        let parts: Vec<_> = parts.iter().map(|part| said(t, part)).collect();
        parts.join(t.say(ja, en))
    };
    match definition {
        Definition::All(parts) => all(parts, "、かつ", ", and "),
        Definition::Any(parts) => all(parts, "、または", ", or "),
        Definition::Did(did) | Definition::DidNot(did) => {
            let what = filters(t, &did.filters);
            let not = matches!(definition, Definition::DidNot(_));
            let days = did.in_last_days.map_or_else(String::new, |days| {
                t.say(format!("過去{days}日間に"), format!(" in the last {days} days"))
            });
            let n = did.at_least;
            match (t, not) {
                (Tongue::Ja, false) => format!("{days}{what}を{n}回以上"),
                (Tongue::Ja, true) if n == 1 => format!("{days}{what}をしていない"),
                (Tongue::Ja, true) => format!("{days}{what}が{n}回未満"),
                (Tongue::En, false) => format!("{what} {n} times or more{days}"),
                (Tongue::En, true) if n == 1 => format!("never {what}{days}"),
                (Tongue::En, true) => format!("{what} fewer than {n} times{days}"),
            }
        }
        Definition::Lead(lead) => match (&lead.field, &lead.is, lead.filled) {
            (Some(field), Some(is), _) => t.say(
                format!("リードの{field}が{}", is.join("・")),
                format!("lead's {field} is {}", is.join(" or ")),
            ),
            (Some(field), None, Some(true)) => {
                t.say(format!("リードの{field}に記入あり"), format!("lead's {field} is filled in"))
            }
            (Some(field), None, _) => {
                t.say(format!("リードの{field}に記入なし"), format!("lead's {field} is empty"))
            }
            _ => t.say("リードと結び付いている", "linked to a lead").to_owned(),
        },
    }
}

pub(super) fn filters(t: Tongue, filters: &[serde_json::Value]) -> String {
    let one = |filter: &serde_json::Value| -> Option<String> {
        let values: Vec<_> =
            filter.get(2)?.as_array()?.iter().filter_map(|it| it.as_str()).collect();
        let (operator, name) = (filter.get(0)?.as_str()?, filter.get(1)?.as_str()?);
        if (operator, name) == ("is", "event") && values == ["page_view"] && filters.len() > 1 {
            return None;
        }
        let values = match name {
            "device" => values.iter().map(|value| t.device(value)).collect(),
            _ => values,
        };
        let values = values.join(t.say("・", " or "));
        Some(match operator {
            "is" => values,
            "contains" => format!("*{values}*"),
            _ => format!("{operator} {values}"),
        })
    };
    let all: Vec<_> = filters.iter().filter_map(one).collect();
    if all.is_empty() { t.say("訪問", "came").to_owned() } else { all.join(" ") }
}
