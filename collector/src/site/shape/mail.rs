//! The table about mail.

use super::{
    super::{complaint::both, value},
    Rule, Shape,
    tables::{LINE, NAME, may, needed},
};

pub(super) const MAIL: Shape = Shape {
    noun: both("メール", "mail"),
    named_by: "",
    keys: &[
        needed(
            "from",
            Rule::One(value::mailbox),
            both(
                "from = \"news@example.com\" のように、メールの差出人のアドレスを書いてください",
                "add from = \"news@example.com\": the address that mail comes from",
            ),
        ),
        may("reply_to", Rule::One(value::mailbox)),
        needed(
            "sender",
            Rule::Words(NAME),
            both(
                "sender = { … } に、送信者の氏名または名称を書いてください。すべてのメールに表示が必要です",
                "add sender = { … }: who answers for the mail, by name; every mail must show it",
            ),
        ),
        needed(
            "address",
            Rule::Words(LINE),
            both(
                "address = { … } に、送信者の住所を書いてください。すべてのメールに表示が必要です",
                "add address = { … }: the sender's postal address; every mail must show it",
            ),
        ),
        needed(
            "complaints",
            Rule::One(value::complaints),
            both(
                "complaints = \"…\" に、苦情・問い合わせを受け付ける電話番号、メールアドレス、またはフォームのhttpsアドレスを書いてください。すべてのメールに表示が必要です",
                "add complaints = \"…\": a telephone number, an e-mail address or the https address of a \
             form; every mail must show where to complain",
            ),
        ),
        needed(
            "confirm",
            Rule::Words(LINE),
            both(
                "confirm = { … } に、確認した人に何をどのくらいの頻度で送るのかを一文で書いてください",
                "add confirm = { … }: what is sent to whoever confirms, and how often, in a sentence",
            ),
        ),
        // Mail-order sellers keep the record for three years; a month is the least (Act on Regulation of Specified
        // Electronic Mail, Rules 4).
        may("record_days", Rule::Number(31, 3_650)),
    ],
};
