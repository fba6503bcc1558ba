//! The second step of a log-in.

use maud::{Markup, html};

use super::{
    doors::{door, wait},
    passkeys::{self, Ask},
};
use crate::office::{choice::escaped, tongue::Tongue};

/// Why it is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The code is wrong, or was used before.
    Refused,
    /// So many seconds are to be waited.
    Wait(i64),
    /// The passkey was not taken.
    Passkey,
}

/// The page, with what the account can show. `next` is where it leads.
#[must_use]
pub fn page(
    t: Tongue,
    next: &str,
    again: Option<Again>,
    has_app: bool,
    passkey: Option<&Ask>,
) -> Markup {
    let said = again.map(|again| match again {
        Again::Refused => t
            .say(
                "コードが違うか、すでに使われています。認証アプリのコードは30秒ごとに変わります。",
                "The code is wrong, or was used before. The app shows a new one every 30 seconds.",
            )
            .to_owned(),
        Again::Wait(seconds) => wait(t, seconds),
        Again::Passkey => t
            .say(
                "パスキーを確認できませんでした。もう一度お試しください。",
                "The passkey was not taken. Try again.",
            )
            .to_owned(),
    });
    let hidden = html! {
        input type="hidden" name="next" value=(next);
        input type="hidden" name="language" value=(t.code());
    };
    let here = format!("?next={}&", escaped(next));
    door(
        t,
        t.say("2段階認証", "Second step"),
        &here,
        &html! {
            @if let Some(said) = said { p.notice.bad role="alert" { (said) } }
            @if let Some(ask) = passkey { (passkeys::button(t, "/office/login/second/passkey", &hidden, ask)) }
            @if has_app { form method="post" action="/office/login/second" {
                (hidden)
                label for="code" { (t.say("認証アプリの6桁のコード", "The six digits that your app shows")) }
                input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="16" required autofocus;
                button type="submit" { (t.say("ログイン", "Log in")) }
            } }
            details.lost open[!has_app && passkey.is_none()] {
                summary { (t.say("リカバリーコードを使う", "Use a recovery code")) }
                form method="post" action="/office/login/second" {
                    (hidden)
                    label for="recovery" { (t.say("リカバリーコード", "Recovery code")) }
                    input id="recovery" name="code" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="32" required aria-describedby="recovery-hint";
                    p.hint id="recovery-hint" { (t.say(
                        "2段階認証を設定したときに控えた10文字のコードです。1つのコードは1回だけ使えます。",
                        "One of the codes of ten letters that you kept when you set this up. Each works once.")) }
                    button type="submit" { (t.say("リカバリーコードでログイン", "Log in with it")) }
                }
                p.hint { (t.say(
                    "リカバリーコードもない場合は、サーバーの管理者に2段階認証の解除を依頼してください。",
                    "If you have none left, ask whoever runs the server to take the second step off your account.")) }
            }
            p.hint { a href="/office/login" { (t.say("ログインをやり直す", "Begin again")) } }
        },
    )
}
