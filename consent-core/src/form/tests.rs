mod kinds;

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
fn a_text_has_no_more_addresses_than_people_write() {
    let links = |count: usize| "見て https://a.example/ HTTP://b.example ".repeat(count);
    let accept = |kind, text: &str| field(kind).accept(text).err();
    assert_eq!(accept(FieldKind::LongText, &links(2)), None);
    assert_eq!(accept(FieldKind::LongText, &links(3)), Some(FieldFault::TooManyLinks));
    assert_eq!(accept(FieldKind::Text, "https://a.example/"), None);
    assert_eq!(accept(FieldKind::Text, &links(1)), Some(FieldFault::TooManyLinks));
    let none = "http: https https:/x ftp://a 8:30 :// ".repeat(4);
    assert_eq!(accept(FieldKind::Text, &none), None);
}

#[test]
fn what_a_page_tells_of_itself_is_taken_out_of_the_fields_and_judged() {
    let take = |told: &[(&str, &str)]| {
        let mut fields = sent(told, &[]).fields;
        fields.insert("name".to_owned(), "花子".to_owned());
        let spam = Spam::take(&mut fields);
        assert!(fields.into_keys().eq(["name".to_owned()]));
        spam
    };
    assert_eq!(take(&[]), None);
    assert_eq!(take(&[(TRAP, ""), (TOOK, "1000")]), None);
    assert_eq!(take(&[(TOOK, "999")]), Some(Spam::TooFast));
    assert_eq!(take(&[(TRAP, "https://"), (TOOK, "5000")]), Some(Spam::Trap));
    assert_eq!(take(&[(TOOK, "soon")]), None, "what is no number tells nothing");
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
