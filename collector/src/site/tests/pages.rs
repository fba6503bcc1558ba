//! What visitors read: the banner's texts and the policy page.

use consent_core::{client::Texts, time::Millis};
use jiff::tz::TimeZone;

use consent_core::form::{Field, FieldFault};

use super::*;

fn first_layer(file: &SiteFile) -> (String, String) {
    (file.texts("ja").body, file.texts("en").body)
}

/// The policy page of a file that has no other revisions.
pub(super) fn page_of(file: &SiteFile, language: &str, revision: u32) -> String {
    let past = [Past { revision, since: Millis(1_795_000_000_000), file: Some(file.clone()) }];
    let history = file.history(&TimeZone::get(&file.timezone).unwrap(), &past);
    let shown = Shown {
        language,
        revision,
        history: &history,
        current: file,
        embedded: false,
        address: "https://ashiato.example/s/shop/policy",
    };
    file.policy_page(shown).into_string()
}

/// A shop without some of its purposes.
fn without(keys: &[&str]) -> SiteFile {
    let mut shop = shop();
    shop.purposes.retain(|purpose| !keys.contains(&purpose.key.as_str()));
    shop
}

fn every_text(texts: &Texts) -> Vec<String> {
    fn strings(value: &serde_json::Value, all: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => all.push(text.clone()),
            serde_json::Value::Array(items) => items.iter().for_each(|item| strings(item, all)),
            serde_json::Value::Object(members) => {
                members.values().for_each(|value| strings(value, all));
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    strings(&serde_json::to_value(texts).unwrap(), &mut all);
    all
}

#[test]
fn every_text_is_there_in_japanese_and_english() {
    let shop = shop();
    for language in ["ja", "en"] {
        let texts = shop.texts(language);
        assert_eq!((texts.language.as_str(), texts.direction.as_str()), (language, "ltr"));
        assert_eq!(texts.policy_url, format!("/s/shop/policy?lang={language}"));
        let all = every_text(&texts);
        assert!(all.len() > 70 && all.iter().all(|text| !text.is_empty()), "{all:?}");
        assert!(texts.blocked.contains("{name}"));
    }
}

#[test]
fn the_first_layer_says_what_for_to_whom_how_long_and_how_to_change_it() {
    let (japanese, english) = first_layer(&shop());
    assert_eq!(
        japanese,
        "Cookieを動画の再生、利用状況の分析、広告の効果測定に使います。情報の一部は外部2社に送られ、\
         保存は最長13か月です。許可すると、閲覧履歴がお名前と結びつくことがあります。\
         「Cookie設定」からいつでも変更・削除できます。"
    );
    assert_eq!(
        english,
        "We use cookies for Videos, Analytics and Advertising. Some data goes to 2 other companies; \
         it is kept for up to 13 months. If you agree, your browsing may be tied to your name. \
         Change or delete it any time in “Cookie settings”."
    );
    let widths = (japanese.chars().count(), english.chars().count());
    assert!(widths.0 <= 115 && widths.1 <= 230, "{widths:?}");
}

#[test]
fn the_first_layer_names_a_single_recipient_and_no_link_where_there_is_none() {
    let (japanese, english) = first_layer(&without(&["analytics", "lead_link"]));
    assert!(japanese.contains("情報の一部はNagare Video Inc.に送られ、"), "{japanese}");
    assert!(english.contains("goes to Nagare Video Inc.; it is kept"), "{english}");
    assert!(!japanese.contains("お名前") && !english.contains("your name"));

    let (japanese, english) = first_layer(&without(&["functional", "analytics"]));
    assert!(japanese.contains("情報は外部に送らず、"), "{japanese}");
    assert!(english.contains("No data goes to other companies"), "{english}");

    let only_necessary = without(&["functional", "analytics", "marketing", "lead_link"]);
    let (japanese, english) = first_layer(&only_necessary);
    assert_eq!(japanese, "このサイトでは、表示や動作に必要なCookieだけを使います。");
    assert_eq!(english, "This site uses only the cookies that it needs to work.");
}

#[test]
fn the_buttons_are_short_enough_to_stand_side_by_side_on_a_telephone() {
    for (language, most) in [("ja", 5), ("en", 10)] {
        let texts = shop().texts(language);
        for button in [texts.accept, texts.reject, texts.customise] {
            assert!(button.chars().count() <= most, "{button}");
        }
    }
}

#[test]
fn a_language_is_found_by_its_nearest_or_is_the_default() {
    let shop = shop();
    for (asked, spoken) in [("en", "en"), ("en-US", "en"), ("EN", "en"), ("fr", "ja"), ("", "ja")] {
        assert_eq!(shop.texts(asked).language, spoken, "{asked}");
    }
}

#[test]
fn languages_of_the_right_to_left_say_so() {
    let mut shop = shop();
    shop.languages = ["ar", "he-IL", "az-Arab", "az", "fr"].map(str::to_owned).to_vec();
    let direction = |language| shop.texts(language).direction;
    assert_eq!(
        shop.languages.iter().map(|own| direction(own)).collect::<Vec<_>>(),
        ["rtl", "rtl", "rtl", "ltr", "ltr"]
    );
}

#[test]
fn both_languages_have_the_same_words() {
    let english: std::collections::BTreeSet<_> = texts::names().map(|(name, _)| name).collect();
    let shop = shop();
    for name in english.iter().filter(|name| **name != "body") {
        assert_ne!(shop.speech("ja").word(name), "", "{name}");
        let same = shop.speech("ja").word(name) == shop.speech("en").word(name);
        assert!(!same || *name == "cookies_label", "{name} is not translated");
    }
}

#[test]
fn a_services_text_names_provider_country_retention_and_cookies() {
    let texts = shop().texts("en");
    let kazoeru = &texts.purposes[2].services[1];
    assert_eq!(kazoeru.provider, "Kazoeru合同会社 (Japan)");
    assert_eq!(kazoeru.retention, "13 months");
    assert_eq!(
        kazoeru.cookies,
        [
            "kazoeru_id (1 year): Counting views",
            "kazoeru_last (local storage, 30 days): The day of your last visit"
        ]
    );
    let own = &texts.purposes[2].services[0];
    assert_eq!(own.provider, "Hiyori Home Goods K.K. (Japan)");
}

#[test]
fn the_page_says_for_each_transmission_what_to_whom_and_what_for_on_both_sides() {
    let page = page_of(&shop(), "ja", 3);
    for said in [
        "<html lang=\"ja\" dir=\"ltr\">",
        "第3版",
        "Nagare Video Inc.（米国）",
        "IPアドレス、ブラウザーの種類、見ている商品のページのURL",
        "商品の使い方の動画を、ページの中で再生するために使います。",
        "動画を配信し、再生回数を数えるため",
        "https://nagare.example/privacy",
        "<code>kazoeru_id</code>",
        "約6か月（180日）",
        "お名前",
        "株式会社ひより道具店",
        "京都市中京区足跡町1-2",
        "mailto:privacy@hiyori.example",
        "href=\"policy?lang=en\"",
        "「Cookie設定」から",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn the_page_needs_no_script_and_no_inline_style() {
    for language in ["ja", "en"] {
        let page = page_of(&shop(), language, 1);
        let parts = ["<script", "<style", " style=", " onclick="];
        for forbidden in parts.into_iter().chain(["{site}", "{n}", "{time}", "{reopen}"]) {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("<link rel=\"stylesheet\" href=\"policy.css\">"));
    }
    assert!(!POLICY_STYLE.contains("url(") && !POLICY_STYLE.contains("@import"));
}

#[test]
fn every_link_within_the_page_leads_somewhere() {
    let page = page_of(&shop(), "en", 1);
    for link in page.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap();
        assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
    }
}

#[test]
fn what_an_owner_writes_is_never_markup() {
    let shop = shop_with("en = \"Videos\"", "en = \"Films & 3 < 4 \\\"clips\\\"\"");
    let page = page_of(&shop, "en", 1);
    assert!(page.contains("Films &amp; 3 &lt; 4 &quot;clips&quot;"));
}

#[test]
fn forms_say_what_for_and_by_whom_before_they_are_sent() {
    let purpose = |language| {
        let texts = shop().form_texts(language);
        assert_eq!(texts.policy_url, format!("/s/shop/policy?lang={language}#forms"));
        texts.forms["contact"].purpose.clone()
    };
    assert_eq!(
        purpose("ja"),
        "個人情報の利用目的：お問い合わせへのご返答と、その記録のために使います。（取扱者：株式会社ひより道具店）"
    );
    assert_eq!(
        purpose("en"),
        "Your details: Used to answer your enquiry and to keep a record of it. \
         (Handled by: Hiyori Home Goods K.K.)"
    );
}

#[test]
fn every_fault_that_a_field_may_have_is_said_in_words_of_its_language() {
    let texts = |language| shop().form_texts(language).forms.into_values().next().unwrap();
    let said = |language, field: &str, fault: &str| {
        let (_, faults) = texts(language).fields[field].clone();
        faults.get(fault).cloned().unwrap_or_default()
    };
    for (language, field, fault, words) in [
        ("ja", "name", "required", "お名前を入力してください。"),
        ("en", "name", "required", "Please fill in “Name”."),
        ("ja", "name", "too_long", "100文字以内で入力してください。"),
        ("en", "message", "too_long", "Please keep this to 4000 characters."),
        ("ja", "message", "required", "お問い合わせ内容をひとことでもご記入ください。"),
        ("ja", "topic", "choice", "選択肢の中から選んでください。"),
        ("ja", "email", "telephone", ""),
        ("ja", "company", "required", ""),
    ] {
        assert_eq!(said(language, field, fault), words);
    }
    for language in ["ja", "en"] {
        for (key, (rule, faults)) in texts(language).fields {
            let field = Field::of_rule(key, &rule).unwrap();
            assert!(field.faults().all(|fault| faults.contains_key(fault.as_str())), "{field:?}");
            assert!(faults.values().all(|words| !words.is_empty() && !words.contains('{')));
        }
    }
}

#[test]
fn every_fault_has_built_in_words_that_say_its_bound() {
    let shop = shop_with("max = 100 #", "min = 2\nmax = 100 #");
    let form = shop.lead_form(&"contact".parse().unwrap()).unwrap();
    for language in ["ja", "en"] {
        for fault in FieldFault::ALL {
            assert!(!shop.fault(language, form, "name", fault).is_empty(), "{fault:?}");
        }
    }
    let short = shop.fault("ja", form, "name", FieldFault::TooShort);
    assert_eq!(short, "2文字以上で入力してください。");
    let unknown = shop.fault("fr", form, "card", FieldFault::TooLong);
    assert_eq!(unknown, "この項目は受け付けていません。ページを再読み込みしてください。");
}

#[test]
fn a_form_that_is_taken_for_a_programs_is_told_so_and_the_trap_can_be_left_out() {
    for language in ["ja", "en"] {
        let texts = shop().form_texts(language);
        assert_eq!(texts.spam.len(), 2);
        assert!(texts.spam.values().all(|words| !words.is_empty()));
        assert!(texts.forms["contact"].trap.as_deref().is_some_and(|words| !words.is_empty()));
    }
    let without = shop_with("[[forms.fields]]", "honeypot = false\n\n[[forms.fields]]");
    assert_eq!(without.form_texts("ja").forms["contact"].trap, None);
}
