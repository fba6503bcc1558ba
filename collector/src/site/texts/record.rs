//! What is said of the record of a decision. In Japanese and English; in another language, in English.

use super::Speech;
use crate::device;

impl Speech<'_> {
    /// A built-in word about the record of a decision.
    pub(crate) fn record(&self, name: &str) -> &'static str {
        let words = if self.is("ja") { JA } else { EN };
        words.iter().find(|(known, _)| *known == name).map_or("", |(_, word)| word)
    }

    /// A kind of device by its name.
    pub(crate) fn device(&self, name: &str) -> &'static str {
        let (japanese, english) = device::words(name);
        if self.is("ja") { japanese } else { english }
    }
}

pub(super) const JA: &[(&str, &str)] = &[
    ("heading", "選択とともに記録される情報"),
    (
        "text",
        "選択の内容、日時、ページ、表示言語などとともに、選択に使われた端末の種類（スマートフォン、タブレット、パソコンのいずれか。判別できない場合は「不明」）を記録します。同意の証拠として残すほか、端末の種類ごとの集計に使います。機種名やブラウザーの情報（ユーザーエージェント）は保存しません。",
    ),
    ("device", "端末の種類"),
];

pub(super) const EN: &[(&str, &str)] = &[
    ("heading", "What is recorded with your choice"),
    (
        "text",
        "With your choice, its time, page and language, we record on which kind of device it was made: a phone, a tablet or a computer, or that this is not known. It is kept as part of the proof of your choice, and used to count by kind of device. The model of your device and what your browser says of itself (its user agent) are not kept.",
    ),
    ("device", "Kind of device"),
];
