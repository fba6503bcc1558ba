//! The pages of what one shows beside one's password.

use maud::{Markup, html};
use zeroize::Zeroizing;

use super::{
    Frame,
    account::{Said, Second, said},
    passkeys, proof,
};
use crate::{
    keys::factors::TOTP_BYTES,
    office::{qr, recovery, totp},
};
use jiff::tz::TimeZone;

/// The part of the account's page.
#[must_use]
pub fn card(
    frame: &Frame<'_>,
    second: &Second,
    proof: Option<&proof::Asked>,
    zone: &TimeZone,
) -> Markup {
    let t = frame.t;
    let few = second.codes <= recovery::FEW;
    html! {
        section.card id="second" {
            h2 { (t.say("2段階認証", "Second step at the log-in")) " "
                @if second.on { span.badge.good { (t.say("オン", "On")) } }
                @else { span.badge { (t.say("オフ", "Off")) } } }
            @match second.since {
                None => {
                    p { (t.say(
                        "パスワードに加えて、スマートフォンの認証アプリに表示されるコードでログインするようにします。パスワードが漏れても、ほかの人はログインできません。",
                        "Beside your password, the log-in asks for a code that an app on your telephone shows. Nobody else gets in by your password alone.")) }
                    form.stack method="post" action="/office/account/totp" {
                        (frame.hidden())
                        button type="submit" { (t.say("認証アプリを設定する", "Set up an app")) }
                    }
                },
                Some(since) => {
                    p { (t.say(
                        format!("{}から、ログイン時に認証アプリのコードを確認しています。", t.moment(since, zone)),
                        format!("Since {} the log-in asks for your app's code.", t.moment(since, zone)))) }
                    details {
                        summary { (t.say("認証アプリの使用をやめる", "Use the app no more")) }
                        form.stack method="post" action="/office/account/totp/off" {
                            (frame.hidden())
                            (password(frame, "off-known"))
                            (proof::fields(t, proof, "off-second"))
                            button type="submit" { (t.say("使用をやめる", "Use it no more")) }
                        }
                    }
                },
            }
            @if second.on {
                p.notice.bad[few] { (t.say(
                    format!("リカバリーコードの残り：{}個", second.codes),
                    format!("Recovery codes left: {}", second.codes)))
                    @if second.codes == 0 { br; (t.say(
                        "認証アプリかパスキーで確認して、新しいコードを発行してください。どちらも使えない場合は、サーバーの管理者に2段階認証の解除を依頼してください。",
                        "Make new ones, by your app or a passkey. If you have neither, ask whoever runs the server to take the second step off your account.")) }
                    @else if few { br; (t.say(
                        "残りが少なくなっています。新しいコードを発行して、控えておいてください。",
                        "There are few left. Make new ones, and keep them.")) } }
                details {
                    summary { (t.say("リカバリーコードを新しくする", "Make new recovery codes")) }
                    form.stack method="post" action="/office/account/codes" {
                        (frame.hidden())
                        p.hint { (t.say("これまでのコードは使えなくなります。", "Those of before work no more.")) }
                        (password(frame, "codes-known"))
                        (proof::fields(t, proof, "codes-second"))
                        button type="submit" { (t.say("新しいコードを発行する", "Make new codes")) }
                    }
                }
            }
        }
    }
}

/// The field of the present password.
pub(super) fn password(frame: &Frame<'_>, id: &str) -> Markup {
    html! {
        input type="hidden" name="email" value=(frame.email) autocomplete="username";
        label for=(id) { (frame.t.say("現在のパスワード", "Present password")) }
        input id=(id) name="known" type="password" autocomplete="current-password" required;
    }
}

/// What the setting up is made of.
#[derive(Debug)]
pub struct SetUp<'a> {
    /// The app's secret.
    pub secret: &'a [u8; TOTP_BYTES],
    /// By which name the app shows where it is for.
    pub host: &'a str,
    /// What is asked for beside the password.
    pub proof: Option<&'a proof::Asked>,
    /// What became of what was sent.
    pub said: Option<Said>,
}

/// The page that shows the secret, as a picture and in letters, and asks for a first code.
#[must_use]
pub fn set_up(frame: &Frame<'_>, data: &SetUp<'_>) -> Markup {
    let t = frame.t;
    let title = t.say("認証アプリの設定", "Set up an app");
    let label = t.say("認証アプリで読み取るQRコード", "QR code for your app");
    let address = totp::address(data.secret, frame.email, data.host);
    frame.page(title, &html! {
        p.back { a href="/office/account" { "← " (t.say("アカウント", "Account")) } }
        div.head { h1 { (title) } }
        (said(t, data.said))
        section.card.set-up {
            ol.walk {
                li {
                    h2 { (t.say("QRコードを読み取る", "Scan the code")) }
                    p { (t.say(
                        "スマートフォンの認証アプリ（Google Authenticator、Microsoft Authenticator、1Passwordなど）で読み取ってください。",
                        "Scan it with an authenticator app, such as Google Authenticator, Microsoft Authenticator or 1Password.")) }
                    @if let Some(picture) = qr::picture(&address, label) { (picture) }
                    details {
                        summary { (t.say("読み取れない場合", "It cannot be scanned")) }
                        p { (t.say("次のキーをアプリに入力してください（時間ベース、6桁、30秒）。",
                            "Type this key into the app (time based, six digits, 30 seconds).")) }
                        pre tabindex="0" { code { (*totp::letters(data.secret)) } }
                    }
                }
                li {
                    h2 { (t.say("表示されたコードを入力する", "Type the code that it shows")) }
                    form.stack method="post" action="/office/account/totp/confirm" {
                        (frame.hidden())
                        label for="code" { (t.say("6桁のコード", "Six digits")) }
                        input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="16" required;
                        (password(frame, "known"))
                        (proof::fields(t, data.proof, "second"))
                        button type="submit" { (t.say("2段階認証をオンにする", "Switch it on")) }
                    }
                }
            }
        }
        @if data.proof.is_some_and(|asked| asked.passkey.is_some()) { (passkeys::script()) }
    })
}

/// The page that shows recovery codes, once.
#[must_use]
pub fn codes(frame: &Frame<'_>, codes: &[Zeroizing<String>]) -> Markup {
    let t = frame.t;
    let title = t.say("リカバリーコード", "Recovery codes");
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        p.notice.good role="status" { (t.say("2段階認証はオンです。", "The second step is on.")) }
        section.card.set-up {
            p { (t.say(
                "スマートフォンをなくしたときなど、認証アプリを使えない場合のコードです。それぞれ1回だけ使えます。",
                "These let you in when your telephone is lost. Each works once.")) }
            ul.codes { @for code in codes { li { code { (**code) } } } }
            p { strong { (t.say(
                "この画面は一度しか表示されません。印刷するか、パスワード管理アプリなど安全な場所に保存してください。",
                "They are shown only now. Print them, or keep them in a password manager.")) } }
            p { a.button href="/office" { (t.say("保存しました", "I have kept them")) } }
        }
    })
}
