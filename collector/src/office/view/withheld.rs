//! What is said where figures of small groups are not shown.

use maud::{Markup, html};

use crate::{office::tongue::Tongue, query::withheld::dashboard::Hidden};

/// In the place of a figure that is not told: no figure is less than 0.
pub(super) const FIGURE: i64 = -1;

/// What is said in its place.
pub(super) fn said(t: Tongue) -> &'static str {
    t.say("非表示", "withheld")
}

/// Says what is not shown, and why.
pub(super) fn notice(t: Tongue, hidden: &Hidden) -> Markup {
    let few = t.number(hidden.smallest);
    let said = if hidden.whole {
        t.say(
            format!("この条件に当てはまる訪問者、または当てはまらない訪問者が{few}人に満たないため、数字を表示していません。条件や期間を変えてください。"),
            format!("Fewer than {few} visitors match, or do not match, so that no figures are shown. Choose other days, or another condition."),
        )
    } else {
        t.say(
            format!("訪問者が{few}人に満たない日時や項目と、それを差し引きで割り出せてしまう項目は表示していません。"),
            format!("What stands for fewer than {few} visitors is not shown, nor what would give it away."),
        )
    };
    html! { @if hidden.is_any() { p.notice { (said) } } }
}
