//! The pages, in both languages. Each is made of what it is given and of nothing else.

pub mod account;
pub mod analysis;
pub mod approvals;
pub mod chart;
mod columns;
pub mod consent;
pub mod doors;
pub mod factors;
pub mod leads;
pub mod now;
pub mod overview;
pub mod passkeys;
pub mod people;
pub mod proof;
pub mod refused;
pub mod requests;
pub mod second;
pub mod segment;
pub mod settings;
pub mod setup;
pub mod sign_on;
pub mod tokens;
pub mod trail;
pub mod trial;
mod withheld;

use maud::{DOCTYPE, Markup, html};

use super::{
    choice,
    may::{Action, may},
    tongue::Tongue,
};
use crate::store::accounts::Role;

/// The style sheet of every page.
pub const STYLE: &str = concat!(
    include_str!("style/base.css"),
    include_str!("style/frame.css"),
    include_str!("style/account.css"),
    include_str!("style/figures.css"),
    include_str!("style/oversight.css"),
    include_str!("style/more.css"),
    include_str!("style/analysis.css"),
);

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Visits.
    Overview,
    /// The last half hour.
    Now,
    /// Events and their properties.
    Events,
    /// What was done one after the other.
    Analysis,
    /// Consent.
    Consent,
    /// Leads.
    Leads,
    /// What people ask about their own data.
    Requests,
    /// What waits for a second person.
    Approvals,
    /// Who may what.
    People,
    /// What programs may.
    Tokens,
    /// Who did what.
    Trail,
    /// The tag and the site.
    Settings,
    /// One's own account.
    Account,
}

impl Place {
    const OF_A_SITE: [Self; 12] = [
        Self::Overview,
        Self::Now,
        Self::Events,
        Self::Analysis,
        Self::Consent,
        Self::Leads,
        Self::Requests,
        Self::Approvals,
        Self::People,
        Self::Tokens,
        Self::Trail,
        Self::Settings,
    ];

    const fn action(self) -> Action {
        match self {
            Self::Overview | Self::Now | Self::Events | Self::Analysis | Self::Account => {
                Action::Figures
            }
            Self::Consent => Action::Consent,
            Self::Leads => Action::Leads,
            Self::Requests | Self::Approvals => Action::HandOut,
            Self::People | Self::Tokens => Action::People,
            Self::Trail => Action::Trail,
            Self::Settings => Action::Settings,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Overview | Self::Account => "",
            Self::Now => "/now",
            Self::Events => "/events",
            Self::Analysis => "/analysis",
            Self::Consent => "/consent",
            Self::Leads => "/leads",
            Self::Requests => "/requests",
            Self::Approvals => "/approvals",
            Self::People => "/people",
            Self::Tokens => "/tokens",
            Self::Trail => "/trail",
            Self::Settings => "/settings",
        }
    }

    fn name(self, t: Tongue) -> &'static str {
        match self {
            Self::Overview => t.say("アクセス", "Overview"),
            Self::Now => t.say("リアルタイム", "Now"),
            Self::Events => t.say("イベント", "Events"),
            Self::Analysis => t.say("分析", "Analysis"),
            Self::Consent => t.say("同意", "Consent"),
            Self::Leads => t.say("リード", "Leads"),
            Self::Requests => t.say("開示等の請求", "Requests"),
            Self::Approvals => t.say("承認", "Approvals"),
            Self::People => t.say("メンバー", "People"),
            Self::Tokens => t.say("APIトークン", "API tokens"),
            Self::Trail => t.say("監査記録", "Audit trail"),
            Self::Settings => t.say("設定とタグ", "Settings"),
            Self::Account => t.say("アカウント", "Account"),
        }
    }
}

/// What surrounds a page of somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// The language.
    pub t: Tongue,
    /// Whose account it is.
    pub email: &'a str,
    /// What its forms carry.
    pub form_token: &'a str,
    /// The sites that may be seen: keys and names.
    pub sites: &'a [(String, String)],
    /// The site that is shown, and what one is on it.
    pub site: Option<(&'a str, Role)>,
    /// Which page it is.
    pub place: Place,
    /// Its address, to come back to.
    pub here: &'a str,
    /// The segment whose visitors it shows: pages that can show the same keep it.
    pub segment: Option<&'a str>,
}

impl Frame<'_> {
    /// The page: its title, and what stands in it under that.
    #[must_use]
    pub fn page(&self, title: &str, content: &Markup) -> Markup {
        let t = self.t;
        let name = self.site.and_then(|(key, _)| self.sites.iter().find(|(other, _)| other == key));
        let site = name.map(|(_, name)| name.as_str());
        document(
            t,
            &match site {
                Some(site) => format!("{title} – {site}"),
                None => title.to_owned(),
            },
            &html! {
                a.skip href="#main" { (t.say("本文へ移動", "Skip to content")) }
                div.office {
                    header.side {
                        a.brand href="/office" { (mark()) span { "Ashiato" } }
                        details.menu {
                            summary { (t.say("メニュー", "Menu")) }
                            (self.menu())
                        }
                        div.wide { (self.menu()) }
                    }
                    main id="main" tabindex="-1" { (content) }
                }
            },
        )
    }

    fn menu(&self) -> Markup {
        let t = self.t;
        html! {
            @if self.sites.len() > 1 {
                nav aria-label=(t.say("サイトの切り替え", "Sites")) {
                    ul.sites {
                        @for (key, name) in self.sites {
                            li { a href={ "/office/sites/" (key) }
                                aria-current=[self.site.filter(|(own, _)| own == key).map(|_| "true")] { (name) } }
                        }
                    }
                }
            }
            @if let Some((key, role)) = self.site {
                nav aria-label=(t.say("メインメニュー", "Main menu")) {
                    ul.places {
                        @for place in Place::OF_A_SITE {
                            @if may(role, place.action()) {
                                li { a href={ "/office/sites/" (key) (place.path()) (self.of_segment(place)) }
                                    aria-current=[(place == self.place).then_some("page")] { (place.name(t)) } }
                            }
                        }
                    }
                }
            }
            div.self {
                a.account href="/office/account" aria-current=[(self.place == Place::Account).then_some("page")] {
                    span { (Place::Account.name(t)) } span.email { (self.email) }
                }
                form method="post" action="/office/language" {
                    (self.hidden())
                    input type="hidden" name="back" value=(self.here);
                    input type="hidden" name="language" value=(t.say("en", "ja"));
                    button.quiet type="submit" lang=(t.say("en", "ja")) { (t.say("English", "日本語")) }
                }
                form method="post" action="/office/logout" {
                    (self.hidden())
                    button.quiet type="submit" { (t.say("ログアウト", "Log out")) }
                }
            }
        }
    }

    /// What an address of that place goes on with, to show the same segment there.
    fn of_segment(&self, place: Place) -> String {
        let same = matches!(place, Place::Overview | Place::Now | Place::Events | Place::Analysis);
        let segment = self.segment.filter(|_| same);
        segment.map_or_else(String::new, |name| format!("?segment={}", choice::escaped(name)))
    }

    /// What every form carries.
    #[must_use]
    pub fn hidden(&self) -> Markup {
        html! { input type="hidden" name="token" value=(self.form_token); }
    }
}

/// A whole document.
#[must_use]
pub fn document(t: Tongue, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(t.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " – Ashiato" }
                link rel="stylesheet" href="/office/office.css";
                // None, and no request for one.
                link rel="icon" href="data:,";
            }
            body { (body) }
        }
    }
}

/// Two footprints.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" aria-hidden="true" {
            ellipse cx="8" cy="13.5" rx="3.1" ry="5" {}
            circle cx="8" cy="20.7" r="2" {}
            ellipse cx="16" cy="6" rx="3.1" ry="5" {}
            circle cx="16" cy="13.2" r="2" {}
        }
    }
}
