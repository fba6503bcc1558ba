//! The tables themselves.

use consent_core::ids::{EventName, PurposeKey, ServiceKey, SiteKey};

use super::{
    super::{
        complaint::{Both, both},
        vague::Need,
        value,
    },
    Key, Rule, Shape,
    asking::{BANNER, CONSENT_MODE, GPC, SIGNALS},
    forms::FORM,
    mail::MAIL,
};

pub(super) const fn needed(name: &'static str, rule: Rule, remedy: Both) -> Key {
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

pub(super) const KEY: Both = both(
    "英小文字・数字・_ のキーを付けてください",
    "give it a key of small letters, digits and _",
);
pub(super) const NAMED: Both = both(
    "サイトの各言語で name = { 言語 = \"…\" } を書いてください",
    "add name = { LANGUAGE = \"…\" } in each language of the site",
);
pub(super) const KEPT: Both = both(
    "retention_days = … に、何日後にデータを削除するかを書いてください",
    "add retention_days = …: after how many days the data is deleted",
);

pub(in super::super) const SITE: Shape = Shape {
    noun: both("サイト", "site"),
    named_by: "",
    keys: &[
        needed(
            "key",
            Rule::One(value::key::<SiteKey>),
            both(
                "key = \"my-shop\" のように書いてください。タグのアドレスの一部になります",
                "add key = \"my-shop\": it is part of the tag's address",
            ),
        ),
        needed(
            "languages",
            Rule::Many(value::language),
            both(
                "languages = [\"ja\", \"en\"] のように書いてください。先頭の言語が既定になります",
                "add languages = [\"ja\", \"en\"]; the first is the default",
            ),
        ),
        needed(
            "origins",
            Rule::Many(value::origin),
            both(
                "origins = [\"https://www.example.com\"] のように、サイトのページがあるアドレスを書いてください",
                "add origins = [\"https://www.example.com\"]: where the site's pages are",
            ),
        ),
        needed(
            "timezone",
            Rule::One(value::timezone),
            both(
                "timezone = \"Asia/Tokyo\" のように書いてください。集計の日付の区切りになります",
                "add timezone = \"Asia/Tokyo\": the days that reports count by",
            ),
        ),
        may("consent_days", COOKIE_DAYS),
        may("visitor_days", COOKIE_DAYS),
        may("url_parameters", Rule::Many(value::parameter)),
        needed(
            "name",
            Rule::Words(NAME),
            both(
                "[name] に、各言語でのサイト名を書いてください",
                "add [name] with the site's name in each language",
            ),
        ),
        needed(
            "controller",
            Rule::Table(&CONTROLLER),
            both(
                "[controller] に、データに責任を負う運営者の name（名称）・address（住所）・contact（連絡先）を書いてください",
                "add [controller] with name, address and contact of who answers for the data",
            ),
        ),
        may("banner", Rule::Table(&BANNER)),
        may("gpc", Rule::Table(&GPC)),
        may("consent_mode", Rule::Table(&CONSENT_MODE)),
        needed(
            "purposes",
            Rule::Tables(&PURPOSE),
            both(
                "[[purposes]] に、データの利用目的を書いてください",
                "add [[purposes]]: what data is used for",
            ),
        ),
        may("mail", Rule::Table(&MAIL)),
        may("forms", Rule::Tables(&FORM)),
        may("retention", Rule::Table(&RETENTION)),
        may("rights", Rule::Table(&RIGHTS)),
        may("statistics", Rule::Table(&STATISTICS)),
        may("approval", Rule::Table(&APPROVAL)),
    ],
};

/// What no purpose and no form says how long it is kept.
const RETENTION: Shape = Shape {
    noun: both("保存期間", "retention"),
    named_by: "",
    keys: &[may("leads_days", RETENTION_DAYS), may("refusals_days", RETENTION_DAYS)],
};

/// How soon people are answered who ask about their own data.
const RIGHTS: Shape = Shape {
    noun: both("開示等の請求", "rights"),
    named_by: "",
    keys: &[may("law", Rule::Of(&["appi", "gdpr"])), may("answer_days", Rule::Number(1, 90))],
};

/// What figures may be told.
const STATISTICS: Shape = Shape {
    noun: both("集計", "statistics"),
    named_by: "",
    keys: &[may("smallest_group", Rule::Number(1, 1_000))],
};

/// What waits for a second person.
const APPROVAL: Shape = Shape {
    noun: both("承認", "approval"),
    named_by: "",
    keys: &[may("exports", Rule::Flag), may("erasures", Rule::Flag)],
};

const CONTROLLER: Shape = Shape {
    noun: both("運営者", "controller"),
    named_by: "",
    keys: &[
        needed(
            "name",
            Rule::Words(NAME),
            both(
                "各言語で運営者の名称を書いてください",
                "add the operator's name in each language",
            ),
        ),
        may("representative", Rule::Words(NAME)),
        needed(
            "address",
            Rule::Words(LINE),
            both(
                "各言語で運営者の住所を書いてください",
                "add the operator's address in each language",
            ),
        ),
        needed(
            "contact",
            Rule::One(value::contact),
            both(
                "contact = \"privacy@example.com\" のように、問い合わせや苦情の受付先を書いてください",
                "add contact = \"privacy@example.com\": where people can ask and complain",
            ),
        ),
        may("complaints", Rule::Table(&OFFICE)),
    ],
};

const OFFICE: Shape = Shape {
    noun: both("苦情の窓口", "complaints"),
    named_by: "",
    keys: &[
        needed(
            "name",
            Rule::Words(NAME),
            both("各言語で窓口の名称を書いてください", "add the office's name in each language"),
        ),
        needed(
            "contact",
            Rule::One(value::contact),
            both(
                "contact = \"https://…\" または窓口のメールアドレスを書いてください",
                "add contact = \"https://…\" or an e-mail address of that office",
            ),
        ),
    ],
};

const PURPOSE: Shape = Shape {
    noun: both("目的", "purpose"),
    named_by: "key",
    keys: &[
        needed("key", Rule::One(value::key::<PurposeKey>), KEY),
        may("kind", Rule::Of(&["optional", "necessary", "lead_link"])),
        needed("name", Rule::Words(NAME), NAMED),
        needed(
            "use",
            Rule::Use(Need::Specific),
            both(
                "use = { … } に、データを何に使うのかを各言語で書いてください",
                "add use = { … }: what the data is used for, in each language",
            ),
        ),
        may("retention_days", RETENTION_DAYS),
        may("services", Rule::Tables(&SERVICE)),
    ],
};

const SERVICE: Shape = Shape {
    noun: both("サービス", "service"),
    named_by: "key",
    keys: &[
        needed("key", Rule::One(value::key::<ServiceKey>), KEY),
        needed("name", Rule::Words(NAME), NAMED),
        needed(
            "provider",
            Rule::Table(&PROVIDER),
            both(
                "provider = { name = \"…\", country = \"JP\" } に、送信先の事業者を書いてください",
                "add provider = { name = \"…\", country = \"JP\" }: who receives what is sent",
            ),
        ),
        needed(
            "external",
            Rule::Flag,
            both(
                "ブラウザーが運営者以外にデータを送る場合は external = true、送らない場合は false と書いてください",
                "add external = true where the browser sends data to anybody but the controller, otherwise false",
            ),
        ),
        needed(
            "sends",
            Rule::Sends,
            both(
                "sends = { … } に、送信される情報を各言語で書いてください",
                "add sends = { … }: what is sent, in each language",
            ),
        ),
        needed(
            "use",
            Rule::Use(Need::Specific),
            both(
                "use = { … } に、サイトが何に使うのかを各言語で書いてください",
                "add use = { … }: what the site uses it for, in each language",
            ),
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
    noun: both("提供元", "provider"),
    named_by: "name",
    keys: &[
        needed(
            "name",
            Rule::One(value::name),
            both(
                "name = \"…\" に、送信先の事業者名を書いてください",
                "add name = \"…\": the company that receives what is sent",
            ),
        ),
        needed(
            "country",
            Rule::One(value::country),
            both(
                "country = \"JP\" のように、その事業者の所在国を書いてください（ISO 3166-1）",
                "add country = \"JP\": where that company is (ISO 3166-1)",
            ),
        ),
        may("policy", Rule::One(value::address)),
    ],
};

const COOKIE: Shape = Shape {
    noun: both("Cookie", "cookie"),
    named_by: "name",
    keys: &[
        needed(
            "name",
            Rule::One(value::cookie),
            both(
                "Cookieの名前を書いてください。変わる部分は * で表せます",
                "add the cookie's name; a * may stand for what changes",
            ),
        ),
        needed(
            "days",
            COOKIE_DAYS,
            both(
                "days = … に、Cookieの有効日数（1〜400）を書いてください",
                "add days = …: how long the cookie lives, 1 to 400",
            ),
        ),
        needed(
            "use",
            Rule::Use(Need::Brief),
            both(
                "use = { … } に、そのCookieの用途を各言語で書いてください",
                "add use = { … }: what the cookie is for, in each language",
            ),
        ),
    ],
};

const STORAGE: Shape = Shape {
    noun: both("ストレージ", "storage"),
    named_by: "name",
    keys: &[
        needed(
            "name",
            Rule::One(value::storage),
            both(
                "name = \"local:名前\"、\"session:名前\"、\"indexeddb:名前\" のどれかを書いてください",
                "add name = \"local:NAME\", \"session:NAME\" or \"indexeddb:NAME\"",
            ),
        ),
        may("days", RETENTION_DAYS),
        may("until_deleted", Rule::Flag),
        needed(
            "use",
            Rule::Use(Need::Brief),
            both(
                "use = { … } に、その項目の用途を各言語で書いてください",
                "add use = { … }: what the entry is for, in each language",
            ),
        ),
    ],
};
