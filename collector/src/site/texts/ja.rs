//! The built-in words in Japanese.

use super::Facts;

pub(super) const WORDS: &[(&str, &str)] = &[
    ("title", "Cookieの利用について"),
    ("accept", "すべて許可"),
    ("reject", "すべて拒否"),
    ("customise", "選んで設定"),
    ("preferences", "Cookieの設定"),
    (
        "preferences_body",
        "目的やサービスごとに選べます。許可しなくても、サイトはご覧いただけます。",
    ),
    ("save", "選択を保存"),
    ("close", "保存せずに閉じる"),
    ("always_on", "常に有効"),
    ("saved", "設定を保存しました"),
    ("reopen", "Cookie設定"),
    ("policy", "Cookieポリシー"),
    ("details", "くわしく見る"),
    ("provider_label", "提供元"),
    ("sends_label", "送られる情報"),
    ("use_label", "使いみち"),
    ("retention_label", "保存期間"),
    ("cookies_label", "Cookie"),
    ("changed", "前回の選択から変わったこと"),
    (
        "gpc",
        "お使いのブラウザーの「追跡拒否（GPC）」の設定にしたがい、「{names}」は拒否として扱います。",
    ),
    ("gpc_off", "ブラウザーの設定（GPC）により拒否中"),
    ("reload", "取り消したサービスを完全に止めるには、ページを再読み込みしてください。"),
    ("reload_button", "再読み込み"),
    ("later", "あとで"),
    ("blocked", "「{name}」の内容を表示するには、許可が必要です。"),
    ("unblock", "許可して表示"),
    ("form_purpose", "個人情報の利用目的"),
    ("form_controller", "取扱者"),
    ("form_policy", "個人情報の取り扱いを見る"),
    ("form_trap", "この欄には何も入力しないでください"),
    (
        "form_spam_trap",
        "自動送信ではないことを確かめられませんでした。お手数ですが、もう一度お送りください。",
    ),
    (
        "form_spam_too_fast",
        "送信がとても早かったため、念のため確認しています。数秒おいて、もう一度お送りください。",
    ),
    ("fault_required", "{name}を入力してください。"),
    ("fault_required_choice", "{name}を選んでください。"),
    ("fault_required_checkbox", "チェックを入れてください。"),
    ("fault_too_short", "{n}文字以上で入力してください。"),
    ("fault_too_long", "{n}文字以内で入力してください。"),
    ("fault_too_small", "{n}以上の数値を入力してください。"),
    ("fault_too_large", "{n}以下の数値を入力してください。"),
    ("fault_email", "メールアドレスの形式をご確認ください（例：hanako@example.jp）。"),
    (
        "fault_telephone",
        "電話番号を市外局番から入力してください（例：075-000-0000）。海外の番号は「+」と国番号から入力してください。",
    ),
    ("fault_postal_code", "郵便番号を7桁の数字で入力してください（例：604-8001）。"),
    ("fault_kana", "フリガナをカタカナで入力してください（例：ヤマダ ハナコ）。"),
    ("fault_number", "数字で入力してください（例：1200）。"),
    ("fault_date", "実在する日付を入力してください（例：2026年11月25日）。"),
    ("fault_url", "URLの形式をご確認ください（例：https://www.example.co.jp）。"),
    ("fault_choice", "選択肢の中から選んでください。"),
    ("fault_too_many_links", "URLの数が多すぎます。減らしてからお送りください。"),
    ("fault_control", "使えない文字が含まれています。改行などを取り除いてください。"),
    ("fault_unknown", "この項目は受け付けていません。ページを再読み込みしてください。"),
    ("day", "1日"),
    ("days", "{n}日"),
    ("month", "1か月"),
    ("months", "{n}か月"),
    ("year", "1年"),
    ("years", "{n}年"),
    ("about", "約{time}"),
    ("until_closed", "タブを閉じるまで"),
    ("until_deleted", "削除するまで"),
    ("area_cookie", "Cookie"),
    ("area_local", "ローカルストレージ"),
    ("area_session", "セッションストレージ"),
    ("area_database", "データベース（IndexedDB）"),
    ("language_name", "日本語"),
    ("page_title", "Cookieと外部送信について"),
    ("page_contents", "目次"),
    (
        "page_intro",
        "{site}で使うCookieと、ご覧いただくときに送られる情報について、送り先・使いみち・保存期間をお知らせします。",
    ),
    ("page_revision", "第{n}版（{date}から適用）"),
    ("page_earlier", "これは以前の版です。{from}から{to}まで適用していました。"),
    ("page_newest", "現在の版を読む"),
    ("page_language", "表示する言語"),
    ("page_controller", "運営者"),
    ("page_controller_name", "名称"),
    ("page_representative", "代表者"),
    ("page_address", "所在地"),
    ("page_contact", "お問い合わせ"),
    ("page_complaints", "苦情の申出先（外部）"),
    ("page_external", "外部の事業者に送られる情報"),
    (
        "page_external_intro",
        "お使いのブラウザーから、次の事業者に情報が送られます。「許可制」のものは、許可をいただくまで送られません。",
    ),
    ("page_external_none", "外部の事業者に送られる情報はありません。"),
    ("page_recipient", "送り先"),
    ("page_our_use", "当サイトでの使いみち"),
    ("page_their_use", "送り先での使いみち"),
    ("page_their_policy", "プライバシーポリシー"),
    ("page_purposes", "目的ごとの取り扱い"),
    ("page_external_badge", "外部送信"),
    ("page_asked", "許可制"),
    ("page_cookies", "ブラウザーに保存されるもの"),
    (
        "page_cookies_intro",
        "このサイトがブラウザーに保存するCookieなどの一覧です。名前の「*」には、任意の文字が入ります。",
    ),
    ("page_cookie_name", "名前"),
    ("page_cookie_lifetime", "有効期間"),
    ("page_cookie_service", "サービス"),
    ("page_forms", "フォームでお預かりする情報"),
    ("page_fields", "お預かりする項目"),
    ("page_choice", "変更・取り消し・削除のしかた"),
    ("page_change", "選択を変える・取り消す"),
    (
        "page_change_text",
        "サイトの各ページにある「{reopen}」から、いつでも変更・取り消しができます。取り消すと情報の送信が止まり、当サイトの計測用のCookieなどはその場で削除されます。選択の有効期間は{time}で、過ぎるともう一度おたずねします。",
    ),
    ("page_disable", "Cookieを削除する・受け取らない"),
    (
        "page_disable_text",
        "ブラウザーの設定で、保存されたものの削除や、Cookieを受け取らない設定ができます。すべて受け取らない設定にすると、選択を覚えておけないため、そのつどおたずねします。メニューの名前は、バージョンによって少し異なります。",
    ),
    (
        "page_chrome",
        "アドレスバーの左のアイコンを押し、「Cookieとサイトデータ」を開くと、このサイトの分を削除できます。まとめて削除するときや、受け取らないようにするときは、「設定」の「プライバシーとセキュリティ」を開きます。",
    ),
    (
        "page_edge",
        "アドレスバーの左の鍵のアイコンを押し、「Cookieとサイトデータ」を開くと、このサイトの分を削除できます。受け取らないようにするときは、「設定」の「プライバシー、検索、サービス」から「Cookie」を開きます。",
    ),
    (
        "page_firefox",
        "アドレスバーの左の鍵のアイコンを押し、「Cookieとサイトデータを消去」を選びます。受け取らないようにするときは、「設定」の「プライバシーとセキュリティ」で強化型トラッキング防止を「カスタム」にし、拒否するCookieを選びます。",
    ),
    (
        "page_safari_phone",
        "「設定」アプリで「アプリ」→「Safari」→「詳細」→「Webサイトデータ」を開くと、このサイトの分を削除できます。受け取らないようにするときは、同じ「詳細」で「すべてのCookieをブロック」をオンにします。",
    ),
    (
        "page_safari_mac",
        "メニューの「Safari」→「設定」→「プライバシー」→「Webサイトデータを管理」で、このサイトの分を削除できます。受け取らないようにするときは、「詳細」で「すべてのCookieをブロック」を選びます。",
    ),
    ("page_records", "記録を消す"),
    (
        "page_records_text",
        "選択を取り消すと、許可にもとづいて残したこのブラウザーの記録も消去されます。記録の内容を知りたいときや、そのほかのご要望は、下のお問い合わせ先へご連絡ください。",
    ),
    ("page_gpc", "ブラウザーの追跡拒否（GPC）への対応"),
    (
        "page_gpc_text",
        "ブラウザーには、追跡を望まないことをすべてのサイトに伝える設定（Global Privacy Control）を備えたものがあります。この設定がオンのときは、おたずねすることなく、次の目的を拒否として扱います。ご自身が「{reopen}」で許可しないかぎり、拒否のままです。",
    ),
    ("page_history", "改定の履歴"),
    (
        "page_history_intro",
        "選択にかかわる内容を変えたときは、もう一度おたずねし、変わったことをここに記録します。",
    ),
    ("page_version", "第{n}版"),
    ("page_read", "第{n}版を読む"),
    ("page_shown", "表示中の版"),
    ("page_first", "最初の版です。"),
    ("page_address_of", "このページのアドレス"),
    ("change_more", "ほか{n}件の変更があります。"),
    ("change_texts", "すべての文面を改めました。"),
    ("change_controller", "運営者の名称が「{from}」から「{to}」に変わりました。"),
    ("change_purpose_added", "新しい目的「{name}」が加わりました。"),
    ("change_purpose_removed", "目的「{name}」がなくなりました。"),
    ("change_always", "「{name}」は、常に有効になりました。"),
    ("change_asked", "「{name}」は、許可をいただいたときだけ使うようになりました。"),
    ("change_use", "「{name}」の使いみちが変わりました。"),
    ("change_their_use", "「{name}」の送り先での使いみちが変わりました。"),
    ("change_retention", "「{name}」の保存期間が{from}から{to}に変わりました。"),
    ("change_service_added", "「{name}」（{provider}）が加わりました。"),
    ("change_service_removed", "「{name}」の利用をやめました。"),
    ("change_moved", "「{name}」の目的が「{from}」から「{to}」に変わりました。"),
    ("change_provider", "「{name}」の提供元が{from}から{to}に変わりました。"),
    ("change_country", "「{name}」の提供元の国・地域が{from}から{to}に変わりました。"),
    ("change_external", "「{name}」の情報が、外部の事業者に送られるようになりました。"),
    ("change_internal", "「{name}」の情報が、外部の事業者に送られなくなりました。"),
    ("change_sends", "「{name}」で送られる情報が変わりました。"),
    ("change_signals", "「{name}」についての選択をGoogleに伝える内容が変わりました。"),
    ("change_events", "「{name}」で記録する操作が変わりました。"),
    ("change_item_added", "「{name}」が、ブラウザーに{item}を保存するようになりました。"),
    ("change_item_removed", "「{name}」が、{item}を保存しなくなりました。"),
    ("change_item_time", "{item}の有効期間が「{from}」から「{to}」に変わりました。"),
    ("change_item_use", "{item}の使いみちが変わりました。"),
    ("change_order", "目的やサービスの並び順が変わりました。"),
];

/// The first layer's text: short enough for a small telephone.
pub(super) fn body(facts: &Facts<'_>) -> String {
    if facts.purposes.is_empty() && !facts.link {
        return "このサイトでは、表示や動作に必要なCookieだけを使います。".to_owned();
    }
    let mut text = String::new();
    let (named, more) = facts.first_purposes();
    if !named.is_empty() {
        let more = if more { "など" } else { "" };
        text = format!("Cookieを{}{more}に使います。", named.join("、"));
    }
    let mut recipients = facts.recipients.iter();
    let outside = match (recipients.next(), recipients.count()) {
        (None, _) => "情報は外部に送らず、".to_owned(),
        (Some(only), 0) if only.chars().count() <= 20 => {
            format!("情報の一部は{only}に送られ、")
        }
        (Some(_), more) => format!("情報の一部は外部{}社に送られ、", more + 1),
    };
    text += &match &facts.longest {
        Some(longest) => format!("{outside}保存は最長{longest}です。"),
        None => format!("{outside}一部は削除されるまでブラウザーに残ります。"),
    };
    if facts.link {
        text += "許可すると、閲覧履歴がお名前と結びつくことがあります。";
    }
    text + &format!("「{}」からいつでも変更・削除できます。", facts.reopen)
}
