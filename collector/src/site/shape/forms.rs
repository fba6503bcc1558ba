//! The tables about lead forms.

use consent_core::ids::{FieldKey, FormKey};

use super::{
    super::{complaint::both, vague::Need, value},
    Key, Rule, Shape,
    tables::{KEPT, KEY, LINE, NAME, NAMED, RETENTION_DAYS, may, needed},
};

/// Numbers that a page keeps exactly.
const BOUND: Rule = Rule::Number(-999_999_999_999_999, 999_999_999_999_999);

pub(super) const FORM: Shape = Shape {
    noun: both("フォーム", "form"),
    named_by: "key",
    keys: &[
        needed("key", Rule::One(value::key::<FormKey>), KEY),
        needed("name", Rule::Words(NAME), NAMED),
        needed(
            "use",
            Rule::Use(Need::Specific),
            both(
                "use = { … } を書いてください。個人情報を書面等で取得する前に、利用目的を明示する必要があります（個人情報保護法21条）",
                "add use = { … }: the purpose must be shown before details are taken (APPI art. 21)",
            ),
        ),
        needed("retention_days", RETENTION_DAYS, KEPT),
        may("source", Rule::Of(&["form", "business_card"])),
        may("honeypot", Rule::Flag),
        needed(
            "fields",
            Rule::Tables(&FIELD),
            both(
                "[[forms.fields]] を書いてください。設定した項目だけを受け付けます",
                "add [[forms.fields]]: only configured fields are taken",
            ),
        ),
        may("agreements", Rule::Tables(&AGREEMENT)),
    ],
};

const FIELD: Shape = Shape {
    noun: both("項目", "field"),
    named_by: "key",
    keys: &[
        needed("key", Rule::One(value::key::<FieldKey>), KEY),
        needed(
            "type",
            Rule::Of(&[
                "text",
                "long_text",
                "email",
                "telephone",
                "postal_code",
                "kana",
                "number",
                "date",
                "url",
                "choice",
                "checkbox",
            ]),
            both(
                "type = \"text\"、\"long_text\"、\"email\"、\"telephone\"、\"postal_code\"、\"kana\"、\"number\"、\"date\"、\"url\"、\"choice\"、\"checkbox\" のどれかを書いてください",
                "add type = \"text\", \"long_text\", \"email\", \"telephone\", \"postal_code\", \"kana\", \
             \"number\", \"date\", \"url\", \"choice\" or \"checkbox\"",
            ),
        ),
        may("required", Rule::Flag),
        may("min", BOUND),
        may("max", BOUND),
        may("multiple", Rule::Flag),
        may("options", Rule::Tables(&OPTION)),
        needed("name", Rule::Words(NAME), NAMED),
        may("messages", Rule::Table(&MESSAGES)),
    ],
};

const OPTION: Shape = Shape {
    noun: both("選択肢", "option"),
    named_by: "value",
    keys: &[
        needed(
            "value",
            Rule::One(value::name),
            both(
                "value = \"…\" を書いてください。ページの選択肢の `value` と同じにします",
                "add value = \"…\": the `value` that the control has in the page",
            ),
        ),
        needed("name", Rule::Words(NAME), NAMED),
    ],
};

/// What a site may say of a fault in its own words.
const fn message(code: &'static str) -> Key {
    may(code, Rule::Words(LINE))
}

const MESSAGES: Shape = Shape {
    noun: both("メッセージ", "messages"),
    named_by: "",
    keys: &[
        message("required"),
        message("too_short"),
        message("too_long"),
        message("too_small"),
        message("too_large"),
        message("email"),
        message("telephone"),
        message("postal_code"),
        message("kana"),
        message("number"),
        message("date"),
        message("url"),
        message("choice"),
        message("too_many_links"),
        message("control"),
    ],
};

const AGREEMENT: Shape = Shape {
    noun: both("同意欄", "agreement"),
    named_by: "key",
    keys: &[
        needed("key", Rule::One(value::key::<FieldKey>), KEY),
        may(
            "kind",
            Rule::Of(&["email_marketing", "telephone_marketing", "postal_marketing", "other"]),
        ),
        needed(
            "text",
            Rule::Words(LINE),
            both(
                "text = { … } に、チェックボックスの横に表示する同意の内容を書いてください",
                "add text = { … }: what is agreed to, as beside the checkbox",
            ),
        ),
    ],
};
