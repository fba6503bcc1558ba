//! Passkeys: the list of one's own, and the button that asks for one.

use consent_core::ids::base64url;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde_json::json;

use super::{Frame, proof};
use crate::{
    office::{tongue::Tongue, webauthn::ALGORITHMS},
    store::passkeys::Passkey,
};

/// What is done where a page has such forms: served from here, and needed by nothing else.
pub const SCRIPT: &str = include_str!("script/passkeys.js");

/// What a browser is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What is to be answered.
    pub challenge: Vec<u8>,
    /// The id of the relying party.
    pub party: String,
    /// The passkeys that will do; any of the relying party where there is none.
    pub own: Vec<Vec<u8>>,
}

impl Ask {
    pub(super) fn own(&self) -> Vec<String> {
        self.own.iter().map(|id| base64url(id)).collect()
    }
}

pub(super) fn script() -> Markup {
    html! { script src="/office/passkeys.js" defer {} }
}

fn said() -> Markup {
    html! { p.notice.bad role="alert" hidden {} }
}

/// The form that sends a passkey to `action`, with `hidden` fields beside it.
#[must_use]
pub fn button(t: Tongue, action: &str, hidden: &Markup, ask: &Ask) -> Markup {
    let options =
        json!({ "challenge": base64url(&ask.challenge), "rp": ask.party, "own": ask.own() });
    html! {
        form.passkey hidden method="post" action=(action) data-passkey="show" data-options=(options)
            data-failed=(t.say("パスキーを確認できませんでした。もう一度お試しください。", "No passkey was shown. Try again.")) {
            (hidden)
            input type="hidden" name="credential";
            (said())
            button.second type="submit" { (t.say("パスキーでログイン", "Log in with a passkey")) }
        }
        (script())
    }
}

/// What the part of the account's page is made of.
#[derive(Debug)]
pub struct Own<'a> {
    /// The passkeys.
    pub all: &'a [Passkey],
    /// What a browser is asked that makes one, and by what authenticators know the account; none where no page of
    /// this address may have passkeys.
    pub ask: Option<(Ask, [u8; 32])>,
    /// What a new one is called, unless its owner says otherwise.
    pub name: &'a str,
}

/// The part of the account's page.
#[must_use]
pub fn card(
    frame: &Frame<'_>,
    own: &Own<'_>,
    proof: Option<&proof::Asked>,
    zone: &TimeZone,
) -> Markup {
    let t = frame.t;
    html! {
        section.card id="passkeys" {
            h2 { (t.say("パスキー", "Passkeys")) }
            p { (t.say(
                "指紋や顔、端末の画面ロックでログインできます。パスワードもコードも必要ありません。",
                "Log in by your finger, your face or your device's own lock: without a password, and without a code.")) }
            @if !own.all.is_empty() {
                ul.passkeys { @for passkey in own.all { li {
                    strong { (passkey.name) }
                    p.hint {
                        (t.say(format!("登録：{}", t.moment(passkey.made_at, zone)), format!("Added {}", t.moment(passkey.made_at, zone))))
                        " · "
                        @match passkey.used_at {
                            Some(at) => (t.say(format!("最後の使用：{}", t.moment(at, zone)), format!("Last used {}", t.moment(at, zone)))),
                            None => (t.say("未使用", "Not used yet")),
                        }
                    }
                    details {
                        summary { (t.say("削除", "Remove")) span.unseen { " " (passkey.name) } }
                        form.stack method="post" action="/office/account/passkeys/remove" {
                            (frame.hidden())
                            input type="hidden" name="passkey" value=(base64url(&passkey.id));
                            (known(frame, &format!("known-{}", base64url(&passkey.id))))
                            (proof::fields(t, proof, &format!("second-{}", base64url(&passkey.id))))
                            button type="submit" { (t.say("削除する", "Remove it")) }
                        }
                    }
                } } }
            }
            @match &own.ask {
                None => p.hint { (t.say(
                    "このアドレスではパスキーを使えません。HTTPSとホスト名が必要です。",
                    "Passkeys need an address with HTTPS and a host's name: this one has not.")) },
                Some((ask, user)) => { (add(frame, own, (ask, user), proof)) }
            }
        }
    }
}

fn add(
    frame: &Frame<'_>,
    own: &Own<'_>,
    (ask, user): (&Ask, &[u8; 32]),
    proof: Option<&proof::Asked>,
) -> Markup {
    let t = frame.t;
    let options = json!({
        "challenge": base64url(&ask.challenge), "rp": ask.party, "own": ask.own(),
        "user": base64url(user), "email": frame.email, "algorithms": ALGORITHMS,
    });
    html! {
        p.hint data-without-passkeys { (t.say(
            "登録にはJavaScriptと、パスキーに対応したブラウザーが必要です。",
            "Adding one takes JavaScript, and a browser that has passkeys.")) }
        form.stack hidden method="post" action="/office/account/passkeys" data-passkey="make" data-options=(options)
            data-failed=(t.say("パスキーを登録できませんでした。もう一度お試しください。", "No passkey was made. Try again."))
            data-known=(t.say("この端末のパスキーは登録済みです。", "This device's passkey is there already.")) {
            (frame.hidden())
            input type="hidden" name="credential";
            label for="passkey-name" { (t.say("パスキーの名前", "Name of the passkey")) }
            input id="passkey-name" name="name" autocomplete="off" maxlength="60" required value=(own.name);
            (known(frame, "passkey-known"))
            (proof::fields(t, proof, "passkey-second"))
            (said())
            button type="submit" { (t.say("パスキーを追加する", "Add a passkey")) }
        }
        (script())
    }
}

fn known(frame: &Frame<'_>, id: &str) -> Markup {
    super::factors::password(frame, id)
}
