//! Who may what on the site.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Frame, approvals::reason};
use crate::{
    office::{people::gives, tongue::Tongue},
    store::accounts::{Role, people::Person},
};

/// What the page is made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// Everybody with a role.
    pub people: &'a [Person],
    /// One's own account.
    pub own: i64,
    /// What one is there.
    pub role: Role,
    /// Whether one gives roles on every site.
    pub everywhere: Option<Role>,
    /// Whether deleting an account waits for a second person.
    pub waits: bool,
    /// The site's time zone.
    pub zone: &'a TimeZone,
    /// What was done.
    pub said: Option<Said<'a>>,
}

/// What was done, or why not.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A link that is shown once, and whose it is.
    Link(&'a str, &'a str),
    /// The account has a password already.
    Known,
    /// The account is disabled.
    Disabled,
    /// It is done.
    Done,
    /// The address is none.
    Email,
    /// It was refused: a code.
    Refused(&'static str),
}

/// What a role is called.
#[must_use]
pub fn role_name(t: Tongue, role: Role) -> &'static str {
    match role {
        Role::Owner => t.say("オーナー", "Owner"),
        Role::Administrator => t.say("管理者", "Administrator"),
        Role::Marketer => t.say("マーケター", "Marketer"),
        Role::PrivacyOfficer => t.say("個人情報担当者", "Privacy officer"),
        Role::Auditor => t.say("監査人", "Auditor"),
    }
}

fn said(t: Tongue, said: Option<Said<'_>>) -> Markup {
    let bad = |text: &str| html! { p.notice.bad role="alert" { (text) } };
    let good = |text: &str| html! { p.notice.good role="status" { (text) } };
    match said {
        None => html! {},
        Some(Said::Link(email, link)) => html! { section.card.wide-card role="status" {
            h2 { (t.say(format!("{email} さんに渡すリンク"), format!("The link for {email}"))) }
            p { (t.say("この画面でしか表示されません。24時間以内に1回だけ使えます。本人に直接渡してください。",
                "It is shown here and never again, and works once, for a day. Hand it over yourself.")) }
            pre tabindex="0" { code.once { (link) } }
        } },
        Some(Said::Known) => good(t.say("役割を設定しました。すでにアカウントがあるため、これまでのパスワードでログインできます。", "The role is given. There is an account already, which logs in as before.")),
        Some(Said::Disabled) => bad(t.say("役割を設定しましたが、アカウントは停止中です。新しいリンクを発行すると再開できます。", "The role is given, but the account is disabled: a new link lets it in again.")),
        Some(Said::Done) => good(t.say("変更しました。すぐに反映されます。", "It is done, and holds at once.")),
        Some(Said::Email) => bad(t.say("メールアドレスの形式が正しくありません。", "This is no e-mail address.")),
        Some(Said::Refused(code)) => bad(match code {
            "own" => t.say("自分の役割やアカウントは変更できません。ほかのオーナーか管理者に依頼してください。", "Nobody changes their own role or account. Another owner or administrator does."),
            "above" => t.say("オーナーの役割を変更できるのはオーナーだけです。", "Only an owner gives and takes the role of an owner."),
            "beyond" => t.say("このアカウントは、あなたが管理していないサイトでも使われているため変更できません。", "The account has a role beyond the sites that you run."),
            "elsewhere" => t.say("このアカウントが使われている別のサイトでは、削除に二人での承認が必要です。そのサイトのメンバー画面で依頼してください。", "Another of the account's sites has its deletion wait for a second person. Ask for it on that site's people page."),
            "last_owner" => t.say("最後のオーナーは外せません。先に別の人をオーナーにしてください。", "The last owner stays. Make somebody else the owner first."),
            _ => t.say("確認のチェックを入れてください。", "Tick that you are sure."),
        }),
    }
}

/// The page.
#[must_use]
pub fn page(frame: &Frame<'_>, data: &Data<'_>) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let title = t.say("メンバー", "People");
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (said(t, data.said))
        div.scroll.rows tabindex="0" role="group" aria-label=(title) { table.top {
            caption.unseen { (title) }
            thead { tr { th scope="col" { (t.say("アカウント", "Account")) } th scope="col" { (t.say("役割", "Role")) }
                th scope="col" { (t.say("最後のログイン", "Last log-in")) } th scope="col" { (t.say("操作", "Actions")) } } }
            tbody { @for person in data.people { tr {
                th scope="row" { (person.account.email) " " (state(t, data, person))
                    @if !person.own { div.path { (t.say("すべてのサイト", "every site")) } }
                    @else if person.elsewhere > 0 { div.path { (t.say("ほかのサイトにも役割あり", "has roles on other sites too")) } } }
                td { (role(frame, data, person, site)) }
                td { @match person.last { Some(at) => (t.moment(at, data.zone)), None => "–" } }
                td { (acts(frame, data, person, site)) }
            } } }
        } }
        (add(frame, data, site))
    })
}

fn state(t: Tongue, data: &Data<'_>, person: &Person) -> Markup {
    html! {
        @if person.account.id.0 == data.own { span.badge.good { (t.say("自分", "You")) } }
        @if person.account.disabled { span.badge.locked { (t.say("停止中", "Disabled")) } }
        @else if person.last.is_none() && person.account.password.is_none() { span.badge { (t.say("招待中", "Invited")) } }
    }
}

fn changes(data: &Data<'_>, person: &Person) -> bool {
    let reaches = person.own || data.everywhere.is_some_and(|own| gives(own, person.role));
    person.account.id.0 != data.own && gives(data.role, person.role) && reaches
}

fn role(frame: &Frame<'_>, data: &Data<'_>, person: &Person, site: &str) -> Markup {
    let t = frame.t;
    html! {
        @if changes(data, person) {
            form.row-form method="post" action={ "/office/sites/" (site) "/people/" (person.account.id.0) "/role" } {
                (frame.hidden())
                select name="role" aria-label=(t.say(format!("{}の役割", person.account.email), format!("Role of {}", person.account.email))) {
                    @for role in Role::ALL { @if gives(data.role, role) {
                        option value=(role.as_str()) selected[role == person.role] { (role_name(t, role)) } } }
                }
                button.small type="submit" { (t.say("変更", "Change")) }
            }
        } @else { (role_name(t, person.role)) }
    }
}

fn acts(frame: &Frame<'_>, data: &Data<'_>, person: &Person, site: &str) -> Markup {
    let t = frame.t;
    let id = person.account.id.0;
    let button = |act: &str, text: &str| {
        html! { form method="post" action={ "/office/sites/" (site) "/people/" (id) "/" (act) } {
        (frame.hidden()) button.small type="submit" { (text) span.unseen { " " (person.account.email) } } } }
    };
    let delete = format!("/office/sites/{site}/people/{id}/delete");
    html! { @if changes(data, person) {
        details {
            summary { (t.say("操作", "Actions")) span.unseen { " " (person.account.email) } }
            div.acts {
                (button("link", t.say("新しいリンク", "New link")))
                @if !person.account.disabled { (button("disable", t.say("停止する", "Disable"))) }
                (button("remove", t.say("役割を外す", "Take the role")))
            }
            form.stack method="post" action=(delete) {
                (frame.hidden())
                @if data.waits { (reason(t, &format!("reason-{id}"))) }
                @else { div.choices { label { input type="checkbox" name="sure" value="yes" required;
                    (t.say("削除は取り消せないことを確認しました", "I know that this cannot be undone")) } } }
                button.danger type="submit" { @if data.waits { (t.say("削除の承認を依頼する", "Ask for its deletion")) } @else { (t.say("アカウントを削除する", "Delete the account")) }
                    span.unseen { " " (person.account.email) } }
            }
        }
    } }
}

fn add(frame: &Frame<'_>, data: &Data<'_>, site: &str) -> Markup {
    let t = frame.t;
    html! {
        section.card.wide-card {
            h2 { (t.say("メンバーの追加", "Add somebody")) }
            form.stack method="post" action={ "/office/sites/" (site) "/people" } {
                (frame.hidden())
                label for="email" { (t.say("メールアドレス", "E-mail address")) }
                input id="email" name="email" type="email" required autocomplete="off";
                label for="role" { (t.say("役割", "Role")) }
                select id="role" name="role" {
                    @for role in Role::ALL { @if gives(data.role, role) {
                        option value=(role.as_str()) selected[role == Role::Marketer] { (role_name(t, role)) } } }
                }
                @if data.everywhere.is_some() {
                    div.choices { label { input type="checkbox" name="everywhere" value="yes";
                        (t.say("すべてのサイト（今後追加するサイトを含む）", "On every site, those to come too")) } }
                }
                button type="submit" { (t.say("追加する", "Add")) }
            }
        }
    }
}
