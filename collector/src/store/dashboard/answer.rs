//! Visits by a table of events: of each, what it was, and then what is counted of it.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::{Field, Overview, Sums};
use crate::columns::{Distinct, Event, Shard, Table, Text, Visits, Wanted};

/// The columns that it needs.
pub(super) fn wanted() -> Wanted {
    Wanted::NAME
        | Wanted::PAGE
        | Wanted::REFERRER
        | Wanted::LANGUAGE
        | Wanted::DEVICE
        | Wanted::ENGAGED
        | Wanted::CAMPAIGN
}

/// What is asked, as a thread of its own has it.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) by_hour_from: Option<i64>,
    pub(super) own_hosts: Vec<String>,
    pub(super) filters: Vec<(Field, String)>,
    pub(super) rows: usize,
}

/// What a visit was, and what counts of it.
#[derive(Default)]
struct Visit {
    views: i64,
    entry: Text,
    exit: Text,
    source: Text,
    campaign: Option<Text>,
    saw: bool,
    had: bool,
    counted: Sums,
}

/// Labels of a breakdown by their numbers, with their sums.
#[derive(Default)]
struct Rows {
    sums: Vec<Sums>,
    visits: Distinct,
    visitors: Distinct,
}

impl Rows {
    fn at(&mut self, number: u32) -> &mut Sums {
        let place = number as usize;
        if self.sums.len() <= place {
            self.sums.resize(place + 1, Sums::default());
        }
        &mut self.sums[place]
    }

    /// Counts a visit in a row.
    fn visit(&mut self, number: u32, visitor: u32, visit: &Visit) {
        let new = self.visitors.is_new(number, visitor);
        let sums = self.at(number);
        sums.visitors += i64::from(new);
        sums.visits += 1;
        sums.bounces += i64::from(visit.views == 1);
        sums.views += visit.counted.views;
        sums.engaged += visit.counted.engaged;
        sums.events += visit.counted.events;
    }

    /// Counts an event in a row: its visit and its visitor once.
    fn event(&mut self, number: u32, event: &Event, (visit, bounce): (u32, bool), is_view: bool) {
        let new_visit = self.visits.is_new(number, visit);
        let new_visitor = new_visit && self.visitors.is_new(number, event.visitor);
        let sums = self.at(number);
        sums.visitors += i64::from(new_visitor);
        sums.visits += i64::from(new_visit);
        sums.bounces += i64::from(new_visit && bounce);
        sums.views += i64::from(is_view);
        sums.engaged += event.engaged;
        sums.events += 1;
    }

    /// Adds what was counted of other visitors.
    fn join(&mut self, others: &Self) {
        for (number, others) in (0..).zip(&others.sums) {
            self.at(number).add(others);
        }
    }
}

impl Sums {
    const fn add(&mut self, other: &Self) {
        self.visitors += other.visitors;
        self.views += other.views;
        self.visits += other.visits;
        self.bounces += other.bounces;
        self.engaged += other.engaged;
        self.events += other.events;
    }
}

/// What is asked for, as texts of a table: of a field, none where nothing is, and nothing where no event has it.
struct Sought<'a> {
    table: &'a Table,
    asked: &'a Own,
    view: Option<Text>,
    page: Option<Option<Text>>,
    event: Option<Option<Text>>,
    language: Option<Option<Text>>,
    device: Option<Option<Text>>,
}

impl<'a> Sought<'a> {
    fn new(table: &'a Table, asked: &'a Own) -> Self {
        let text = |field| asked.value(field).map(|value| table.find(value));
        Self {
            table,
            asked,
            view: table.find("page_view"),
            page: text(Field::Page),
            event: text(Field::Event),
            language: text(Field::Language),
            device: text(Field::Device),
        }
    }

    /// Whether an event of a visit that is counted counts. Somebody may decide anew, in another language and on another
    /// device: of one visit there may be several.
    fn counts(&self, event: &Event) -> bool {
        self.language.is_none_or(|language| language == Some(event.language))
            && self.device.is_none_or(|device| device == Some(event.device))
    }

    fn is_view(&self, event: &Event) -> bool {
        Some(event.name) == self.view
    }

    /// What a visit of these events was.
    fn visit(&self, events: &[Event]) -> Visit {
        let mut visit = Visit::default();
        for one in events {
            let is_view = self.is_view(one);
            if is_view {
                if visit.views == 0 {
                    (visit.entry, visit.source) = (one.page, one.referrer);
                }
                visit.views += 1;
                visit.exit = one.page;
                visit.saw |= self.page == Some(Some(one.page));
            }
            visit.had |= self.event == Some(Some(one.name));
            if let Some(new) = one.campaign {
                let text = |text| self.table.text(text);
                let greater = visit.campaign.is_none_or(|old| text(old) < text(new));
                visit.campaign = if greater { Some(new) } else { visit.campaign };
            }
            if self.counts(one) {
                visit.counted.views += i64::from(is_view);
                visit.counted.engaged += one.engaged;
                visit.counted.events += 1;
            }
        }
        visit
    }

    /// Whether a visit is asked for that came from this host.
    fn has(&self, visit: &Visit, host: &str) -> bool {
        let is = |field, text: &str| self.asked.value(field).is_none_or(|value| value == text);
        let campaign = visit.campaign.map(|campaign| self.table.text(campaign));
        visit.views > 0
            && visit.counted.events > 0
            && (self.page.is_none() || visit.saw)
            && (self.event.is_none() || visit.had)
            && is(Field::Entry, self.table.text(visit.entry))
            && is(Field::Exit, self.table.text(visit.exit))
            && self.asked.value(Field::Campaign).is_none_or(|value| campaign == Some(value))
            && is(Field::Source, host)
    }
}

impl Own {
    fn value(&self, wanted: Field) -> Option<&str> {
        let found = self.filters.iter().find(|(field, _)| *field == wanted);
        found.map(|(_, value)| value.as_str())
    }
}

/// What is counted of some visitors.
struct Counted<'a> {
    sought: &'a Sought<'a>,
    sources: Sources<'a>,
    total: Rows,
    times: Times,
    /// Of each field, by the numbers of texts, or of hosts.
    by: [Rows; Field::ALL.len()],
}

/// Days or hours by their numbers.
#[derive(Default)]
struct Times {
    rows: Rows,
    all: Vec<i64>,
    numbers: HashMap<i64, u32, RandomState>,
    last: u32,
}

impl Times {
    fn number(&mut self, time: i64) -> u32 {
        // A visit's events follow each other.
        if self.all.get(self.last as usize) != Some(&time) {
            let all = &mut self.all;
            self.last = *self.numbers.entry(time).or_insert_with(|| {
                all.push(time);
                u32::try_from(all.len() - 1).unwrap_or(0)
            });
        }
        self.last
    }
}

/// The answer to it.
pub(super) fn overview(table: &Table, asked: &Own) -> Overview {
    let sought = Sought::new(table, asked);
    let mut all = table.by_shards(|shard| Counted::of(&sought, shard)).into_iter();
    let Some(mut first) = all.next() else { return Overview::default() };
    all.for_each(|others| first.join(&others));
    first.told()
}

impl<'a> Counted<'a> {
    fn of(sought: &'a Sought<'a>, shard: Shard<'_>) -> Self {
        let mut counted = Self {
            sought,
            sources: Sources::new(sought.table, &sought.asked.own_hosts),
            total: Rows::default(),
            times: Times::default(),
            by: std::array::from_fn(|_| Rows::default()),
        };
        let mut visits = Visits::default();
        let mut own: (u32, Vec<Event>) = (0, Vec::new());
        shard.events().for_each(|event| {
            let number = visits.of(&event);
            if number != own.0 {
                counted.visit(own.0, &own.1);
                own.0 = number;
                own.1.clear();
            }
            own.1.push(event);
        });
        counted.visit(own.0, &own.1);
        counted
    }

    /// Counts a visit by its number and its events.
    fn visit(&mut self, number: u32, events: &[Event]) {
        let Some(visitor) = events.first().map(|event| event.visitor) else { return };
        let visit = self.sought.visit(events);
        let from = self.sources.of(visit.source);
        if !self.sought.has(&visit, &self.sources.hosts[from as usize]) {
            return;
        }
        let asked = self.sought.asked;
        self.total.visit(0, visitor, &visit);
        if asked.rows > 0 {
            for (field, number) in [
                (Field::Entry, Some(visit.entry.number())),
                (Field::Exit, Some(visit.exit.number())),
                (Field::Source, Some(from)),
                (Field::Campaign, visit.campaign.map(Text::number)),
            ] {
                if let Some(number) = number {
                    self.by[field as usize].visit(number, visitor, &visit);
                }
            }
        }
        let own = (number, visit.views == 1);
        for one in events.iter().filter(|one| self.sought.counts(one)) {
            let time = match asked.by_hour_from {
                Some(from) => (one.at - from).div_euclid(3_600_000),
                None => one.day,
            };
            let is_view = self.sought.is_view(one);
            let time = self.times.number(time);
            self.times.rows.event(time, one, own, is_view);
            if asked.rows > 0 {
                let what = if is_view { (Field::Page, one.page) } else { (Field::Event, one.name) };
                let by = [what, (Field::Language, one.language), (Field::Device, one.device)];
                for (field, text) in by {
                    self.by[field as usize].event(text.number(), one, own, is_view);
                }
            }
        }
    }

    /// Adds what was counted of other visitors.
    fn join(&mut self, others: &Self) {
        self.total.join(&others.total);
        for (time, sums) in others.times.all.iter().zip(&others.times.rows.sums) {
            let time = self.times.number(*time);
            self.times.rows.at(time).add(sums);
        }
        for field in Field::ALL.into_iter().filter(|field| *field != Field::Source) {
            self.by[field as usize].join(&others.by[field as usize]);
        }
        let source = Field::Source as usize;
        for (host, sums) in others.sources.hosts.iter().zip(&others.by[source].sums) {
            let host = self.sources.number(host);
            self.by[source].at(host).add(sums);
        }
    }

    fn told(self) -> Overview {
        let mut overview = Overview {
            total: self.total.sums.first().copied().unwrap_or_default(),
            times: self.times.all.into_iter().zip(self.times.rows.sums).collect(),
            breakdowns: Vec::new(),
        };
        overview.times.sort_unstable_by_key(|(time, _)| *time);
        for field in Field::ALL {
            let rows = (0..).zip(&self.by[field as usize].sums);
            let label = |number: usize| match field {
                Field::Source => self.sources.hosts[number].as_str(),
                _ => self.sought.table.texts_at(number),
            };
            let there = rows.filter(|(_, sums)| sums.events > 0);
            let mut rows: Vec<_> = there.map(|(number, sums)| (label(number), *sums)).collect();
            let by = |sums: &Sums| match field {
                Field::Page => sums.views,
                Field::Event => sums.events,
                _ => sums.visits,
            };
            rows.sort_unstable_by(|(label, one), (other, two)| {
                by(two).cmp(&by(one)).then_with(|| label.cmp(other))
            });
            rows.truncate(self.sought.asked.rows);
            let rows = rows.into_iter().map(|(label, sums)| (field, label.to_owned(), sums));
            overview.breakdowns.extend(rows);
        }
        overview
    }
}

/// Hosts that led here, by referrers.
struct Sources<'t> {
    table: &'t Table,
    own: HashSet<&'t str>,
    of_text: Vec<u32>,
    hosts: Vec<String>,
    numbers: HashMap<String, u32, RandomState>,
}

impl<'t> Sources<'t> {
    fn new(table: &'t Table, own: &'t [String]) -> Self {
        let own = own.iter().map(String::as_str).chain(["", "localhost."]).collect();
        let of_text = vec![u32::MAX; table.texts()];
        let numbers = HashMap::from_iter([(String::new(), 0)]);
        Self { table, own, of_text, hosts: vec![String::new()], numbers }
    }

    /// The number of a referrer's host; 0 where there is none, or it is the site's own.
    fn of(&mut self, referrer: Text) -> u32 {
        if let Some(known) = self.of_text.get(referrer.index()).filter(|known| **known != u32::MAX)
        {
            return *known;
        }
        let host = self.table.text(referrer).split("://").nth(1).unwrap_or_default();
        let host = host.split('/').next().unwrap_or_default();
        let number = self.number(if self.own.contains(host) { "" } else { host });
        if let Some(known) = self.of_text.get_mut(referrer.index()) {
            *known = number;
        }
        number
    }

    /// The number of a host.
    fn number(&mut self, host: &str) -> u32 {
        if let Some(known) = self.numbers.get(host) {
            return *known;
        }
        let new = u32::try_from(self.hosts.len()).unwrap_or(0);
        self.hosts.push(host.to_owned());
        self.numbers.insert(host.to_owned(), new);
        new
    }
}
