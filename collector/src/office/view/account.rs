//! One's own account: password, open sessions, log-in history.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Frame, doors, factors, passkeys, proof};
use crate::{
    office::{own::Done, tongue::Tongue},
    store::log_ins::{IDLE, Outcome, Session, WHOLE},
};
use consent_core::{ids::base64url, time::Millis};

/// What the page is made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// Sessions that hold.
    pub sessions: &'a [Session],
    /// The hash of this one.
    pub own: &'a [u8],
    /// The newest log-ins.
    pub history: &'a [(Millis, Outcome, String)],
    /// What is shown beside the password.
    pub second: &'a Second,
    /// The passkeys.
    pub passkeys: &'a passkeys::Own<'a>,
    /// What is asked for beside the password where that is changed.
    pub proof: Option<&'a proof::Asked>,
    /// The time zone of the site first seen.
    pub zone: &'a TimeZone,
    /// What became of what was sent.
    pub said: Option<Said>,
}

/// What somebody shows beside their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Second {
    /// Since when their app's codes are asked for.
    pub since: Option<Millis>,
    /// Whether anything is asked for beside their password: the app, or a passkey.
    pub on: bool,
    /// Recovery codes that are left.
    pub codes: i64,
    /// Whether their role asks for it and they have not set it up.
    pub owed: bool,
}

/// What became of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The password is set.
    Changed,
    /// They got in by a recovery code.
    Recovered,
    /// The app is not asked for any more.
    Off,
    /// The app is asked for.
    On,
    /// A passkey was added.
    Added,
    /// A passkey was removed.
    Gone,
    /// A passkey was not taken.
    Passkey,
    /// The present password is wrong.
    Unknown,
    /// The code is wrong, or was used before.
    Code,
    /// What is asked for beside the password was no code of theirs.
    Unproven,
    /// The same, and it was a passkey that was not taken.
    NoPasskey,
    /// So many seconds are to be waited.
    Wait(i64),
    /// The new password is not good enough.
    Wrong(doors::Wrong),
}

impl Said {
    /// What is said of something that was not done.
    #[must_use]
    pub fn of<T>(done: &Done<T>) -> Self {
        match done {
            Done::Wait(ms) => Self::Wait(ms.div_euclid(1_000) + 1),
            Done::Code => Self::Code,
            Done::Passkey(_) => Self::Passkey,
            Done::Unproven(None) => Self::Unproven,
            Done::Unproven(Some(_)) => Self::NoPasskey,
            Done::Password | Done::Nothing | Done::Yes(_) => Self::Unknown,
        }
    }

    const fn is_good(self) -> bool {
        matches!(self, Self::Changed | Self::Off | Self::On | Self::Added | Self::Gone)
    }
}

/// By what a form names a session.
#[must_use]
pub fn session_name(hash: &[u8]) -> String {
    base64url(hash)
}

/// The page.
#[must_use]
pub fn page(frame: &Frame<'_>, data: &Data<'_>) -> Markup {
    let t = frame.t;
    let title = t.say("アカウント", "Account");
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (said(t, data.said))
        @if data.second.owed { p.notice.bad role="alert" { (t.say(
            "このアカウントの役割では、2段階認証が必要です。設定が終わるまで、ほかの画面は表示されません。",
            "Your role asks for a second step at the log-in. Set it up here: the other pages are shown after that.")) } }
        section.card.wide-card {
            h2 { (t.say("ログイン中のブラウザー", "Where you are logged in")) }
            p.hint { (t.say(
                format!("{}時間操作がないか、ログインから{}時間たつと自動でログアウトします。", IDLE / 3_600_000, WHOLE / 3_600_000),
                format!("A browser is logged out after {} hours without use, and {} hours after its log-in.", IDLE / 3_600_000, WHOLE / 3_600_000))) }
            div.scroll tabindex="0" role="group" aria-label=(t.say("ログイン中のブラウザー", "Where you are logged in")) { table.top {
                caption.unseen { (t.say("ログイン中のブラウザー", "Where you are logged in")) }
                thead { tr { th scope="col" { (t.say("ブラウザー", "Browser")) } th scope="col" { (t.say("ログイン", "Since")) }
                    th scope="col" { (t.say("最後の操作", "Last used")) } th scope="col" { span.unseen { (t.say("操作", "Action")) } } } }
                tbody { @for session in data.sessions { tr {
                    th scope="row" { (agent(t, &session.agent)) @if session.hash == data.own { " " span.badge.good { (t.say("この画面", "This one")) } } }
                    td { (t.moment(session.begun_at, data.zone)) } td { (t.moment(session.seen_at, data.zone)) }
                    td { @if session.hash != data.own {
                        form method="post" action="/office/account/end" {
                            (frame.hidden())
                            input type="hidden" name="session" value=(session_name(&session.hash));
                            button.small type="submit" { (t.say("ログアウトさせる", "Log out")) }
                        }
                    } }
                } } }
            } }
        }
        div.cards {
            section.card {
                h2 { (t.say("パスワードの変更", "Change the password")) }
                form.stack method="post" action="/office/account/password" {
                    (frame.hidden())
                    input type="hidden" name="email" value=(frame.email) autocomplete="username";
                    label for="known" { (t.say("現在のパスワード", "Present password")) }
                    input id="known" name="known" type="password" autocomplete="current-password" required;
                    (doors::new_password(t))
                    button type="submit" { (t.say("変更する", "Change it")) }
                    p.hint { (t.say("変更すると、ほかのブラウザーはログアウトします。", "Other browsers are logged out with that.")) }
                }
            }
            (factors::card(frame, data.second, data.proof, data.zone))
            (passkeys::card(frame, data.passkeys, data.proof, data.zone))
            section.card {
                h2 { (t.say("ログイン履歴", "Log-in history")) }
                table.top {
                    caption.unseen { (t.say("ログイン履歴", "Log-in history")) }
                    thead { tr { th scope="col" { (t.say("日時", "When")) } th scope="col" { (t.say("結果", "How")) } th scope="col" { (t.say("ブラウザー", "Browser")) } } }
                    tbody { @for (at, outcome, browser) in data.history { tr {
                        td { (t.moment(*at, data.zone)) }
                        td { span.bad-text[outcome.is_refusal()] { (how(t, *outcome)) } }
                        td { (agent(t, browser)) }
                    } } }
                }
            }
        }
    })
}

/// What became of what was sent.
pub(super) fn said(t: Tongue, said: Option<Said>) -> Markup {
    let text = said.map(|said| match said {
        Said::Changed => t.say("パスワードを変更しました。", "The password is changed.").to_owned(),
        Said::Recovered => t
            .say(
                "リカバリーコードでログインしました。使ったコードはもう使えません。認証アプリを使えなくなった場合は、2段階認証をいったんオフにして、設定し直してください。",
                "You have logged in with a recovery code, which works no more. If your app is lost, switch the second step off and set it up anew.",
            )
            .to_owned(),
        Said::Off => {
            t.say("認証アプリの使用をやめました。", "The app is not asked for any more.").to_owned()
        }
        Said::On => t.say("2段階認証はオンです。", "The second step is on.").to_owned(),
        Said::Added => t.say("パスキーを追加しました。", "The passkey is added.").to_owned(),
        Said::Gone => t
            .say(
                "パスキーを削除しました。端末に残っているパスキーも削除してください。",
                "The passkey is removed. Remove it from your device too.",
            )
            .to_owned(),
        Said::Passkey => t
            .say(
                "パスキーを登録できませんでした。画面を開いてから時間がたっている場合は、もう一度お試しください。",
                "The passkey was not taken. If this page was open for long, try again.",
            )
            .to_owned(),
        Said::Unknown => {
            t.say("現在のパスワードが違います。", "The present password is wrong.").to_owned()
        }
        Said::Code => t
            .say("コードが違うか、すでに使われています。", "The code is wrong, or was used before.")
            .to_owned(),
        Said::Unproven => t
            .say(
                "2段階認証のコードが違うか、すでに使われています。認証アプリのコードは30秒ごとに変わります。",
                "The code of the second step is wrong, or was used before. The app shows a new one every 30 seconds.",
            )
            .to_owned(),
        Said::NoPasskey => t
            .say(
                "パスキーを確認できませんでした。画面を開いてから時間がたっている場合は、もう一度お試しください。",
                "The passkey was not taken. If this page was open for long, try again.",
            )
            .to_owned(),
        Said::Wait(seconds) => t.say(
            format!("続けて失敗したため、{seconds}秒後にもう一度お試しください。"),
            format!(
                "After several failures the next try has to wait. Try again in {seconds} seconds."
            ),
        ),
        Said::Wrong(wrong) => wrong.said(t),
    });
    let good = said.is_some_and(Said::is_good);
    html! { @if let Some(text) = text { p.notice.good[good].bad[!good] role=(if good { "status" } else { "alert" }) { (text) } } }
}

fn agent(t: Tongue, agent: &str) -> String {
    if agent.is_empty() { t.say("不明", "Unknown").to_owned() } else { agent.to_owned() }
}

fn how(t: Tongue, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Link => t.say("リンクでログイン", "By a link"),
        Outcome::Password => t.say("ログイン", "Logged in"),
        Outcome::Refused => t.say("失敗", "Refused"),
        Outcome::Changed => t.say("パスワード変更", "Password changed"),
        Outcome::Waits => t.say("パスワードのみ確認", "Password only"),
        Outcome::Code => t.say("失敗（コード）", "Refused: the code"),
        Outcome::Totp => t.say("ログイン（認証アプリ）", "With an app's code"),
        Outcome::Recovery => t.say("ログイン（リカバリーコード）", "With a recovery code"),
        Outcome::Passkey => t.say("ログイン（パスキー）", "With a passkey"),
        Outcome::SecondPasskey => {
            t.say("ログイン（パスワードとパスキー）", "With password and passkey")
        }
        Outcome::NoPasskey => t.say("失敗（パスキー）", "Refused: the passkey"),
        Outcome::Provider => t.say("外部認証でログイン", "By the identity provider"),
    }
}
