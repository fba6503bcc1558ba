//! What visitors read: the site's own words, and the built-in ones where it has none.
//!
//! Built-in words are complete in Japanese and English. In another language the site file gives
//! them all, under `[banner.text.LANGUAGE]`; there it may replace single ones of any language.

mod changes;
mod country;
mod en;
mod forms;
mod ja;
mod mail;
mod record;
mod request;
mod speech;
mod time;

use std::collections::BTreeSet;

use consent_core::{
    client::{PurposeText, ServiceText, Texts},
    policy::Kind,
};

pub(crate) use country::names as country_names;
pub(crate) use speech::{Speech, fill, same_language};

use super::{
    file::{Purpose, Service, SiteFile},
    kept::{Area, Kept, Lifetime},
};

/// The names of all built-in words with their English: those of [`Texts`], `fault_…` for what a
/// form says of a field and `form_…` for what it says of itself, words for lengths of time and for where things are kept, `page_…` for the policy
/// page and `change_…` for what a revision changed.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
    // The body is composed of what the site does; it has no fixed words.
    [("body", "")].into_iter().chain(en::WORDS.iter().copied())
}

/// What the first layer has to tell (C2: what for, to whom, how long, how to change it).
pub(crate) struct Facts<'a> {
    /// Names of the purposes that are asked, the lead link apart.
    purposes: Vec<&'a str>,
    /// Outside companies that receive data.
    recipients: BTreeSet<&'a str>,
    /// The longest time that anything asked for is kept, in words; none where something is kept until
    /// somebody deletes it.
    longest: Option<String>,
    /// Whether browsing may be tied to a person.
    link: bool,
    /// The lasting control's name.
    reopen: &'a str,
}

impl Facts<'_> {
    /// The first few purposes, and whether there are more.
    fn first_purposes(&self) -> (&[&str], bool) {
        const SHOWN: usize = 4;
        match self.purposes.get(..SHOWN) {
            Some(first) if self.purposes.len() > SHOWN => (first, true),
            _ => (&self.purposes, false),
        }
    }
}

impl SiteFile {
    /// The texts of a language, for the banner; those of the default language where the site does
    /// not speak it.
    #[must_use]
    pub fn texts(&self, language: &str) -> Texts {
        let speech = self.speech(language);
        let word = |name| speech.word(name).to_owned();
        Texts {
            language: speech.language().to_owned(),
            direction: speech.direction().to_owned(),
            title: word("title"),
            body: self.body(&speech),
            accept: word("accept"),
            reject: word("reject"),
            customise: word("customise"),
            preferences: word("preferences"),
            preferences_body: word("preferences_body"),
            save: word("save"),
            close: word("close"),
            always_on: word("always_on"),
            saved: word("saved"),
            reopen: word("reopen"),
            policy: word("policy"),
            policy_url: format!("/s/{}/policy?lang={}", self.key, speech.language()),
            me: word("me"),
            me_url: format!("/s/{}/me?lang={}", self.key, speech.language()),
            details: word("details"),
            provider_label: word("provider_label"),
            sends_label: word("sends_label"),
            use_label: word("use_label"),
            retention_label: word("retention_label"),
            cookies_label: word("cookies_label"),
            changed: word("changed"),
            changes: Vec::new(),
            gpc: word("gpc"),
            gpc_off: word("gpc_off"),
            reload: word("reload"),
            reload_button: word("reload_button"),
            later: word("later"),
            blocked: word("blocked"),
            unblock: word("unblock"),
            purposes: self.purposes.iter().map(|purpose| purpose_text(&speech, purpose)).collect(),
        }
    }

    fn body(&self, speech: &Speech<'_>) -> String {
        if let Some(own) = speech.own("body") {
            return own.to_owned();
        }
        let asked = || self.purposes.iter().filter(|purpose| purpose.kind != Kind::Necessary);
        let endless = |kept: Kept<'_>| kept.lifetime == Lifetime::UntilDeleted;
        let mut kept = asked().flat_map(|purpose| &purpose.services).flat_map(Service::kept);
        let longest = asked().flat_map(days).max().unwrap_or(self.consent_days);
        let facts = Facts {
            purposes: asked()
                .filter(|purpose| purpose.kind != Kind::LeadLink)
                .map(|purpose| speech.say(&purpose.name))
                .collect(),
            recipients: self
                .purposes
                .iter()
                .flat_map(|purpose| &purpose.services)
                .filter(|service| service.external)
                .map(|service| service.provider.name.as_str())
                .collect(),
            longest: (!kept.any(endless)).then(|| speech.time(longest)),
            link: asked().any(|purpose| purpose.kind == Kind::LeadLink),
            reopen: speech.word("reopen"),
        };
        if speech.is("ja") { ja::body(&facts) } else { en::body(&facts) }
    }
}

/// How long anything of a purpose is kept.
fn days(purpose: &Purpose) -> impl Iterator<Item = u32> {
    let services = purpose.services.iter().flat_map(|service| {
        let days = |kept: Kept<'_>| match kept.lifetime {
            Lifetime::Days(days) => Some(days),
            Lifetime::UntilClosed | Lifetime::UntilDeleted => None,
        };
        service.kept().filter_map(days).chain([service.retention_days])
    });
    services.chain(purpose.retention_days)
}

fn purpose_text(speech: &Speech<'_>, purpose: &Purpose) -> PurposeText {
    let mut usage = speech.say(&purpose.usage).to_owned();
    if let Some(days) = purpose.retention_days {
        let kept = speech.labelled(speech.word("retention_label"), &speech.time(days));
        usage = speech.bracketed(&usage, &kept);
    }
    PurposeText {
        key: purpose.key.clone(),
        name: speech.say(&purpose.name).to_owned(),
        usage,
        services: purpose.services.iter().map(|service| service_text(speech, service)).collect(),
    }
}

fn service_text(speech: &Speech<'_>, service: &Service) -> ServiceText {
    // Cookies are what visitors expect here; anything else says what it is.
    let cookies = service.kept().map(|kept| {
        let lifetime = speech.lifetime(kept.lifetime);
        let aside = match kept.area {
            Area::Cookie => lifetime,
            other => speech.listed(&[speech.word(other.word()), &lifetime]),
        };
        speech.labelled(&speech.bracketed(kept.name, &aside), speech.say(kept.usage))
    });
    ServiceText {
        key: service.key.clone(),
        name: speech.say(&service.name).to_owned(),
        provider: speech.provider(&service.provider),
        sends: speech.say(&service.sends).to_owned(),
        usage: speech.say(&service.usage).to_owned(),
        retention: speech.time(service.retention_days),
        cookies: cookies.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_of_mail_records_and_requests_say_the_same_things_with_the_same_places() {
        let places = |text: &str| {
            let mut found: Vec<_> =
                text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            found.sort_unstable();
            found.join(" ")
        };
        let all = [(mail::JA, mail::EN), (record::JA, record::EN), (request::JA, request::EN)];
        for (ja, en) in all {
            assert_eq!(ja.len(), en.len());
            for ((key, japanese), (same, english)) in ja.iter().zip(en) {
                assert_eq!(key, same);
                assert_eq!(places(japanese), places(english), "{key}");
            }
        }
    }
}
