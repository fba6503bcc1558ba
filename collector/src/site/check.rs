//! The rules that look at more than one key of a site file.

use std::collections::BTreeMap;

use consent_core::{
    cookie::CONSENT_COOKIE,
    policy::{Flaw, Kind, MAX_SLOTS},
};

use super::{Complaint, Purpose, Service, SiteFile, kept::Area, place::Places};

/// Everything that is wrong with a file whose keys are right one by one.
pub(super) fn check(file: &SiteFile, places: &Places) -> Vec<Complaint> {
    let mut check = Check { file, places, complaints: Vec::new() };
    check.purposes();
    check.names();
    check.forms();
    check.own_cookies();
    check.signals();
    check.switches();
    check.complaints
}

pub(super) struct Check<'a> {
    pub(super) file: &'a SiteFile,
    places: &'a Places,
    complaints: Vec<Complaint>,
}

impl<'a> Check<'a> {
    pub(super) fn complain(
        &mut self,
        path: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.complaints.push(Complaint {
            line: self.places.line(path),
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    fn purposes(&mut self) {
        let mut lead_links = 0;
        for (at, purpose) in self.file.purposes.iter().enumerate() {
            let path = format!("purposes[{at}]");
            let key = &purpose.key;
            match (purpose.kind, purpose.retention_days) {
                (Kind::LeadLink, None) => self.complain(
                    &path,
                    format!("purpose `{key}`: `retention_days` is missing"),
                    "add retention_days = …: after how many days a link to a person is cut",
                ),
                (Kind::Optional | Kind::Necessary, Some(_)) => self.complain(
                    &format!("{path}.retention_days"),
                    format!("purpose `{key}`: `retention_days` has no effect here"),
                    "give it in each service; only a purpose of kind lead_link has its own",
                ),
                _ => {}
            }
            if purpose.kind == Kind::LeadLink {
                lead_links += 1;
                if lead_links == 2 {
                    self.complain(
                        &format!("{path}.kind"),
                        format!("purpose `{key}`: a second one of kind lead_link"),
                        "keep one: browsing is tied to a person's details or it is not",
                    );
                }
            } else if purpose.services.is_empty() {
                self.complain(
                    &path,
                    format!("purpose `{key}` has no services"),
                    "add [[purposes.services]] that say who receives what, or leave the purpose out",
                );
            }
            for (at, service) in purpose.services.iter().enumerate() {
                self.service(purpose, service, &format!("{path}.services[{at}]"));
            }
        }
        let necessary = |purpose: &Purpose| purpose.kind == Kind::Necessary;
        if !self.file.purposes.iter().any(necessary) {
            self.complain(
                "purposes",
                "there is no purpose of kind necessary",
                format!("add one with kind = \"necessary\" for the cookie {CONSENT_COOKIE}"),
            );
        }
    }

    fn service(&mut self, purpose: &Purpose, service: &Service, path: &str) {
        let key = &service.key;
        let provider = &service.provider;
        if service.external && provider.policy.is_none() {
            self.complain(
                &format!("{path}.provider"),
                format!("service `{key}`: the provider's `policy` is missing"),
                "add policy = \"https://…\": the privacy policy of who receives the data",
            );
        }
        let mut own = self.file.controller.name.values();
        let foreign = !own.any(|name| *name == provider.name);
        if !service.external && foreign {
            self.complain(
                &format!("{path}.external"),
                format!(
                    "service `{key}`: external is false, but `{}` is not the controller",
                    provider.name
                ),
                "write external = true, or name the controller as the provider",
            );
        }
        if purpose.kind == Kind::Necessary && !service.events.is_empty() {
            self.complain(
                &format!("{path}.events"),
                format!(
                    "service `{key}`: events under a necessary purpose, which nobody is asked for"
                ),
                "move the service to a purpose that visitors can refuse",
            );
        }
        if service.external || !foreign {
            self.recipient(service, path);
        }
        self.storage(service, path);
        let mut cookies = Seen::default();
        for (at, cookie) in service.cookies.iter().enumerate() {
            let path = format!("{path}.cookies[{at}].name");
            cookies.see(self, &format!("service `{key}`, cookie"), &cookie.name, &path);
        }
    }

    /// What is sent to others is used by others, and what for is told (Telecommunications Business Act,
    /// art. 27-12: the purposes of both sides).
    fn recipient(&mut self, service: &Service, path: &str) {
        let Service { key, provider, .. } = service;
        match (service.external, &service.their_use) {
            (true, None) => self.complain(
                &format!("{path}.external"),
                format!("service `{key}`: `their_use` is missing"),
                format!(
                    "add their_use = {{ … }}: what {} itself uses it for, in each language; where it acts \
                     for you alone, what it does with it for you",
                    provider.name
                ),
            ),
            (false, Some(_)) => self.complain(
                &format!("{path}.their_use"),
                format!("service `{key}`: `their_use` has no effect here"),
                "leave it out: nothing is sent to others, and `use` says what the site does",
            ),
            _ => {}
        }
    }

    /// Storage has no lifetime of its own, so the file says when an entry goes.
    fn storage(&mut self, service: &Service, path: &str) {
        let mut names = Seen::default();
        for (at, entry) in service.storage.iter().enumerate() {
            let path = format!("{path}.storage[{at}]");
            let what = format!("service `{}`, storage `{}`", service.key, entry.name);
            names.see(
                self,
                &format!("service `{}`, storage", service.key),
                &entry.name,
                &format!("{path}.name"),
            );
            let session = entry.place().is_some_and(|(area, _)| area == Area::Session);
            match (session, entry.days, entry.until_deleted) {
                (true, None, false) | (false, Some(_), false) | (false, None, true) => {}
                (true, _, _) => self.complain(
                    &path,
                    format!("{what}: it ends with the tab, and has another lifetime"),
                    "leave `days` and `until_deleted` out, or write \"local:…\" where it stays longer",
                ),
                (false, None, false) => self.complain(
                    &path,
                    format!("{what}: its lifetime is missing"),
                    "add days = … where its script takes it away, or until_deleted = true",
                ),
                (false, Some(_), true) => self.complain(
                    &path,
                    format!("{what}: it has two lifetimes"),
                    "keep `days` where its script takes it away, otherwise until_deleted = true",
                ),
            }
        }
    }

    /// Keys, services and events are named once.
    fn names(&mut self) {
        let (mut purposes, mut services, mut events) =
            (Seen::default(), Seen::default(), Seen::default());
        for (at, purpose) in self.file.purposes.iter().enumerate() {
            let path = format!("purposes[{at}]");
            purposes.see(self, "purpose", purpose.key.as_str(), &format!("{path}.key"));
            for (at, service) in purpose.services.iter().enumerate() {
                let path = format!("{path}.services[{at}]");
                services.see(self, "service", service.key.as_str(), &format!("{path}.key"));
                for (at, event) in service.events.iter().enumerate() {
                    if service.events[..at].contains(event) {
                        continue; // complained of where lists are looked at
                    }
                    events.see(self, "event", event.as_str(), &format!("{path}.events[{at}]"));
                }
            }
        }
    }

    /// The consent cookie has a bit for each switch. The other flaws that a policy may have are
    /// named above, each on its own line.
    fn switches(&mut self) {
        if let Err(Flaw::TooManySlots(switches)) = self.file.policy(1) {
            self.complain(
                "purposes",
                format!("there are {switches} switches, more than {MAX_SLOTS}"),
                "put services of one provider and one purpose together",
            );
        }
    }
}

/// Names seen so far, with the lines they stand on.
#[derive(Default)]
pub(super) struct Seen {
    lines: BTreeMap<String, usize>,
}

impl Seen {
    pub(super) fn see(&mut self, check: &mut Check<'_>, what: &str, name: &str, path: &str) {
        let line = check.places.line(path);
        if let Some(first) = self.lines.get(name) {
            check.complain(
                path,
                format!("{what} `{name}` is named twice, first on line {first}"),
                "give each its own name",
            );
        } else {
            self.lines.insert(name.to_owned(), line);
        }
    }
}
