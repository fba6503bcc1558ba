//! The guided set-up.

use maud::{Markup, html};

use super::Frame;
use crate::{
    office::tongue::Tongue,
    site::{Complaint, SiteFile},
    sites::Site,
    store::reports::Share,
};

/// What became of a file that was looked at.
#[derive(Debug)]
pub enum Checked {
    /// All that is wrong with it.
    Wrong(Vec<Complaint>),
    /// It can be put in force.
    Good {
        /// The file.
        file: Box<SiteFile>,
        /// Of a site that is there: whether its visitors are asked again.
        asks: Option<bool>,
    },
}

fn steps(t: Tongue, at: usize, seen: bool) -> Markup {
    let names = [
        t.say("サイトファイルを用意する", "The site file"),
        t.say("タグを貼る", "The tag"),
        t.say("動作を確かめる", "See that it works"),
    ];
    html! {
        ol.stages {
            @for (step, name) in (1..).zip(names) {
                li.done[step < at || seen] aria-current=[(step == at && !seen).then_some("step")] {
                    (name)
                    @if step < at || seen { span.unseen { (t.say("（済み）", " (done)")) } }
                }
            }
        }
    }
}

/// The page of the file that is being written.
#[must_use]
pub fn file(frame: &Frame<'_>, text: &str, checked: Option<&Checked>) -> Markup {
    let t = frame.t;
    let title = t.say("サイトの設定", "Set up a site");
    let wrong: &[Complaint] = match checked {
        Some(Checked::Wrong(wrong)) => wrong,
        _ => &[],
    };
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (steps(t, 1, false))
        @match checked {
            Some(Checked::Wrong(_)) => p.notice.bad role="alert" { (t.say(
                format!("{}か所を直してください。下書きは保存されています。", wrong.len()),
                format!("There are {} things to put right. The draft is kept.", wrong.len()))) },
            Some(Checked::Good { file, asks }) => (good(t, file, *asks)),
            None => {
                @if text.is_empty() { p.share { (t.say(
                    "サイトファイルには、何のために、誰が、どのデータを集めるかを書きます。ひな形から始めるか、用意したファイルを貼り付けてください。",
                    "The site file says what is collected, for what and by whom. Start from a template, or paste a file that you have.")) } }
            }
        }
        @if text.is_empty() && checked.is_none() { (questions(frame)) }
        section.card.wide-card {
            h2 { (t.say("サイトファイル", "The site file")) " (TOML)" }
            form method="post" action="/office/setup" enctype="text/plain" {
                (frame.hidden())
                label for="text" { (t.say("内容", "Content")) }
                textarea.file id="text" name="text" rows="24" spellcheck="false" autocapitalize="off" required
                    aria-describedby=[(!wrong.is_empty()).then_some("wrong")] { "\n" (text) }
                p.onward {
                    button.quiet type="submit" { (t.say("確認する（下書き保存）", "Check it, and keep the draft")) }
                    " "
                    button type="submit" formaction="/office/setup/apply" { (t.say("適用する", "Put it in force")) }
                }
            }
        }
        @if !wrong.is_empty() { (complaints(t, text, wrong)) }
    })
}

fn good(t: Tongue, file: &SiteFile, asks: Option<bool>) -> Markup {
    let services: usize = file.purposes.iter().map(|purpose| purpose.services.len()).sum();
    html! {
        p.notice.good role="status" {
            (t.say(
                format!("問題はありません（目的{}・サービス{services}）。下書きは保存されています。", file.purposes.len()),
                format!("Nothing is wrong with it: {} purposes, {services} services. The draft is kept.", file.purposes.len())))
            " "
            @match asks {
                None => (t.say("適用すると、新しいサイトとして使えるようになります。", "Put in force it makes a new site.")),
                Some(true) => strong { (t.say(
                    "適用すると、このサイトで回答済みの全員にもう一度同意を求めます。",
                    "Put in force it asks everybody again who has decided on this site.")) },
                Some(false) => (t.say("適用しても、回答済みの訪問者に再度の確認はしません。", "Put in force it asks nobody again.")),
            }
        }
    }
}

/// The lines that something is wrong with, and what.
fn complaints(t: Tongue, text: &str, wrong: &[Complaint]) -> Markup {
    let lines: Vec<&str> = text.lines().collect();
    let title = t.say("直すところ", "What to put right");
    html! {
        section.card.wide-card id="wrong" aria-label=(title) {
            h2 { (title) }
            ol.wrong {
                @for complaint in wrong {
                    li {
                        p { strong { (t.say(format!("{}行目", complaint.line), format!("Line {}", complaint.line))) } }
                        @if let Some(line) = lines.get(complaint.line.saturating_sub(1)).filter(|line| !line.trim().is_empty()) {
                            pre tabindex="0" { code { (line.chars().take(200).collect::<String>()) } }
                        }
                        p { (t.say(&complaint.message.ja, &complaint.message.en)) }
                        p.hint { (t.say(&complaint.remedy.ja, &complaint.remedy.en)) }
                    }
                }
            }
        }
    }
}

fn questions(frame: &Frame<'_>) -> Markup {
    let t = frame.t;
    let fields = [
        ("name", t.say("サイト名", "The site's name"), "text", "", ""),
        (
            "key",
            t.say("サイトのキー（英小文字・数字・ハイフン）", "The site's key (a-z, 0-9 and -)"),
            "text",
            "[a-z0-9\\-]+",
            "",
        ),
        (
            "origin",
            t.say(
                "サイトのアドレス（例：https://www.shop.example）",
                "Where its pages are, as in https://www.shop.example",
            ),
            "url",
            "",
            "",
        ),
        ("company", t.say("運営者の名称", "Who runs it"), "text", "", ""),
        ("representative", t.say("代表者の氏名", "Who stands for them"), "text", "", ""),
        ("address", t.say("住所", "Their postal address"), "text", "", ""),
        (
            "contact",
            t.say(
                "個人情報の問い合わせ先（メールアドレス）",
                "E-mail address for questions about personal data",
            ),
            "email",
            "",
            "",
        ),
        ("timezone", t.say("タイムゾーン", "Time zone"), "text", "", "Asia/Tokyo"),
    ];
    html! {
        section.card.wide-card {
            h2 { (t.say("ひな形から始める", "Start from a template")) }
            p.hint { (t.say(
                "同意の記録とアクセス解析だけの、すぐに使えるファイルを作ります。この時点では何も適用されません。",
                "It makes a file that holds consent and counts visits, and can be used as it is. Nothing is put in force yet.")) }
            form.answers method="post" action="/office/setup/template" {
                (frame.hidden())
                @for (name, label, kind, pattern, value) in fields {
                    p {
                        label for=(name) { (label) }
                        input id=(name) name=(name) type=(kind) required maxlength="200"
                            pattern=[(!pattern.is_empty()).then_some(pattern)] value=(value);
                    }
                }
                p {
                    label for="languages" { (t.say("訪問者に表示する言語", "Languages that visitors are asked in")) }
                    select id="languages" name="languages" {
                        option value=(t.say("ja,en", "en,ja")) { (t.say("日本語と英語", "English and Japanese")) }
                        option value="ja" { (t.say("日本語", "Japanese")) }
                        option value="en" { (t.say("英語", "English")) }
                    }
                }
                button type="submit" { (t.say("ファイルを作る", "Make the file")) }
            }
        }
    }
}

/// The page of the tag, and of whether it was seen.
#[must_use]
pub fn tag(frame: &Frame<'_>, site: &Site, tag: &str, week: &Share) -> Markup {
    let t = frame.t;
    let seen = week.asked > 0 || week.decided > 0;
    let title = t.say("タグの設置と確認", "The tag");
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (steps(t, 2, seen))
        section.card.wide-card {
            h2 { "1. " (t.say("タグを貼る", "Put it in")) }
            p { (t.say("次の1行を、サイトの全ページの<head>内に貼って公開します。", "Put this line into the head of every page, and publish.")) }
            pre tabindex="0" { code { (tag) } }
            p.hint { (t.say("対象のアドレス：", "It works on: ")) (site.file.origins.join(", ")) }
        }
        section.card.wide-card {
            h2 { "2. " (t.say("サイトを開いて確かめる", "Open the site")) }
            ul.links { @for origin in &site.file.origins { li { a href=(origin) rel="noreferrer" { (origin) } } } }
            @if seen {
                p.notice.good role="status" { (t.say(
                    format!("タグは動作しています。過去7日間に{}件の同意の確認がありました。", t.number(week.asked.max(week.decided))),
                    format!("The tag works: {} browsers were asked in the last seven days.", t.number(week.asked.max(week.decided))))) }
                p { a.button href={ "/office/sites/" (site.key) } { (t.say("アクセスを見る", "To the figures")) } }
            } @else {
                p.notice role="status" { (t.say(
                    "このタグからの確認はまだありません。サイトを開いてバナーが出たら、もう一度確認してください。",
                    "Nobody was asked by this tag yet. Open the site, see the banner come, then look again.")) }
                p { a.button href={ "/office/sites/" (site.key) "/setup" } { (t.say("もう一度確認する", "Look again")) } }
                details {
                    summary { (t.say("バナーが出ないとき", "Where the banner does not come")) }
                    ul {
                        li { (t.say("そのブラウザーで回答済みなら、バナーは出ません。プライベートウィンドウで開いてください。", "A browser that has decided is not asked. Use a private window.")) }
                        li { (t.say("サイトのアドレスが、上の「対象のアドレス」と完全に一致しているか（http と https、www の有無）。", "The address of the pages is one of those above: http or https, with or without www.")) }
                        li { (t.say("サイトのContent-Security-Policyが、このサーバーを script-src・connect-src・style-src で許可しているか。", "A Content-Security-Policy of the site allows this server in script-src, connect-src and style-src.")) }
                        li { (t.say("タグを貼ったページが公開され、キャッシュが更新されているか。", "The pages with the tag are published, and no cache holds older ones.")) }
                    }
                }
            }
        }
    })
}
