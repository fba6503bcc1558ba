//! What `ashiato site check` and `apply` say of visitors: whether they are asked, and what they are told.

use ashiato_tests::{Data, data::shop_file, process::ashiato};

/// What checking a text says, held against a database or by itself.
fn check(data: &Data, text: &str, with_database: bool) -> String {
    let file = data.path("checked.toml").display().to_string();
    std::fs::write(&file, text).unwrap();
    let url = data.database_url();
    let mut arguments = vec!["site", "check", &file];
    if with_database {
        arguments.extend(["--database-url", &url]);
    }
    let said = ashiato(arguments);
    assert!(said.status.success(), "{}", said.err);
    said.out
}

fn longer() -> String {
    shop_file().replacen("retention_days = 90", "retention_days = 120", 1)
}

const ASKED_AGAIN: [&str; 4] = [
    "  service video: retention changed from 90 to 120 days",
    "everybody who has decided is asked again, and told:",
    "  ja: 「動画プレーヤー」の保存期間が3か月から約4か月に変わりました。",
    "  en: Data of “Video player” is now kept for about 4 months (before: 3 months).",
];

#[test]
fn a_new_sites_visitors_are_asked_and_told_the_banners_text() {
    let data = Data::empty();
    for said in [check(&data, &shop_file(), false), data.apply(&shop_file())] {
        let lines: Vec<_> = said.lines().skip(1).collect();
        assert_eq!(lines[0], "visitors are asked, and told:");
        assert!(lines[1].starts_with("  ja: Cookieの利用について: Cookieを動画の再生"), "{said}");
        assert!(lines[2].starts_with("  en: Cookies on this site: We use cookies"), "{said}");
        assert_eq!(lines.len(), 3);
    }
}

#[test]
fn a_material_change_says_that_all_are_asked_again_and_what_they_are_told() {
    let data = Data::new();
    let checked = check(&data, &longer(), true);
    assert_eq!(checked.lines().skip(1).collect::<Vec<_>>(), ASKED_AGAIN);
    let again = check(&data, &longer(), true);
    assert_eq!(again, checked, "checking changes nothing");
    let applied = data.apply(&longer());
    assert!(
        applied.starts_with("site shop, revision 2: in force; visitors are asked\n"),
        "{applied}"
    );
    assert_eq!(applied.lines().skip(1).collect::<Vec<_>>(), ASKED_AGAIN);
}

#[test]
fn a_change_that_nobody_decided_on_says_that_nobody_is_asked() {
    let data = Data::new();
    let look = shop_file().replacen("layout = \"bar\"", "layout = \"box\"", 1);
    let said = check(&data, &look, true);
    assert!(said.contains("not asked again, and read the same as before"), "{said}");
    let words = shop_file().replacen("en = \"Kazoeru tag\"", "en = \"Hakaru tag\"", 1);
    let said = check(&data, &words, true);
    assert!(said.contains("not asked again; who is asked from now on"), "{said}");
    assert_eq!(data.apply(&words).lines().nth(1), said.lines().nth(1));
    let said = check(&data, &words, true);
    assert!(said.contains("nothing changes for visitors"), "{said}");
}

#[test]
fn a_database_that_is_not_there_is_named_and_not_made() {
    let data = Data::empty_on_sqlite();
    let file = data.path("checked.toml").display().to_string();
    std::fs::write(&file, shop_file()).unwrap();
    let url = data.database_url();
    let said = ashiato(["site", "check", &file, "--database-url", &url]);
    assert!(!said.status.success() && said.err.contains("ashiato.sqlite"), "{said:?}");
    assert!(!data.path("ashiato.sqlite").exists());
}

#[test]
fn a_form_that_offers_mail_in_a_file_that_says_nothing_of_mail_is_refused() {
    let data = Data::empty();
    let text = shop_file();
    let (before, rest) = text.split_once("[mail]\n").unwrap();
    let (_, after) = rest.split_once("\n[[forms]]").unwrap();
    let text = format!("{before}[[forms]]{after}");
    let line = 1 + text.lines().position(|line| line == "kind = \"email_marketing\"").unwrap();
    let file = data.path("checked.toml").display().to_string();
    std::fs::write(&file, text).unwrap();
    for act in ["check", "apply"] {
        let url = data.database_url();
        let said = ashiato(["site", act, &file, "--database-url", &url]);
        assert_eq!(said.status.code(), Some(1), "{said:?}");
        for part in ["email_marketing", "there is no [mail]", "add [mail] with from, sender"] {
            assert!(said.err.contains(part), "{part}: {said:?}");
        }
        assert!(said.err.contains(&format!("checked.toml:{line}")), "{line}: {said:?}");
    }
}
