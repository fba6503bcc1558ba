//! Analysis: funnels, the return of cohorts, paths, segments and scores. Every form sends what it asks in its address.

pub mod cohorts;
pub mod funnel;
pub mod paths;
pub mod scores;
pub mod segments;

use maud::{Markup, html};

use super::{Frame, Place, overview, withheld};
use crate::{
    analysis::withheld::Withheld,
    error::{FieldError, Problem},
    office::{
        asked::{Asked, Kind, Row},
        may::{Action, may},
        period::{self, Period},
        tongue::Tongue,
    },
};

/// A page of analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Funnels.
    Funnel,
    /// The return of cohorts.
    Cohorts,
    /// Paths.
    Paths,
    /// Segments.
    Segments,
    /// Scores of leads.
    Scores,
}

impl Tab {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::Funnel, Self::Cohorts, Self::Paths, Self::Segments, Self::Scores];

    /// Where it stands, after the site's address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Funnel => "/analysis",
            Self::Cohorts => "/analysis/cohorts",
            Self::Paths => "/analysis/paths",
            Self::Segments => "/analysis/segments",
            Self::Scores => "/analysis/scores",
        }
    }

    /// What its address goes on with, to show the same segment there.
    fn of_segment(self, frame: &Frame<'_>) -> String {
        match self {
            Self::Funnel | Self::Cohorts | Self::Paths => frame.of_segment(Place::Analysis),
            Self::Segments | Self::Scores => String::new(),
        }
    }

    fn name(self, t: Tongue) -> &'static str {
        match self {
            Self::Funnel => t.say("ファネル", "Funnel"),
            Self::Cohorts => t.say("再訪", "Retention"),
            Self::Paths => t.say("経路", "Paths"),
            Self::Segments => t.say("セグメント", "Segments"),
            Self::Scores => t.say("スコア", "Scores"),
        }
    }
}

/// What surrounds what is shown.
#[derive(Debug)]
pub struct Data<'a> {
    /// What is asked for.
    pub asked: &'a Asked,
    /// Today, in days since 1970.
    pub today: i64,
    /// Names of the site's segments that may be used here.
    pub segments: &'a [String],
    /// Names of the events that the site takes.
    pub events: &'a [String],
    /// Why there is no answer.
    pub problem: Option<&'a Problem>,
}

/// A page: its form, and what is answered.
fn page(frame: &Frame<'_>, tab: Tab, data: &Data<'_>, form: &Markup, answer: &Markup) -> Markup {
    let t = frame.t;
    frame.page(
        tab.name(t),
        &html! {
            div.head { h1 { (tab.name(t)) } (periods(t, data)) }
            (tabs(frame, tab))
            (overview::fault(t, data.asked.fault))
            (form)
            @if let Some(problem) = data.problem { (faults(t, problem)) }
            (answer)
        },
    )
}

fn tabs(frame: &Frame<'_>, tab: Tab) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let leads = frame.site.is_some_and(|(_, role)| may(role, Action::Leads));
    html! {
        nav.tabs aria-label=(t.say("分析の種類", "Kinds of analysis")) {
            ul.pick { @for one in Tab::ALL.into_iter().filter(|one| leads || *one != Tab::Scores) {
                li { a href={ "/office/sites/" (site) (one.path()) (one.of_segment(frame)) } aria-current=[(one == tab).then_some("page")] { (one.name(t)) } }
            } }
        }
    }
}

fn periods(t: Tongue, data: &Data<'_>) -> Markup {
    let asked = data.asked;
    let (from, to) = asked.period.days(data.today);
    let custom = matches!(asked.period, Period::Days(..));
    html! {
        div.periods {
            nav aria-label=(t.say("期間", "Period")) {
                ul.pick { @for days in Period::OFFERED.into_iter().skip(1) {
                    li { a href=(asked.in_period(days)) aria-current=[(days == asked.period).then_some("true")] {
                        (days.name()) (t.say("日間", " days"))
                    } }
                } }
            }
            details.custom {
                summary.on[custom] {
                    @if custom { (t.short_day(period::date(from))) "–" (t.short_day(period::date(to))) }
                    @else { (t.say("日付を指定", "Choose days")) }
                }
                form method="get" action=(asked.path) {
                    input type="hidden" name="period" value="days";
                    @for (name, value) in asked.others() { input type="hidden" name=(name) value=(value); }
                    label for="from" { (t.say("開始日", "From")) }
                    input id="from" name="from" type="date" required value=(period::date(from)) max=(period::date(data.today));
                    label for="to" { (t.say("終了日", "To")) }
                    input id="to" name="to" type="date" required value=(period::date(to)) max=(period::date(data.today));
                    button type="submit" { (t.say("表示", "Show")) }
                }
            }
        }
    }
}

/// A form that asks: its fields, and the days that are shown.
fn form(t: Tongue, data: &Data<'_>, label: &str, fields: &Markup) -> Markup {
    let asked = data.asked;
    html! {
        form.ask.card method="get" action=(asked.path) aria-label=(label) {
            input type="hidden" name="period" value=(asked.period.name());
            @if let Period::Days(from, to) = asked.period {
                input type="hidden" name="from" value=(period::date(from));
                input type="hidden" name="to" value=(period::date(to));
            }
            (fields)
            button type="submit" { (t.say("集計する", "Show")) }
            datalist id="events" { @for event in data.events { option value=(event) {} } }
            datalist id="devices" { @for name in ["phone", "tablet", "computer"] { option value=(t.device(name)) {} } }
        }
    }
}

/// A choice among a few, by value and name.
fn choice(id: &str, label: &str, now: &str, options: &[(&str, &str)]) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(id) {
                @for (value, name) in options { option value=(value) selected[*value == now] { (name) } }
            }
        }
    }
}

/// The choice of a segment.
fn segment(t: Tongue, data: &Data<'_>) -> Markup {
    let all = t.say("すべての訪問者", "All visitors");
    let none = ("", all);
    let own = data.segments.iter().map(|name| (name.as_str(), name.as_str()));
    let options: Vec<_> = std::iter::once(none).chain(own).collect();
    choice("segment", t.say("対象", "Of whom"), data.asked.get("segment"), &options)
}

/// A row of a form that says which events are meant.
fn row(t: Tongue, name: &str, label: &str, row: &Row) -> Markup {
    html! {
        fieldset.row {
            legend { (label) }
            div.field {
                label.unseen for={ "k" (name) } { (label) " " (t.say("条件の種類", "kind")) }
                select id={ "k" (name) } name={ "k" (name) } {
                    @for kind in Kind::ALL { option value=(kind.as_str()) selected[kind == row.kind] { (kind_name(t, kind)) } }
                }
            }
            div.field.value {
                label.unseen for={ "v" (name) } { (label) " " (t.say("値", "value")) }
                input id={ "v" (name) } name={ "v" (name) } value=(row.value) maxlength="1000" list=[list(row.kind)] autocomplete="off"
                    placeholder=(example(t, row.kind));
            }
        }
    }
}

/// What is offered to choose from.
const fn list(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Event => Some("events"),
        Kind::Device => Some("devices"),
        Kind::Page | Kind::Contains | Kind::Property => None,
    }
}

fn example(t: Tongue, kind: Kind) -> &'static str {
    match kind {
        Kind::Page => "/products",
        Kind::Contains => "/products/",
        Kind::Event => "add_to_cart",
        Kind::Device => t.device("phone"),
        Kind::Property => "plan=pro",
    }
}

fn kind_name(t: Tongue, kind: Kind) -> &'static str {
    match kind {
        Kind::Page => t.say("ページが次と一致", "Page is"),
        Kind::Contains => t.say("ページが次を含む", "Page contains"),
        Kind::Event => t.say("イベント名", "Event is"),
        Kind::Device => t.say("端末の種類", "Device is"),
        Kind::Property => t.say("プロパティ（名前=値）", "Property (name=value)"),
    }
}

/// Why there is no answer.
pub(super) fn faults(t: Tongue, problem: &Problem) -> Markup {
    html! {
        div.notice.bad role="alert" {
            @if problem.errors.is_empty() { p { (told(t, problem)) } }
            @for error in &problem.errors { p { (fault(t, error)) } }
        }
    }
}

fn told(t: Tongue, problem: &Problem) -> String {
    match problem.code {
        "name_taken" => t
            .say(
                "同じ名前がすでにあります。別の名前を付けるか、先に削除してください。",
                "There is one of that name already. Choose another, or remove that one first.",
            )
            .to_owned(),
        "unknown_segment" => t
            .say("このセグメントはすでに削除されています。", "That segment was removed already.")
            .to_owned(),
        "role" | "scope" => t
            .say(
                "このセグメントはリードの情報を使うため、いまの権限では表示できません。",
                "That segment looks at leads, which your role does not reach.",
            )
            .to_owned(),
        _ => problem.detail.clone(),
    }
}

fn fault(t: Tongue, error: &FieldError) -> String {
    let said = match (error.field.as_str(), error.code) {
        ("steps", _) => {
            Some(t.say("ステップを2つ以上、10個まで入力してください。", "Fill in 2 to 10 steps."))
        }
        ("segment", "unknown") => Some(t.say(
            "選んだセグメントが見つかりません。削除された可能性があります。",
            "There is no such segment; it may have been removed.",
        )),
        ("segment", "unreadable") => Some(t.say(
            "このセグメントは読み取れません。作り直してください。",
            "That segment cannot be read; make it anew.",
        )),
        ("date_range", "too_much") => Some(t.say(
            "対象の訪問者が多すぎます。期間を短くするか、条件を絞ってください。",
            "Too many visitors at once. Choose fewer days, or narrower conditions.",
        )),
        ("from.filters", "missing") => Some(t.say(
            "起点にするページかイベントを入力してください。",
            "Say which page or event the paths lead from.",
        )),
        ("points", _) => Some(t.say(
            "点数は-1000〜1000の、0でない整数で入力してください。",
            "Points are a whole number from -1000 to 1000, and not 0.",
        )),
        ("name", "count") => Some(t.say(
            "保存できる数の上限に達しています。使わないものを削除してください。",
            "There are too many already; remove some first.",
        )),
        ("name", _) => Some(
            t.say("名前を1〜64文字で入力してください。", "Give it a name of 1 to 64 characters."),
        ),
        (_, "personal") => Some(t.say(
            "個人が自由に書いた内容は、セグメントの条件に使えません。",
            "What people wrote freely cannot be a condition.",
        )),
        _ => None,
    };
    said.map_or_else(
        || match t {
            Tongue::Ja => format!("条件「{}」を確認してください：{}", error.field, error.message),
            Tongue::En => format!("See to {}: {}", error.field, error.message),
        },
        str::to_owned,
    )
}

/// A figure, or that it is not shown.
fn figure(t: Tongue, n: Option<i64>) -> String {
    n.map_or_else(|| withheld::said(t).to_owned(), |n| t.number(n))
}

/// Says that something is not shown, and why.
fn notice(t: Tongue, withheld: Option<&Withheld>) -> Markup {
    let said = |withheld: &Withheld| {
        let few = t.number(withheld.smallest_group);
        if withheld.whole {
            t.say(
                format!("対象の訪問者、またはセグメントに含まれない訪問者が{few}人に満たないため、数字を表示していません。条件や期間を変えてください。"),
                format!("Fewer than {few} visitors stand behind this, or are left out by the segment, so that no figures are shown. Choose other days, or other conditions."),
            )
        } else {
            t.say(
                format!("訪問者が{few}人に満たない数字と、それを差し引きで割り出せてしまう数字は表示していません。"),
                format!("What stands for fewer than {few} visitors is not shown, nor what would give it away."),
            )
        }
    };
    html! { @if let Some(withheld) = withheld { p.notice { (said(withheld)) } } }
}

/// A part of a whole in per cent, as an answer has it.
fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "–".to_owned(), |part| format!("{:.1}%", part * 100.0))
}
