use proptest::prelude::*;

use super::*;
use crate::time::Millis;

proptest! {
    #[test]
    fn a_random_id_survives_its_text(bytes: [u8; 16]) {
        let id = ReceiptId::from_bytes(bytes);
        prop_assert_eq!(id.to_text().len(), 22);
        prop_assert_eq!(id.to_text().parse::<ReceiptId>(), Ok(id));
    }

    #[test]
    fn base64url_is_that_of_others(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        use base64ct::{Base64UrlUnpadded, Encoding};
        let text = Base64UrlUnpadded::encode_string(&bytes);
        prop_assert_eq!(base64url(&bytes), text.as_str());
        prop_assert_eq!(from_base64url(&text), Some(bytes));
    }

    #[test]
    fn what_others_refuse_is_no_base64url(text in "[A-Za-z0-9_=+/-]{0,9}") {
        use base64ct::{Base64UrlUnpadded, Encoding};
        prop_assert_eq!(from_base64url(&text), Base64UrlUnpadded::decode_vec(&text).ok());
    }

    #[test]
    fn a_uuid_survives_its_text(at in 0_i64..1 << 47, random: [u8; 10]) {
        let id = Uuid7::new(Millis(at), &random);
        prop_assert_eq!(id.to_text().parse::<Uuid7>(), Ok(id));
        prop_assert_eq!(Uuid7::from_bytes(*id.as_bytes()), Some(id));
        prop_assert_eq!(id.time(), Millis(at));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in any::<String>()) {
        let _ = text.parse::<ReceiptId>();
        let _ = text.parse::<Uuid7>();
        if let Ok(name) = text.parse::<EventName>() {
            prop_assert_eq!(name.as_str(), text);
        }
    }
}

#[test]
fn other_versions_and_spellings_of_a_uuid_are_refused() {
    for text in [
        "0190163d-8694-4f8c-8a1e-27c8b9d4c0aa",
        "0190163D-8694-739b-aea5-966c26f8ad91",
        "0190163d8694739baea5966c26f8ad91",
        "{0190163d-8694-739b-aea5-966c26f8ad9}",
        "0190163d-8694-739b-cea5-966c26f8ad91",
        "",
    ] {
        assert!(text.parse::<Uuid7>().is_err(), "{text}");
    }
    assert!("0190163d-8694-739b-aea5-966c26f8ad91".parse::<Uuid7>().is_ok());
}

#[test]
fn a_random_id_has_one_spelling() {
    let text = ReceiptId::from_bytes([0xff; 16]).to_text();
    assert!(format!("{text}=").parse::<ReceiptId>().is_err());
    let loose = format!("{}x", &text[..21]);
    assert!(loose.parse::<ReceiptId>().is_err(), "bits beyond the 128th must be zero");
}

#[test]
fn a_visitor_id_is_not_shown_by_debug() {
    let id = VisitorId::from_bytes([7; 16]);
    assert!(!format!("{id:?}").contains(&id.to_text()));
}

#[test]
fn names_are_lower_case_and_bounded() {
    assert!("page_view".parse::<EventName>().is_ok());
    for bad in ["", "Page", "page view", "page-view", &"a".repeat(65)] {
        assert!(bad.parse::<EventName>().is_err(), "{bad}");
    }
    assert!("my-shop-2".parse::<SiteKey>().is_ok());
    assert!("my_shop".parse::<SiteKey>().is_err());
}
