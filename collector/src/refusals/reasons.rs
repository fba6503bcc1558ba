//! Every reason: its stable name, what it means, and what to do about it.

use consent_core::gate::Refusal;

/// What a reason means and what can be done about it, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Text {
    /// What it means.
    pub means: &'static str,
    /// What whoever runs the site can do.
    pub remedy: &'static str,
}

/// The calls of visitors' pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `POST /v1/sessions`.
    Session,
    /// `POST /v1/consents`.
    Decision,
    /// `POST /v1/events`.
    Events,
    /// `POST /v1/leads`.
    Lead,
}

/// What a call was refused with: the problem's own codes, never what the caller sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The problem's code.
    pub code: &'static str,
    /// The code of its first field, for 422.
    pub field: Option<&'static str>,
}

/// A reason of refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its stable name, in the database, in answers and in metrics.
    pub name: &'static str,
    en: Text,
    ja: Text,
}

impl Reason {
    /// The reason of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        REASONS.iter().find(|reason| reason.name == name)
    }

    /// Why a whole call was refused. None where that is no refusal: there was nothing at the address, or
    /// the collector could not store.
    #[must_use]
    pub fn of_call(call: Call, refused: Refused) -> Option<&'static Self> {
        let name = match (refused.code, refused.status) {
            (_, 429) => "too_many_calls",
            ("unsigned" | "signature_malformed" | "session_unknown", _) => "unsigned",
            ("signature_invalid", _) => "signature_invalid",
            ("signature_expired", _) => "signature_expired",
            ("session_expired", _) => "session_expired",
            ("session_other_site" | "session_other_visitor" | "session_without_visitor", _) => {
                "session_of_another"
            }
            ("visitor_unknown", _) => "visitor_unknown",
            ("origin", _) => "foreign_origin",
            ("bot", 403) => "bot",
            ("content", _) => match (call, refused.field) {
                (Call::Decision, Some("outdated")) => "revision_outdated",
                (Call::Decision, _) => "decision_invalid",
                (Call::Lead, _) => "form_invalid",
                (Call::Session | Call::Events, _) => "call_malformed",
            },
            ("spam", _) => "form_spam",
            (_, 413) => "call_too_large",
            (_, 400 | 408 | 415) => "call_malformed",
            _ => return None,
        };
        Self::named(name)
    }

    /// Its text in Japanese where that is asked for, in English otherwise.
    #[must_use]
    pub const fn text(&self, japanese: bool) -> Text {
        if japanese { self.ja } else { self.en }
    }
}

impl From<Refusal> for &'static Reason {
    fn from(refusal: Refusal) -> Self {
        let [not_granted, unknown_event, expired, too_old, future, too_large, malformed, ..] =
            &REASONS;
        match refusal {
            Refusal::NotGranted => not_granted,
            Refusal::UnknownEvent => unknown_event,
            Refusal::Expired => expired,
            Refusal::TooOld => too_old,
            Refusal::Future => future,
            Refusal::TooLarge => too_large,
            Refusal::Malformed => malformed,
        }
    }
}

const fn reason(
    name: &'static str,
    [means, remedy]: [&'static str; 2],
    [means_ja, remedy_ja]: [&'static str; 2],
) -> Reason {
    let ja = Text { means: means_ja, remedy: remedy_ja };
    Reason { name, en: Text { means, remedy }, ja }
}

/// Every reason: the seven of single events, then those of whole calls.
pub static REASONS: [Reason; 22] = [
    reason(
        "not_granted",
        [
            "An event came without a grant of its purpose and service at that moment.",
            "Usually nothing: the visitor withdrew while a page was open. Where it goes on, look for a script of your own that calls the collector by itself.",
        ],
        [
            "その時点で目的とサービスに同意がないイベントが届きました。",
            "たいていは対応不要です。ページを開いたまま同意が撤回されたものです。続く場合は、独自に収集先を呼び出すスクリプトがないか確かめてください。",
        ],
    ),
    reason(
        "unknown_event",
        [
            "An event has a name that no service of the site file takes.",
            "Add the name to `events` of the service it belongs to, or take the call of track() or the data-ashiato-event attribute out of the page.",
        ],
        [
            "サイトファイルのどのサービスにもない名前のイベントが届きました。",
            "該当するサービスの `events` に名前を加えるか、ページの track() や data-ashiato-event を取り除いてください。",
        ],
    ),
    reason(
        "expired",
        [
            "The visitor's consent has run out, or was given under an older revision of the policy.",
            "Nothing: the visitor is asked again on the next page. Many of them are usual just after a new revision.",
        ],
        [
            "訪問者の同意が期限切れか、古い版のポリシーに対するものでした。",
            "対応不要です。次のページであらためて同意をたずねます。新しい版を出した直後に増えるのは普通です。",
        ],
    ),
    reason(
        "too_old",
        [
            "An event is older than 48 hours.",
            "Nothing: a browser was offline for longer than events are kept.",
        ],
        [
            "48時間より前のイベントが届きました。",
            "対応不要です。ブラウザーが長くオフラインだったためです。",
        ],
    ),
    reason(
        "future",
        [
            "An event lies in the future.",
            "Check the collector's own clock (NTP). The page corrects its times by that clock.",
        ],
        [
            "未来の時刻のイベントが届きました。",
            "収集サーバーの時計（NTP）を確かめてください。ページの時刻はその時計に合わせて補正されます。",
        ],
    ),
    reason(
        "too_large",
        [
            "An event is larger than the limits allow: 32 properties, 1 KiB a value.",
            "Send less with it: shorten what the page gives to track(), or the page's title or address.",
        ],
        [
            "イベントが上限（32個のプロパティ、値ごとに1 KiB）を超えています。",
            "track() に渡す値や、ページの題名・アドレスを短くしてください。",
        ],
    ),
    reason(
        "malformed",
        [
            "An event cannot be read, or names a page that is not one of the site's.",
            "Where the pages are yours, list their origin in `origins` of the site file. A script of your own must send what the wire format asks.",
        ],
        [
            "イベントを読み取れないか、サイトのものではないページを指しています。",
            "ご自身のページであれば、そのオリジンをサイトファイルの `origins` に加えてください。独自のスクリプトは通信形式に従う必要があります。",
        ],
    ),
    reason(
        "unsigned",
        [
            "A call came without a signature under a session of this collector.",
            "Usually nothing: bots try any address. Where it goes with fewer page views, see whether a proxy changes bodies on their way.",
        ],
        [
            "この収集サーバーのセッションによる署名がない呼び出しでした。",
            "たいていは対応不要です。ボットによるものです。ページビューも減っている場合は、途中のプロキシが本文を書き換えていないか確かめてください。",
        ],
    ),
    reason(
        "signature_invalid",
        [
            "A signature is not that of the session it names: the body was changed on its way, the session was forged, or it was opened with other keys.",
            "See that all collectors share one keys file and that no proxy changes bodies. What is left are forgeries, which are refused as they should be.",
        ],
        [
            "署名がセッションのものと合いません。途中で本文が変えられたか、偽造か、別の鍵で開かれたセッションです。",
            "すべての収集サーバーが同じ鍵ファイルを使い、プロキシが本文を変えていないことを確かめてください。残りは偽造で、拒否されるのが正しい動作です。",
        ],
    ),
    reason(
        "signature_expired",
        [
            "A call says that it was signed more than 5 minutes ago, or ahead of now.",
            "Check the collector's clock (NTP). Single ones are calls that somebody kept and sent again.",
        ],
        [
            "署名の時刻が5分以上ずれている呼び出しでした。",
            "収集サーバーの時計（NTP）を確かめてください。少数であれば、保存された呼び出しの再送です。",
        ],
    ),
    reason(
        "session_expired",
        [
            "A session has ended: they hold for an hour.",
            "Nothing: the page opens another one and sends again.",
        ],
        [
            "セッションの期限（1時間）が過ぎていました。",
            "対応不要です。ページが新しいセッションを開いて送り直します。",
        ],
    ),
    reason(
        "session_of_another",
        [
            "A session was used for another site, or for a visitor for whom it was not opened.",
            "Look for a script of your own that mixes sessions of several sites or visitors. Otherwise somebody is trying, in vain.",
        ],
        [
            "セッションが別のサイトや、別の訪問者のために使われました。",
            "複数のサイトや訪問者のセッションを混ぜている独自スクリプトがないか確かめてください。なければ不正な試みで、成功していません。",
        ],
    ),
    reason(
        "visitor_unknown",
        [
            "A page brought a visitor id that is not known here any more.",
            "Nothing where visitors were erased. Many at once: a database or a keys file was exchanged; restore both from the same backup.",
        ],
        [
            "すでに記録のない訪問者IDが届きました。",
            "訪問者の消去によるものであれば対応不要です。一度に多い場合はデータベースか鍵ファイルが入れ替わっています。同じバックアップから両方を戻してください。",
        ],
    ),
    reason(
        "foreign_origin",
        [
            "A page called whose origin the site file does not list.",
            "Where the page is yours (a test system, a new host name), add its origin to `origins` of the site file. Otherwise somebody has copied your tag.",
        ],
        [
            "サイトファイルにないオリジンのページから呼び出されました。",
            "ご自身のページ（検証環境や新しいホスト名）であれば、サイトファイルの `origins` に加えてください。そうでなければタグが他所に写されています。",
        ],
    ),
    reason(
        "revision_outdated",
        [
            "A visitor agreed to an older revision of the policy than the one in force.",
            "Nothing: the page shows the new one and asks again. It is usual just after a new revision.",
        ],
        [
            "現行より古い版のポリシーに対する同意でした。",
            "対応不要です。ページが新しい版を示してあらためてたずねます。新しい版を出した直後に増えるのは普通です。",
        ],
    ),
    reason(
        "decision_invalid",
        [
            "A decision does not fit what the site asks: another purpose, service or page, a wrong time, or one that a later decision has replaced.",
            "Where your own code calls accept() or withdraw(), see that it names purposes and services of the site file.",
        ],
        [
            "同意の内容がサイトの設問と合いません（目的・サービス・ページ・時刻の違い、または後の決定による置き換え）。",
            "独自のコードで accept() や withdraw() を呼ぶ場合は、サイトファイルにある目的とサービスを指しているか確かめてください。",
        ],
    ),
    reason(
        "form_invalid",
        [
            "A lead form was not taken: a field is missing, too long or of a wrong form, or the site has no such form.",
            "Some are people's slips, who were told at once. Many: compare the fields of the page's form with `[[forms]]` in the site file.",
        ],
        [
            "フォームを受け付けられませんでした（必須項目の不足、長すぎる値、形式の誤り、存在しないフォーム）。",
            "少数であれば入力の誤りで、その場で本人に伝わっています。多い場合は、ページのフォームの項目とサイトファイルの `[[forms]]` を見比べてください。",
        ],
    ),
    reason(
        "form_spam",
        [
            "A lead form looks as if a program had filled it in: the field that only programs see was filled in, or it was sent within a second.",
            "Nothing: whoever it was has been told to send once more, and people do. Where people complain, write honeypot = false in `[[forms]]` of the site file.",
        ],
        [
            "プログラムによる送信と思われるフォームでした（人には見えない欄への入力、または1秒以内の送信）。",
            "対応不要です。もう一度送るよう伝えてあり、人であれば送り直せます。お客さまから苦情がある場合は、サイトファイルの `[[forms]]` に honeypot = false と書いてください。",
        ],
    ),
    reason(
        "call_too_large",
        [
            "A call is larger than the limits allow: 64 KiB a body, 100 events a batch.",
            "The client keeps these limits; look for a script of your own that does not, or a form whose fields have no `max`.",
        ],
        [
            "呼び出しが上限（本文64 KiB、1回に100イベント）を超えています。",
            "クライアントはこの上限を守ります。独自のスクリプトや、長さの上限がないフォーム項目がないか確かめてください。",
        ],
    ),
    reason(
        "call_malformed",
        [
            "A call cannot be read: another content type, no UTF-8, no JSON, another shape, or it ended early or took too long.",
            "Usually nothing: bots, or connections that broke off. The client sends none; look for a script of your own.",
        ],
        [
            "呼び出しを読み取れません（Content-Type・文字コード・JSON・構造の誤り、途中で切れたもの、時間がかかりすぎたもの）。",
            "たいていは対応不要です。ボットか、切れた接続です。クライアントは送らないので、独自のスクリプトを確かめてください。",
        ],
    ),
    reason(
        "bot",
        [
            "A program that visits pages on its own asked for a session.",
            "Nothing: it gets none, and is not counted as a visitor.",
        ],
        [
            "自動でページを巡回するプログラムがセッションを求めました。",
            "対応不要です。セッションは渡されず、訪問者としても数えられません。",
        ],
    ),
    reason(
        "too_many_calls",
        [
            "One caller sent more than the rate limit allows and was told to wait.",
            "Where it hits real visitors, for example many behind one address, raise the limit. Behind a proxy, see that the collector is told to trust it, or all visitors count as one.",
        ],
        [
            "同じ呼び出し元からの回数が上限を超え、待つように伝えました。",
            "一つのアドレスを多くの訪問者が共有しているなら上限を上げてください。プロキシの背後では、そのプロキシを信頼する設定がないと全員が一人として数えられます。",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_refusal_of_an_event_has_its_reason() {
        for refusal in Refusal::ALL {
            assert_eq!(<&Reason>::from(refusal).name, refusal.as_str());
        }
    }

    #[test]
    fn reasons_have_names_of_their_own_and_whole_sentences_in_both_languages() {
        let names: BTreeSet<_> = REASONS.iter().map(|reason| reason.name).collect();
        assert_eq!(names.len(), REASONS.len());
        for reason in &REASONS {
            let (en, ja) = (reason.text(false), reason.text(true));
            assert!([en.means, en.remedy].iter().all(|text| text.ends_with('.')), "{reason:?}");
            assert!([ja.means, ja.remedy].iter().all(|text| text.ends_with('。')), "{reason:?}");
        }
    }

    #[test]
    fn what_is_no_refusal_has_no_reason() {
        let refused = |status, code| Refused { status, code, field: None };
        for refused in [refused(404, "unknown_site"), refused(503, "unavailable")] {
            assert_eq!(Reason::of_call(Call::Events, refused), None);
        }
    }
}
