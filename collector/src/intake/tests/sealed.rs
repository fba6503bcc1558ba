//! Leads: sealed, found, corrected, locked and erased, on both engines.

use consent_core::{
    contact::Contact,
    form::Submission,
    lead::{Basis, Ground, Origin},
};

use super::*;
use crate::{
    intake::sealing,
    keys::{
        Purpose,
        leads::{Fields, LeadKeyError, Sealed},
    },
    store::leads::{self as rows, Erasure, read::Stored, wrapped},
};

const HANAKO: [(&str, &str); 3] =
    [("name", "足跡 花子"), ("email", "Hanako@example.jp"), ("message", "こんにちは")];

/// Of everything that rests on a lead, and of leads.
const COUNTS: [&str; 5] = [
    "SELECT COUNT(*) FROM lead",
    "SELECT COUNT(*) FROM lead_key",
    "SELECT COUNT(*) FROM lead_field",
    "SELECT COUNT(*) FROM lead_index",
    LINKS,
];

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn id(byte: u8) -> LeadId {
    LeadId::from_bytes([byte; 16])
}

impl Bench {
    /// The form that Hanako sent, with an id of this byte.
    fn hanakos(&self, byte: u8) -> Sent {
        let submission = Submission { fields: fields(&HANAKO), ..Default::default() };
        let filled = Filled { submission, ..self.filled(byte, None) };
        filled.seal(&self.keys, clock::now()).unwrap()
    }

    async fn take(&mut self, sent: &Sent) -> leads::Taken {
        let mut tx = self.db.begin().await.unwrap();
        let taken = leads::take(&mut tx, sent, clock::now()).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        taken
    }

    fn holding(&self) -> reports::Holding {
        reports::Holding { revision: 1, now: clock::now() }
    }

    async fn stored(&mut self, lead: LeadId) -> Option<Stored> {
        let (site, holding) = (self.site.id, self.holding());
        read::one(&mut self.db, site, holding, lead).await.unwrap()
    }

    async fn read(&mut self, lead: LeadId) -> Result<Fields, LeadKeyError> {
        let stored = self.stored(lead).await.unwrap();
        self.keys.open_lead(&self.site.key, lead, &stored.sealed)
    }

    async fn of_person(&mut self, email: &str) -> Vec<LeadId> {
        let contact = Contact::email(email).unwrap();
        let digest = self.keys.lead_digest(&self.site.key, &contact);
        read::of_person(&mut self.db, self.site.id, (contact.kind(), digest)).await.unwrap()
    }

    async fn erase(&mut self, lead: LeadId) -> Erasure {
        let mut tx = self.db.begin().await.unwrap();
        let erasure = rows::erase(&mut tx, self.site.id, lead, clock::now()).await.unwrap();
        tx.commit().await.unwrap();
        erasure
    }
}

#[tokio::test]
async fn a_lead_is_read_by_the_keys_and_found_by_any_spelling_of_its_address() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (first, second) = (bench.hanakos(1), bench.hanakos(2));
        bench.take(&first).await;
        bench.take(&second).await;
        assert_eq!(bench.read(id(1)).await.unwrap(), fields(&HANAKO));
        let mut found = bench.of_person(" hanako@EXAMPLE.jp").await;
        found.sort_by_key(|lead| *lead.as_bytes());
        assert_eq!(found, [id(1), id(2)]);
        assert_eq!(bench.of_person("taro@example.jp").await, []);
    }
}

/// What moved from one lead to another by whoever writes the SQL does not open there.
#[tokio::test]
async fn another_leads_values_and_keys_are_of_no_use() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        for byte in [1, 2, 3] {
            let sent = bench.hanakos(byte);
            bench.take(&sent).await;
        }
        let value = "UPDATE lead_field SET value = (SELECT value FROM lead_field o \
            WHERE o.field = lead_field.field AND o.lead_id = $1) WHERE lead_id = $2";
        let key = "UPDATE lead_key SET wrapped = (SELECT wrapped FROM lead_key o \
            WHERE o.lead_id = $1) WHERE lead_id = $2";
        let (one, two, three) = ([1_u8; 16], [2_u8; 16], [3_u8; 16]);
        sql(value).bind(&one).bind(&two).execute(&mut bench.db).await.unwrap();
        sql(key).bind(&one).bind(&two).execute(&mut bench.db).await.unwrap();
        assert_eq!(bench.read(id(2)).await, Err(LeadKeyError::Altered));
        let version = "UPDATE lead_field SET version = 7 WHERE lead_id = $1";
        sql(version).bind(&three).execute(&mut bench.db).await.unwrap();
        assert_eq!(bench.read(id(3)).await, Err(LeadKeyError::Altered));
        assert!(bench.read(id(1)).await.is_ok());
    }
}

#[tokio::test]
async fn a_correction_takes_the_place_of_what_was_there_and_counts() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let sent = bench.hanakos(1);
        bench.take(&sent).await;
        let corrected = fields(&[("name", "足跡 花"), ("email", "hana@example.jp")]);
        let (site, key) = (bench.site.id, bench.site.key.clone());
        let sealed = bench.keys.seal_lead(&key, id(1), 2, &corrected, clock::now()).unwrap();
        let contact = [Contact::email("hana@example.jp").unwrap()];
        let digests = leads::digests(&bench.keys, &key, &contact);
        for expected in [true, false] {
            let mut tx = bench.db.begin().await.unwrap();
            let (digests, now) = (&digests[..], clock::now());
            let new = rows::Correction { seen: 1, sealed: &sealed, proofs: &[], digests, now };
            let updated = rows::update(&mut tx, site, id(1), &new).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(updated, expected, "by what was seen at version 1");
        }
        assert_eq!(bench.read(id(1)).await.unwrap(), corrected);
        assert_eq!(bench.stored(id(1)).await.unwrap().version, 2);
        assert_eq!(bench.of_person("hana@example.jp").await, [id(1)]);
        assert_eq!(bench.of_person("hanako@example.jp").await, []);
    }
}

#[tokio::test]
async fn a_locked_lead_is_in_no_list_but_can_be_asked_about_and_erased() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let sent = bench.hanakos(1);
        bench.take(&sent).await;
        let now = clock::now();
        let held = Basis::since(Ground::CardExchanged, now);
        let pending = Basis::pending(Ground::OptIn);
        let (site, holding) = (bench.site.id, bench.holding());
        for (byte, basis) in [(2, held), (3, pending), (4, Basis::NONE)] {
            let sealed =
                bench.keys.seal_lead(&bench.site.key, id(byte), 1, &fields(&HANAKO), now).unwrap();
            let lead = rows::Lead {
                id: id(byte),
                request: &[byte; 32],
                origin: Origin::Import,
                form: "",
                basis,
                agreements: &[].into(),
                page: "",
                sealed: &sealed,
                digests: &[],
                now,
            };
            rows::insert(&mut bench.db, site, &lead).await.unwrap();
        }
        let all = read::Search::default();
        let usable = read::usable(&mut bench.db, site, holding, &all, 10).await.unwrap();
        let usable: Vec<_> = usable.iter().map(|usable| usable.lead().id).collect();
        assert_eq!(usable, [id(2)], "neither a form's, nor one that is to be confirmed, nor none");
        let locked = read::held(&mut bench.db, site, holding, (&all, true), 10).await.unwrap();
        let mut locked: Vec<_> = locked.iter().map(|lead| lead.id).collect();
        locked.sort_unstable();
        assert_eq!(locked, [id(1), id(3), id(4)]);
        // Who answers what people wrote by forms sees those, and nothing that came otherwise.
        let forms = read::listed::Which { origin: "form".to_owned(), ..Default::default() };
        let received =
            read::listed::listed(&mut bench.db, site, holding, &forms, (10, 0)).await.unwrap();
        assert_eq!(received.iter().map(|lead| lead.id).collect::<Vec<_>>(), [id(1)]);
        for byte in [1, 3, 4] {
            let stored = bench.stored(id(byte)).await.unwrap();
            assert_eq!(stored.ground_since, None);
            assert_eq!(bench.erase(id(byte)).await, Erasure::Erased);
        }
        // Nor can the table hold a ground that is none.
        let none = "UPDATE lead SET ground = 'none' WHERE ground_since IS NOT NULL";
        assert!(sql(none).execute(&mut bench.db).await.is_err());
    }
}

#[tokio::test]
async fn an_erased_lead_leaves_nothing_and_does_not_come_back_when_it_is_sent_again() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["lead_link"], now).await;
        let submission = Submission { fields: fields(&HANAKO), ..Default::default() };
        let filled = Filled { submission, ..bench.filled(1, Some(visitor)) };
        let sent = filled.seal(&bench.keys, now).unwrap();
        assert!(bench.take(&sent).await.linked);
        assert_eq!(bench.erase(id(1)).await, Erasure::Erased);
        for text in COUNTS {
            assert_eq!(bench.count(text).await, 0, "{text}");
        }
        assert!(matches!(bench.erase(id(1)).await, Erasure::Before(at) if at >= now));
        assert_eq!(bench.erase(id(9)).await, Erasure::Unknown);
        let again = bench.take(&sent).await;
        assert_eq!(again, leads::Taken { lead: id(1), linked: false }, "answered as before");
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 0, "and stored no more");
        assert_eq!(bench.of_person("hanako@example.jp").await, []);
        let sealed =
            bench.keys.seal_lead(&bench.site.key, id(1), 2, &fields(&HANAKO), now).unwrap();
        let new = rows::Correction { seen: 1, sealed: &sealed, proofs: &[], digests: &[], now };
        let update = rows::update(&mut bench.db, bench.site.id, id(1), &new).await;
        assert!(!update.unwrap(), "nor is it there to be corrected");
    }
}

#[tokio::test]
async fn of_two_erasures_at_once_one_erases_and_the_other_says_so() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let database = Database::at(&bench.url).unwrap();
        for byte in 1..=10 {
            let sent = bench.hanakos(byte);
            bench.take(&sent).await;
            let site = bench.site.id;
            let erase = async || {
                let mut db = database.open().await.unwrap();
                let mut tx = db.begin().await.unwrap();
                let erasure = rows::erase(&mut tx, site, id(byte), clock::now()).await.unwrap();
                tx.commit().await.unwrap();
                erasure
            };
            let both = tokio::join!(erase(), erase());
            let one = |it: &Erasure| *it == Erasure::Erased;
            assert!(one(&both.0) != one(&both.1), "{both:?}");
            assert!([both.0, both.1].iter().any(|it| matches!(it, Erasure::Before(_))), "{both:?}");
        }
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead_key").await, 0);
    }
}

/// What an erasure does not reach, and what does: see docs/leads.md.
#[tokio::test]
async fn a_copy_of_before_an_erasure_is_read_only_with_the_wrapped_key_and_the_key_that_wraps_it() {
    let mut bench = on_sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let now = clock::now();
    bench.keys = Keys::open(&path, now).unwrap();
    let sent = bench.hanakos(1);
    bench.take(&sent).await;
    let copy = bench.stored(id(1)).await.unwrap().sealed;
    assert_eq!(bench.erase(id(1)).await, Erasure::Erased);
    let shop = bench.site.key.clone();
    assert_eq!(bench.keys.open_lead(&shop, id(1), &copy), Ok(fields(&HANAKO)), "as a warning");
    let without = Sealed { key: None, ..copy.clone() };
    assert_eq!(bench.keys.open_lead(&shop, id(1), &without), Err(LeadKeyError::Altered));
    keys::rotate(&path, &[Purpose::Lead], now, 0).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let earlier = text.find("purpose = \"lead\"").unwrap();
    let mut tables: Vec<_> = text.split("\n[[key]]").collect();
    let place = text[..earlier].matches("[[key]]").count();
    tables.remove(place);
    std::fs::write(&path, tables.join("\n[[key]]")).unwrap();
    bench.keys.reload().unwrap();
    let opened = bench.keys.open_lead(&shop, id(1), &copy);
    assert!(matches!(opened, Err(LeadKeyError::UnknownKey { .. })), "{opened:?}");
}

/// The same whoever deletes a lead, and whatever their connection checks.
#[tokio::test]
async fn whoever_deletes_a_lead_deletes_its_key() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let sent = bench.hanakos(1);
        bench.take(&sent).await;
        if bench.url.starts_with("sqlite:") {
            sql("PRAGMA foreign_keys = OFF").rows(&mut bench.db).await.unwrap();
        }
        sql("DELETE FROM lead").execute(&mut bench.db).await.unwrap();
        for text in COUNTS {
            assert_eq!(bench.count(text).await, 0, "{text}");
        }
    }
}

#[tokio::test]
async fn after_a_rotation_the_keys_of_leads_are_wrapped_anew_until_none_rests_on_the_old_one() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let now = clock::now();
        bench.keys = Keys::open(&path, now).unwrap();
        for byte in 1..=5 {
            let sent = bench.hanakos(byte);
            bench.take(&sent).await;
        }
        let before = wrapped::counts(&mut bench.db).await.unwrap();
        assert_eq!(before[0].1, 5);
        assert_eq!(
            sealing::rewrap_some(&mut bench.db, &bench.keys, &TESTING, now).await.unwrap(),
            0
        );
        keys::rotate(&path, &[Purpose::Lead], now, 0).unwrap();
        bench.keys.reload().unwrap();
        let later = now.plus(1_000);
        // One is damaged: the others do not wait for it.
        let damage = "UPDATE lead_key SET wrapped = $1 WHERE lead_id = $2";
        sql(damage).bind(b"damaged").bind(&[5_u8; 16]).execute(&mut bench.db).await.unwrap();
        assert_eq!(
            sealing::rewrap_some(&mut bench.db, &bench.keys, &TESTING, later).await.unwrap(),
            4
        );
        let error =
            sealing::rewrap_some(&mut bench.db, &bench.keys, &TESTING, later).await.unwrap_err();
        assert!(error.to_string().contains("remedy"), "{error}");
        assert_eq!(bench.erase(id(5)).await, Erasure::Erased);
        assert_eq!(
            sealing::rewrap_some(&mut bench.db, &bench.keys, &TESTING, later).await.unwrap(),
            0
        );
        let after = wrapped::counts(&mut bench.db).await.unwrap();
        assert_eq!((after.len(), after[0].1), (1, 4));
        assert_ne!(after[0].0, before[0].0);
        assert_eq!(bench.read(id(1)).await.unwrap(), fields(&HANAKO));
        // Without the key that they rest on now nothing opens, and the error says which it is.
        bench.keys = Keys::of([1; 32], [2; 32], [3; 32]);
        let error = bench.read(id(1)).await.unwrap_err().to_string();
        assert!(error.contains(&after[0].0) && error.contains("remedy"), "{error}");
    }
}
