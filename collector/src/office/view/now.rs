//! What goes on now, and events with their properties.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{
    Frame,
    chart::{self, Column},
    overview,
    segment::{self, Segments},
    withheld,
};
use crate::{
    office::{
        choice::{Choice, escaped},
        tongue::Tongue,
    },
    query::{Meta, withheld::moments::Hidden},
    store::moments::Recent,
};

/// Properties of an event: by name, values with how often each was there, the most frequent first.
pub type Properties = BTreeMap<String, Vec<(String, i64)>>;

/// What the page of the last half hour is made of.
#[derive(Debug)]
pub struct Now<'a> {
    /// Whose.
    pub choice: &'a Choice,
    /// The segments that may be chosen.
    pub segments: Segments<'a>,
    /// What went on, and what of it is not told; nothing where a segment is chosen that cannot be shown.
    pub shown: Option<(&'a Recent, &'a Hidden)>,
    /// As of when.
    pub at: &'a str,
    /// Whether the page asks for itself anew, by a header.
    pub runs: bool,
    /// Whether each view is told to the trail: then the page does not ask for itself anew, whatever is asked.
    pub told: bool,
}

/// The last half hour.
#[must_use]
pub fn now(frame: &Frame<'_>, data: &Now<'_>) -> Markup {
    let t = frame.t;
    let title = t.say("リアルタイム", "Now");
    let (at, runs) = (data.at, data.runs);
    let paused = (!runs).then_some(("paused", "1"));
    let same = data.choice.segment.as_deref();
    let same = same.map_or_else(String::new, |name| format!("segment={}", escaped(name)));
    let stopped =
        if same.is_empty() { "?paused=1".to_owned() } else { format!("?paused=1&{same}") };
    frame.page(title, &html! {
        div.head {
            h1 { (title) }
            div.periods {
                (segment::chooser(frame, data.choice, &data.segments, paused))
                @if data.told {
                    a.button href={ "?" (same) } { (t.say("最新の状態を表示", "Show as of now")) }
                } @else if runs {
                    a.button href=(stopped) { (t.say("自動更新を止める", "Stop renewing")) }
                } @else {
                    a.button href={ "?" (same) } { (t.say("自動更新を再開する", "Renew by itself")) }
                }
            }
        }
        p.share { (t.say(
            format!("直近30分・{at}現在。同意した訪問者だけの数字です。{}", renewal(t, data)),
            format!("The last 30 minutes as of {at}, of visitors who agreed. {}", renewal(t, data)))) }
        (overview::chips(t, data.choice, paused))
        (segment::problem(t, &data.segments))
        @if let Some((recent, hidden)) = data.shown { (half_hour(t, (recent, hidden), data.choice.segment.is_some())) }
    })
}

/// When the page is shown anew.
fn renewal(t: Tongue, data: &Now<'_>) -> &'static str {
    match (data.told, data.runs) {
        (true, _) => t.say(
            "入力内容を条件に含むセグメントのため、自動更新はしません。表示するたびに監査記録に残ります。",
            "With this segment, which looks at what people wrote, it does not renew itself: each view is kept in the audit trail.",
        ),
        (false, true) => t.say("30秒ごとに更新します。", "Renewed every 30 seconds."),
        (false, false) => t.say("自動更新は止まっています。", "It is not renewed."),
    }
}

fn half_hour(t: Tongue, (recent, hidden): (&Recent, &Hidden), narrow: bool) -> Markup {
    let figure = |hidden: bool, number: i64| if hidden { withheld::FIGURE } else { number };
    let visitors = figure(hidden.whole, recent.visitors);
    let views = figure(hidden.whole || hidden.views, recent.views);
    let viewed = |ago: i64| {
        let views = recent.minutes.get(&ago).map_or(0, |minute| minute.views);
        figure(hidden.whole || hidden.minutes.contains(&ago), views)
    };
    let minutes: BTreeSet<i64> =
        recent.minutes.keys().chain(hidden.minutes.iter()).copied().collect();
    let columns: Vec<_> = (0..30)
        .rev()
        .map(|ago| Column {
            short: t.say(format!("{ago}分前"), format!("−{ago}")),
            name: t.say(format!("{ago}分前"), format!("{ago} min ago")),
            value: viewed(ago),
            before: None,
        })
        .collect();
    let about = t.say(
        "直近30分の、1分ごとのページビューのグラフ。",
        "Chart: page views by minute in the last half hour.",
    );
    html! {
        (withheld::half_hour(t, hidden, narrow))
        dl.tiles {
            div.tile { dt.name { (t.say("訪問者", "Visitors")) } dd.value { (withheld::number(t, visitors)) } }
            div.tile { dt.name { (t.say("ページビュー", "Page views")) } dd.value { (withheld::number(t, views)) } }
        }
        section.course aria-labelledby="course" {
            h2 id="course" { (t.say("1分ごとのページビュー", "Page views by minute")) }
            p.legend { span.now { (t.say("ページビュー", "Page views")) } }
            (chart::by_time(&columns, about, |value| withheld::number(t, value), ""))
            details.numbers {
                summary { (t.say("表で見る", "As a table")) }
                div.scroll tabindex="0" role="group" aria-label=(t.say("1分ごとのページビュー", "Page views by minute")) { table {
                    caption.unseen { (t.say("1分ごとのページビュー", "Page views by minute")) }
                    thead { tr { th scope="col" { (t.say("時間", "When")) } th.number scope="col" { (t.say("ページビュー", "Page views")) }
                        th.number scope="col" { (t.say("訪問者", "Visitors")) } } }
                    tbody { @for ago in &minutes { tr {
                        th scope="row" { (t.say(format!("{ago}分前"), format!("{ago} min ago"))) }
                        td.number { (withheld::number(t, viewed(*ago))) }
                        td.number { (withheld::number(t, recent.minutes.get(ago).map_or(withheld::FIGURE, |minute| minute.visitors))) }
                    } } }
                } }
            }
        }
        div.cards {
            (list(t, t.say("見られているページ", "Pages"), t.say("ページ", "Page"), (recent.pages.as_slice(), hidden.whole || hidden.rows[0]), |_| None))
            (list(t, t.say("イベント", "Events"), t.say("イベント", "Event"), (recent.events.as_slice(), hidden.whole || hidden.rows[1]), |_| None))
        }
    }
}

fn list(
    t: Tongue,
    title: &str,
    column: &str,
    (rows, any_hidden): (&[(String, i64, i64)], bool),
    leads: impl Fn(&str) -> Option<String>,
) -> Markup {
    let most = rows.iter().map(|(_, n, _)| *n).max().unwrap_or(0);
    html! {
        section.card {
            h2 { (title) }
            @if rows.is_empty() { p.none { (withheld::or(t, any_hidden, t.say("まだありません。", "None yet."))) } } @else {
                table.top {
                    caption.unseen { (title) }
                    thead { tr { th scope="col" { (column) } th.number scope="col" { (t.say("回数", "Times")) }
                        th.number scope="col" { (t.say("訪問者", "Visitors")) } } }
                    tbody { @for (name, n, visitors) in rows { tr {
                        th scope="row" {
                            @match leads(name) { Some(to) => a href=(to) { (name) }, None => (name) }
                            (chart::bar(*n, most))
                        }
                        td.number { (t.number(*n)) } td.number { (t.number(*visitors)) }
                    } } }
                }
            }
        }
    }
}

/// An event that is looked at.
#[derive(Debug)]
pub struct One<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its properties.
    pub properties: Properties,
    /// Whether there were more combinations than are looked at.
    pub more: bool,
    /// Whether values are not told.
    pub hidden: bool,
}

/// What the page of events is made of.
#[derive(Debug)]
pub struct Events<'a> {
    /// Which days.
    pub choice: &'a Choice,
    /// Today, in days since 1970.
    pub today: i64,
    /// The segments that may be chosen.
    pub segments: Segments<'a>,
    /// The event that is looked at.
    pub name: Option<&'a str>,
    /// What there was; nothing where a segment is chosen that cannot be shown.
    pub shown: Option<&'a Shown<'a>>,
}

/// What there was.
#[derive(Debug)]
pub struct Shown<'a> {
    /// For how much of the traffic it stands.
    pub meta: Meta,
    /// The events: name, times, visitors.
    pub names: Vec<(String, i64, i64)>,
    /// The event that is looked at.
    pub one: Option<One<'a>>,
    /// Page views by hour of the site's day, none where they are not told.
    pub hours: [Option<i64>; 24],
    /// Visitors that have to stand behind whatever is told, where anything is not.
    pub withheld: Option<i64>,
}

/// The parameter of an event that is looked at.
const fn named(name: &str) -> (&str, &str) {
    ("name", name)
}

/// Events and their properties, and the hours of the day.
#[must_use]
pub fn events(frame: &Frame<'_>, data: &Events<'_>) -> Markup {
    let t = frame.t;
    let title = t.say("イベントと時間帯", "Events and hours");
    let address = data.choice.address();
    let leads = |name: &str| Some(format!("{address}&name={}", escaped(name)));
    let chooser = segment::chooser(frame, data.choice, &data.segments, data.name.map(named));
    frame.page(title, &html! {
        div.head { h1 { (title) } (overview::periods(t, data.choice, data.today, &chooser)) }
        (overview::fault(t, data.choice.fault))
        @if let Some(shown) = data.shown { (overview::share(t, &shown.meta)) }
        (overview::chips(t, data.choice, data.name.map(named)))
        (segment::problem(t, &data.segments))
        @if let Some(shown) = data.shown {
        (withheld::rows(t, shown.withheld))
        (hours(t, &shown.hours))
        div.cards {
            (list(t, t.say("イベント", "Events"), t.say("名前", "Name"), (&shown.names, shown.withheld.is_some()), leads))
            @match &shown.one {
                None => section.card {
                    h2 { (t.say("プロパティ", "Properties")) }
                    p.none { (t.say("イベントを選ぶと、送られたプロパティの値を表示します。", "Choose an event to see what was told with it.")) }
                },
                Some(one) => {
                    section.card {
                        h2 { (one.name) }
                        p { a href=(address) { (t.say("選択を解除", "Choose none")) } }
                        @if one.properties.is_empty() { p.none { (withheld::or(t, one.hidden, t.say("プロパティはありません。", "Nothing was told with it."))) } }
                        @if one.more { p.notice { (t.say("組み合わせが多いため、多い順に2,000通りだけを数えています。", "There are many: the 2,000 most frequent combinations are counted.")) } }
                    }
                    @for (key, values) in &one.properties { (property(t, key, values)) }
                }
            }
        }
        }
    })
}

fn property(t: Tongue, key: &str, values: &[(String, i64)]) -> Markup {
    let most = values.iter().map(|(_, n)| *n).max().unwrap_or(0);
    html! {
        section.card {
            h2 { code { (key) } }
            table.top {
                caption.unseen { (key) }
                thead { tr { th scope="col" { (t.say("値", "Value")) } th.number scope="col" { (t.say("回数", "Times")) } } }
                tbody { @for (value, n) in values.iter().take(10) { tr {
                    th scope="row" { (value.chars().take(200).collect::<String>()) (chart::bar(*n, most)) }
                    td.number { (t.number(*n)) }
                } } }
            }
            @if values.len() > 10 { p.hint { (t.say(format!("ほか{}種類", values.len() - 10), format!("and {} more values", values.len() - 10))) } }
        }
    }
}

fn hours(t: Tongue, hours: &[Option<i64>; 24]) -> Markup {
    let title = t.say("時間帯ごとのページビュー", "Page views by hour of the day");
    let columns: Vec<_> = (0..24)
        .zip(hours)
        .map(|(hour, value)| Column {
            short: t.say(format!("{hour}時"), format!("{hour:02}:00")),
            name: t.say(format!("{hour}時台"), format!("{hour:02}:00–{hour:02}:59")),
            value: value.unwrap_or(withheld::FIGURE),
            before: None,
        })
        .collect();
    html! {
        section.course aria-labelledby="course" {
            h2 id="course" { (title) }
            p.legend { span.now { (t.say("ページビュー", "Page views")) } }
            (chart::by_time(&columns, t.say("時間帯ごとのページビューのグラフ。同じ数字が下の表にあります。", "Chart: page views by hour. The table below has the same figures."), |value| withheld::number(t, value), ""))
            details.numbers {
                summary { (t.say("表で見る", "As a table")) }
                div.scroll tabindex="0" role="group" aria-label=(title) { table {
                    caption.unseen { (title) }
                    thead { tr { th scope="col" { (t.say("時間帯", "Hour")) } th.number scope="col" { (t.say("ページビュー", "Page views")) } } }
                    tbody { @for column in &columns { tr { th scope="row" { (column.name) } td.number { (withheld::number(t, column.value)) } } } }
                } }
            }
        }
    }
}
