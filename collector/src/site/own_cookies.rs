//! The product's own two cookies in a site file.

use consent_core::{
    cookie::{CONSENT_COOKIE, VISITOR_COOKIE},
    policy::Kind,
    time::COOKIE_MAX_DAYS,
};

use super::check::Check;

impl Check<'_> {
    /// The product's own cookies are declared, and as long-lived as they are.
    pub(super) fn own_cookies(&mut self) {
        let needs_visitor = self.file.purposes.iter().any(|purpose| {
            let mut services = purpose.services.iter();
            purpose.kind == Kind::LeadLink || services.any(|service| !service.events.is_empty())
        });
        let mut kinds = self.file.purposes.iter().map(|purpose| purpose.kind);
        // Without a necessary purpose that is what is wrong.
        if kinds.any(|kind| kind == Kind::Necessary) {
            self.own_cookie(CONSENT_COOKIE, "consent_days", self.file.consent_days);
        }
        if needs_visitor {
            self.own_cookie(VISITOR_COOKIE, "visitor_days", self.file.visitor_days);
        }
    }

    fn own_cookie(&mut self, name: &str, setting: &str, lives: u32) {
        if !(1..=COOKIE_MAX_DAYS).contains(&lives) {
            return; // the setting itself is wrong
        }
        let mut declared = false;
        let wants_necessary = name == CONSENT_COOKIE;
        for (at, purpose) in self.file.purposes.iter().enumerate() {
            for (to, service) in purpose.services.iter().enumerate() {
                for (index, cookie) in service.cookies.iter().enumerate() {
                    if cookie.name != name {
                        continue;
                    }
                    declared = true;
                    let path = format!("purposes[{at}].services[{to}].cookies[{index}]");
                    if cookie.days != lives {
                        self.complain(
                            &format!("{path}.days"),
                            format!(
                                "cookie `{name}`: days = {}, but it lives {lives}",
                                cookie.days
                            ),
                            format!("make it the same as {setting} = {lives}"),
                        );
                    }
                    if wants_necessary != (purpose.kind == Kind::Necessary) {
                        let remedy = if wants_necessary {
                            "move it to the necessary purpose: it is set whatever is chosen"
                        } else {
                            "move it to the service whose events need it: it is set under a grant only"
                        };
                        let message = format!("cookie `{name}`: in purpose `{}`", purpose.key);
                        self.complain(&format!("{path}.name"), message, remedy);
                    }
                }
            }
        }
        if !declared {
            let place = if wants_necessary {
                "a service of the necessary purpose"
            } else {
                "the service whose events need it"
            };
            self.complain(
                "purposes",
                format!("cookie `{name}` is set and not declared"),
                format!(
                    "add to {place}: cookies = [{{ name = \"{name}\", days = {lives}, use = {{ … }} }}]"
                ),
            );
        }
    }
}
