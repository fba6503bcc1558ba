//! Visits: figures, their course, and what they were made of.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{
    Frame, chart,
    columns::columns,
    segment::{self, Own, Segments},
    withheld,
};
use crate::{
    office::{
        choice::{Choice, Figure},
        period::{self, Fault, Period},
        tongue::Tongue,
    },
    query::{Meta, withheld::dashboard::Hidden},
    store::dashboard::{Field, Overview, Sums},
};

/// What the page is made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// What is shown.
    pub choice: &'a Choice,
    /// Today, in days since 1970.
    pub today: i64,
    /// The site's time zone.
    pub zone: &'a TimeZone,
    /// What of them, and for how much of the traffic it stands; nothing where a segment is chosen that cannot be shown.
    pub shown: Option<(&'a Visits, &'a Meta)>,
    /// The segments that may be chosen.
    pub segments: Segments<'a>,
    /// The tag of the site.
    pub tag: &'a str,
}

/// Visits as they are shown.
#[derive(Debug)]
pub struct Visits {
    /// The days that are shown.
    pub now: Overview,
    /// As many just before.
    pub before: Overview,
    /// What is not told of them, and of those before.
    pub hidden: Hidden,
    /// See there.
    pub hidden_before: Hidden,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame<'_>, data: &Data<'_>) -> Markup {
    let t = frame.t;
    let narrow = !data.choice.filters.is_empty() || data.choice.segment.is_some();
    let none = |visits: &Visits| visits.now.total.visits == 0 && visits.before.total.visits == 0;
    let chooser = segment::chooser(frame, data.choice, &data.segments, None);
    frame.page(
        t.say("アクセス", "Overview"),
        &html! {
            div.head {
                h1 { (t.say("アクセス", "Overview")) }
                (periods(t, data.choice, data.today, &chooser))
            }
            (fault(t, data.choice.fault))
            @if let Some((_, meta)) = data.shown { (share(t, meta)) }
            (chips(t, data.choice, None))
            (segment::problem(t, &data.segments))
            @if let Some((visits, _)) = data.shown {
                (withheld::notice(t, &visits.hidden))
                @if visits.hidden.whole {
                } @else if !narrow && none(visits) {
                    (nothing(t, data.tag))
                } @else {
                    (tiles(t, data.choice, visits))
                    (course(t, data, visits))
                    div.cards {
                        @for field in Field::ALL { (breakdown(t, data.choice, visits, field)) }
                    }
                }
            }
        },
    )
}

/// The choice of days, with another one beside it.
#[must_use]
pub fn periods(t: Tongue, choice: &Choice, today: i64, beside: &Markup) -> Markup {
    let (from, to) = choice.period.days(today);
    let custom = matches!(choice.period, Period::Days(..));
    html! {
        div.periods {
            nav aria-label=(t.say("期間", "Period")) {
                ul.pick {
                    @for period in Period::OFFERED {
                        li { a href=(choice.in_period(period))
                            aria-current=[(period == choice.period).then_some("true")] { (named(t, period)) } }
                    }
                }
            }
            details.custom {
                summary.on[custom] {
                    @if custom { (t.short_day(period::date(from))) "–" (t.short_day(period::date(to))) }
                    @else { (t.say("日付を指定", "Choose days")) }
                }
                form method="get" action=(choice.path) {
                    input type="hidden" name="period" value="days";
                    (segment::kept(choice, true, None))
                    label for="from" { (t.say("開始日", "From")) }
                    input id="from" name="from" type="date" required value=(period::date(from)) max=(period::date(today));
                    label for="to" { (t.say("終了日", "To")) }
                    input id="to" name="to" type="date" required value=(period::date(to)) max=(period::date(today));
                    button type="submit" { (t.say("表示", "Show")) }
                }
            }
            (beside)
        }
    }
}

fn named(t: Tongue, period: Period) -> &'static str {
    match period {
        Period::Today => t.say("今日", "Today"),
        Period::Last(7) => t.say("7日間", "7 days"),
        Period::Last(90) => t.say("90日間", "90 days"),
        Period::Last(_) => t.say("30日間", "30 days"),
        Period::Days(..) => t.say("日付を指定", "Chosen days"),
    }
}

/// Says why other days are shown than were asked for.
#[must_use]
pub fn fault(t: Tongue, fault: Option<Fault>) -> Markup {
    let said = fault.map(|fault| match fault {
        Fault::NoDays => t.say(
            "日付を読み取れませんでした。過去30日間を表示しています。",
            "These are no days. You see the last 30.",
        ),
        Fault::Reversed => t.say(
            "開始日が終了日より後になっています。過去30日間を表示しています。",
            "The first day lies after the last. You see the last 30.",
        ),
        Fault::TooMany => t.say(
            "一度に表示できるのは366日までです。過去30日間を表示しています。",
            "366 days at most can be shown. You see the last 30.",
        ),
    });
    html! { @if let Some(said) = said { p.notice.bad role="alert" { (said) } } }
}

/// For how much of the traffic the page stands.
#[must_use]
pub fn share(t: Tongue, meta: &Meta) -> Markup {
    let share = meta.consented_share.map(|share| format!("{:.1}%", share * 100.0));
    html! {
        p.share {
            @match share {
                Some(share) => {
                    @match t {
                        Tongue::Ja => { "数字は、同意した訪問者（同意を求めた人の" strong { (share) } "）のものです。" }
                        Tongue::En => { "These figures stand for visitors who agreed: " strong { (share) } " of those who were asked." }
                    }
                    span.detail { (t.say(
                        format!("同意を求めた数 {}・回答 {}", t.number(meta.asked), t.number(meta.decided)),
                        format!("asked {} · decided {}", t.number(meta.asked), t.number(meta.decided)))) }
                }
                None => (t.say(
                    "この期間に同意を求めた訪問者はまだいません。数字は同意した訪問者のものだけです。",
                    "Nobody was asked for consent in these days yet. Figures stand for visitors who agreed only.")),
            }
        }
    }
}

/// What the page is narrowed down by, each with the way out of it. What it has of its own stays.
pub(super) fn chips(t: Tongue, choice: &Choice, own: Own<'_>) -> Markup {
    html! {
        @if !choice.filters.is_empty() || choice.segment.is_some() {
            div.chips {
                p id="chips" { (t.say("絞り込み：", "Narrowed to:")) }
                ul aria-labelledby="chips" {
                    (segment::chip(t, choice, own))
                    @for (field, value) in &choice.filters {
                        li { a.chip href=(choice.without(*field)) {
                            span.field { (one(t, *field)) } " " (label(t, *field, value))
                            span.x aria-hidden="true" { "×" }
                            span.unseen { (t.say("（解除）", " (remove)")) }
                        } }
                    }
                }
            }
        }
    }
}

/// What is said where there is nothing yet.
#[must_use]
pub fn nothing(t: Tongue, tag: &str) -> Markup {
    html! {
        section.nothing {
            h2 { (t.say("まだデータがありません", "Nothing to show yet")) }
            p { (t.say(
                "サイトの全ページの<head>に次のタグを貼ると、同意した訪問者のアクセスがここに表示されます。",
                "Paste this tag into the head of every page. What visitors do who agree is shown here.")) }
            pre tabindex="0" { code { (tag) } }
        }
    }
}

/// What a figure is called.
fn figure_name(t: Tongue, figure: Figure) -> &'static str {
    match figure {
        Figure::Visitors => t.say("訪問者", "Visitors"),
        Figure::Views => t.say("ページビュー", "Page views"),
        Figure::Visits => t.say("訪問", "Visits"),
        Figure::Engaged => t.say("平均滞在時間", "Time per visit"),
        Figure::Bounces => t.say("直帰率", "Bounce rate"),
    }
}

fn figure_shown(t: Tongue, figure: Figure, value: i64) -> String {
    if value == withheld::FIGURE {
        return withheld::said(t).to_owned();
    }
    match figure {
        Figure::Visitors | Figure::Views | Figure::Visits => t.number(value),
        Figure::Engaged => t.length(value),
        Figure::Bounces => t.share(value, 1_000),
    }
}

fn tiles(t: Tongue, choice: &Choice, visits: &Visits) -> Markup {
    html! {
        ul.tiles aria-label=(t.say("グラフに表示する数字", "Figures; each leads to its course")) {
            @for figure in Figure::ALL {
                li { a.tile href=(choice.with_figure(figure))
                    aria-current=[(figure == choice.figure).then_some("true")] {
                    span.name { (figure_name(t, figure)) }
                    span.value { (figure_shown(t, figure, figure.of(&visits.now.total))) }
                    (change(t, figure, &visits.now.total, &visits.before.total))
                } }
            }
        }
    }
}

/// The change against the period before.
fn change(t: Tongue, figure: Figure, now: &Sums, before: &Sums) -> Markup {
    let (new, old) = (figure.of(now), figure.of(before));
    let there =
        if figure == Figure::Bounces || figure == Figure::Engaged { before.visits } else { old };
    if there == 0 {
        return html! { span.change { (t.say("前の期間はなし", "none before")) } };
    }
    let (text, difference) = if figure == Figure::Bounces {
        let points = new - old;
        (
            format!("{}.{}{}", points.abs() / 10, points.abs() % 10, t.say("ポイント", " points")),
            points,
        )
    } else if old == 0 {
        (figure_shown(t, figure, new), new)
    } else {
        let thousandths = (new - old).saturating_mul(1_000) / old;
        (format!("{}.{}%", thousandths.abs() / 10, thousandths.abs() % 10), thousandths)
    };
    // Fewer bounces are better.
    let good = if figure == Figure::Bounces { difference < 0 } else { difference > 0 };
    let (sign, said) = match difference {
        0 => ("±", t.say("変化なし", "no change")),
        1.. => ("▲", t.say("増", "up")),
        _ => ("▼", t.say("減", "down")),
    };
    html! {
        span.change.good[good].bad[!good && difference != 0] {
            span aria-hidden="true" { (sign) " " } span.unseen { (said) " " } (text)
        }
    }
}

/// The course of the chosen figure, as a chart and as a table.
fn course(t: Tongue, data: &Data<'_>, visits: &Visits) -> Markup {
    let figure = data.choice.figure;
    let columns = columns(t, data, visits);
    let name = figure_name(t, figure);
    let shown = |value| figure_shown(t, figure, value);
    let about = t.say(
        format!("{name}の推移のグラフ。同じ数字が下の表にあります。"),
        format!("Chart: {name} by time. The table below has the same figures."),
    );
    let before = t.say("前の期間", "before");
    html! {
        section.course aria-labelledby="course" {
            h2 id="course" { (name) (t.say("の推移", " by time")) }
            p.legend { span.now { (t.say("この期間", "These days")) } @if columns.iter().any(|it| it.before.is_some()) { span.then { (t.say("前の期間", "Period before")) } } }
            (chart::by_time(&columns, &about, shown, before))
            details.numbers {
                summary { (t.say("表で見る", "As a table")) }
                div.scroll tabindex="0" role="group" aria-label=(name) { table {
                    caption.unseen { (name) }
                    thead { tr { th scope="col" { (t.say("日時", "Time")) } th.number scope="col" { (t.say("この期間", "These days")) }
                        th.number scope="col" { (t.say("前の期間", "Before")) } } }
                    tbody { @for column in &columns { tr {
                        th scope="row" { (column.name) } td.number { (shown(column.value)) }
                        td.number { @match column.before { Some(value) => (shown(value)), None => "–" } }
                    } } }
                } }
            }
        }
    }
}

/// What one value of a field is called.
fn one(t: Tongue, field: Field) -> &'static str {
    match field {
        Field::Page => t.say("ページ", "Page"),
        Field::Entry => t.say("入口", "Entry"),
        Field::Exit => t.say("出口", "Exit"),
        Field::Source => t.say("参照元", "Source"),
        Field::Campaign => t.say("キャンペーン", "Campaign"),
        Field::Device => t.say("端末", "Device"),
        Field::Language => t.say("言語", "Language"),
        Field::Event => t.say("イベント", "Event"),
    }
}

fn heading(t: Tongue, field: Field) -> &'static str {
    match field {
        Field::Page => t.say("ページ", "Pages"),
        Field::Entry => t.say("入口ページ", "Entry pages"),
        Field::Exit => t.say("出口ページ", "Exit pages"),
        Field::Source => t.say("参照元", "Sources"),
        Field::Campaign => t.say("キャンペーン", "Campaigns"),
        Field::Device => t.say("端末", "Devices"),
        Field::Language => t.say("言語", "Languages"),
        Field::Event => t.say("イベント", "Events"),
    }
}

fn label(t: Tongue, field: Field, value: &str) -> String {
    match (field, value) {
        (Field::Source, "") => t.say("直接・不明", "Direct or unknown").to_owned(),
        (Field::Device, value) => t.device(value).to_owned(),
        (Field::Language, "ja") => t.say("日本語", "Japanese").to_owned(),
        (Field::Language, "en") => t.say("英語", "English").to_owned(),
        (_, "") => t.say("（なし）", "(none)").to_owned(),
        (_, value) => value.to_owned(),
    }
}

fn breakdown(t: Tongue, choice: &Choice, visits: &Visits, field: Field) -> Markup {
    let rows: Vec<_> = visits.now.breakdowns.iter().filter(|(of, ..)| *of == field).collect();
    let count = |sums: &Sums| match field {
        Field::Page => sums.views,
        Field::Event => sums.events,
        _ => sums.visits,
    };
    let most = rows.iter().map(|(_, _, sums)| count(sums)).max().unwrap_or(0);
    let id = format!("by-{}", field.as_str());
    let counted = match field {
        Field::Page => t.say("表示回数", "Views"),
        Field::Event => t.say("回数", "Times"),
        _ => t.say("訪問", "Visits"),
    };
    html! {
        section.card aria-labelledby=(id) {
            h2 id=(id) { (heading(t, field)) }
            @if rows.is_empty() {
                p.none { (t.say("この期間にはありません。", "None in these days.")) }
            } @else {
                table.top {
                    caption.unseen { (heading(t, field)) }
                    thead { tr { th scope="col" { (one(t, field)) } th.number scope="col" { (counted) }
                        th.number scope="col" { (t.say("訪問者", "Visitors")) } } }
                    tbody { @for (_, value, sums) in &rows { tr {
                        th scope="row" {
                            a href=(choice.only(field, value)) { (label(t, field, value)) }
                            (chart::bar(count(sums), most))
                        }
                        td.number { (t.number(count(sums))) } td.number { (t.number(sums.visitors)) }
                    } } }
                }
            }
        }
    }
}
