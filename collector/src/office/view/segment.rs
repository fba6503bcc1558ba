//! The choice of a segment on pages of figures: whose visits they show.

use maud::{Markup, html};

use super::{Frame, analysis::faults};
use crate::{
    error::Problem,
    office::{
        choice::{Choice, Figure, escaped},
        period::{self, Period},
        tongue::Tongue,
    },
};

/// The segments of a page.
#[derive(Clone, Copy, Debug)]
pub struct Segments<'a> {
    /// Names of those that may be chosen.
    pub names: &'a [String],
    /// Whether others may be made.
    pub may_keep: bool,
    /// What is wrong with the one that is chosen.
    pub problem: Option<&'a Problem>,
}

/// A parameter that a page has of its own: its name and value.
pub(super) type Own<'a> = Option<(&'a str, &'a str)>;

/// What is sent along with a choice, so that everything else stays as it is: in a form of the same page.
pub(super) fn kept(choice: &Choice, with_segment: bool, own: Own<'_>) -> Markup {
    html! {
        @if choice.figure != Figure::default() {
            input type="hidden" name="figure" value=(choice.figure.as_str());
        }
        @for (field, value) in &choice.filters {
            input type="hidden" name=(field.as_str()) value=(value);
        }
        @if let Some(name) = choice.segment.as_deref().filter(|_| with_segment) {
            input type="hidden" name="segment" value=(name);
        }
        @if let Some((name, value)) = own { input type="hidden" name=(name) value=(value); }
    }
}

/// The choice of a segment; nothing where there is none to choose, nor one to be made.
pub(super) fn chooser(
    frame: &Frame<'_>,
    choice: &Choice,
    segments: &Segments<'_>,
    own: Own<'_>,
) -> Markup {
    let t = frame.t;
    let chosen = choice.segment.as_deref();
    if segments.names.is_empty() && chosen.is_none() && !segments.may_keep {
        return html! {};
    }
    let site = frame.site.map_or("", |(key, _)| key);
    let made = format!("/office/sites/{site}/analysis/segments");
    html! {
        details.custom.choose {
            summary.on[chosen.is_some()] { (t.say("セグメント", "Segment")) }
            div.box {
                @if segments.names.is_empty() {
                    p { (t.say("保存したセグメントはまだありません。", "No segment is kept yet.")) }
                } @else {
                    form method="get" action=(choice.path) {
                        input type="hidden" name="period" value=(choice.period.name());
                        @if let Period::Days(from, to) = choice.period {
                            input type="hidden" name="from" value=(period::date(from));
                            input type="hidden" name="to" value=(period::date(to));
                        }
                        (kept(choice, false, own))
                        label for="segment" { (t.say("対象の訪問者", "Whose visits")) }
                        select id="segment" name="segment" {
                            option value="" selected[chosen.is_none()] { (t.say("すべての訪問者", "All visitors")) }
                            @for name in segments.names {
                                option value=(name) selected[chosen == Some(name)] { (name) }
                            }
                        }
                        button type="submit" { (t.say("表示", "Show")) }
                    }
                }
                @if segments.may_keep {
                    p.more { a href=(made) { (t.say("セグメントを作成・管理", "Make and manage segments")) } }
                }
            }
        }
    }
}

/// The segment that is chosen, among what the page is narrowed down by; it is taken away there too.
pub(super) fn chip(t: Tongue, choice: &Choice, own: Own<'_>) -> Markup {
    let own = own.map(|(name, value)| format!("&{name}={}", escaped(value)));
    html! {
        @if let Some(segment) = &choice.segment {
            li { a.chip href={ (choice.without_segment()) (own.unwrap_or_default()) } {
                span.field { (t.say("セグメント", "Segment")) } " " (segment)
                span.x aria-hidden="true" { "×" }
                span.unseen { (t.say("（解除）", " (remove)")) }
            } }
        }
    }
}

/// What is wrong with the one that is chosen.
pub(super) fn problem(t: Tongue, segments: &Segments<'_>) -> Markup {
    html! { @if let Some(problem) = segments.problem { (faults(t, problem)) } }
}
