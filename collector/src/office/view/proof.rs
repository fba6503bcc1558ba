//! What is asked for beside the password before somebody changes by what they log in.

use consent_core::ids::base64url;
use maud::{Markup, html};
use serde_json::json;

use super::passkeys::Ask;
use crate::office::tongue::Tongue;

/// What somebody can show.
#[derive(Debug)]
pub struct Asked {
    /// Whether they have an app; recovery codes they have always.
    pub app: bool,
    /// What their browser is asked, where they have passkeys.
    pub passkey: Option<Ask>,
}

/// The fields of a form that has a submitting button; nothing where nothing is asked for. A script shows the passkey's
/// button, and sends the form with what the passkey says.
#[must_use]
pub fn fields(t: Tongue, asked: Option<&Asked>, id: &str) -> Markup {
    let Some(asked) = asked else { return html! {} };
    let options = asked.passkey.as_ref().map(
        |ask| json!({ "challenge": base64url(&ask.challenge), "rp": ask.party, "own": ask.own() }),
    );
    html! {
        label for=(id) { @if asked.app { (t.say("認証アプリのコード、またはリカバリーコード", "Your app's code, or a recovery code")) }
            @else { (t.say("リカバリーコード", "A recovery code")) } }
        input id=(id) name="second" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="32" required;
        @if let Some(options) = options {
            div.proof hidden data-passkey-proof data-options=(options)
                data-failed=(t.say("パスキーを確認できませんでした。もう一度お試しください。", "No passkey was shown. Try again.")) {
                input type="hidden" name="shown";
                p.notice.bad role="alert" hidden {}
                button.second type="button" { (t.say("代わりにパスキーで確認して進む", "Go on with a passkey instead")) }
            }
        }
    }
}
