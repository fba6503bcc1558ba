//! What is said where nobody is let in by a provider.

use maud::{Markup, html};

use super::{document, mark};
use crate::office::{sign_on::Refused, tongue::Tongue};

/// Says why, and where to go on.
#[must_use]
pub fn refused(t: Tongue, refused: Refused, password: bool) -> Markup {
    let title = t.say("ログインできませんでした", "You were not logged in");
    let (why, what) = match refused {
        Refused::State => (
            t.say(
                "このブラウザーで始めたログインではないか、10分の期限が切れています。",
                "This log-in was not begun in this browser, was used already, or took longer than ten minutes.",
            ),
            t.say("もう一度ログインし直してください。", "Begin it again."),
        ),
        Refused::Denied => (
            t.say("外部認証の画面で、ログインが取り消されたか拒否されました。", "The log-in was cancelled or refused at the identity provider."),
            t.say("もう一度お試しください。続く場合は、認証基盤の管理者に利用許可を確認してください。", "Try again. If it stays so, ask whoever runs the provider whether you may use this application."),
        ),
        Refused::Down => (
            t.say("外部認証のサーバーから応答がありません。", "The identity provider does not answer."),
            t.say("しばらくしてから、もう一度お試しください。", "Try again in a while."),
        ),
        Refused::Token(_) => (
            t.say("外部認証の応答を検証できませんでした。安全のため中止しました。", "What the identity provider sent could not be verified, so nothing was done with it."),
            t.say("もう一度お試しください。続く場合はサーバーの管理者に連絡してください（理由はサーバーのログに記録されています）。", "Try again. If it stays so, tell whoever runs the server: its log says why."),
        ),
        Refused::Unverified => (
            t.say("メールアドレスが、外部認証側で確認済みになっていません。", "The identity provider has not verified your e-mail address."),
            t.say("認証基盤の管理者に、メールアドレスの確認を依頼してください。", "Have it verified there, then log in again."),
        ),
        Refused::Nobody => (
            t.say("この利用者に対応するアカウントがありません。", "There is no account here for that user."),
            t.say("サーバーの管理者に、アカウントの追加（または認証の紐付けの解除）を依頼してください。", "Ask whoever runs the server to add one, or to undo an older binding."),
        ),
    };
    document(
        t,
        title,
        &html! {
            main.door id="main" {
                p.brand { (mark()) span { "Ashiato" } }
                h1 { (title) }
                p { (why) }
                p { (what) }
                p { a.button href={ "/office/login?lang=" (t.code()) } {
                    @if password { (t.say("ログイン画面へ", "To the log-in")) } @else { (t.say("もう一度ログイン", "Log in again")) }
                } }
                p.hint { (t.say("コード：", "Code: ")) code { (refused.code()) } }
            }
        },
    )
}
