//! What is refused, where, and with which remedy.

use proptest::prelude::*;

use super::*;

/// A change of the shop's file that is refused.
struct Case<'a> {
    from: String,
    to: String,
    place: &'a str,
    message: &'a str,
    remedy: &'a str,
}

impl<'a> Case<'a> {
    fn all(text: &'a str) -> Vec<Self> {
        let lines: Vec<_> =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let case = |lines: &[&'a str]| {
            let after = |at: usize, mark: &str| {
                let line = lines[at].strip_prefix(mark);
                line.unwrap_or_else(|| panic!("not {mark}: {}", lines[at])).trim_start()
            };
            Case {
                from: after(0, "-").replace('⏎', "\n"),
                to: after(1, "+").replace('⏎', "\n"),
                place: after(2, "@"),
                message: after(3, "!"),
                remedy: after(4, "?"),
            }
        };
        lines.chunks_exact(5).map(case).collect()
    }

    fn line(&self, text: &str) -> usize {
        let (place, above) = match self.place.strip_prefix('^') {
            Some(below) => (below, 1),
            None => (self.place, 0),
        };
        let found = text.lines().position(|line| line.contains(place));
        1 + found.unwrap_or_else(|| panic!("{place} is on no line")) - above
    }
}

/// Whether what is said in Japanese is, beside the names of keys.
fn is_in_japanese(said: &Said) -> bool {
    said.ja.chars().any(|c| matches!(c, 'ぁ'..='ん' | 'ァ'..='ヶ' | '一'..='龠'))
        && said.ja != said.en
}

#[test]
fn every_fault_is_named_alone_with_its_line_and_remedy() {
    let cases = Case::all(include_str!("refused.txt"));
    assert!(cases.len() > 70);
    let mut failed = String::new();
    for case in cases {
        let text = changed(&case.from, &case.to);
        let Err(complaints) = parse(&text) else {
            panic!("taken: {}", case.to);
        };
        let right = match complaints.as_slice() {
            [Complaint { line, message, remedy }] => {
                *line == case.line(&text)
                    && message.en.contains(case.message)
                    && remedy.en.contains(case.remedy)
                    && [message, remedy].into_iter().all(is_in_japanese)
            }
            _ => false,
        };
        if !right {
            let line = case.line(&text);
            failed += &format!("{} (line {line}): {}\n", case.to, report("shop.toml", &complaints));
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[test]
fn a_fault_is_said_in_japanese_as_one_would_say_it() {
    let cases = Case::all(include_str!("refused.txt"));
    let texts = cases.iter().map(|case| changed(&case.from, &case.to));
    let complaints: Vec<_> = texts.filter_map(|text| parse(&text).err()).flatten().collect();
    for (message, said) in [
        ("a second one of kind lead_link", "結び付けるかどうかを尋ねる目的は1つだけです"),
        ("has U+202E", "文字の並び順を変える制御文字（U+202E）があります"),
        ("which it is never refused for", "そのエラーが出るように項目を設定してください"),
        ("`retention_days` has no effect here", "`retention_days` はここでは使えません"),
    ] {
        let of = |complaint: &&Complaint| complaint.message.en.contains(message);
        let found: Vec<_> = complaints.iter().filter(of).collect();
        let right = |it: &&Complaint| it.message.ja.contains(said) || it.remedy.ja.contains(said);
        assert!(!found.is_empty() && found.iter().all(right), "{message}: {found:?}");
    }
}

#[test]
fn all_faults_are_named_at_once_in_the_order_of_their_lines() {
    let text = changed("privacy@hiyori.example", "nowhere")
        .replacen("days = 365", "days = 4000", 1)
        .replacen("kind = \"lead_link\"\n", "", 1);
    let complaints = parse(&text).unwrap_err();
    let lines: Vec<_> = complaints.iter().map(|complaint| complaint.line).collect();
    assert!(lines.is_sorted() && lines.len() == 4, "{complaints:?}");
}

#[test]
fn a_report_names_file_line_and_remedy() {
    let complaints = parse(&changed("\"bar\"", "\"ber\"")).unwrap_err();
    assert_eq!(
        report("shop.toml", &complaints),
        "shop.toml:26: banner: `layout` cannot be `ber`\n  remedy: did you mean `bar`?\n"
    );
}

#[test]
fn an_empty_file_is_told_everything_it_lacks() {
    let complaints = parse("").unwrap_err();
    let missing: Vec<_> = complaints.iter().map(|c| c.message.en.as_str()).collect();
    for key in ["key", "languages", "origins", "timezone", "name", "controller", "purposes"] {
        assert!(missing.contains(&format!("`{key}` is missing").as_str()), "{missing:?}");
    }
    assert_eq!(missing.len(), 7);
}

#[test]
fn a_form_without_fields_is_refused() {
    let start = SHOP.find("[[forms.fields]]").unwrap();
    let complaints = parse(&SHOP[..start]).unwrap_err();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert_eq!(complaints[0].message.en, "form `contact`: `fields` is missing");
}

#[test]
fn a_text_has_its_length_and_no_more() {
    for (from, most) in [
        ("ひより道具店\"\nen", 80),
        ("京都市中京区足跡町1-2", 400),
        ("見たページのURL、画面の大きさ", 400),
        ("画面の大きさごとの閲覧数を集計するため", 400),
        ("新商品のお知らせをメールで受け取る（いつでも停止できます）", 400),
    ] {
        let text = |length: usize| {
            let rest = from.split_once('"').map_or("", |(_, rest)| rest);
            let quote = if rest.is_empty() { "" } else { "\"" };
            parse(&changed(from, &format!("{}{quote}{rest}", "席".repeat(length))))
        };
        assert!(text(most).is_ok(), "{from}");
        let complaints = text(most + 1).unwrap_err();
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].message.en.contains(&format!("more than {most}")), "{complaints:?}");
    }
}

#[test]
fn more_than_the_consent_cookie_can_hold_is_refused() {
    let mut more = String::new();
    for n in 0..consent_core::policy::MAX_SLOTS {
        more += &format!(
            "[[purposes.services]]\nkey = \"s{n}\"\nname = {{ ja = \"地図\", en = \"Map\" }}\n\
             provider = {{ name = \"株式会社ひより道具店\", country = \"JP\" }}\nexternal = false\n\
             sends = {{ ja = \"見ている地図\", en = \"The map viewed\" }}\n\
             use = {{ ja = \"地図を表示するため\", en = \"To show the map\" }}\nretention_days = 1\n"
        );
    }
    let text = changed(
        "[[purposes]]\nkey = \"lead_link\"",
        &format!("{more}[[purposes]]\nkey = \"lead_link\""),
    );
    let complaints = parse(&text).unwrap_err();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].message.en.contains("more than 120"));
}

#[test]
fn a_language_without_built_in_words_needs_them_all() {
    let words = |text: &str| {
        let text = text.replace("[\"ja\", \"en\"]", "[\"ja\", \"en\", \"fr\"]");
        text.replace(", en = \"", ", fr = \"décrire, montrer\", en = \"")
            .replace("\nen = \"", "\nfr = \"Hiyori\"\nen = \"")
    };
    let complaints = parse(&words(SHOP)).unwrap_err();
    assert_eq!(complaints.len(), 1, "{}", report("shop.toml", &complaints));
    assert_eq!(complaints[0].line, 5);
    assert!(complaints[0].remedy.en.starts_with("add to [banner.text.fr]: body, title, accept, "));

    let own: String =
        texts::names().map(|(name, english)| format!("{name} = \"fr {english}\"\n")).collect();
    let table = format!("[banner.text.fr]\n{own}\n[[purposes]]");
    let good = words(SHOP).replacen("[[purposes]]", &table, 1);
    let file = parse(&good).unwrap();
    assert_eq!(file.texts("fr").accept, "fr Accept all");
    assert_eq!(file.texts("fr").purposes[4].usage, "décrire, montrer (fr Kept for: fr 13 months)");

    let lost = good.replace("fr {n} days", "fr jours");
    let complaints = parse(&lost).unwrap_err();
    assert!(complaints[0].message.en.contains("`days` in fr: has no {n}"), "{complaints:?}");
    let unknown = good.replacen("accept = \"fr", "acept = \"fr", 1);
    let complaints = report("shop.toml", &parse(&unknown).unwrap_err());
    assert!(complaints.contains("did you mean `accept`?"), "{complaints}");
}

#[test]
fn languages_origins_and_hosts_have_one_spelling() {
    for good in ["ja", "en", "pt-BR", "zh-Hant", "zh-Hant-TW", "es-419", "fil"] {
        assert!(value::language(good).is_ok(), "{good}");
    }
    for bad in ["", "JA", "j", "japanese", "en-us", "en_US", "zh-hant", "en-", "en-US-x", "日本"]
    {
        assert!(value::language(bad).is_err(), "{bad}");
    }
    for good in [
        "https://example.com",
        "https://www.example.com:8443",
        "https://xn--r8jz45g.example",
        "http://localhost",
        "http://127.0.0.1:3000",
        "http://[::1]:8080",
        "http://[::1]",
    ] {
        assert!(value::origin(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "null",
        "*",
        "https://",
        "https://a.example?x",
        "https://user@a.example",
        "https://a.example:99999",
        "https://a.example:",
        "https://a..example",
        "http://a.example",
        "http://localhost.example",
        "http://[::1]x",
        "ftp://a.example",
        "https://例え.example",
    ] {
        assert!(value::origin(bad).is_err(), "{bad}");
    }
}

/// Pieces that make a site file interesting.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("[[purposes]]\n".to_owned()),
        Just("[[purposes.services]]\n".to_owned()),
        Just("languages = [\"ja\", 3]\n".to_owned()),
        Just("cookies = [[], 1, { name = 2 }]\n".to_owned()),
        Just("banner.text.fr = { days = \"\" }\n".to_owned()),
        Just("name = []\n".to_owned()),
        Just("\"a.b[0\" = 0x7fffffffffffffffffff\n".to_owned()),
        "\\PC{0,12}",
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        prop_assert!(parse(&text).is_err());
    }

    #[test]
    fn no_change_of_a_good_file_makes_the_parser_panic(
        cut in 0..SHOP.len(),
        length in 0_usize..80,
        piece in piece(),
    ) {
        let boundary = |mut at: usize| {
            while !SHOP.is_char_boundary(at) {
                at += 1;
            }
            at
        };
        let (start, end) = (boundary(cut), boundary((cut + length).min(SHOP.len())));
        let text = format!("{}{piece}{}", &SHOP[..start], &SHOP[end..]);
        let lines = text.lines().count() + 1;
        if let Err(complaints) = parse(&text) {
            prop_assert!(!complaints.is_empty());
            for complaint in complaints {
                prop_assert!((1..=lines).contains(&complaint.line));
                for said in [complaint.message, complaint.remedy] {
                    prop_assert!(!said.en.is_empty() && is_in_japanese(&said), "{said:?}");
                }
            }
        }
    }
}
