//! What is told of a site's revisions, in the page and in the banner.

use consent_core::{policy::Kind, time::Millis};
use jiff::tz::TimeZone;

use super::*;

/// What a change of the shop's file tells visitors, in Japanese and English.
fn told(from: &str, to: &str) -> (Vec<String>, Vec<String>) {
    told_of(&shop(), &shop_with(from, to))
}

fn told_of(old: &SiteFile, new: &SiteFile) -> (Vec<String>, Vec<String>) {
    (new.speech("ja").changes(old, new), new.speech("en").changes(old, new))
}

/// One change tells one sentence in each language.
#[track_caller]
fn tells(from: &str, to: &str, japanese: &str, english: &str) {
    let told = told(from, to);
    assert_eq!(
        (told.0.as_slice(), told.1.as_slice()),
        (&[japanese.to_owned()][..], &[english.to_owned()][..])
    );
}

#[test]
fn a_change_of_a_service_is_told_in_the_visitors_language() {
    tells(
        "retention_days = 90",
        "retention_days = 120",
        "「動画プレーヤー」の保存期間が3か月から約4か月に変わりました。",
        "Data of “Video player” is now kept for about 4 months (before: 3 months).",
    );
    tells(
        "country = \"US\"",
        "country = \"DE\"",
        "「動画プレーヤー」の提供元の国・地域が米国からドイツに変わりました。",
        "The provider of “Video player” is now in Germany (before: United States).",
    );
    tells(
        "Kazoeru合同会社",
        "Kazoeru株式会社",
        "「かぞえるタグ」の提供元がKazoeru合同会社からKazoeru株式会社に変わりました。",
        "“Kazoeru tag” is now provided by Kazoeru株式会社 (before: Kazoeru合同会社).",
    );
    tells(
        "見たページのURL、画面の大きさ",
        "見たページのURL、画面の大きさ、言語",
        "「かぞえるタグ」で送られる情報が変わりました。",
        "What “Kazoeru tag” sends has changed.",
    );
    tells(
        "To count views by screen size",
        "To count views by screen size and country",
        "「かぞえるタグ」の使いみちが変わりました。",
        "What “Kazoeru tag” is used for has changed.",
    );
    tells(
        "To find faults in its counting software",
        "To sell counts by country to others",
        "「かぞえるタグ」の送り先での使いみちが変わりました。",
        "What the recipient uses the data of “Kazoeru tag” for has changed.",
    );
    tells(
        "consent_mode = [\"analytics_storage\"]",
        "consent_mode = [\"personalization_storage\"]",
        "「かぞえるタグ」についての選択をGoogleに伝える内容が変わりました。",
        "What Google is told of your choice about “Kazoeru tag” has changed.",
    );
    tells(
        "\"click\", \"add_to_cart\"",
        "\"click\", \"add_to_cart\", \"search\", \"compare\"",
        "「Ashiato アクセス解析」で記録する操作が変わりました。",
        "What “Ashiato analytics” records of your visit has changed.",
    );
}

#[test]
fn a_change_of_what_is_kept_names_the_entry_and_what_it_is() {
    tells(
        "name = \"kazoeru_id\", days = 365",
        "name = \"kazoeru_id\", days = 30",
        "kazoeru_id（Cookie）の有効期間が「1年」から「30日」に変わりました。",
        "kazoeru_id (cookie) now lasts 30 days (before: 1 year).",
    );
    tells(
        "\"local:kazoeru_last\", days = 30",
        "\"local:kazoeru_last\", until_deleted = true",
        "kazoeru_last（ローカルストレージ）の有効期間が「30日」から「削除するまで」に変わりました。",
        "kazoeru_last (local storage) now lasts until you delete it (before: 30 days).",
    );
    tells(
        "en = \"Counting views\"",
        "en = \"Counting views of each product\"",
        "kazoeru_id（Cookie）の使いみちが変わりました。",
        "What kazoeru_id (cookie) is for has changed.",
    );
    let (japanese, english) = told("\"local:kazoeru_last\", days = 30", "\"session:kz\"");
    assert_eq!(
        japanese,
        [
            "「かぞえるタグ」が、ブラウザーにkz（セッションストレージ）を保存するようになりました。",
            "「かぞえるタグ」が、kazoeru_last（ローカルストレージ）を保存しなくなりました。",
        ]
    );
    assert_eq!(
        english,
        [
            "“Kazoeru tag” now keeps kz (session storage) in your browser.",
            "“Kazoeru tag” no longer keeps kazoeru_last (local storage).",
        ]
    );
}

#[test]
fn a_service_that_comes_or_goes_is_told_of_once_with_all_that_is_its_own() {
    let (new, mut old) = (shop(), shop());
    old.purposes[2].services.remove(0);
    let (japanese, english) = told_of(&old, &new);
    assert_eq!(japanese, ["「Ashiato アクセス解析」（株式会社ひより道具店）が加わりました。"]);
    assert_eq!(english, ["“Ashiato analytics” by Hiyori Home Goods K.K. is new."]);
    let (japanese, english) = told_of(&new, &old);
    assert_eq!(japanese, ["「Ashiato アクセス解析」の利用をやめました。"]);
    assert_eq!(english, ["“Ashiato analytics” is no longer used."]);
}

#[test]
fn changes_of_purposes_are_told_too() {
    let change = |change: fn(&mut SiteFile)| {
        let mut new = shop();
        change(&mut new);
        told_of(&shop(), &new).1
    };
    assert_eq!(
        change(|new| drop(new.purposes.pop())),
        ["“Linking browsing to your details” is no longer a purpose."]
    );
    assert_eq!(
        change(|new| new.purposes[1].kind = Kind::Necessary),
        ["“Videos” is now always on."]
    );
    assert_eq!(
        change(|new| {
            let moved = new.purposes[2].services.remove(1);
            new.purposes[3].services.push(moved);
        }),
        ["“Kazoeru tag” now serves “Advertising” (before: “Analytics”)."]
    );
    assert_eq!(
        change(|new| new.purposes.swap(1, 2)),
        ["Purposes and services are in another order."]
    );
    assert_eq!(
        change(|new| {
            new.controller.name.insert("en".to_owned(), "Hiyori K.K.".to_owned());
        }),
        [
            "The company that runs this site is now called Hiyori K.K. (before: Hiyori Home Goods K.K.)."
        ]
    );
    assert_eq!(
        change(|new| new.languages = vec!["fr".to_owned()]),
        ["All texts have been written anew."]
    );
}

#[test]
fn names_with_braces_are_left_alone() {
    let (_, english) = told(
        "en = \"Video player\" }\nprovider = { name = \"Nagare Video Inc.\", country = \"US\"",
        "en = \"The {to} player\" }\nprovider = { name = \"{name} Inc.\", country = \"US\"",
    );
    assert_eq!(
        english,
        ["“The {to} player” is now provided by {name} Inc. (before: Nagare Video Inc.)."]
    );
}

/// Revisions of the shop's file, a day apart.
fn past(files: Vec<SiteFile>) -> Vec<Past> {
    let revisions = (1_u32..).zip(files).map(|(revision, file)| Past {
        revision,
        // 2026-11-24T15:30:00Z: half past midnight in Japan.
        since: Millis(1_795_534_200_000 + 86_400_000 * i64::from(revision)),
        file: Some(file),
    });
    revisions.collect()
}

/// The shop's file with videos kept for so many days.
fn kept(days: u32) -> SiteFile {
    shop_with("retention_days = 90", &format!("retention_days = {days}"))
}

fn tokyo() -> TimeZone {
    TimeZone::get("Asia/Tokyo").unwrap()
}

#[test]
fn the_banner_tells_of_the_last_revisions_the_newest_first() {
    let file = kept(8);
    let history = file.history(&tokyo(), &past((1..=8).map(kept).collect()));
    let told = file.told(&history, "en");
    let revisions: Vec<_> = told.iter().map(|change| change.revision).collect();
    assert_eq!(revisions, [8, 7, 6, 5, 4]);
    assert_eq!(told[0].lines, ["Data of “Video player” is now kept for 8 days (before: 7 days)."]);
    assert!(file.told(&history, "ja")[4].lines[0].contains("3日から4日"));
    let first = file.history(&tokyo(), &past(vec![kept(1)]));
    assert!(file.told(&first, "en").is_empty(), "a first version has changed nothing");
}

#[test]
fn a_banner_is_told_four_lines_of_a_revision_at_most() {
    let change = |services: usize| {
        let mut new = shop();
        let all = new.purposes.iter_mut().flat_map(|purpose| &mut purpose.services);
        all.take(services).for_each(|service| service.retention_days += 1000);
        let history = new.history(&tokyo(), &past(vec![shop(), new.clone()]));
        (new.told(&history, "en")[0].lines.clone(), history.revisions[0].changes["en"].clone())
    };
    let (lines, all) = change(4);
    assert_eq!(lines, all);
    let (lines, all) = change(5);
    assert_eq!((lines.len(), all.len()), (4, 5));
    assert_eq!(lines[..3], all[..3]);
    assert_eq!(lines[3], "And 2 more.");
}

#[test]
fn the_page_lists_every_revision_with_its_day_by_the_sites_own_clock() {
    let file = kept(3);
    let history = file.history(&tokyo(), &past(vec![kept(1), kept(2), kept(3)]));
    let page = |language, revision, embedded| {
        let shown = Shown {
            language,
            revision,
            history: &history,
            current: &file,
            embedded,
            address: "https://ashiato.example/s/shop/policy",
        };
        kept(revision).policy_page(shown).into_string()
    };
    let current = page("ja", 3, false);
    for said in [
        "第3版（2026年11月28日から適用）",
        "<time datetime=\"2026-11-27\">2026年11月27日</time>",
        "「動画プレーヤー」の保存期間が1日から2日に変わりました。",
        "最初の版です。",
        "href=\"policy?lang=ja&amp;revision=2\"",
        "https://ashiato.example/s/shop/policy?lang=ja<",
    ] {
        assert!(current.contains(said), "{said}");
    }
    assert!(!current.contains("class=\"earlier\"") && !current.contains("_blank"));

    let earlier = page("en", 2, false);
    for said in [
        ">Version 2</p>",
        "in force from 27 November 2026 to 28 November 2026.",
        "href=\"policy?lang=en\"",
        "href=\"policy?lang=ja&amp;revision=2\"",
        "https://ashiato.example/s/shop/policy?lang=en&amp;revision=2<",
        "<dd>2 days</dd>",
    ] {
        assert!(earlier.contains(said), "{said}");
    }

    let embedded = page("en", 3, true);
    assert!(!embedded.contains("<header>") && !embedded.contains("<nav"));
    for link in embedded.split("<a href=\"").skip(1).filter(|link| !link.starts_with('#')) {
        assert!(link.split('>').next().unwrap().contains("target=\"_blank\""), "{link}");
    }
}

#[test]
fn a_revision_that_cannot_be_read_any_more_keeps_its_number_and_its_day() {
    let mut past = past(vec![kept(1), kept(2), kept(3)]);
    past[1].file = None;
    let history = kept(3).history(&tokyo(), &past);
    let known: Vec<_> = history
        .revisions
        .iter()
        .map(|revision| (revision.number, revision.since.to_string(), revision.changes.len()))
        .collect();
    assert_eq!(
        known,
        [
            (3, "2026-11-28".to_owned(), 0),
            (2, "2026-11-27".to_owned(), 0),
            (1, "2026-11-26".to_owned(), 0)
        ]
    );
}

#[test]
fn dates_are_written_as_in_each_language() {
    let date = jiff::civil::date(2026, 3, 5);
    let shop = shop();
    assert_eq!(shop.speech("ja").date(date), "2026年3月5日");
    assert_eq!(shop.speech("en").date(date), "5 March 2026");
    let mut other = shop.clone();
    other.languages = vec!["fr".to_owned(), "ar".to_owned()];
    assert_eq!(other.speech("fr").date(date), "2026-03-05");
    assert_eq!(other.speech("ar").date(date), "\u{2066}2026-03-05\u{2069}");
}
