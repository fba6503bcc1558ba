//! What the mail that asks to confirm says, and the pages that its links lead to. In Japanese and English; in
//! another language, in English.

use super::Speech;

impl Speech<'_> {
    /// A built-in word about mail.
    pub(crate) fn mail(&self, name: &str) -> &'static str {
        let words = if self.is("ja") { JA } else { EN };
        words.iter().find(|(known, _)| *known == name).map_or("", |(_, word)| word)
    }

    /// The language that those words are in.
    pub(crate) fn mail_language(&self) -> &'static str {
        if self.is("ja") { "ja" } else { "en" }
    }
}

pub(super) const JA: &[(&str, &str)] = &[
    ("subject", "メール受け取りのご確認（{site}）"),
    ("heading", "メールの受け取りをご確認ください"),
    (
        "why",
        "{site}のフォームで、このメールアドレスへのお知らせを希望する項目にチェックが入れられました。まだ登録は完了していません。",
    ),
    ("ticked", "チェックされた項目"),
    ("sent", "お送りする内容"),
    ("how", "受け取りを希望される場合は、次のページを開いて「{button}」を押してください。"),
    ("until", "リンクの有効期限は{date}です。"),
    (
        "not_you",
        "お心当たりがない場合は、何もなさらずにこのメールを削除してください。お知らせをお送りすることはありません。",
    ),
    ("stop_letter", "今後この確認メールも不要な場合は、次のページから停止できます。"),
    ("stop_link", "メールを停止する"),
    ("sender", "送信者"),
    ("address", "住所"),
    ("complaints", "苦情・お問い合わせ"),
    ("confirm_title", "メールの受け取り"),
    ("confirm_heading", "メールを受け取りますか？"),
    ("confirm_button", "受け取る"),
    ("confirm_note", "「{button}」を押すまで、登録は完了しません。いつでも停止できます。"),
    ("confirmed_heading", "登録が完了しました"),
    ("confirmed", "ありがとうございます。お知らせをメールでお送りします。"),
    ("confirmed_stop", "受け取りは、お知らせのメールにあるリンクからいつでも停止できます。"),
    ("known_heading", "すでに登録されています"),
    ("known", "{date}に受け取りを確認済みです。あらためて操作していただく必要はありません。"),
    ("expired_heading", "リンクの有効期限が切れています"),
    (
        "expired",
        "安全のため、確認のリンクは7日間で無効になります。受け取りを希望される場合は、お手数ですがフォームをもう一度お送りください。",
    ),
    ("gone_heading", "このお申し込みは残っていません"),
    (
        "gone",
        "お申し込みの記録は削除されています。受け取りを希望される場合は、フォームをもう一度お送りください。",
    ),
    ("ended_heading", "このお申し込みは停止されています"),
    (
        "ended",
        "メールの停止を受け付けたため、このリンクは使えなくなりました。受け取りを再開される場合は、フォームをもう一度お送りください。",
    ),
    ("invalid_heading", "リンクが正しくありません"),
    (
        "invalid",
        "アドレスの一部が欠けている可能性があります。メールに書かれたアドレスを、最初から最後まで開いてください。",
    ),
    ("stop_title", "メールの停止"),
    ("stop_heading", "メールを停止しますか？"),
    ("stop_text", "このメールアドレスには、{site}からのお知らせをお送りしなくなります。"),
    ("stop_button", "停止する"),
    ("stopped_heading", "メールを停止しました"),
    ("stopped", "このメールアドレスには、今後お知らせをお送りしません。"),
    (
        "under_way",
        "ちょうど送信中のメールが1通あり、行き違いで届くことがあります。ご了承ください。",
    ),
    ("stopped_again", "受け取りを再開される場合は、フォームから改めてお申し込みください。"),
];

pub(super) const EN: &[(&str, &str)] = &[
    ("subject", "Please confirm that you want our e-mail ({site})"),
    ("heading", "Please confirm that you want our e-mail"),
    (
        "why",
        "Somebody ticked a box in a form of {site} that asks for news to this address. Nothing is subscribed yet.",
    ),
    ("ticked", "What was ticked"),
    ("sent", "What we would send"),
    ("how", "If you want it, open this page and press “{button}”."),
    ("until", "The link works until {date}."),
    ("not_you", "If that was not you, just delete this message. We will not send you any news."),
    ("stop_letter", "If you do not want to be asked again either, you can stop that here."),
    ("stop_link", "Stop all e-mail"),
    ("sender", "Sender"),
    ("address", "Address"),
    ("complaints", "Complaints and questions"),
    ("confirm_title", "E-mail from us"),
    ("confirm_heading", "Do you want our e-mail?"),
    ("confirm_button", "Yes, send me e-mail"),
    (
        "confirm_note",
        "Nothing is subscribed until you press “{button}”. You can stop it at any time.",
    ),
    ("confirmed_heading", "You are subscribed"),
    ("confirmed", "Thank you. We will send you our news by e-mail."),
    ("confirmed_stop", "Each of those messages has a link by which you can stop them."),
    ("known_heading", "You are subscribed already"),
    ("known", "You confirmed this on {date}. There is nothing more to do."),
    ("expired_heading", "This link has expired"),
    (
        "expired",
        "For safety, a link to confirm works for seven days. If you still want our e-mail, please send the form once more.",
    ),
    ("gone_heading", "This request is not there any more"),
    (
        "gone",
        "Its record has been deleted. If you want our e-mail, please send the form once more.",
    ),
    ("ended_heading", "This request was stopped"),
    (
        "ended",
        "We were told to stop e-mail to this address, so the link no longer works. To start again, please send the form once more.",
    ),
    ("invalid_heading", "This link is not right"),
    (
        "invalid",
        "Part of the address may be missing. Please open the whole address that stands in the message.",
    ),
    ("stop_title", "Stop e-mail"),
    ("stop_heading", "Stop our e-mail?"),
    ("stop_text", "{site} will send no more news to this address."),
    ("stop_button", "Stop e-mail"),
    ("stopped_heading", "Your e-mail is stopped"),
    ("stopped", "We will send no more news to this address."),
    ("under_way", "One message was being sent just now and may still arrive. Please excuse it."),
    ("stopped_again", "To start again, please ask for it in our form."),
];
