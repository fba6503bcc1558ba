//! One's own account: password, open sessions, log-in history.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Frame, doors};
use crate::{
    office::tongue::Tongue,
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
    /// The time zone of the site first seen.
    pub zone: &'a TimeZone,
    /// What became of what was sent.
    pub said: Option<Said>,
}

/// What became of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is set.
    Changed,
    /// The known one is wrong.
    Unknown,
    /// So many seconds are to be waited.
    Wait(i64),
    /// It is not good enough.
    Wrong(doors::Wrong),
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
            section.card {
                h2 { (t.say("ログイン履歴", "Log-in history")) }
                table.top {
                    caption.unseen { (t.say("ログイン履歴", "Log-in history")) }
                    thead { tr { th scope="col" { (t.say("日時", "When")) } th scope="col" { (t.say("結果", "How")) } th scope="col" { (t.say("ブラウザー", "Browser")) } } }
                    tbody { @for (at, outcome, browser) in data.history { tr {
                        td { (t.moment(*at, data.zone)) }
                        td { span.bad-text[*outcome == Outcome::Refused] { (how(t, *outcome)) } }
                        td { (agent(t, browser)) }
                    } } }
                }
            }
        }
    })
}

fn said(t: Tongue, said: Option<Said>) -> Markup {
    let text = said.map(|said| match said {
        Said::Changed => t.say("パスワードを変更しました。", "The password is changed.").to_owned(),
        Said::Unknown => {
            t.say("現在のパスワードが違います。", "The present password is wrong.").to_owned()
        }
        Said::Wait(seconds) => t.say(
            format!("続けて失敗したため、{seconds}秒後にもう一度お試しください。"),
            format!(
                "After several failures the next try has to wait. Try again in {seconds} seconds."
            ),
        ),
        Said::Wrong(wrong) => wrong.said(t),
    });
    let good = said == Some(Said::Changed);
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
        Outcome::Provider => t.say("外部認証でログイン", "By the identity provider"),
    }
}
