//! The table about mail.

use super::{
    super::value,
    Rule, Shape,
    tables::{LINE, NAME, may, needed},
};

pub(super) const MAIL: Shape = Shape {
    noun: "mail",
    named_by: "",
    keys: &[
        needed(
            "from",
            Rule::One(value::mailbox),
            "add from = \"news@example.com\": the address that mail comes from",
        ),
        may("reply_to", Rule::One(value::mailbox)),
        needed(
            "sender",
            Rule::Words(NAME),
            "add sender = { … }: who answers for the mail, by name; every mail must show it",
        ),
        needed(
            "address",
            Rule::Words(LINE),
            "add address = { … }: the sender's postal address; every mail must show it",
        ),
        needed(
            "complaints",
            Rule::One(value::complaints),
            "add complaints = \"…\": a telephone number, an e-mail address or the https address of a \
             form; every mail must show where to complain",
        ),
        needed(
            "confirm",
            Rule::Words(LINE),
            "add confirm = { … }: what is sent to whoever confirms, and how often, in a sentence",
        ),
        // Mail-order sellers keep the record for three years; a month is the least (Act on Regulation of Specified
        // Electronic Mail, Rules 4).
        may("record_days", Rule::Number(31, 3_650)),
    ],
};
