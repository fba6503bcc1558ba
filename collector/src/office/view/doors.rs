//! What is seen without being logged in: the log-in, a link's page, and what cannot be shown.

use maud::{Markup, html};

use super::{
    document, mark,
    passkeys::{self, Ask},
};
use crate::office::{access::Access, choice::escaped, password, tongue::Tongue};

/// Why the log-in is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Address and password do not belong together.
    Refused,
    /// So many seconds are to be waited.
    Wait(i64),
    /// Somebody has just logged out.
    Out,
    /// The passkey was not taken.
    Passkey,
}

pub(super) fn door(t: Tongue, title: &str, here: &str, content: &Markup) -> Markup {
    let other = t.say(Tongue::En, Tongue::Ja);
    document(
        t,
        title,
        &html! {
            main.door id="main" {
                p.brand { (mark()) span { "Ashiato" } }
                h1 { (title) }
                (content)
                p.other {
                    a href={ (here) "lang=" (other.code()) } lang=(other.code()) hreflang=(other.code()) {
                        (t.say("English", "日本語"))
                    }
                }
            }
        },
    )
}

/// The log-in. `next` is where it leads; `ways` which ways in there are.
#[must_use]
pub fn log_in(
    t: Tongue,
    ways: &Access,
    (email, next): (&str, &str),
    again: Option<Again>,
    passkey: Option<&Ask>,
) -> Markup {
    let said = again.map(|again| match again {
        Again::Refused => t
            .say(
                "メールアドレスまたはパスワードが違います。",
                "The e-mail address or the password is wrong.",
            )
            .to_owned(),
        Again::Wait(seconds) => wait(t, seconds),
        Again::Out => t.say("ログアウトしました。", "You are logged out.").to_owned(),
        Again::Passkey => t
            .say(
                "このパスキーではログインできませんでした。もう一度試すか、パスワードでログインしてください。",
                "Nobody can log in with that passkey. Try again, or use your password.",
            )
            .to_owned(),
    });
    let good = again == Some(Again::Out);
    door(
        t,
        t.say("ログイン", "Log in"),
        "?",
        &html! {
            @if let Some(said) = said {
                p.notice.good[good].bad[!good] role=(if good { "status" } else { "alert" }) { (said) }
            }
            (provider(t, ways, next))
            @if ways.password { form method="post" action="/office/login" {
                input type="hidden" name="next" value=(next);
                input type="hidden" name="language" value=(t.code());
                label for="email" { (t.say("メールアドレス", "E-mail address")) }
                input id="email" name="email" type="email" autocomplete="username" required value=(email);
                label for="password" { (t.say("パスワード", "Password")) }
                input id="password" name="password" type="password" autocomplete="current-password" required;
                button type="submit" { (t.say("ログイン", "Log in")) }
            }
            @if let Some(ask) = passkey {
                (passkeys::button(t, "/office/login/passkey", &html! {
                    input type="hidden" name="next" value=(next);
                    input type="hidden" name="language" value=(t.code());
                }, ask))
            }
            p.hint { (t.say(
                "パスワードを忘れた場合は、サーバーの管理者に新しいリンクの発行を依頼してください。",
                "If you have forgotten your password, ask whoever runs the server for a new link.")) } }
        },
    )
}

/// That so many seconds are to be waited.
pub(super) fn wait(t: Tongue, seconds: i64) -> String {
    t.say(
        format!("続けて失敗したため、しばらくログインできません。{seconds}秒後にもう一度お試しください。"),
        format!("After several failures the next try has to wait. Try again in {seconds} seconds."),
    )
}

/// The way by a provider, where there is one.
fn provider(t: Tongue, ways: &Access, next: &str) -> Markup {
    html! {
        @if let Some(provider) = &ways.sign_on {
            p { a.button.provider href={ "/office/oidc?lang=" (t.code()) "&next=" (escaped(next)) } { (t.say(
                format!("{}でログイン", provider.name()),
                format!("Log in with {}", provider.name()))) } }
            @if ways.password { p.hint { (t.say("または、パスワードでログインします。", "Or log in by a password.")) } }
        }
    }
}

/// What is wrong with what a link's page was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The address is none.
    Email,
    /// The password is not good enough.
    Password(password::Weak),
    /// The two passwords differ.
    Twice,
}

impl Wrong {
    /// What is said of it.
    #[must_use]
    pub fn said(self, t: Tongue) -> String {
        use password::{LEAST, MOST, Weak};
        match self {
            Self::Email => t.say("メールアドレスの形式が正しくありません。", "This is no e-mail address.").to_owned(),
            Self::Password(Weak::Short) => t.say(
                format!("パスワードは{LEAST}文字以上にしてください。"),
                format!("A password has {LEAST} letters at least."),
            ),
            Self::Password(Weak::Long) => t.say(
                format!("パスワードが長すぎます（{MOST}バイトまで）。"),
                format!("The password is too long: {MOST} bytes at most."),
            ),
            Self::Password(Weak::Guessed) => t.say(
                "推測されやすいパスワードです。関係のない単語をいくつか並べると、覚えやすく安全になります。",
                "This password is easily guessed. A few words that have nothing to do with each other are easier to keep in mind, and safer.",
            ).to_owned(),
            Self::Twice => t.say("2つのパスワードが一致しません。", "The two passwords differ.").to_owned(),
        }
    }
}

/// The page of a link. Without an address it is the first owner's, who gives one.
#[must_use]
pub fn link(t: Tongue, email: Option<&str>, given: &str, wrong: Option<Wrong>) -> Markup {
    let title = match email {
        Some(_) => t.say("パスワードの設定", "Set a password"),
        None => t.say("はじめに", "Welcome"),
    };
    door(
        t,
        title,
        "?",
        &html! {
            @if let Some(wrong) = wrong { p.notice.bad role="alert" id="wrong" { (wrong.said(t)) } }
            @if email.is_none() {
                p { (t.say(
                    "最初のアカウント（オーナー）を作成します。すべてのサイトを管理できます。",
                    "This makes the first account: the owner's, who runs every site.")) }
            }
            form method="post" {
                input type="hidden" name="language" value=(t.code());
                label for="email" { (t.say("メールアドレス", "E-mail address")) }
                @match email {
                    Some(email) => input id="email" name="email" type="email" autocomplete="username" readonly value=(email);,
                    None => input id="email" name="email" type="email" autocomplete="username" required value=(given);,
                }
                (new_password(t))
                button type="submit" { (t.say("設定してログイン", "Set it and log in")) }
            }
        },
    )
}

/// The two fields of a new password.
#[must_use]
pub fn new_password(t: Tongue) -> Markup {
    let least = password::LEAST;
    html! {
        label for="password" { (t.say("新しいパスワード", "New password")) }
        input id="password" name="password" type="password" autocomplete="new-password" required
            minlength=(least) aria-describedby="password-hint";
        p.hint id="password-hint" { (t.say(
            format!("{least}文字以上。文字の種類は問いません。"),
            format!("{least} letters or more, of any kind."))) }
        label for="again" { (t.say("新しいパスワード（確認）", "New password, again")) }
        input id="again" name="again" type="password" autocomplete="new-password" required minlength=(least);
    }
}

/// Says why something is not shown, and where to go on: out, too, with what that form carries.
#[must_use]
pub fn refused(t: Tongue, status: u16, code: &str, log_out: Option<&str>) -> Markup {
    let (title, said) = match (status, code) {
        (_, "link") => (
            t.say("リンクが無効です", "This link is not valid any more"),
            t.say(
                "すでに使われたか、期限が切れています。サーバーの管理者に新しいリンクの発行を依頼してください。",
                "It was used, or its time is over. Ask whoever runs the server for a new one.",
            ),
        ),
        (_, "no_site") => (
            t.say("表示できるサイトがありません", "There is no site to show"),
            t.say(
                "サイトの設定ファイルがまだ適用されていないか、このアカウントに権限がありません。",
                "No site file is in force yet, or this account has no role on any site.",
            ),
        ),
        (_, "address") => (
            t.say("この場所からは利用できません", "Not from here"),
            t.say(
                "このアカウントの役割は、許可されたネットワークからだけ利用できます。社内ネットワークやVPNに接続してから開き直してください。設定（--office-allow）はサーバーの管理者が変更できます。",
                "Your account's role may only be used from certain networks. Connect to one of them and open the page again. Whoever runs the server sets them (--office-allow).",
            ),
        ),
        (_, "password_off") => (
            t.say("パスワードではログインできません", "Passwords are not taken here"),
            t.say(
                "ログイン画面から外部認証を使ってください。",
                "Log in by the identity provider that the log-in page names.",
            ),
        ),
        (_, "csrf") => (
            t.say("送信を確認できませんでした", "This could not be verified"),
            t.say(
                "安全のため、この画面からの送信だけを受け付けています。ページを開き直して、もう一度お試しください。",
                "Only what was sent from these pages is taken. Open the page anew and try again.",
            ),
        ),
        (403, _) => (
            t.say("権限がありません", "You may not see this"),
            t.say(
                "この画面を見る権限がアカウントにありません。必要な場合はオーナーに相談してください。",
                "Your account's role does not reach that far. Ask the owner if you need it.",
            ),
        ),
        (404, _) => (
            t.say("ページが見つかりません", "There is nothing here"),
            t.say("アドレスが間違っているか、削除されています。", "The address is wrong, or what was here is gone."),
        ),
        (429, _) => (
            t.say("アクセスが集中しています", "Too many calls"),
            t.say("少し待ってから、もう一度お試しください。", "Wait a little, then try again."),
        ),
        (503, _) => (
            t.say("いまは表示できません", "This cannot be shown just now"),
            t.say(
                "データベースの応答に時間がかかっています。期間を短くするか、しばらくしてからもう一度お試しください。",
                "The database takes too long to answer. Choose fewer days, or try again in a while.",
            ),
        ),
        _ => (
            t.say("受け付けられませんでした", "This was not taken"),
            t.say("ページを開き直して、もう一度お試しください。", "Open the page anew and try again."),
        ),
    };
    document(
        t,
        title,
        &html! {
            main.door id="main" {
                p.brand { (mark()) span { "Ashiato" } }
                h1 { (title) }
                p { (said) }
                p { a.button href="/office" { (t.say("管理画面へ", "To the back office")) } }
                @if let Some(token) = log_out {
                    form method="post" action="/office/logout" {
                        input type="hidden" name="token" value=(token);
                        button.quiet type="submit" { (t.say("ログアウト", "Log out")) }
                    }
                }
            }
        },
    )
}
