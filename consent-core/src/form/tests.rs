use proptest::prelude::*;

use super::*;

fn field(kind: FieldKind) -> Field {
    let mut field = Field::new("field".parse().unwrap(), kind);
    if kind == FieldKind::Choice {
        field.options = ["修理の相談", "stock", "Other question"].map(str::to_owned).to_vec();
        field.multiple = true;
    }
    field
}

/// Every kind, with bounds and without, and whether it must be filled in or not.
fn fields() -> Vec<Field> {
    let all = FieldKind::ALL.into_iter().map(field);
    let strict = all.clone().map(|field| Field {
        required: true,
        min: Some(2),
        max: Some(20),
        multiple: false,
        ..field
    });
    all.chain(strict).collect()
}

/// What is written, and what is kept of it; nothing where it has the fault of its kind.
fn table(kind: FieldKind, rows: &[(&str, Option<&str>)]) {
    let fault = FieldFault::ALL.into_iter().find(|fault| fault.as_str() == kind.as_str());
    for (written, kept) in rows {
        let expected = kept.map(str::to_owned).ok_or_else(|| fault.unwrap());
        assert_eq!(field(kind).accept(written), expected, "{written:?}");
    }
}

fn contact() -> Form {
    let field = |key: &str, kind, required| Field {
        required,
        max: Some(20),
        ..Field::new(key.parse().unwrap(), kind)
    };
    Form {
        key: "contact".parse().unwrap(),
        fields: vec![
            field("name", FieldKind::Text, true),
            field("email", FieldKind::Email, true),
            field("phone", FieldKind::Telephone, false),
            field("message", FieldKind::LongText, false),
        ],
        agreements: vec!["mail".parse().unwrap()],
    }
}

fn sent(fields: &[(&str, &str)], agreements: &[(&str, bool)]) -> Submission {
    Submission {
        fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        agreements: agreements.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
    }
}

#[test]
fn a_good_form_is_brought_into_one_spelling_and_its_empty_fields_left_out() {
    let written = [
        ("name", " 足跡\u{3000}花子\u{3000}"),
        ("email", "ａ@b.example"),
        ("phone", "\u{3000}"),
        ("message", "a\r\nb"),
    ];
    let taken = contact().accept(&sent(&written, &[("mail", true)])).unwrap();
    assert_eq!(taken.fields["name"], "足跡 花子");
    assert_eq!(taken.fields["email"], "a@b.example");
    assert_eq!(taken.fields["message"], "a\nb");
    assert!(!taken.fields.contains_key("phone"));
    assert!(taken.agreements["mail"]);
}

#[test]
fn every_fault_is_named_at_once() {
    let written = [
        ("name", "a\u{0}b"),
        ("email", "nobody"),
        ("phone", "abc"),
        ("card", "4111"),
        ("message", &"x".repeat(21)),
    ];
    let mut faults = contact().accept(&sent(&written, &[("all", true)])).unwrap_err();
    faults.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("all", FieldFault::Unknown),
        ("card", FieldFault::Unknown),
        ("email", FieldFault::Email),
        ("message", FieldFault::TooLong),
        ("name", FieldFault::Control),
        ("phone", FieldFault::Telephone),
    ];
    assert_eq!(faults, expected.map(|(key, fault)| (key.to_owned(), fault)));
}

#[test]
fn what_must_be_filled_in_is_not_filled_in_by_blanks() {
    for kind in FieldKind::ALL {
        for blank in ["", " ", "\u{3000}\u{3000}", "\r\n", "\u{200b}\u{feff}"] {
            assert_eq!(field(kind).accept(blank).as_deref(), Ok(""), "{kind:?} {blank:?}");
            let required = Field { required: true, ..field(kind) };
            assert_eq!(required.accept(blank), Err(FieldFault::Required), "{kind:?} {blank:?}");
        }
    }
    let ticked = Field { required: true, ..field(FieldKind::Checkbox) };
    assert_eq!(ticked.accept("false"), Err(FieldFault::Required));
    assert_eq!(ticked.accept("true").as_deref(), Ok("true"));
    assert_eq!(ticked.accept("maybe"), Err(FieldFault::Choice));
}

#[test]
fn lines_have_half_width_letters_and_full_width_kana() {
    let line = |text: &str| field(FieldKind::Text).accept(text);
    for (written, kept) in [
        ("山田　　太郎", "山田 太郎"),
        ("株式会社ＡＢＣ１２３", "株式会社ABC123"),
        ("ﾔﾏﾀﾞ商店", "ヤマダ商店"),
        ("か\u{3099}く", "がく"),
        ("（株）あしあと！", "（株）あしあと！"),
        ("O’Brien-Núñez", "O’Brien-Núñez"),
        ("\u{202a}Anna\u{202c}\u{a0}Müller", "Anna Müller"),
        ("𠮷野家", "𠮷野家"),
        ("محمد", "محمد"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
    ] {
        assert_eq!(line(written).as_deref(), Ok(kept), "{written}");
    }
    assert_eq!(line("a\nb"), Err(FieldFault::Control));
    assert_eq!(line("a\tb"), Err(FieldFault::Control));
}

#[test]
fn a_long_text_stays_as_it_is_written() {
    let text = "お世話になります。\n\n　急須（大）の件、１０個お願いします！\tＡＢＣ";
    assert_eq!(field(FieldKind::LongText).accept(text).as_deref(), Ok(text));
    let kana = field(FieldKind::LongText).accept("ﾊﾟｿｺﾝ｡\r\n２行目\r３行目\n");
    assert_eq!(kana.as_deref(), Ok("パソコン。\n２行目\n３行目"));
    assert_eq!(field(FieldKind::LongText).accept("a\u{7}b"), Err(FieldFault::Control));
}

#[test]
fn lengths_are_counted_in_characters_of_the_one_spelling() {
    let short = Field { min: Some(3), max: Some(4), ..field(FieldKind::Text) };
    assert_eq!(short.accept("ｶﾞｷﾞｸﾞｹﾞ").as_deref(), Ok("ガギグゲ"));
    assert_eq!(short.accept("𠮷野").unwrap_err(), FieldFault::TooShort);
    assert_eq!(short.accept("あいうえお").unwrap_err(), FieldFault::TooLong);
    assert_eq!(short.accept("").as_deref(), Ok(""), "what may be left empty has no length");
}

#[test]
fn addresses_that_can_be_written_to_are_taken_and_others_not() {
    table(
        FieldKind::Email,
        &[
            ("hanako@example.jp", Some("hanako@example.jp")),
            (" Hanako.Ashi+shop@Example.CO.JP ", Some("Hanako.Ashi+shop@example.co.jp")),
            ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", Some("hanako@example.jp")),
            ("hanako@example。jp", Some("hanako@example.jp")),
            ("花子@例え.テスト", Some("花子@xn--r8jz45g.xn--zckzah")),
            ("info@ドメイン名例.jp", Some("info@xn--eckwd4c7cu47r2wf.jp")),
            ("info@MÜNCHEN.de", Some("info@xn--mnchen-3ya.de")),
            ("info@xn--r8jz45g.jp", Some("info@xn--r8jz45g.jp")),
            ("a..b.@docomo.example", Some("a..b.@docomo.example")),
            ("o'brien/x=1@b-c.example", Some("o'brien/x=1@b-c.example")),
            ("a", None),
            ("@b.example", None),
            ("a@", None),
            ("a@b", None),
            ("a b@c.example", None),
            ("a@b..example", None),
            ("a@b.example.", None),
            ("a@-b.example", None),
            ("a@b_c.example", None),
            (".a@b.example", None),
            ("a@b@c.example", None),
            ("<a@b.example>", None),
            ("a,b@c.example", None),
            ("a@192.168.0.1", None),
            ("a@[127.0.0.1]", None),
            ("a@b.e\u{301}x.example", None),
            ("a@㍿.example", None),
        ],
    );
    let long =
        |local: usize, label: usize| format!("{}@{}.jp", "a".repeat(local), "b".repeat(label));
    let accept = |text: &str| field(FieldKind::Email).accept(text);
    assert!(accept(&long(64, 63)).is_ok());
    assert_eq!(accept(&long(65, 63)), Err(FieldFault::Email));
    assert_eq!(accept(&long(64, 64)), Err(FieldFault::Email));
    assert_eq!(
        accept(&format!("a@{}.jp", "あ".repeat(60))),
        Err(FieldFault::Email),
        "in ASCII it is longer"
    );
}

#[test]
fn telephone_numbers_are_those_of_japan_or_begin_with_a_plus() {
    table(
        FieldKind::Telephone,
        &[
            ("03-1234-5678", Some("+81312345678")),
            ("０３ー１２３４ー５６７８", Some("+81312345678")),
            ("０３－１２３４－５６７８", Some("+81312345678")),
            ("03‐1234‐5678", Some("+81312345678")),
            ("03−1234−5678", Some("+81312345678")),
            ("03ｰ1234ｰ5678", Some("+81312345678")),
            ("(075) 000-0000", Some("+81750000000")),
            ("（０７５）０００−００００", Some("+81750000000")),
            ("075(000)0000", Some("+81750000000")),
            ("090 1234 5678", Some("+819012345678")),
            ("090.1234.5678", Some("+819012345678")),
            ("09012345678", Some("+819012345678")),
            ("050-1234-5678", Some("+815012345678")),
            ("020-1234-5678", Some("+812012345678")),
            ("020-1234-56789", None),
            ("0120-000-000", Some("+81120000000")),
            ("0800-000-0000", Some("+818000000000")),
            ("0570-000-000", Some("+81570000000")),
            ("+81 3 1234 5678", Some("+81312345678")),
            ("+81 (0)3-1234-5678", Some("+81312345678")),
            ("＋８１−９０−１２３４−５６７８", Some("+819012345678")),
            ("\u{202a}+81 90-1234-5678\u{202c}", Some("+819012345678")),
            ("+44 (0)20 7946 0000", Some("+442079460000")),
            ("+1 (212) 555-0100", Some("+12125550100")),
            ("+49 30/901820", Some("+4930901820")),
            ("03-1234-567", None),
            ("03-1234-56789", None),
            ("090-1234-567", None),
            ("090-1234-56789", None),
            ("3-1234-5678", None),
            ("12345678", None),
            ("0000000000", None),
            ("+81 3 1234", None),
            ("+123456", None),
            ("+1234567890123456", None),
            ("+0312345678", None),
            ("03-1234-5678 内線12", None),
            ("電話", None),
            ("--", None),
            ("+", None),
        ],
    );
}

#[test]
fn postal_codes_have_seven_digits_and_one_hyphen_at_most() {
    table(
        FieldKind::PostalCode,
        &[
            ("604-8001", Some("604-8001")),
            ("6048001", Some("604-8001")),
            ("〒604-8001", Some("604-8001")),
            ("〒 ６０４－８００１", Some("604-8001")),
            ("６０４ー８００１", Some("604-8001")),
            ("604 8001", Some("604-8001")),
            ("604-800", None),
            ("604-80011", None),
            ("60-48001", None),
            ("604-8-001", None),
            ("SW1A 1AA", None),
            ("〒", None),
        ],
    );
}

#[test]
fn readings_are_katakana_however_they_are_typed() {
    table(
        FieldKind::Kana,
        &[
            ("ヤマダ　ハナコ", Some("ヤマダ ハナコ")),
            ("ﾔﾏﾀﾞ ﾊﾅｺ", Some("ヤマダ ハナコ")),
            ("やまだはなこ", Some("ヤマダハナコ")),
            ("ﾊﾟｵﾛ･ﾛｯｼ", Some("パオロ・ロッシ")),
            ("ゔぃくとりあ", Some("ヴィクトリア")),
            ("う\u{3099}ぃくとりあ", Some("ヴィクトリア")),
            ("か\u{3099}とう", Some("ガトウ")),
            ("よーこ", Some("ヨーコ")),
            ("ヨ-コ", Some("ヨーコ")),
            ("ヨ−コ", Some("ヨーコ")),
            ("みすゞ", Some("ミスヾ")),
            ("山田", None),
            ("Yamada", None),
            ("ヤマダ1", None),
            ("-ヤマダ", None),
            ("ﾞ", None),
        ],
    );
}

#[test]
fn numbers_have_one_spelling_and_keep_their_bounds() {
    table(
        FieldKind::Number,
        &[
            ("１２，０００", Some("12000")),
            ("1,234,567", Some("1234567")),
            ("007", Some("7")),
            ("-0", Some("0")),
            ("−３.５０", Some("-3.5")),
            ("+0.10", Some("0.1")),
            ("12,00", None),
            ("1.2.3", None),
            ("1e3", None),
            ("三", None),
            (".5", None),
            ("5.", None),
            ("-", None),
            ("12345678901234567", None),
        ],
    );
    let bounded = Field { min: Some(-1), max: Some(10), ..field(FieldKind::Number) };
    for (text, expected) in [
        ("-1", Ok("-1")),
        ("-1.5", Err(FieldFault::TooSmall)),
        ("-0.5", Ok("-0.5")),
        ("10", Ok("10")),
        ("10.0", Ok("10")),
        ("10.1", Err(FieldFault::TooLarge)),
        ("9.9", Ok("9.9")),
        ("-2", Err(FieldFault::TooSmall)),
        ("11", Err(FieldFault::TooLarge)),
    ] {
        assert_eq!(bounded.accept(text), expected.map(str::to_owned), "{text}");
    }
}

#[test]
fn days_are_written_in_many_ways_and_exist() {
    table(
        FieldKind::Date,
        &[
            ("2026-11-25", Some("2026-11-25")),
            ("2026/1/5", Some("2026-01-05")),
            ("２０２６年１１月２５日", Some("2026-11-25")),
            ("2026.11.25", Some("2026-11-25")),
            ("20261125", Some("2026-11-25")),
            ("令和8年11月25日", Some("2026-11-25")),
            ("令和元年五月一日", None),
            ("令和元年5月1日", Some("2019-05-01")),
            ("平成31年4月30日", Some("2019-04-30")),
            ("昭和50年1月1日", Some("1975-01-01")),
            ("S50.1.1", Some("1975-01-01")),
            ("r8/11/25", Some("2026-11-25")),
            ("2024-02-29", Some("2024-02-29")),
            ("2026-02-29", None),
            ("1900-02-29", None),
            ("2026-13-01", None),
            ("2026-00-10", None),
            ("2026-04-31", None),
            ("2026-11", None),
            ("26-11-25", None),
            ("11/25/2026", None),
            ("令和0年1月1日", None),
            ("明日", None),
        ],
    );
}

#[test]
fn addresses_of_pages_have_a_scheme_and_a_public_host() {
    table(
        FieldKind::Url,
        &[
            ("https://www.example.co.jp/", Some("https://www.example.co.jp/")),
            ("example.jp", Some("https://example.jp")),
            ("HTTP://Example.JP:8080/Path?q=1#a", Some("http://example.jp:8080/Path?q=1#a")),
            ("ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｊｐ", Some("https://example.jp")),
            ("https://日本語.jp/会社概要", Some("https://xn--wgv71a119e.jp/会社概要")),
            ("example.jp/?to=https://b.example", Some("https://example.jp/?to=https://b.example")),
            ("javascript:alert(1)", None),
            ("ftp://example.jp", None),
            ("https://user@example.jp", None),
            ("https://localhost", None),
            ("https://127.0.0.1/", None),
            ("https://example.jp:0/", None),
            ("https://example.jp:99999/", None),
            ("https://example.jp/a b", None),
            ("https://example.jp/<script>", None),
            ("mailto:a@b.example", None),
        ],
    );
}

#[test]
fn only_what_there_is_can_be_chosen_and_one_of_it_unless_several_may_be() {
    table(
        FieldKind::Choice,
        &[
            ("stock", Some("stock")),
            ("Other question\n修理の相談", Some("修理の相談\nOther question")),
            ("stock\nstock", Some("stock")),
            ("stocks", None),
            ("stock\nelse", None),
        ],
    );
    let one = Field { multiple: false, ..field(FieldKind::Choice) };
    assert_eq!(one.accept("stock").as_deref(), Ok("stock"));
    assert_eq!(one.accept("stock\n修理の相談"), Err(FieldFault::Choice));
}

#[test]
fn every_kind_and_fault_has_the_name_that_it_is_written_by() {
    for kind in FieldKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    for fault in FieldFault::ALL {
        assert_eq!(serde_json::to_value(fault).unwrap(), fault.as_str());
    }
}

#[test]
fn what_is_no_rule_is_none() {
    let key = || "field".parse().unwrap();
    for text in ["", "text", "text 1", "text 1 * x 0", "card 1 * * 0", "text 1 2 3"] {
        assert_eq!(Field::of_rule(key(), text), None, "{text}");
    }
}

/// What people write, and what nobody does: pieces of all kinds next to each other.
fn written() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9０-９]{1,8}",
        "[a-zA-Zａ-ｚ]{1,5}",
        "[ぁ-ゖァ-ヺｦ-ﾟ\u{3099}\u{309a}]{1,5}",
        "[-−ーｰ‐－ 　.,，、。/()@＠:+〒年月日\n\r]{1,2}",
        Just("令和".to_owned()),
        Just("https://".to_owned()),
        Just(".example".to_owned()),
        Just("true".to_owned()),
        Just("stock\n".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_taken_is_taken_again_as_it_is_and_no_fault_is_unforeseen(value in prop_oneof![written(), any::<String>()]) {
        for field in fields() {
            match field.accept(&value) {
                Ok(taken) => prop_assert_eq!(field.accept(&taken), Ok(taken.clone()), "{:?}", field.kind),
                Err(found) => prop_assert!(field.faults().any(|own| own == found), "{:?} {:?}", field, found),
            }
        }
    }

    #[test]
    fn blanks_around_a_value_and_its_width_change_no_verdict(value in "[ -~]{1,20}") {
        let wide: String = value.chars().map(|c| match c {
            ' ' => '\u{3000}',
            c => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
        }).collect();
        for field in fields().iter().filter(|field| !matches!(field.kind, FieldKind::LongText | FieldKind::Choice | FieldKind::Checkbox | FieldKind::Text)) {
            let verdict = field.accept(&value);
            prop_assert_eq!(&field.accept(&format!("\u{3000} {value}\n")), &verdict);
            prop_assert_eq!(&field.accept(&wide), &verdict, "{:?}", field.kind);
        }
    }

    #[test]
    fn a_rule_is_read_as_it_was_written(
        kind in 0..FieldKind::ALL.len(), required: bool, multiple: bool,
        min in prop::option::of(-1_000_000..1_000_000_i64), max in prop::option::of(-1_000_000..1_000_000_i64),
        options in prop::collection::vec("[^\n]{1,10}", 0..4),
    ) {
        let field = Field { required, min, max, multiple, options, ..field(FieldKind::ALL[kind]) };
        prop_assert_eq!(Field::of_rule(field.key.clone(), &field.rule()), Some(field));
    }

    #[test]
    fn domains_are_in_ascii_what_the_whole_standard_makes_of_them(
        label in prop_oneof!["[\\p{L}\\p{N}]{1,6}", "[ぁ-んァ-ヶ一-龠々ー・a-zA-Z0-9-]{1,8}", "[à-žά-ώа-я-]{1,8}", "[A-Za-zÀ-ž]{1,9}"],
    ) {
        let domain = format!("{label}.example");
        if let Some(ours) = domain_to_ascii(&domain) {
            prop_assert_eq!(idna::domain_to_ascii(&domain).ok(), Some(ours), "{}", domain);
        }
    }
}

#[test]
fn every_letter_that_a_domain_may_have_is_what_the_whole_standard_makes_of_it() {
    for letter in ('\0'..=char::MAX).filter(|c| !matches!(c, '.' | '。' | '．' | '｡')) {
        let domain = format!("あ{letter}.example");
        if let Some(ours) = domain_to_ascii(&domain) {
            assert_eq!(
                idna::domain_to_ascii(&domain).ok(),
                Some(ours),
                "{letter} {:x}",
                u32::from(letter)
            );
        }
    }
}
