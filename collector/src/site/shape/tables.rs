//! The tables themselves.

use consent_core::ids::{EventName, PurposeKey, ServiceKey, SiteKey};

use super::{
    super::{vague::Need, value},
    Key, Rule, Shape,
    asking::{BANNER, CONSENT_MODE, GPC, SIGNALS},
    forms::FORM,
    mail::MAIL,
};

pub(super) const fn needed(name: &'static str, rule: Rule, remedy: &'static str) -> Key {
    Key { name, needed: Some(remedy), rule }
}

pub(super) const fn may(name: &'static str, rule: Rule) -> Key {
    Key { name, needed: None, rule }
}

pub(super) const NAME: usize = 80;
pub(super) const LINE: usize = 400;
/// The longest that a browser keeps a cookie.
const COOKIE_DAYS: Rule = Rule::Number(1, 400);
/// A hundred years: a number, where "for ever" would be none.
pub(super) const RETENTION_DAYS: Rule = Rule::Number(1, 36_500);

pub(super) const KEY: &str = "give it a key of small letters, digits and _";
pub(super) const NAMED: &str = "add name = { LANGUAGE = \"…\" } in each language of the site";
pub(super) const KEPT: &str = "add retention_days = …: after how many days the data is deleted";

pub(in super::super) const SITE: Shape = Shape {
    noun: "site",
    named_by: "",
    keys: &[
        needed(
            "key",
            Rule::One(value::key::<SiteKey>),
            "add key = \"my-shop\": it is part of the tag's address",
        ),
        needed(
            "languages",
            Rule::Many(value::language),
            "add languages = [\"ja\", \"en\"]; the first is the default",
        ),
        needed(
            "origins",
            Rule::Many(value::origin),
            "add origins = [\"https://www.example.com\"]: where the site's pages are",
        ),
        needed(
            "timezone",
            Rule::One(value::timezone),
            "add timezone = \"Asia/Tokyo\": the days that reports count by",
        ),
        may("consent_days", COOKIE_DAYS),
        may("visitor_days", COOKIE_DAYS),
        may("url_parameters", Rule::Many(value::parameter)),
        needed("name", Rule::Words(NAME), "add [name] with the site's name in each language"),
        needed(
            "controller",
            Rule::Table(&CONTROLLER),
            "add [controller] with name, address and contact of who answers for the data",
        ),
        may("banner", Rule::Table(&BANNER)),
        may("gpc", Rule::Table(&GPC)),
        may("consent_mode", Rule::Table(&CONSENT_MODE)),
        needed("purposes", Rule::Tables(&PURPOSE), "add [[purposes]]: what data is used for"),
        may("mail", Rule::Table(&MAIL)),
        may("forms", Rule::Tables(&FORM)),
        may("retention", Rule::Table(&RETENTION)),
        may("rights", Rule::Table(&RIGHTS)),
        may("approval", Rule::Table(&APPROVAL)),
    ],
};

/// What no purpose and no form says how long it is kept.
const RETENTION: Shape = Shape {
    noun: "retention",
    named_by: "",
    keys: &[may("leads_days", RETENTION_DAYS), may("refusals_days", RETENTION_DAYS)],
};

/// How soon people are answered who ask about their own data.
const RIGHTS: Shape = Shape {
    noun: "rights",
    named_by: "",
    keys: &[may("law", Rule::Of(&["appi", "gdpr"])), may("answer_days", Rule::Number(1, 90))],
};

/// What waits for a second person.
const APPROVAL: Shape = Shape {
    noun: "approval",
    named_by: "",
    keys: &[may("exports", Rule::Flag), may("erasures", Rule::Flag)],
};

const CONTROLLER: Shape = Shape {
    noun: "controller",
    named_by: "",
    keys: &[
        needed("name", Rule::Words(NAME), "add the operator's name in each language"),
        may("representative", Rule::Words(NAME)),
        needed("address", Rule::Words(LINE), "add the operator's address in each language"),
        needed(
            "contact",
            Rule::One(value::contact),
            "add contact = \"privacy@example.com\": where people can ask and complain",
        ),
        may("complaints", Rule::Table(&OFFICE)),
    ],
};

const OFFICE: Shape = Shape {
    noun: "complaints",
    named_by: "",
    keys: &[
        needed("name", Rule::Words(NAME), "add the office's name in each language"),
        needed(
            "contact",
            Rule::One(value::contact),
            "add contact = \"https://…\" or an e-mail address of that office",
        ),
    ],
};

const PURPOSE: Shape = Shape {
    noun: "purpose",
    named_by: "key",
    keys: &[
        needed("key", Rule::One(value::key::<PurposeKey>), KEY),
        may("kind", Rule::Of(&["optional", "necessary", "lead_link"])),
        needed("name", Rule::Words(NAME), NAMED),
        needed(
            "use",
            Rule::Use(Need::Specific),
            "add use = { … }: what the data is used for, in each language",
        ),
        may("retention_days", RETENTION_DAYS),
        may("services", Rule::Tables(&SERVICE)),
    ],
};

const SERVICE: Shape = Shape {
    noun: "service",
    named_by: "key",
    keys: &[
        needed("key", Rule::One(value::key::<ServiceKey>), KEY),
        needed("name", Rule::Words(NAME), NAMED),
        needed(
            "provider",
            Rule::Table(&PROVIDER),
            "add provider = { name = \"…\", country = \"JP\" }: who receives what is sent",
        ),
        needed(
            "external",
            Rule::Flag,
            "add external = true where the browser sends data to anybody but the controller, otherwise false",
        ),
        needed("sends", Rule::Sends, "add sends = { … }: what is sent, in each language"),
        needed(
            "use",
            Rule::Use(Need::Specific),
            "add use = { … }: what the site uses it for, in each language",
        ),
        may("their_use", Rule::Use(Need::Specific)),
        needed("retention_days", RETENTION_DAYS, KEPT),
        may("hosts", Rule::Many(value::host)),
        may("cookies", Rule::Tables(&COOKIE)),
        may("storage", Rule::Tables(&STORAGE)),
        may("events", Rule::Many(value::key::<EventName>)),
        may("consent_mode", Rule::SomeOf(SIGNALS)),
    ],
};

const PROVIDER: Shape = Shape {
    noun: "provider",
    named_by: "name",
    keys: &[
        needed(
            "name",
            Rule::One(value::name),
            "add name = \"…\": the company that receives what is sent",
        ),
        needed(
            "country",
            Rule::One(value::country),
            "add country = \"JP\": where that company is (ISO 3166-1)",
        ),
        may("policy", Rule::One(value::address)),
    ],
};

const COOKIE: Shape = Shape {
    noun: "cookie",
    named_by: "name",
    keys: &[
        needed(
            "name",
            Rule::One(value::cookie),
            "add the cookie's name; a * may stand for what changes",
        ),
        needed("days", COOKIE_DAYS, "add days = …: how long the cookie lives, 1 to 400"),
        needed(
            "use",
            Rule::Use(Need::Brief),
            "add use = { … }: what the cookie is for, in each language",
        ),
    ],
};

const STORAGE: Shape = Shape {
    noun: "storage",
    named_by: "name",
    keys: &[
        needed(
            "name",
            Rule::One(value::storage),
            "add name = \"local:NAME\", \"session:NAME\" or \"indexeddb:NAME\"",
        ),
        may("days", RETENTION_DAYS),
        may("until_deleted", Rule::Flag),
        needed(
            "use",
            Rule::Use(Need::Brief),
            "add use = { … }: what the entry is for, in each language",
        ),
    ],
};
