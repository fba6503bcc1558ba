//! Why something was not done, where a page of its own does not say it.

use maud::{Markup, html};

use super::{document, mark};
use crate::office::tongue::Tongue;

/// The page of a refusal by its code, or its field's; none where the general one says as much.
#[must_use]
pub fn page(t: Tongue, code: &str) -> Option<Markup> {
    let (title, said) = match code {
        "reason" => (
            t.say("理由が必要です", "A reason is needed"),
            t.say("なぜ行うのかを、500文字以内で書いてください。", "Say in up to 500 characters why it is to be done."),
        ),
        "own_approval" => (
            t.say("自分の依頼は承認できません", "Nobody approves what they have asked for"),
            t.say("同じ操作ができる別の人に承認を依頼してください。", "Somebody else who could do the same approves it."),
        ),
        "not_own_approval" => (
            t.say("依頼した人だけが実行できます", "Whoever asked for it carries it out"),
            t.say("必要な場合は、自分の名前で改めて依頼してください。", "If you need it, ask for it yourself."),
        ),
        "not_approved" => (
            t.say("承認されていません", "This is not approved"),
            t.say(
                "承認待ち、却下、期限切れ、または実行済みです。必要な場合は、改めて依頼してください。",
                "It waits, was declined, is too late or is done already. If it is still needed, ask for it anew.",
            ),
        ),
        "approval_dropped" => (
            t.say("二人での承認は、この画面では解除できません", "The second person is not given up here"),
            t.say(
                "適用中のサイトファイルの[approval]にある承認（exports・erasures）を外すファイルは、この画面では適用できません。ファイルを直すか、サーバーの管理者にコマンド（ashiato site apply）での適用を依頼してください。下書きは保存されています。",
                "The file drops what waits for a second person by [approval] of the file in force (exports, erasures). Put it back, or ask whoever runs the server: they apply such a file on the command line (ashiato site apply). The draft is kept.",
            ),
        ),
        "no_mail" => (
            t.say("書き出せません", "No list can be given out"),
            t.say(
                "一覧には送信者の名称・住所・苦情の連絡先を付ける必要があります。サイトファイルに[mail]を追加して適用してください。",
                "A list has to say who writes, from where, and where to complain: add [mail] to the site file and apply it.",
            ),
        ),
        "sure" => (
            t.say("確認が必要です", "Are you sure?"),
            t.say("取り消せない操作です。確認のチェックを入れてください。", "This cannot be undone: tick that you are sure."),
        ),
        _ => return None,
    };
    Some(document(
        t,
        title,
        &html! {
            main.door id="main" {
                p.brand { (mark()) span { "Ashiato" } }
                h1 { (title) }
                p { (said) }
                p { a.button href="/office" { (t.say("管理画面へ", "To the back office")) } }
            }
        },
    ))
}
