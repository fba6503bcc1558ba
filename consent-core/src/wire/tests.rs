//! What the page writes, the collector reads.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::event::{Observation, Value};

fn key() -> impl Strategy<Value = String> {
    "[a-z0-9_]{1,32}"
}

proptest! {
    #[test]
    fn the_collector_reads_a_decision_as_the_page_wrote_it(
        random: [u8; 10], revision: u32, text in any::<String>(), at: i64,
        previous: Option<[u8; 16]>,
        purposes in prop::collection::btree_map(key(), any::<bool>(), 0..4),
        services in prop::collection::btree_map(key(), any::<bool>(), 0..4),
    ) {
        let request = ConsentRequest {
            id: Uuid7::new(Millis(1), &random),
            site: "shop".to_owned(),
            revision,
            language: "ja".to_owned(),
            page: text.clone(),
            banner: text,
            method: Method::Custom,
            decided_at: Millis(at),
            previous: previous.map(ReceiptId::from_bytes),
            purposes: purposes.into_iter().map(|(k, v)| (k.parse().unwrap(), v)).collect(),
            services: services.into_iter().map(|(k, v)| (k.parse().unwrap(), v)).collect(),
        };
        let read: ConsentRequest = serde_json::from_str(&request.to_json()).unwrap();
        prop_assert_eq!(read, request);
    }

    #[test]
    fn and_a_batch(title in "\\PC{0,40}", at: i64, random: [u8; 10], visitor: [u8; 16]) {
        let outgoing = Outgoing {
            id: Uuid7::new(Millis(1), &random),
            name: "page_view",
            url: "https://a.example/",
            title: &title,
            referrer: "",
            properties: r#"{"plan":"pro"}"#,
        };
        let visitor = VisitorId::from_bytes(visitor);
        let entry = dated(&outgoing.undated(), Millis(at));
        let body = events_json("shop", &visitor.to_text(), [entry.as_str(), entry.as_str()]);
        let read: EventsRequest<&RawValue> = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(read.visitor, visitor);
        prop_assert_eq!(read.events.len(), 2);
        let observation = Observation::parse(read.events[1].get()).unwrap();
        prop_assert_eq!(observation.page.title, title);
        prop_assert_eq!(observation.at, Millis(at));
        prop_assert_eq!(&observation.properties["plan"], &Value::Text("pro".to_owned()));
    }

    #[test]
    fn and_a_form(
        visitor: Option<[u8; 16]>,
        fields in prop::collection::btree_map(any::<String>(), any::<String>(), 0..4),
    ) {
        let request = LeadRequest {
            site: "shop".to_owned(),
            form: "contact".to_owned(),
            visitor: visitor.map(VisitorId::from_bytes),
            page: LeadPage { url: "https://a.example/".to_owned() },
            fields,
            agreements: [("mail".to_owned(), true)].into(),
        };
        let read: LeadRequest = serde_json::from_str(&request.to_json()).unwrap();
        prop_assert_eq!(read, request);
    }
}

#[test]
fn a_session_without_a_visitor_says_null() {
    let request = SessionRequest { site: "shop".to_owned(), visitor: None };
    assert_eq!(request.to_json(), r#"{"site":"shop","visitor":null}"#);
    let read: SessionRequest = serde_json::from_str(r#"{"site":"shop"}"#).unwrap();
    assert_eq!(read, request);
}
