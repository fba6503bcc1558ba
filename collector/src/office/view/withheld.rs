//! What is said where figures of small groups are not shown.

use maud::{Markup, html};

use crate::{
    office::tongue::Tongue,
    query::withheld::{dashboard::Hidden, moments},
};

/// In the place of a figure that is not told: no figure is less than 0.
pub(super) const FIGURE: i64 = -1;

/// What is said in its place.
pub(super) fn said(t: Tongue) -> &'static str {
    t.say("非表示", "withheld")
}

/// A number, or what is said in its place.
pub(super) fn number(t: Tongue, number: i64) -> String {
    if number == FIGURE { said(t).to_owned() } else { t.number(number) }
}

/// What is said where there are no rows: that they are withheld, where any is, or else that there are none.
pub(super) fn or(t: Tongue, any: bool, none: &str) -> &str {
    if any { said(t) } else { none }
}

/// Says what is not shown, and why.
pub(super) fn notice(t: Tongue, hidden: &Hidden) -> Markup {
    let few = t.number(hidden.smallest);
    let said = if hidden.whole { whole(t, &few) } else { part(t, &few) };
    html! { @if hidden.is_any() { p.notice { (said) } } }
}

fn whole(t: Tongue, few: &str) -> String {
    t.say(
            format!("この条件に当てはまる訪問者、または当てはまらない訪問者が{few}人に満たないため、数字を表示していません。条件や期間を変えてください。"),
            format!("Fewer than {few} visitors match, or do not match, so that no figures are shown. Choose other days, or another condition."),
    )
}

fn part(t: Tongue, few: &str) -> String {
    t.say(
        format!("訪問者が{few}人に満たない日時や項目と、それを差し引きで割り出せてしまう項目は表示していません。"),
        format!("What stands for fewer than {few} visitors is not shown, nor what would give it away."),
    )
}

/// Says it of rows, where any is not shown since fewer than so many visitors stand behind it.
pub(super) fn rows(t: Tongue, smallest: Option<i64>) -> Markup {
    html! { @if let Some(few) = smallest { p.notice { (part(t, &t.number(few))) } } }
}

/// Says it of the last half hour, of everybody or not.
pub(super) fn half_hour(t: Tongue, hidden: &moments::Hidden, narrow: bool) -> Markup {
    let few = t.number(hidden.smallest);
    if hidden.whole {
        let of_all = || {
            t.say(
                format!("直近30分の訪問者が{few}人に満たないため、数字を表示していません。"),
                format!("Fewer than {few} visitors came in the last half hour, so that no figures are shown."),
            )
        };
        let said = if narrow { whole(t, &few) } else { of_all() };
        return html! { p.notice { (said) } };
    }
    rows(t, hidden.is_any().then_some(hidden.smallest))
}

/// Says it of decisions, where any is not shown.
pub(super) fn decisions(t: Tongue, smallest: i64, any: bool) -> Markup {
    let few = t.number(smallest);
    let said = t.say(
        format!("回答が{few}件に満たない項目と、それを差し引きで割り出せてしまう項目は表示していません。"),
        format!("What stands for fewer than {few} decisions is not shown, nor what would give it away."),
    );
    html! { @if any { p.notice { (said) } } }
}
