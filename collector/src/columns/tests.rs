//! What goes into parts comes out of a table, and nothing that a mask hides.

use std::sync::atomic::AtomicBool;

use proptest::{collection::vec, prelude::*};

use super::{
    Broken, Column, Damage, Distinct, Mask, New, PART, Part, Stored, Table, Text, Visits, Wanted,
    bytes::press, parts,
};

#[derive(Clone, Debug)]
struct Own {
    visitor: i64,
    grant: i64,
    at: i64,
    texts: [String; 3],
    properties: Option<String>,
}

fn own() -> impl Strategy<Value = Own> {
    let text = || prop_oneof![Just(String::new()), "[a-c]{1,3}", ".{0,12}"];
    let properties = prop_oneof![
        Just(None),
        Just(Some(r#"{"engaged_ms":70}"#.to_owned())),
        Just(Some(r#"{"source":"a","campaign":"b"}"#.to_owned())),
        ".{0,8}".prop_map(Some),
    ];
    (-4_i64..4, 0_i64..5, any::<i64>(), [text(), text(), text()], properties).prop_map(
        |(visitor, grant, at, texts, properties)| Own { visitor, grant, at, texts, properties },
    )
}

fn new(own: &Own) -> New<'_> {
    let [name, page, language] = &own.texts;
    New {
        visitor: own.visitor,
        grant: own.grant,
        at: own.at,
        day: 7,
        name,
        page,
        query: page,
        title: name,
        referrer: page,
        purpose: language,
        service: name,
        properties: own.properties.as_deref(),
        language,
        device: page,
    }
}

fn stored(part: Part, seen: i64, wanted: Option<Wanted>) -> Stored<Vec<u8>> {
    let wanted = |column: &Column| wanted.is_none_or(|wanted| column.is_wanted(wanted, false));
    let columns = part.columns.into_iter().filter(|(column, _)| wanted(column)).collect();
    Stored { events: part.events, seen, columns }
}

fn read(days: &[(i64, Vec<Stored<Vec<u8>>>)], mask: &Mask) -> Result<Table, Broken> {
    Table::read(days, mask, &AtomicBool::new(false))
}

fn table(mask: &Mask, parts: Vec<Stored<Vec<u8>>>) -> Table {
    read(&[(7, parts)], mask).unwrap()
}

proptest! {
    #[test]
    fn parts_say_what_went_into_them_however_it_was_cut(
        mut all in vec(own(), 0..60), cut in any::<prop::sample::Index>()
    ) {
        all.sort_by_key(|own| (own.visitor, own.at));
        let news: Vec<_> = all.iter().map(new).collect();
        let whole = parts(news.clone()).into_iter().map(|part| stored(part, 0, None)).collect();
        let whole = table(&Mask::default(), whole);
        prop_assert_eq!(whole.copied().collect::<Vec<_>>(), news.clone());
        // Every other event in another part: of the same moment, those of the first come first.
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for (place, new) in news.iter().enumerate() {
            if place < cut.index(news.len()) { one.push(new.clone()) } else { two.push(new.clone()) }
        }
        let both = parts(one.clone()).into_iter().chain(parts(two.clone())).map(|part| stored(part, 0, None));
        let both = table(&Mask::default(), both.collect());
        prop_assert_eq!(both.copied().collect::<Vec<_>>(), news);
        prop_assert_eq!(both.visitors(), whole.visitors());
    }

    #[test]
    fn a_mask_hides_what_it_says_of_parts_that_do_not_know_it(
        mut all in vec(own(), 1..60), gone in 0_i64..5, whose in -4_i64..4, out in -4_i64..4
    ) {
        all.sort_by_key(|own| (own.visitor, own.at));
        let news: Vec<_> = all.iter().map(new).collect();
        let single = &news[0];
        let mut mask = Mask::default();
        mask.grant(10, whose, gone);
        mask.visitor(out);
        mask.event(11, 7, (single.grant, single.at));
        let is_single = |new: &New<'_>| (new.grant, new.at) == (single.grant, single.at);
        let is_gone = |new: &New<'_>| new.visitor == whose && new.grant == gone;
        for (seen, expected) in [
            (9, news.iter().filter(|new| !is_gone(new) && !is_single(new)).collect::<Vec<_>>()),
            (10, news.iter().filter(|new| !is_single(new)).collect()),
            (11, news.iter().collect()),
        ] {
            let parts = parts(news.clone()).into_iter().map(|part| stored(part, seen, None)).collect();
            let expected: Vec<_> =
                expected.into_iter().filter(|new| new.visitor != out).cloned().collect();
            let shown = table(&mask, parts);
            prop_assert_eq!(shown.copied().collect::<Vec<_>>(), expected);
        }
        // Whose grants were not read: nothing that may be gone is shown.
        let blind = parts(news.clone()).into_iter().map(|part| stored(part, 9, Some(Wanted::ALL)));
        prop_assert_eq!(table(&mask, blind.collect()).events().count(), 0);
    }

    #[test]
    fn any_bytes_under_a_good_sum_are_a_column_or_an_error(
        raw: Vec<u8>, column in 0_usize..15, events in 0_usize..20
    ) {
        let column = Column::all().nth(column).unwrap();
        let at = press(&vec![0; events]);
        let visitor = press(&[2, events.try_into().unwrap()]);
        let mut columns = vec![(Column::Visitor, visitor), (Column::At, at)];
        columns.retain(|(own, _)| *own != column);
        columns.push((column, press(&raw)));
        match read(&[(6, Vec::new()), (7, vec![Stored { events, seen: 0, columns }])], &Mask::default()) {
            Ok(table) => prop_assert_eq!(table.events().count(), events),
            Err(broken) => prop_assert_eq!((broken.day, broken.part), (1, 0)),
        }
    }
}

#[test]
fn a_part_ends_between_two_visitors_where_it_can() {
    let event = |visitor: usize, at: usize| New {
        visitor: i64::try_from(visitor).unwrap(),
        at: i64::try_from(at).unwrap(),
        day: 7,
        ..New::default()
    };
    let all: Vec<_> = (0..PART + 10).map(|place| event(place / 7, place)).collect();
    let cut = parts(all.clone());
    assert_eq!(cut.iter().map(|part| part.events).sum::<usize>(), all.len());
    assert!(cut[0].events > PART - 7 && cut[0].visitors.1 < cut[1].visitors.0);
    let one: Vec<_> = (0..PART + 10).map(|place| event(1, place)).collect();
    assert_eq!(parts(one.clone()).iter().map(|part| part.events).collect::<Vec<_>>(), [PART, 10]);
}

#[test]
fn what_is_not_wanted_is_not_there() {
    let all =
        [New { name: "page_view", page: "/", properties: Some("{}"), day: 7, ..New::default() }];
    let few =
        parts(all.clone()).into_iter().map(|part| stored(part, 0, Some(Wanted::PAGE))).collect();
    let few = table(&Mask::default(), few);
    let event = few.events().next().unwrap();
    assert_eq!((few.text(event.page), event.name, event.properties), ("/", Text::EMPTY, None));
    assert_eq!(few.find("page_view"), None);
}

#[test]
fn engaged_time_and_campaigns_are_read_once_and_what_is_neither_is_none() {
    let told = |name, properties| {
        let all = [New { name, properties: Some(properties), day: 7, ..New::default() }];
        let parts = parts(all.clone()).into_iter().map(|part| stored(part, 0, None)).collect();
        let table = table(&Mask::default(), parts);
        let event = table.events().next().unwrap();
        (event.engaged, event.campaign.map(|text| table.text(text).to_owned()))
    };
    for (text, expected) in [
        (r#"{"engaged_ms":4000}"#, 4_000),
        (r#"{"engaged_ms":-5}"#, 0),
        (r#"{"engaged_ms":4.5}"#, 0),
        (r#"{"engaged_ms":1e300}"#, 0),
        (r#"{"engaged_ms":"4000"}"#, 0),
        (r#"{"engaged_ms":18446744073709551615}"#, 86_400_000),
        (r#"{"engaged_ms":86400001}"#, 86_400_000),
        ("[]", 0),
        ("{", 0),
    ] {
        assert_eq!(told("user_engagement", text), (expected, None), "{text}");
    }
    assert_eq!(told("click", r#"{"engaged_ms":4000}"#).0, 0);
    for (text, expected) in [
        (r#"{"source":"a"}"#, Some("a")),
        (r#"{"source":"a","campaign":"春"}"#, Some("a / 春")),
        (r#"{"source":1,"campaign":"春"}"#, None),
        (r#"{"campaign":"春"}"#, None),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(told("campaign_visit", text), (0, expected), "{text}");
    }
}

#[test]
fn visits_end_with_half_an_hour_and_go_on_over_midnight() {
    let minutes = |visitor, at: i64, day| New { visitor, at: at * 60_000, day, ..New::default() };
    let days = [
        (7, vec![minutes(1, 0, 7), minutes(1, 29, 7), minutes(1, 59, 7), minutes(2, 1_430, 7)]),
        (8, vec![minutes(1, 1_500, 8), minutes(2, 1_450, 8)]),
    ];
    let days = days.map(|(day, all)| {
        (day, parts(all.clone()).into_iter().map(|part| stored(part, 0, None)).collect())
    });
    let table = read(&days, &Mask::default()).unwrap();
    let mut visits = Visits::default();
    let seen: Vec<_> =
        table.events().map(|event| (event.visitor, event.day, visits.of(&event))).collect();
    let expected = [(0, 7, 1), (0, 7, 1), (0, 7, 2), (0, 8, 3), (1, 7, 4), (1, 8, 4)];
    assert_eq!(seen, expected);
}

#[test]
fn what_comes_one_after_the_other_is_counted_once_in_each_group() {
    let mut distinct = Distinct::default();
    let all = [(0, 5), (0, 5), (1, 5), (0, 5), (0, 6), (1, 6)];
    assert_eq!(
        all.map(|(group, one)| distinct.is_new(group, one)),
        [true, false, true, false, true, true]
    );
}

#[test]
fn days_that_are_read_at_once_are_the_same_table() {
    let day = |day: i64| -> Vec<New<'static>> {
        let of = |place: i64| New {
            visitor: place % 997,
            at: day * 100_000 + place,
            day,
            name: ["茶", "", "page_view"][usize::try_from(place % 3).unwrap()],
            page: ["/a", "/b", "/c", "/d"][usize::try_from((day + place) % 4).unwrap()],
            ..New::default()
        };
        let mut all: Vec<_> = (0..40_000).map(of).collect();
        all.sort_by_key(|event| (event.visitor, event.at));
        all
    };
    let days: Vec<_> = (0..8).map(|at| (at, day(at))).collect();
    let stored = days.iter().map(|(day, events)| {
        (*day, parts(events.clone()).into_iter().map(|part| stored(part, 0, None)).collect())
    });
    let table = read(&stored.collect::<Vec<_>>(), &Mask::default()).unwrap();
    let mut expected: Vec<_> = days.into_iter().flat_map(|(_, events)| events).collect();
    expected.sort_by_key(|event| (event.visitor, event.at));
    assert!(table.copied().eq(expected));
}

#[test]
fn damage_says_what_it_is() {
    assert_eq!(Damage::Checksum.to_string(), "its checksum does not fit");
    assert_eq!(Damage::Form(9).to_string(), "its form is 9, and this build knows 1");
}
