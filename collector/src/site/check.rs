//! The rules that look at more than one key of a site file.

use std::collections::BTreeMap;

use consent_core::{
    cookie::CONSENT_COOKIE,
    policy::{Flaw, Kind, MAX_SLOTS},
};

use super::{
    Complaint, Purpose, Service, SiteFile,
    complaint::{Said, both, said},
    kept::Area,
    place::Places,
};

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
        message: impl Into<Said>,
        remedy: impl Into<Said>,
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
                    said!(
                        "目的 `{key}`：`retention_days` がありません",
                        "purpose `{key}`: `retention_days` is missing"
                    ),
                    both(
                        "retention_days = … に、何日後に本人との結び付けを解くかを書いてください",
                        "add retention_days = …: after how many days a link to a person is cut",
                    ),
                ),
                (Kind::Optional | Kind::Necessary, Some(_)) => self.complain(
                    &format!("{path}.retention_days"),
                    said!(
                        "目的 `{key}`：`retention_days` はここでは使えません",
                        "purpose `{key}`: `retention_days` has no effect here"
                    ),
                    both(
                        "サービスごとに書いてください。目的そのものに書けるのは kind = \"lead_link\" のときだけです",
                        "give it in each service; only a purpose of kind lead_link has its own",
                    ),
                ),
                _ => {}
            }
            if purpose.kind == Kind::LeadLink {
                lead_links += 1;
                if lead_links == 2 {
                    self.complain(
                        &format!("{path}.kind"),
                        said!(
                            "目的 `{key}`：kind が lead_link の目的が2つあります",
                            "purpose `{key}`: a second one of kind lead_link"
                        ),
                        both(
                            "1つだけにしてください。閲覧を本人の情報と結び付けるかどうかを尋ねる目的は1つだけです",
                            "keep one: browsing is tied to a person's details or it is not",
                        ),
                    );
                }
            } else if purpose.services.is_empty() {
                self.complain(
                    &path,
                    said!("目的 `{key}` にサービスがありません", "purpose `{key}` has no services"),
                    both(
                        "誰に何が送信されるのかを [[purposes.services]] に書くか、目的を消してください",
                        "add [[purposes.services]] that say who receives what, or leave the purpose out",
                    ),
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
                both(
                    "kind が necessary の目的がありません",
                    "there is no purpose of kind necessary",
                ),
                said!(
                    "Cookie {CONSENT_COOKIE} のために、kind = \"necessary\" の目的を加えてください",
                    "add one with kind = \"necessary\" for the cookie {CONSENT_COOKIE}"
                ),
            );
        }
    }

    fn service(&mut self, purpose: &Purpose, service: &Service, path: &str) {
        let key = &service.key;
        let provider = &service.provider;
        if service.external && provider.policy.is_none() {
            self.complain(
                &format!("{path}.provider"),
                said!(
                    "サービス `{key}`：提供元の `policy` がありません",
                    "service `{key}`: the provider's `policy` is missing"
                ),
                both(
                    "policy = \"https://…\" に、送信先の事業者のプライバシーポリシーを書いてください",
                    "add policy = \"https://…\": the privacy policy of who receives the data",
                ),
            );
        }
        let mut own = self.file.controller.name.values();
        let foreign = !own.any(|name| *name == provider.name);
        if !service.external && foreign {
            let name = &provider.name;
            self.complain(
                &format!("{path}.external"),
                said!(
                    "サービス `{key}`：external が false ですが、`{name}` は運営者ではありません",
                    "service `{key}`: external is false, but `{name}` is not the controller"
                ),
                both(
                    "external = true と書くか、提供元を運営者の名称にしてください",
                    "write external = true, or name the controller as the provider",
                ),
            );
        }
        if purpose.kind == Kind::Necessary && !service.events.is_empty() {
            self.complain(
                &format!("{path}.events"),
                said!(
                    "サービス `{key}`：同意を求めない necessary の目的にイベントがあります",
                    "service `{key}`: events under a necessary purpose, which nobody is asked for"
                ),
                both(
                    "訪問者が拒否できる目的に、サービスを移してください",
                    "move the service to a purpose that visitors can refuse",
                ),
            );
        }
        if service.external || !foreign {
            self.recipient(service, path);
        }
        self.storage(service, path);
        let mut cookies = Seen::default();
        for (at, cookie) in service.cookies.iter().enumerate() {
            let path = format!("{path}.cookies[{at}].name");
            let what = said!("サービス `{key}`、Cookie", "service `{key}`, cookie");
            cookies.see(self, &what, &cookie.name, &path);
        }
    }

    /// What is sent to others is used by others, and what for is told (Telecommunications Business Act,
    /// art. 27-12: the purposes of both sides).
    fn recipient(&mut self, service: &Service, path: &str) {
        let (key, who) = (&service.key, &service.provider.name);
        match (service.external, &service.their_use) {
            (true, None) => self.complain(
                &format!("{path}.external"),
                said!(
                    "サービス `{key}`：`their_use` がありません",
                    "service `{key}`: `their_use` is missing"
                ),
                said!(
                    "their_use = {{ … }} に、{who} 自身が何に使うのかを各言語で書いてください。サイトの委託だけで使う場合は、サイトのために何をするのかを書きます",
                    "add their_use = {{ … }}: what {who} itself uses it for, in each language; where it acts \
                     for you alone, what it does with it for you"
                ),
            ),
            (false, Some(_)) => self.complain(
                &format!("{path}.their_use"),
                said!(
                    "サービス `{key}`：`their_use` はここでは使えません",
                    "service `{key}`: `their_use` has no effect here"
                ),
                both(
                    "消してください。外部には何も送信されず、サイトでの用途は `use` に書かれています",
                    "leave it out: nothing is sent to others, and `use` says what the site does",
                ),
            ),
            _ => {}
        }
    }

    /// Storage has no lifetime of its own, so the file says when an entry goes.
    fn storage(&mut self, service: &Service, path: &str) {
        let mut names = Seen::default();
        for (at, entry) in service.storage.iter().enumerate() {
            let path = format!("{path}.storage[{at}]");
            let (key, name) = (&service.key, &entry.name);
            let of = said!("サービス `{key}`、ストレージ", "service `{key}`, storage");
            let what = &said!(of; "{of} `{name}`", "{of} `{name}`");
            names.see(self, &of, name, &format!("{path}.name"));
            let session = entry.place().is_some_and(|(area, _)| area == Area::Session);
            match (session, entry.days, entry.until_deleted) {
                (true, None, false) | (false, Some(_), false) | (false, None, true) => {}
                (true, _, _) => self.complain(
                    &path,
                    said!(what;
                        "{what}：タブを閉じると消えるのに、別の保存期間が書かれています",
                        "{what}: it ends with the tab, and has another lifetime"
                    ),
                    both(
                        "`days` と `until_deleted` を消すか、もっと長く残る場合は \"local:…\" と書いてください",
                        "leave `days` and `until_deleted` out, or write \"local:…\" where it stays longer",
                    ),
                ),
                (false, None, false) => self.complain(
                    &path,
                    said!(what; "{what}：保存期間がありません", "{what}: its lifetime is missing"),
                    both(
                        "スクリプトが消すまでの日数を days = … に書くか、until_deleted = true と書いてください",
                        "add days = … where its script takes it away, or until_deleted = true",
                    ),
                ),
                (false, Some(_), true) => self.complain(
                    &path,
                    said!(what; "{what}：保存期間が2つあります", "{what}: it has two lifetimes"),
                    both(
                        "スクリプトが消すなら `days` だけを、そうでなければ until_deleted = true だけを残してください",
                        "keep `days` where its script takes it away, otherwise until_deleted = true",
                    ),
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
            purposes.see(
                self,
                &both("目的", "purpose").into(),
                purpose.key.as_str(),
                &format!("{path}.key"),
            );
            for (at, service) in purpose.services.iter().enumerate() {
                let path = format!("{path}.services[{at}]");
                let what = both("サービス", "service").into();
                services.see(self, &what, service.key.as_str(), &format!("{path}.key"));
                for (at, event) in service.events.iter().enumerate() {
                    if service.events[..at].contains(event) {
                        continue; // complained of where lists are looked at
                    }
                    let what = both("イベント", "event").into();
                    events.see(self, &what, event.as_str(), &format!("{path}.events[{at}]"));
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
                said!(
                    "スイッチが{switches}個あり、上限の{MAX_SLOTS}個を超えています",
                    "there are {switches} switches, more than {MAX_SLOTS}"
                ),
                both(
                    "提供元と目的が同じサービスを1つにまとめてください",
                    "put services of one provider and one purpose together",
                ),
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
    pub(super) fn see(&mut self, check: &mut Check<'_>, what: &Said, name: &str, path: &str) {
        let line = check.places.line(path);
        if let Some(first) = self.lines.get(name) {
            check.complain(
                path,
                said!(what;
                    "{what} `{name}` が2回出てきます（最初は{first}行目）",
                    "{what} `{name}` is named twice, first on line {first}"
                ),
                both("それぞれ別の名前にしてください", "give each its own name"),
            );
        } else {
            self.lines.insert(name.to_owned(), line);
        }
    }
}
