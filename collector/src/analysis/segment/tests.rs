use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    analysis::{
        Patience,
        made::{Act, PAGES, acts, views},
    },
    store::VisitorRow,
};

const SHOP: &str = include_str!("../../../../demo-site/shop.toml");

static FILE: LazyLock<SiteFile> = LazyLock::new(|| crate::site::parse(SHOP).unwrap());

fn shop() -> &'static SiteFile {
    &FILE
}

fn read(json: Value) -> Definition {
    serde_json::from_value(json).unwrap()
}

fn segment(json: Value, days: (i64, i64)) -> Segment {
    let mut faults = Faults::default();
    let segment = read(json).segment(shop(), (29, days), &mut faults);
    faults.none().unwrap();
    segment
}

/// The rows of those in it: a visitor's row is their number.
fn found(segment: &Segment, done: &[Act], leads: &HashMap<VisitorRow, Vec<Facts>>) -> Vec<i64> {
    let table = views(done);
    let members = members(segment, &table, leads, &Patience::default()).unwrap();
    let last = |visitor: u32| table.events().filter(|it| it.visitor == visitor).last().unwrap();
    let visitors = 0..u32::try_from(table.visitors()).unwrap();
    let mut rows: Vec<_> =
        visitors.filter(|it| members.have(&last(*it))).map(|it| table.visitor_row(it).0).collect();
    rows.sort_unstable();
    rows
}

fn saw(page: usize) -> Value {
    json!([["is", "page", [PAGES[page]]]])
}

#[test]
fn what_somebody_did_and_did_not_do_is_counted_in_its_days() {
    let done = [
        (0, 100, 0),
        (0, 200, 0),
        (0, 300, 1),
        (1, 100, 0),
        (1, 29_000, 0),
        (2, 100, 1),
        (3, 28_000, 2),
    ];
    let of = |json, days| found(&segment(json, days), &done, &HashMap::new());
    assert_eq!(of(json!({"did": {"filters": saw(0)}}), (0, 29)), [0, 1]);
    assert_eq!(of(json!({"did": {"filters": saw(0), "at_least": 2}}), (0, 29)), [0, 1]);
    assert_eq!(of(json!({"did": {"filters": saw(0), "at_least": 2}}), (0, 0)), [0]);
    assert_eq!(of(json!({"did": {"filters": saw(0), "in_last_days": 1}}), (0, 0)), [1]);
    assert_eq!(of(json!({"did_not": {"filters": saw(0)}}), (0, 29)), [2, 3]);
    assert_eq!(
        of(
            json!({"all": [{"did": {"filters": saw(0)}}, {"did_not": {"filters": saw(1)}}]}),
            (0, 29)
        ),
        [1]
    );
    assert_eq!(
        of(json!({"any": [{"did": {"filters": saw(2)}}, {"did": {"filters": saw(1)}}]}), (0, 29)),
        [0, 2, 3]
    );
    assert_eq!(of(json!({"did": {"date_range": ["1970-01-29", "1970-01-29"]}}), (0, 0)), [3]);
}

fn facts(form: &str, since: i64, fields: &[(&str, &str)]) -> Facts {
    let fields: BTreeMap<_, _> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Facts { form: form.to_owned(), origin: "form".to_owned(), since, fields }
}

#[test]
fn a_lead_is_known_by_its_link_alone_and_nothing_counts_from_before_it() {
    let done = [(0, 100, 0), (0, 500, 1), (1, 100, 0), (1, 500, 1), (2, 500, 0)];
    let leads = HashMap::from([
        (VisitorRow(0), vec![facts("contact", 50, &[("message", "x")])]),
        (VisitorRow(1), vec![facts("contact", 300, &[("message", "")]), facts("other", 400, &[])]),
    ]);
    let of = |json| found(&segment(json, (0, 0)), &done, &leads);
    assert_eq!(of(json!({"lead": {}})), [0, 1]);
    assert_eq!(of(json!({"lead": {"field": "form", "is": ["other"]}})), [1]);
    assert_eq!(of(json!({"lead": {"field": "origin", "is": ["import"]}})), [0_i64; 0]);
    assert_eq!(of(json!({"lead": {"field": "field:message", "filled": true}})), [0]);
    // The second saw it before they were linked.
    assert_eq!(of(json!({"all": [{"lead": {}}, {"did": {"filters": saw(0)}}]})), [0]);
    assert_eq!(of(json!({"any": [{"lead": {}}, {"did": {"filters": saw(0)}}]})), [0, 1, 2]);
    let table = views(&done);
    let members =
        members(&segment(json!({"lead": {}}), (0, 0)), &table, &leads, &Patience::default())
            .unwrap();
    let counted: Vec<_> =
        table.events().filter(|event| members.have(event)).map(|event| event.at).collect();
    assert_eq!(counted, [100, 500, 500]);
}

#[test]
fn a_definition_names_every_fault_at_once_and_holds_nothing_that_a_person_wrote() {
    let definition = read(json!({"all": [
        {"did": {"filters": [["like"]], "at_least": 0, "in_last_days": 1, "date_range": ["2026-01-01", "2026-01-02"]}},
        {"did_not": {"in_last_days": 4000}},
        {"lead": {"field": "email", "is": ["a@b.example"]}},
        {"lead": {"field": "field:email", "is": ["a@b.example"]}},
        {"lead": {"field": "field:shoe_size", "filled": true}},
        {"lead": {"field": "form"}},
        {"lead": {"filled": true}},
        {"any": []},
        {"any": [{"any": [{"any": [{"lead": {}}]}]}]},
    ]}));
    let mut faults = Faults::default();
    let _ = definition.segment(shop(), (0, (0, 0)), &mut faults);
    let problem = faults.none().unwrap_err();
    let fields: Vec<_> = problem
        .errors
        .iter()
        .map(|error| error.field.trim_start_matches("definition.all"))
        .collect();
    assert_eq!(
        fields,
        [
            "[0].did.filters[0]",
            "[0].did.at_least",
            "[0].did.date_range",
            "[1].did_not.in_last_days",
            "[2].lead.field",
            "[3].lead.is",
            "[4].lead.field",
            "[5].lead.is",
            "[6].lead.field",
            "[7].any",
            "[8].any[0].any[0].any"
        ]
    );
    let many = read(
        json!({"any": [{"any": vec![json!({"lead": {}}); 8]}, {"any": vec![json!({"lead": {}}); 8]}]}),
    );
    let mut faults = Faults::default();
    let _ = many.segment(shop(), (0, (0, 0)), &mut faults);
    assert_eq!(faults.none().unwrap_err().errors[0].field, "definition");
}

#[test]
fn a_definition_is_read_as_it_is_written_and_says_whether_it_looks_at_leads() {
    let json = json!({"all": [{"did": {"filters": saw(0), "at_least": 2, "in_last_days": 7}}, {"lead": {"field": "form", "is": ["contact"]}}]});
    let definition = read(json.clone());
    assert_eq!(serde_json::to_value(&definition).unwrap(), json);
    assert_eq!(definition.looks_at(), (true, false));
    assert_eq!(
        read(json!({"lead": {"field": "field:message", "filled": true}})).looks_at(),
        (true, true)
    );
    assert_eq!(read(json!({"did": {}})).looks_at(), (false, false));
}

proptest! {
    /// Against each visitor looked at one by one.
    #[test]
    fn it_agrees_with_a_plain_re_computation(done in acts(5, 30_000, 3), at_least in 1..4_u32, first in 0..25_i64, page in 0..3_usize, other in 0..3_usize) {
        let json = json!({"all": [
            {"did": {"filters": saw(page), "at_least": at_least}},
            {"any": [{"did_not": {"filters": saw(other), "in_last_days": 10}}, {"did": {"at_least": 5}}]},
        ]});
        let days = (first, first + 4);
        let times = |who: u32, page: Option<usize>, days: (i64, i64)| done.iter().filter(|it| {
            it.0 == who && page.is_none_or(|page| it.2 == page) && (days.0..=days.1).contains(&(it.1 / 1_000))
        }).count();
        let least = usize::try_from(at_least).unwrap();
        let expected: Vec<i64> = (0..5).filter(|who| {
            times(*who, Some(page), days) >= least && (times(*who, Some(other), (20, 29)) == 0 || times(*who, None, days) >= 5)
        }).map(i64::from).collect();
        prop_assert_eq!(found(&segment(json, days), &done, &HashMap::new()), expected);
    }
}
