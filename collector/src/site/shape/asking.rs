//! The tables about asking, and about telling others what was answered.

use consent_core::ids::PurposeKey;

use super::{
    super::{complaint::both, value},
    Rule, Shape,
    tables::{may, needed},
};

/// The seven signals of Google Consent Mode.
pub(in super::super) const SIGNALS: &[&str] = &[
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
];

/// Longer than any page waits for a choice that is there already.
const WAIT: Rule = Rule::Number(0, 10_000);

pub(super) const BANNER: Shape = Shape {
    noun: both("バナー", "banner"),
    named_by: "",
    keys: &[
        may("version", Rule::One(value::version)),
        may("layout", Rule::Of(&["bar", "box", "centre"])),
        may("corner", Rule::Of(&["bottom_start", "bottom_end", "top_start", "top_end"])),
        may("theme", Rule::Of(&["auto", "light", "dark"])),
        may("control", Rule::Of(&["floating", "own"])),
        may("text", Rule::Overrides),
    ],
};

pub(super) const GPC: Shape = Shape {
    noun: both("gpc", "gpc"),
    named_by: "",
    keys: &[needed(
        "purposes",
        Rule::Many(value::key::<PurposeKey>),
        both(
            "purposes = [\"marketing\"] のように、ブラウザーの信号で拒否される目的を書いてください",
            "add purposes = [\"marketing\"]: what a browser's signal refuses",
        ),
    )],
};

pub(super) const CONSENT_MODE: Shape = Shape {
    noun: both("consent_mode", "consent_mode"),
    named_by: "",
    keys: &[
        may("wait_for_update", WAIT),
        may("ads_data_redaction", Rule::Flag),
        may("url_passthrough", Rule::Flag),
        may("regions", Rule::Tables(&REGION)),
    ],
};

const REGION: Shape = Shape {
    noun: both("地域", "regions"),
    named_by: "",
    keys: &[
        needed(
            "regions",
            Rule::Many(value::region),
            both(
                "regions = [\"JP\", \"US-CA\"] のように、この初期値を使う地域を書いてください",
                "add regions = [\"JP\", \"US-CA\"]: where these defaults hold",
            ),
        ),
        may("granted", Rule::SomeOf(SIGNALS)),
        may("wait_for_update", WAIT),
    ],
};
