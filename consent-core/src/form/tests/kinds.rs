//! What people write into a field of each kind, and what is kept of it.

use super::*;

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
