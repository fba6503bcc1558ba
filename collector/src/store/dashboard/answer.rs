//! Visits by a table of events: what each was is found in one walk through it, what is counted of it in a second.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::{Field, Overview, Sums};
use crate::columns::{Distinct, Event, Table, Text, Visits, Wanted};

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

/// A visit: what it was, and what counts of it.
#[derive(Clone, Copy)]
struct Visit {
    visitor: u32,
    views: i64,
    entry: Text,
    exit: Text,
    source: Text,
    campaign: Option<Text>,
    saw: bool,
    had: bool,
    /// Of its events, those in the language and on the device that are asked for.
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
}

/// The answer to it.
pub(super) fn overview(table: &Table, asked: &Own) -> Overview {
    let value = |wanted: Field| {
        let found = asked.filters.iter().find(|(field, _)| *field == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let text = |field: Field| value(field).map(|value| table.find(value));
    let (page, event) = (text(Field::Page), text(Field::Event));
    let (language, device) = (text(Field::Language), text(Field::Device));
    // Somebody may decide anew, in another language and on another device: of one visit there may be several.
    let is_counted = |one: &Event| {
        language.is_none_or(|language| language == Some(one.language))
            && device.is_none_or(|device| device == Some(one.device))
    };
    let view = table.find("page_view");
    let visits = Visits::of(table);
    let mut all: Vec<Option<Visit>> = vec![None; visits.is_parted.len()];
    for (place, one) in table.events().enumerate() {
        let visit = all[visits.of_event[place] as usize].get_or_insert(Visit {
            visitor: one.visitor,
            views: 0,
            entry: Text::EMPTY,
            exit: Text::EMPTY,
            source: Text::EMPTY,
            campaign: None,
            saw: false,
            had: false,
            counted: Sums::default(),
        });
        let is_view = Some(one.name) == view;
        if is_view {
            if visit.views == 0 {
                (visit.entry, visit.source) = (one.page, one.referrer);
            }
            visit.views += 1;
            visit.exit = one.page;
            visit.saw |= page == Some(Some(one.page));
        }
        visit.had |= event == Some(Some(one.name));
        if let Some(new) = one.campaign {
            let greater = visit.campaign.is_none_or(|old| table.text(old) < table.text(new));
            visit.campaign = if greater { Some(new) } else { visit.campaign };
        }
        if is_counted(&one) {
            visit.counted.views += i64::from(is_view);
            visit.counted.engaged += one.engaged;
            visit.counted.events += 1;
        }
    }

    let mut sources = Sources::new(table, &asked.own_hosts);
    let chosen: Vec<bool> = all
        .iter()
        .map(|visit| {
            let Some(visit) = visit else { return false };
            let is = |field, text: &str| value(field).is_none_or(|value| value == text);
            let campaign = visit.campaign.map(|campaign| table.text(campaign));
            visit.views > 0
                && visit.counted.events > 0
                && (page.is_none() || visit.saw)
                && (event.is_none() || visit.had)
                && is(Field::Entry, table.text(visit.entry))
                && is(Field::Exit, table.text(visit.exit))
                && value(Field::Campaign).is_none_or(|value| campaign == Some(value))
                && value(Field::Source).is_none_or(|value| {
                    let host = sources.of(visit.source);
                    sources.hosts[host as usize] == value
                })
        })
        .collect();

    let returning = table.returning();
    let several = |visitor: u32| returning[visitor as usize];
    let mut total = Rows::default();
    let (mut entry, mut exit) = (Rows::default(), Rows::default());
    let (mut source, mut campaign) = (Rows::default(), Rows::default());
    // By visit: what is the same for all of its events.
    for visit in all.iter().zip(&chosen).filter_map(|(visit, chosen)| visit.filter(|_| *chosen)) {
        let number = |text: Text| u32::try_from(text.index()).unwrap_or(0);
        let from = sources.of(visit.source);
        let mut rows = [
            Some((&mut total, 0)),
            Some((&mut entry, number(visit.entry))),
            Some((&mut exit, number(visit.exit))),
            Some((&mut source, from)),
            visit.campaign.map(|text| (&mut campaign, number(text))),
        ];
        for (rows, number) in rows.iter_mut().flatten() {
            let new = rows.visitors.is_new(*number, visit.visitor, several(visit.visitor));
            let sums = rows.at(*number);
            sums.visitors += i64::from(new);
            sums.visits += 1;
            sums.bounces += i64::from(visit.views == 1);
            sums.views += visit.counted.views;
            sums.engaged += visit.counted.engaged;
            sums.events += visit.counted.events;
        }
    }

    // By event.
    let (mut pages, mut names) = (Rows::default(), Rows::default());
    let (mut languages, mut devices) = (Rows::default(), Rows::default());
    let mut times = Rows::default();
    let mut buckets: Vec<i64> = Vec::new();
    let mut numbers: HashMap<i64, u32, RandomState> = HashMap::default();
    for (place, one) in table.events().enumerate() {
        let visit = visits.of_event[place];
        if !chosen[visit as usize] || !is_counted(&one) {
            continue;
        }
        let bucket = match asked.by_hour_from {
            Some(from) => (one.at - from).div_euclid(3_600_000),
            None => one.day,
        };
        let time = match buckets.last() {
            Some(last) if *last == bucket => u32::try_from(buckets.len() - 1).unwrap_or(0),
            _ => *numbers.entry(bucket).or_insert_with(|| {
                buckets.push(bucket);
                u32::try_from(buckets.len() - 1).unwrap_or(0)
            }),
        };
        let is_view = Some(one.name) == view;
        let bounce = all[visit as usize].is_some_and(|visit| visit.views == 1);
        let parted = visits.is_parted[visit as usize];
        let number = |text: Text| u32::try_from(text.index()).unwrap_or(0);
        // In a day and in an hour, what a visitor does comes in one place.
        count(&mut times, time, &one, (visit, bounce, is_view), (false, false));
        if asked.rows == 0 {
            continue;
        }
        let again = (parted, several(one.visitor));
        let (rows, text) = if is_view { (&mut pages, one.page) } else { (&mut names, one.name) };
        count(rows, number(text), &one, (visit, bounce, is_view), again);
        // Somebody may decide anew and go back to the first.
        count(&mut languages, number(one.language), &one, (visit, bounce, is_view), (true, true));
        count(&mut devices, number(one.device), &one, (visit, bounce, is_view), (true, true));
    }

    let mut overview = Overview {
        total: total.sums.first().copied().unwrap_or_default(),
        times: buckets.iter().copied().zip(times.sums).collect(),
        breakdowns: Vec::new(),
    };
    overview.times.sort_unstable_by_key(|(time, _)| *time);
    if asked.rows > 0 {
        let texts = |rows: &Rows| -> Vec<(String, Sums)> {
            let there = rows.sums.iter().enumerate().filter(|(_, sums)| sums.events > 0);
            let label = |place: usize| table.texts_at(place).to_owned();
            there.map(|(place, sums)| (label(place), *sums)).collect()
        };
        let hosts = source.sums.iter().enumerate().filter(|(_, sums)| sums.events > 0);
        let hosts = hosts.map(|(place, sums)| (sources.hosts[place].clone(), *sums)).collect();
        let parts = [
            (Field::Page, texts(&pages)),
            (Field::Entry, texts(&entry)),
            (Field::Exit, texts(&exit)),
            (Field::Source, hosts),
            (Field::Campaign, texts(&campaign)),
            (Field::Device, texts(&devices)),
            (Field::Language, texts(&languages)),
            (Field::Event, texts(&names)),
        ];
        for (field, mut rows) in parts {
            let by = |sums: &Sums| match field {
                Field::Page => sums.views,
                Field::Event => sums.events,
                _ => sums.visits,
            };
            rows.sort_unstable_by(|(label, one), (other, two)| {
                by(two).cmp(&by(one)).then_with(|| label.cmp(other))
            });
            rows.truncate(asked.rows);
            let rows = rows.into_iter().map(|(label, sums)| (field, label, sums));
            overview.breakdowns.extend(rows);
        }
    }
    overview
}

/// Counts an event in its row: its visit and its visitor once. What comes in several places of the table is looked up.
fn count(
    rows: &mut Rows,
    number: u32,
    event: &Event,
    (visit, bounce, is_view): (u32, bool, bool),
    (visit_again, visitor_again): (bool, bool),
) {
    let new_visit = rows.visits.is_new(number, visit, visit_again);
    let new_visitor = new_visit && rows.visitors.is_new(number, event.visitor, visitor_again);
    let sums = rows.at(number);
    sums.visitors += i64::from(new_visitor);
    sums.visits += i64::from(new_visit);
    sums.bounces += i64::from(new_visit && bounce);
    sums.views += i64::from(is_view);
    sums.engaged += event.engaged;
    sums.events += 1;
}

/// Hosts that led here, by referrers.
struct Sources<'t> {
    table: &'t Table,
    own: HashSet<&'t str>,
    of_text: Vec<u32>,
    hosts: Vec<String>,
    numbers: HashMap<&'t str, u32, RandomState>,
}

impl<'t> Sources<'t> {
    fn new(table: &'t Table, own: &'t [String]) -> Self {
        let own = own.iter().map(String::as_str).chain(["", "localhost."]).collect();
        let of_text = vec![u32::MAX; table.texts()];
        let numbers = HashMap::from_iter([("", 0)]);
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
        let host = if self.own.contains(host) { "" } else { host };
        let hosts = &mut self.hosts;
        let number = *self.numbers.entry(host).or_insert_with(|| {
            hosts.push(host.to_owned());
            u32::try_from(hosts.len() - 1).unwrap_or(0)
        });
        if let Some(known) = self.of_text.get_mut(referrer.index()) {
            *known = number;
        }
        number
    }
}
