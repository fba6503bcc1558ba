//! Sealing: what opens where, and what does not.

use consent_core::time::SECOND;
use proptest::prelude::*;

use super::*;
use crate::keys::{Purpose, file, rotate};

const NOW: Millis = Millis(1_800_000_000_000);

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn keys() -> Keys {
    Keys::of([1; 32], [2; 32], [3; 32])
}

fn shop() -> SiteKey {
    "shop".parse().unwrap()
}

fn lead(id: u8) -> LeadId {
    LeadId::from_bytes([id; 16])
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn hanako() -> Fields {
    fields(&[("name", "足跡 花子"), ("email", "hanako@example.jp"), ("message", "👋🏽 שלום مرحبا")])
}

/// Test case 16 of the GCM specification that NIST SP 800-38D was made of (`McGrew` and `Viega`, 2005).
#[test]
fn aes_256_gcm_answers_as_its_specification_says() {
    let key: [u8; 32] =
        hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().unwrap();
    let text = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let place = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let sealed = hex(
        "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
    );
    assert_eq!(*open(&cipher(&key), &sealed, &place).unwrap(), text);
    let nonce: [u8; NONCE] = sealed[..NONCE].try_into().unwrap();
    let again = cipher(&key).encrypt(&nonce.into(), Payload { msg: &text, aad: &place }).unwrap();
    assert_eq!(again, sealed[NONCE..]);
}

#[test]
fn what_was_sealed_opens_in_its_place_and_in_no_other() {
    let keys = keys();
    let sealed = keys.seal_lead(&shop(), lead(1), 1, &hanako(), NOW).unwrap();
    assert_eq!(keys.open_lead(&shop(), lead(1), &sealed).unwrap(), hanako());
    let altered = Err(LeadKeyError::Altered);
    assert_eq!(keys.open_lead(&"other".parse().unwrap(), lead(1), &sealed), altered);
    assert_eq!(keys.open_lead(&shop(), lead(2), &sealed), altered);
    let opens = |change: &dyn Fn(&mut Sealed)| {
        let mut changed = sealed.clone();
        change(&mut changed);
        keys.open_lead(&shop(), lead(1), &changed)
    };
    assert_eq!(opens(&|it| it.fields[0].field = "phone".to_owned()), altered, "another field");
    assert_eq!(opens(&|it| it.fields[0].version = 2), altered, "another version");
    assert_eq!(opens(&|it| it.key = None), altered, "without its key");
    assert_eq!(
        opens(&|it| {
            let other = it.fields[1].value.clone();
            it.fields[0].value = other;
        }),
        altered,
        "another field's value"
    );
    for bit in 0..8 {
        for at in 0..sealed.fields[0].value.len() {
            assert_eq!(opens(&|it| it.fields[0].value[at] ^= 1 << bit), altered);
        }
    }
    assert_eq!(opens(&|it| it.fields[0].value.truncate(5)), altered);
    // A data key is bound to its lead too: another lead's does not take its place.
    let other = keys.seal_lead(&shop(), lead(2), 1, &hanako(), NOW).unwrap();
    assert_eq!(opens(&|it| it.key.clone_from(&other.key)), altered);
}

#[test]
fn the_same_text_is_never_sealed_alike() {
    let sealed = |id| keys().seal_lead(&shop(), lead(id), 1, &hanako(), NOW).unwrap();
    assert_ne!(sealed(1), sealed(1));
    assert_ne!(sealed(1).fields[0].value, sealed(2).fields[0].value);
}

#[test]
fn a_key_that_is_not_there_is_named_with_what_to_do() {
    let sealed = keys().seal_lead(&shop(), lead(1), 1, &hanako(), NOW).unwrap();
    let error = Keys::of([1; 32], [9; 32], [3; 32]).open_lead(&shop(), lead(1), &sealed);
    let error = error.unwrap_err().to_string();
    assert!(error.contains(&sealed.key.unwrap().kek) && error.contains("remedy"), "{error}");
}

#[test]
fn places_that_run_together_alike_are_told_apart() {
    assert_ne!(place(&[b"ab", b"c"]), place(&[b"a", b"bc"]));
    assert_ne!(place(&[b"a", b""]), place(&[b"a"]));
}

#[test]
fn a_person_is_found_by_any_spelling_at_one_site_and_not_at_another() {
    let digest = |site: &str, contact| keys().lead_digest(&site.parse().unwrap(), &contact);
    let email = |text| Contact::email(text).unwrap();
    let found = digest("shop", email("hanako@example.jp"));
    assert_eq!(found, digest("shop", email("Hanako@Example.JP")));
    assert_ne!(found, digest("other", email("hanako@example.jp")));
    let number = Contact::telephone("090-1234-5678").unwrap();
    assert_ne!(digest("shop", number), found);
}

#[test]
fn after_a_rotation_new_leads_rest_on_the_new_key_and_old_ones_open_until_they_are_wrapped_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let keys = Keys::open(&path, NOW).unwrap();
    let old = keys.seal_lead(&shop(), lead(1), 1, &hanako(), NOW).unwrap();
    let digest = keys.lead_digest(&shop(), &Contact::email("hanako@example.jp").unwrap());
    rotate(&path, &[Purpose::Lead], NOW, 5 * SECOND).unwrap();
    keys.reload().unwrap();
    let (key, later) = (old.key.clone().unwrap(), NOW.plus(5 * SECOND));
    assert_eq!(keys.rewrap_lead(&shop(), lead(1), &key, NOW), Ok(None), "others have not read it");
    assert!(keys.earlier_lead_keys(NOW).is_empty());
    assert_eq!(keys.earlier_lead_keys(later), std::slice::from_ref(&key.kek));
    let new = keys.seal_lead(&shop(), lead(2), 1, &hanako(), later).unwrap().key.unwrap();
    assert_ne!(new.kek, key.kek);
    assert_eq!(keys.open_lead(&shop(), lead(1), &old).unwrap(), hanako());
    let again = keys.rewrap_lead(&shop(), lead(1), &key, later).unwrap().unwrap();
    assert_eq!(again.kek, new.kek);
    let moved = Sealed { key: Some(again), ..old };
    assert_eq!(keys.open_lead(&shop(), lead(1), &moved).unwrap(), hanako());
    let same = keys.lead_digest(&shop(), &Contact::email("hanako@example.jp").unwrap());
    assert_eq!(digest, same, "people are found as before");
}

#[test]
fn copies_of_a_file_of_before_have_the_same_lead_key_and_a_rotation_writes_it_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    Keys::open(&path, NOW).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let before = text.split("\n[[key]]").filter(|key| !key.contains("\"lead\""));
    let before = before.collect::<Vec<_>>().join("\n[[key]]");
    std::fs::write(&path, &before).unwrap();
    let (opened, given) =
        (Keys::open(&path, NOW).unwrap(), Keys::parse(&before, "ASHIATO_KEYS").unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before, "nobody had to write it");
    let sealed = opened.seal_lead(&shop(), lead(1), 1, &hanako(), NOW).unwrap();
    assert_eq!(given.open_lead(&shop(), lead(1), &sealed).unwrap(), hanako());
    rotate(&path, &[Purpose::Lead], NOW, 0).unwrap();
    let entries = file::parse(&file::read(&path).unwrap(), "").unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.purpose == "lead").count(), 2);
    opened.reload().unwrap();
    assert_eq!(opened.open_lead(&shop(), lead(1), &sealed).unwrap(), hanako());
}

proptest! {
    #[test]
    fn whatever_was_written_comes_back(
        values in proptest::collection::btree_map("[a-z_]{1,20}", any::<String>(), 0..6),
        id in any::<u8>(),
        version in 1..i64::MAX,
    ) {
        let sealed = keys().seal_lead(&shop(), lead(id), version, &values, NOW).unwrap();
        for (field, (name, value)) in sealed.fields.iter().zip(&values) {
            prop_assert_eq!(&field.field, name);
            let shown = value.len() > 3
                && field.value.windows(value.len()).any(|window| window == value.as_bytes());
            prop_assert!(!shown);
        }
        prop_assert_eq!(keys().open_lead(&shop(), lead(id), &sealed).unwrap(), values);
    }
}
