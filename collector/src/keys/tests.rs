//! Keys: what is derived from them, and how they are kept and exchanged.

use std::fs;

use consent_core::{ids::from_base64url, time::SECOND};

use super::*;

const NOW: Millis = Millis(1_800_000_000_000);
const HOUR: i64 = 3_600 * SECOND;
const PURPOSES: [Purpose; 2] = [Purpose::Session, Purpose::Receipt];

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn keys() -> Keys {
    Keys::of([1; 32], [2; 32], [3; 32])
}

#[test]
fn hkdf_answers_as_rfc_5869_says() {
    let mut okm = [0; 42];
    Hkdf::<Sha256>::new(Some(&hex("000102030405060708090a0b0c")), &[0x0b; 22])
        .expand(&hex("f0f1f2f3f4f5f6f7f8f9"), &mut okm)
        .unwrap();
    let expected =
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    assert_eq!(okm.to_vec(), hex(expected));
    // Appendix A.3: neither salt nor info.
    Hkdf::<Sha256>::new(None, &[0x0b; 22]).expand(&[], &mut okm).unwrap();
    let expected =
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    assert_eq!(okm.to_vec(), hex(expected));
}

/// RFC 8037, appendices A.3 and A.4.
#[test]
fn signatures_and_thumbprints_are_those_of_rfc_8037() {
    let secret = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let keys = Keys::of([0; 32], [0; 32], secret.try_into().unwrap());
    let receipt = &keys.held().receipts[0];
    assert_eq!(receipt.id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let expected =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(base64url(&receipt.key.sign(signed).to_bytes()), expected);
}

#[test]
fn a_changed_session_has_another_key() {
    let key = |keys: Keys, text: &str| keys.session_key(text, NOW).unwrap();
    let of_this = key(keys(), "1.shop.abc.def");
    assert_ne!(of_this, key(keys(), "1.shop.abc.deg"));
    assert_ne!(of_this, key(Keys::of([9; 32], [2; 32], [3; 32]), "1.shop.abc.def"));
}

#[test]
fn two_sites_do_not_share_a_visitors_hash() {
    let visitor = VisitorId::from_bytes([5; 16]);
    let hash = |site: &str| keys().visitor_hash(&site.parse().unwrap(), visitor);
    assert_ne!(hash("a"), hash("b"));
    assert_eq!(hash("a"), hash("a"));
}

#[test]
fn keys_are_made_once_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let first = Keys::open(&path, NOW).unwrap();
    let again = Keys::open(&path, NOW).unwrap();
    assert_eq!(first.session_key("s", NOW), again.session_key("s", NOW));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keys::open(&path, NOW).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}

#[test]
fn collectors_that_start_at_once_share_the_keys_that_one_of_them_makes() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let barrier = std::sync::Barrier::new(8);
        let open = || {
            barrier.wait();
            Keys::open(&path, NOW).unwrap().session_key("s", NOW)
        };
        let keys: std::collections::BTreeSet<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(keys.len(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }
}

#[test]
fn a_damaged_or_unreachable_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Keys::open(&folder.path().join("no/keys.toml"), NOW).unwrap_err().to_string();
    assert!(error.contains("cannot make the file"), "{error}");
    let path = folder.path().join("keys.toml");
    Keys::open(&path, NOW).unwrap();
    fs::write(&path, "session = \"short\"\nvisitor = \"\"\nreceipt = \"\"\n").unwrap();
    let error = Keys::open(&path, NOW).unwrap_err().to_string();
    assert!(error.contains("must be 32 bytes"), "{error}");
}

#[test]
fn debug_shows_no_secret() {
    assert_eq!(format!("{:?}", keys()), "Keys(…)");
}

fn session(expires: Millis) -> Session {
    Session { site: "shop".parse().unwrap(), expires, visitor: None }
}

/// The `kid` of a receipt.
fn kid(receipt: &str) -> String {
    let header = from_base64url(receipt.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

struct Kept {
    _folder: tempfile::TempDir,
    path: PathBuf,
    keys: Keys,
}

fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let keys = Keys::open(&path, NOW).unwrap();
    Kept { _folder: folder, path, keys }
}

#[test]
fn after_a_rotation_the_new_keys_sign_and_the_old_ones_verify() {
    let Kept { path, keys, .. } = &kept();
    let (old, old_key) = keys.open_session(&session(NOW.plus(HOUR)), &[1; 16], NOW);
    let old_receipt = keys.sign_receipt("{}", NOW);
    assert!(!keys.reload().unwrap(), "nothing has changed");

    rotate(path, &PURPOSES, NOW, 5 * SECOND).unwrap();
    assert!(keys.reload().unwrap());
    let later = NOW.plus(5 * SECOND);
    let of = |now| {
        session::key_of(&keys.open_session(&session(now), &[1; 16], now).0).unwrap().to_owned()
    };
    assert_eq!(of(NOW), session::key_of(&old).unwrap(), "the others have not read the file yet");
    assert_ne!(of(later), of(NOW));
    assert_eq!(keys.session_key(&old, later), Some(old_key));
    assert_ne!(kid(&keys.sign_receipt("{}", later)), kid(&old_receipt));

    let jwks = keys.jwks();
    for receipt in [&old_receipt, &keys.sign_receipt("{}", later)] {
        assert!(jwks.contains(&kid(receipt)), "{jwks}");
    }
    let hour_and_skew = later.plus(HOUR + 300 * SECOND);
    assert_eq!(keys.session_key(&old, hour_and_skew.plus(-1)), Some(old_key));
    assert_eq!(keys.session_key(&old, hour_and_skew), None, "no session of it can be open still");
}

#[test]
fn a_clock_that_is_set_back_signs_by_the_key_of_that_time_and_verifies_by_every_one() {
    let Kept { path, keys, .. } = &kept();
    rotate(path, &PURPOSES, NOW.plus(HOUR), 0).unwrap();
    keys.reload().unwrap();
    let (new, key) = keys.open_session(&session(NOW), &[1; 16], NOW.plus(2 * HOUR));
    assert_eq!(keys.session_key(&new, NOW), Some(key));
    let long_ago = NOW.plus(-1_000 * HOUR);
    assert_ne!(keys.open_session(&session(NOW), &[1; 16], long_ago).0, new);
    // Nor does a rotation by such a clock make a key that is never used.
    let listed = rotate(path, &PURPOSES, long_ago, 0).unwrap();
    let newest = listed.iter().rfind(|key| key.purpose == Purpose::Session).unwrap();
    assert_eq!(newest.state, State::Waiting(NOW.plus(HOUR + 1)));
}

#[test]
fn session_keys_that_have_ended_are_dropped_and_receipt_keys_never() {
    let Kept { path, .. } = &kept();
    let states = |hours: i64| {
        let text = read(path).unwrap();
        let listed = list(&text, "", NOW.plus(hours * HOUR)).unwrap();
        let of =
            |purpose| listed.iter().filter(move |key| key.purpose == purpose).map(|key| key.state);
        (of(Purpose::Session).collect::<Vec<_>>(), of(Purpose::Receipt).collect::<Vec<_>>())
    };
    for hours in [1, 2, 4] {
        rotate(path, &PURPOSES, NOW.plus(hours * HOUR), 0).unwrap();
    }
    let until = State::VerifiesUntil(NOW.plus(5 * HOUR + 300 * SECOND));
    let verify = State::Verifies;
    assert_eq!(states(4), (vec![until, State::Signs], vec![verify, verify, verify, State::Signs]));
    assert_eq!(states(6).0, [State::Ended, State::Signs]);
}

#[test]
fn a_file_of_three_lines_is_read_as_it_is_and_written_anew_by_a_rotation() {
    let Kept { path, .. } = &kept();
    let secret = |byte: u8| base64url(&[byte; 32]);
    let lines = format!(
        "session = \"{}\"\nvisitor = \"{}\"\nreceipt = \"{}\"\n",
        secret(1),
        secret(2),
        secret(3)
    );
    fs::write(path, &lines).unwrap();
    let opened = Keys::open(path, NOW).unwrap();
    let before = "1.shop.ff.AAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(opened.session_key(before, NOW), keys().session_key(before, NOW));
    assert_eq!(fs::read_to_string(path).unwrap(), lines);

    rotate(path, &[Purpose::Session], NOW, 0).unwrap();
    opened.reload().unwrap();
    assert_eq!(opened.session_key(before, NOW), keys().session_key(before, NOW));
    let visitor = VisitorId::from_bytes([5; 16]);
    let site = "shop".parse().unwrap();
    assert_eq!(opened.visitor_hash(&site, visitor), keys().visitor_hash(&site, visitor));
    assert_eq!(opened.jwks(), keys().jwks());
}

#[test]
fn keys_of_purposes_that_are_not_known_here_survive_a_rotation() {
    let Kept { path, .. } = &kept();
    let mut text = fs::read_to_string(path).unwrap();
    let foreign = format!("[[key]]\npurpose = \"log\"\nsecret = \"{}\"\n", base64url(&[7; 32]));
    text.push_str(&foreign);
    fs::write(path, text).unwrap();
    rotate(path, &PURPOSES, NOW, 0).unwrap();
    assert!(fs::read_to_string(path).unwrap().contains(&foreign));
}

#[test]
fn a_damaged_file_or_one_with_another_visitor_key_leaves_the_keys_as_they_were() {
    let Kept { path, keys, .. } = &kept();
    let before = keys.session_key("s", NOW);
    let good = fs::read_to_string(path).unwrap();
    let other = good.replace("visitor", "x").replace("receipt", "visitor").replace("x", "receipt");
    for (text, said) in [("secret = [[", "damaged"), (&other, "visitor"), ("", "no key")] {
        fs::write(path, text).unwrap();
        let error = keys.reload().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(!keys.reload().unwrap(), "it is said once");
        assert_eq!(keys.session_key("s", NOW), before);
    }
    fs::remove_file(path).unwrap();
    assert!(keys.reload().unwrap_err().to_string().contains("cannot look at the file"));
    assert!(!keys.reload().unwrap());
    assert_eq!(keys.session_key("s", NOW), before);
}

#[test]
fn an_error_quotes_no_secret() {
    let secret = base64url(&[7; 32]);
    for text in [
        format!("key = \"{secret}\"\n"),
        format!("[[key]]\npurpose = \"session\"\nsecret = [\"{secret}\"]\n"),
        format!("session = \"{secret}\nvisitor = 1"),
        format!("session = \"{secret}x\"\n"),
        format!("[[key]]\npurpose = \"session\"\nsecret = \"{secret}\"\nmade = \"{secret}\"\n"),
    ] {
        let error = Keys::parse(&text, "ASHIATO_KEYS").unwrap_err().to_string();
        assert!(error.contains("ASHIATO_KEYS") && !error.contains(&secret[..8]), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_rotation_refuses_an_open_file_and_leaves_a_private_one_behind() {
    use std::os::unix::fs::PermissionsExt as _;
    let Kept { path, .. } = &kept();
    let mode = |mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o640);
    let before = fs::read(path).unwrap();
    let error = rotate(path, &PURPOSES, NOW, 0).unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
    assert_eq!(fs::read(path).unwrap(), before);
    mode(0o600);
    rotate(path, &PURPOSES, NOW, 0).unwrap();
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn rotations_at_once_lose_no_key() {
    let Kept { path, .. } = &kept();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| rotate(path, &PURPOSES, NOW, 0).unwrap());
        }
    });
    let listed = list(&read(path).unwrap(), "", NOW).unwrap();
    assert_eq!(listed.iter().filter(|key| key.purpose == Purpose::Receipt).count(), 9);
}
