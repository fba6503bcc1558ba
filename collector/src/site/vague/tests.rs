use super::*;

const VAGUE: &[(&str, &str)] = &[
    ("ja", "サービス向上のため"),
    ("ja", "サービスの改善のために利用します"),
    ("ja", "サービスの改善のために利用します。"),
    ("ja", "お客様により良いサービスを提供するため"),
    ("ja", "お客さまに、よりよいサービスをご提供するために使います。"),
    ("ja", "マーケティングのため"),
    ("ja", "マーケティング活動に用いるため"),
    ("ja", "各種目的"),
    ("ja", "事業のため"),
    ("ja", "事業活動に用いるため"),
    ("ja", "当社の業務の円滑な遂行のため"),
    ("ja", "ユーザー体験の最適化を行うため"),
    ("ja", "ＵＸの向上"),
    ("ja", "Webサイトの利便性向上のため"),
    ("ja", "個人情報を適切に管理・運用するため"),
    ("ja", "商品・サービスの開発のため"),
    ("ja", "データ分析とサービス改善のため"),
    ("ja", "お客様のニーズに合った最適な情報を提供するため"),
    ("ja", "顧客満足度の向上とビジネスの発展のため"),
    ("ja", "その他、当社の事業に関連する目的のため"),
    ("ja", "広告等"),
    ("ja", "！？"),
    ("en", "to improve our services"),
    ("en", "To improve our products and services."),
    ("en", "for marketing purposes"),
    ("en", "Business purposes"),
    ("en", "to enhance user experience"),
    ("en", "We use cookies to provide you with the best possible experience on our website"),
    ("en", "For analytics"),
    ("en", "Used for our legitimate business interests"),
    ("en", "to personalise your experience"),
    ("en", "To make our site better for everyone"),
    ("en", "for internal research and development"),
    ("en-GB", "To optimise content and features for our users"),
    ("en", "…"),
];

const SPECIFIC: &[(&str, &str)] = &[
    ("ja", "どのページがどれだけ見られたかを集計し、品ぞろえを見直すため"),
    ("ja", "動画を配信し、再生回数を数えるため"),
    ("ja", "商品の発送のため"),
    ("ja", "お問い合わせへのご返答のため"),
    ("ja", "サービス改善のため、検索に使われた言葉を集計します"),
    ("ja", "広告の効果を測定するため"),
    ("ja", "アクセス解析のため"),
    ("ja", "カートに入れた商品を覚えておくため"),
    ("ja", "不正なログインを見つけて止めるため"),
    ("ja-JP", "地図を表示し、最寄りの店舗をご案内するため"),
    ("en", "To count views by screen size"),
    ("en", "to deliver the video and count how often it is played"),
    ("en", "To remember the items in your basket"),
    ("en", "To prevent fraud"),
    ("en", "To improve our services by counting the words people search for"),
    ("en", "to measure which advertisement led to a purchase"),
    ("en", "To show a map of the nearest shop"),
];

#[test]
fn a_purpose_that_fits_any_business_is_vague() {
    for (language, text) in VAGUE {
        assert!(is_vague(language, text, Need::Specific), "{text}");
    }
}

#[test]
fn a_purpose_that_names_what_is_done_is_specific() {
    for (language, text) in SPECIFIC {
        assert!(!is_vague(language, text, Need::Specific), "{text}");
    }
}

#[test]
fn a_few_words_are_enough_in_a_table_but_empty_ones_are_not() {
    for (language, text) in [
        ("ja", "選択の内容"),
        ("ja", "閲覧回数の集計"),
        ("en", "Counting views"),
        ("en", "What you chose"),
    ] {
        assert!(!is_vague(language, text, Need::Brief), "{text}");
    }
    for (language, text) in [
        ("ja", "情報"),
        ("ja", "サービス向上"),
        ("en", "Your data"),
        ("en", "To improve our services"),
    ] {
        assert!(is_vague(language, text, Need::Brief), "{text}");
    }
}

#[test]
fn the_examples_in_the_remedies_would_pass() {
    for language in ["ja", "en"] {
        assert!(!is_vague(language, example(language), Need::Specific));
    }
}

#[test]
fn a_language_that_cannot_be_judged_is_not() {
    assert!(!is_vague("fr", "pour améliorer nos services", Need::Specific));
}
