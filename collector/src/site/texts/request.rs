//! What the form for requests about one's own data says, its pages, and its mail. In Japanese and English; in another
//! language, in English.

use super::Speech;

impl Speech<'_> {
    /// A built-in word about requests.
    pub(crate) fn request(&self, name: &str) -> &'static str {
        let words = if self.is("ja") { JA } else { EN };
        words.iter().find(|(known, _)| *known == name).map_or("", |(_, word)| word)
    }

    /// What is asked for, and what it means.
    pub(crate) fn request_kind(&self, kind: &str) -> (&'static str, &'static str) {
        (self.request(&format!("kind_{kind}")), self.request(&format!("kind_{kind}_text")))
    }
}

pub(super) const JA: &[(&str, &str)] = &[
    ("title", "個人情報に関するご請求"),
    ("form_heading", "個人情報に関するご請求"),
    ("wrong_title", "入力内容をご確認ください："),
    ("wrong", "送信できませんでした。入力内容をご確認ください。"),
    (
        "intro",
        "お問い合わせやお申し込みなどで{site}にお送りいただいた個人情報について、開示・訂正・利用停止・消去などをご請求いただけます。",
    ),
    ("kind", "ご請求の内容"),
    ("kind_export", "内容を知りたい（開示）"),
    (
        "kind_export_text",
        "お預かりしている情報を、読みやすいページとデータ（JSON）でお渡しします。",
    ),
    ("kind_provision", "提供先を知りたい（第三者提供の記録の開示）"),
    ("kind_provision_text", "どなたに、いつ、どのような情報を提供したかの記録をお渡しします。"),
    ("kind_correct", "内容を直してほしい（訂正・追加・削除）"),
    ("kind_correct_text", "正しい内容を、下の「ご請求の詳細」にご記入ください。"),
    ("kind_stop", "使うのをやめてほしい（利用停止）"),
    ("kind_stop_text", "ご連絡などへの利用をやめ、閲覧履歴との結びつけも外します。"),
    ("kind_erase", "消してほしい（消去）"),
    (
        "kind_erase_text",
        "お預かりしている情報と、結びつけられた閲覧履歴を削除します。元には戻せません。",
    ),
    ("within_appi", "いずれも、メールでのご確認から{days}以内にお答えします。"),
    ("within_gdpr", "いずれも、メールでのご確認から1か月以内にお答えします（GDPR第12条第3項）。"),
    ("email", "メールアドレス"),
    (
        "email_hint",
        "お問い合わせなどの際にお使いになったアドレスをご入力ください。ご本人であることを、このアドレスにお送りするメールで確認します。",
    ),
    ("message", "ご請求の詳細（訂正の場合は必須）"),
    (
        "message_hint",
        "訂正をご希望の場合は、どこをどのように直すかをご記入ください。4,000文字まで。",
    ),
    ("message_needed", "どこをどのように直すかをご記入ください。"),
    ("use", "ご入力いただいた内容は、ご請求への対応のためだけに使い、対応が終わると削除します。"),
    ("send", "確認メールを受け取る"),
    ("kind_missing", "ご請求の内容を選んでください。"),
    ("kind_unknown", "この中からお選びください。"),
    (
        "elsewhere",
        "ほかのサイトから送信されたか、送信元を確認できませんでした。このページの「{button}」からお送りください。",
    ),
    ("too_often", "短い時間に何度も送信されています。{n}分ほどおいて、もう一度お送りください。"),
    ("too_old", "ページを開いてから時間がたっています。お手数ですが、もう一度お送りください。"),
    ("unreadable", "送信された内容を読み取れませんでした。このページからもう一度お送りください。"),
    ("too_large", "送信された内容が長すぎます。ご請求の詳細を短くして、もう一度お送りください。"),
    ("busy", "ただいま受け付けられません。少しおいて、もう一度お送りください。"),
    ("sent_heading", "確認メールをご覧ください"),
    (
        "sent",
        "ご入力いただいたアドレスに確認メールをお送りします。メールのリンクを開き、ボタンを押すと受け付けが完了します。",
    ),
    (
        "sent_next",
        "リンクの有効期限は7日間です。期限までに確認されなかったご請求は、自動的に削除されます。",
    ),
    (
        "sent_none",
        "しばらくしても届かない場合は、迷惑メールのフォルダーとアドレスの入力誤りをご確認ください。確認メールは、同じアドレスには1時間に1通、30日間に5通までお送りします。",
    ),
    ("confirm_heading", "ご請求の内容をご確認ください"),
    ("asked", "ご請求の内容"),
    ("confirm_button", "請求する"),
    ("confirm_note", "「{button}」を押すまで、受け付けは完了しません。"),
    ("received_heading", "ご請求を受け付けました"),
    (
        "received",
        "{date}までに、メールでお答えします。受け付けのお知らせもメールでお送りしました。",
    ),
    ("known_heading", "すでに受け付けています"),
    (
        "known",
        "{since}に受け付けたご請求です。{date}までに、メールでお答えします。あらためて操作していただく必要はありません。",
    ),
    ("answered_heading", "このご請求は終了しています"),
    ("answered_on", "{date}に手続きを終え、結果をメールでお知らせしています。"),
    ("expired_heading", "リンクの有効期限が切れています"),
    (
        "expired",
        "安全のため、リンクは7日間で無効になり、確認されなかったご請求は削除されます。お手数ですが、もう一度お手続きください。",
    ),
    ("again", "ご請求のフォームを開く"),
    ("invalid_heading", "リンクが正しくありません"),
    (
        "invalid",
        "アドレスの一部が欠けている可能性があります。メールに書かれたアドレスを、最初から最後まで開いてください。",
    ),
    ("none_heading", "フォームでは受け付けていません"),
    ("none", "{site}への個人情報に関するご請求は、次の窓口までお寄せください。"),
    ("otherwise", "個人情報に関するお問い合わせ窓口"),
    ("take_heading", "ご請求いただいた情報"),
    (
        "take",
        "お渡しする情報の準備ができています。ページで読むことも、データ（JSON）として保存することもできます。それぞれ1回限りで、{date}まで有効です。ほかの人に画面を見られない場所でお開きください。",
    ),
    ("read_button", "ページで読む"),
    ("download_button", "データを保存する（JSON）"),
    ("take_used", "一度お使いになった方法は、表示されません。"),
    ("taken_heading", "このリンクは使えなくなりました"),
    (
        "taken",
        "すでにお使いになったか、有効期限が切れています。もう一度必要な場合は、あらためてご請求ください。",
    ),
    ("linked", "フォームからのご請求"),
    ("link", "個人情報の開示・訂正・利用停止・消去などを請求する"),
    ("link_me", "お問い合わせなどのフォームで送った情報については、こちらからご請求いただけます。"),
    // The mail.
    ("confirm_subject", "個人情報に関するご請求の確認（{site}）"),
    ("confirm_title", "ご請求をご確認ください"),
    (
        "confirm_why",
        "{site}のフォームで、このメールアドレスについて次のご請求が送信されました。まだ受け付けは完了していません。",
    ),
    ("confirm_how", "ご自身のご請求の場合は、次のページを開いて「{button}」を押してください。"),
    ("confirm_open", "確認のページを開く"),
    ("confirm_until", "リンクの有効期限は{date}です。"),
    (
        "not_you",
        "お心当たりがない場合は、何もなさらずにこのメールを削除してください。ご請求は受け付けられず、期限が過ぎると記録も削除されます。",
    ),
    ("received_subject", "ご請求を受け付けました（{site}）"),
    ("received_title", "ご請求を受け付けました"),
    (
        "received_text",
        "次のご請求を受け付けました。{date}までに、このアドレスへメールでお答えします。",
    ),
    ("done_subject", "ご請求へのお答え（{site}）"),
    ("done_title", "ご請求へのお答え"),
    ("done_text", "次のご請求について、手続きが終わりました。"),
    (
        "done_export",
        "お預かりしている情報をまとめました。次のページから、お読みいただくことも、データ（JSON）として保存していただくこともできます。それぞれ1回限りで、{date}まで有効です。",
    ),
    (
        "done_provision",
        "提供の記録をまとめました。次のページから、お読みいただくことも、データ（JSON）として保存していただくこともできます。それぞれ1回限りで、{date}まで有効です。",
    ),
    ("done_open", "情報を受け取るページを開く"),
    ("done_correct", "お預かりしている情報を、ご請求に沿って訂正しました。"),
    (
        "done_stop",
        "お預かりしている情報の利用を停止しました。ご連絡などには使わず、閲覧履歴との結びつけも外しています。",
    ),
    (
        "done_erase",
        "お預かりしていた情報と、結びつけられた閲覧履歴を削除しました。同意の記録は法令に沿って一定の期間残りますが、お名前やご連絡先は含まれていません。",
    ),
    (
        "unknown",
        "このメールアドレスでお預かりしている情報は見つかりませんでした。ほかのメールアドレスや電話番号をお使いになったことがある場合は、下記の窓口までお知らせください。",
    ),
    (
        "refused_not_identified",
        "ご本人からのご請求であることを確認できなかったため、お応えできませんでした。",
    ),
    ("refused_withdrawn", "ご請求が取り下げられたため、手続きを終了しました。"),
    (
        "refused_excessive",
        "明らかに理由がないか、過度なご請求と判断したため、お応えできませんでした。",
    ),
    ("refused_exempt", "法令の定めにより、ご請求にお応えできませんでした。"),
    (
        "objection",
        "この結果にご不服がある場合は、下記の窓口のほか、個人情報の保護を監督する機関にも申し出ることができます。",
    ),
];

pub(super) const EN: &[(&str, &str)] = &[
    ("title", "Your personal data"),
    ("form_heading", "Ask about your personal data"),
    ("wrong_title", "Please check: "),
    ("wrong", "It was not sent yet. Please check what is marked below."),
    (
        "intro",
        "Here you can ask to see, correct, stop the use of or erase the personal data that you have sent to {site}, by a form for example.",
    ),
    ("kind", "What do you ask for?"),
    ("kind_export", "To see what you hold about me (access)"),
    ("kind_export_text", "We give you what we hold, as a page to read and as a file (JSON)."),
    ("kind_provision", "To see whom you have given it to (record of provision to third parties)"),
    ("kind_provision_text", "We give you the record of who received what, and when."),
    ("kind_correct", "To have it corrected"),
    ("kind_correct_text", "Please write under “Details” what it should say."),
    ("kind_stop", "To have its use stopped"),
    ("kind_stop_text", "We no longer use it to contact you, and untie it from your browsing."),
    ("kind_erase", "To have it erased"),
    (
        "kind_erase_text",
        "We delete what we hold and the browsing tied to it. This cannot be undone.",
    ),
    ("within_appi", "Whichever it is, we answer within {days} after you confirm it by e-mail."),
    (
        "within_gdpr",
        "Whichever it is, we answer within one month after you confirm it by e-mail (GDPR, article 12(3)).",
    ),
    ("email", "E-mail address"),
    (
        "email_hint",
        "The address that you used when you wrote to us. We send a message there to see that it is you.",
    ),
    ("message", "Details (needed for a correction)"),
    (
        "message_hint",
        "If something is to be corrected, tell us what and how. Up to 4,000 characters.",
    ),
    ("message_needed", "Please write what is to be corrected, and how."),
    (
        "use",
        "What you write here is used to answer your request alone, and deleted when that is done.",
    ),
    ("send", "Send me a message to confirm"),
    ("kind_missing", "Please choose what you ask for."),
    ("kind_unknown", "Please choose one of these."),
    (
        "elsewhere",
        "This came from another site, or we could not see from where. Please send it by “{button}” on this page.",
    ),
    (
        "too_often",
        "This was sent too often in a short time. Please wait {n} minutes and send it again.",
    ),
    ("too_old", "This page has been open for long. Please send it once more."),
    ("unreadable", "We could not read what was sent. Please send it again from this page."),
    ("too_large", "What was sent is too long. Please shorten the details and send it again."),
    ("busy", "We cannot take it just now. Please wait a little and send it again."),
    ("sent_heading", "Please look at your e-mail"),
    (
        "sent",
        "We send a message to the address that you entered. Your request is received once you open its link and press the button there.",
    ),
    (
        "sent_next",
        "The link works for seven days. A request that is not confirmed by then is deleted by itself.",
    ),
    (
        "sent_none",
        "If nothing arrives, please look into your spam folder, and check the address for typing errors. We send no more than one such message an hour, and five in thirty days, to one address.",
    ),
    ("confirm_heading", "Please check your request"),
    ("asked", "What is asked for"),
    ("confirm_button", "Yes, make this request"),
    ("confirm_note", "Nothing is received until you press “{button}”."),
    ("received_heading", "We have received your request"),
    ("received", "We answer by e-mail by {date}. We have also sent you a message that says so."),
    ("known_heading", "We have received it already"),
    (
        "known",
        "We received this request on {since} and answer by e-mail by {date}. There is nothing more to do.",
    ),
    ("answered_heading", "This request is closed"),
    ("answered_on", "We closed it on {date}, and told you the result by e-mail."),
    ("expired_heading", "This link has expired"),
    (
        "expired",
        "For safety, a link works for seven days, and a request that was not confirmed is deleted. Please make it once more.",
    ),
    ("again", "Open the form"),
    ("invalid_heading", "This link is not right"),
    (
        "invalid",
        "Part of the address may be missing. Please open the whole address that stands in the message.",
    ),
    ("none_heading", "There is no form for this"),
    ("none", "Please send requests about your personal data at {site} to this contact."),
    ("otherwise", "Contact for questions about personal data"),
    ("take_heading", "The data that you asked for"),
    (
        "take",
        "It is ready. You can read it as a page and save it as a file (JSON), each of them once, until {date}. Please open it where nobody else sees your screen.",
    ),
    ("read_button", "Read it as a page"),
    ("download_button", "Save it as a file (JSON)"),
    ("take_used", "What you have used already is not shown."),
    ("taken_heading", "This link no longer works"),
    (
        "taken",
        "It has been used, or its time is over. If you need the data again, please make another request.",
    ),
    ("linked", "Request by form"),
    ("link", "Ask to see, correct, stop the use of or erase your personal data"),
    ("link_me", "About what you have sent us by a form, you can ask here."),
    ("confirm_subject", "Please confirm your request about your personal data ({site})"),
    ("confirm_title", "Please confirm your request"),
    (
        "confirm_why",
        "Somebody made this request for your e-mail address by a form of {site}. It has not been received yet.",
    ),
    ("confirm_how", "If it was you, open this page and press “{button}”."),
    ("confirm_open", "Open the page"),
    ("confirm_until", "The link works until {date}."),
    (
        "not_you",
        "If that was not you, just delete this message. The request is not received, and its record is deleted when the link has expired.",
    ),
    ("received_subject", "We have received your request ({site})"),
    ("received_title", "We have received your request"),
    ("received_text", "We have received this request. We answer to this address by {date}."),
    ("done_subject", "The answer to your request ({site})"),
    ("done_title", "The answer to your request"),
    ("done_text", "We have dealt with this request."),
    (
        "done_export",
        "We have put together what we hold about you. On this page you can read it and save it as a file (JSON), each of them once, until {date}.",
    ),
    (
        "done_provision",
        "We have put together the record of who was given your data. On this page you can read it and save it as a file (JSON), each of them once, until {date}.",
    ),
    ("done_open", "Open the page with the data"),
    ("done_correct", "We have corrected what we hold about you as you asked."),
    (
        "done_stop",
        "We have stopped using what we hold about you. It is not used to contact you, and is no longer tied to your browsing.",
    ),
    (
        "done_erase",
        "We have erased what we held about you, and the browsing tied to it. The record of your consent is kept for a time as the law asks; it has neither name nor address.",
    ),
    (
        "unknown",
        "We hold nothing under this e-mail address. If you have used another address or a telephone number, please tell the contact below.",
    ),
    (
        "refused_not_identified",
        "We could not see that the request came from the person concerned, and did not follow it.",
    ),
    ("refused_withdrawn", "The request was withdrawn, and is closed."),
    (
        "refused_excessive",
        "We found the request to be manifestly unfounded or excessive, and did not follow it.",
    ),
    ("refused_exempt", "The law exempts us from following the request."),
    (
        "objection",
        "If you do not agree, please tell the contact below. You may also complain to the authority for data protection.",
    ),
];
