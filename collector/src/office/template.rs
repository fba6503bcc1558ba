//! A site file to start from: what is necessary, and counting visits. Its owner puts in who they are, and goes on.

use super::tongue::Tongue;

/// What the owner says of site and company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The site's key.
    pub key: String,
    /// The address of its pages, as in `https://www.shop.example`.
    pub origin: String,
    /// What visitors know it by.
    pub name: String,
    /// Who runs it.
    pub company: String,
    /// Who stands for the company.
    pub representative: String,
    /// Where it is.
    pub address: String,
    /// Where questions about personal data go.
    pub contact: String,
    /// The days that reports count by.
    pub timezone: String,
    /// The languages that visitors are asked in; the first where none other fits.
    pub languages: Vec<Tongue>,
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if letter.is_control() => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// The file.
#[must_use]
pub fn site_file(answers: &Answers) -> String {
    let Answers {
        key,
        origin,
        name,
        company,
        representative,
        address,
        contact,
        timezone,
        languages,
    } = answers;
    let note = |ja: &'static str, en: &'static str| {
        languages.first().copied().unwrap_or(Tongue::En).say(ja, en)
    };
    let said = |ja: &str, en: &str| {
        let each = languages.iter().map(|t| format!("{} = {}", t.code(), quoted(t.say(ja, en))));
        format!("{{ {} }}", each.collect::<Vec<_>>().join(", "))
    };
    let same = |text: &str| said(text, text);
    let codes: Vec<_> = languages.iter().map(|t| quoted(t.code())).collect();
    let provider = format!("provider = {{ name = {}, country = \"JP\" }}", quoted(company));
    format!(
        r#"# {head}
key = {key}
languages = [{codes}] # {first}
origins = [{origin}] # {pages}
timezone = {timezone}
consent_days = 180
visitor_days = 365
url_parameters = ["utm_source", "utm_medium", "utm_campaign"]
name = {name}

[controller]
name = {company}
representative = {representative}
address = {address}
contact = {contact}

[banner]
version = "1"

[[purposes]]
key = "necessary"
kind = "necessary"
name = {necessary}
use = {necessary_use}

[[purposes.services]]
key = "ashiato_consent"
name = {choice}
{provider}
external = false
sends = {choice_sends}
use = {choice_use}
retention_days = 1095
cookies = [{{ name = "ashiato_consent", days = 180, use = {choice_cookie} }}]
storage = [{{ name = "local:ashiato_pending", until_deleted = true, use = {pending} }}]

[[purposes]]
key = "analytics"
name = {analytics}
use = {analytics_use}

[[purposes.services]]
key = "ashiato"
name = {counting}
{provider}
external = false
sends = {counting_sends}
use = {counting_use}
retention_days = 395
cookies = [{{ name = "ashiato_visitor", days = 365, use = {visitor} }}]
storage = [{{ name = "local:ashiato_queue", days = 2, use = {queue} }}]
events = ["page_view", "scroll", "user_engagement", "outbound_click", "file_download"]
"#,
        head = note(
            "サイトファイル。ほかのサービスを使うときは、目的とサービスを書き足してください。",
            "The site file. Add purposes and services for whatever else the site uses."
        ),
        first = note("先頭が既定の言語", "the first is the default"),
        pages = note("サイトのアドレス。複数ならすべて書く", "where the pages are; all of them"),
        codes = codes.join(", "),
        key = quoted(key),
        origin = quoted(origin),
        timezone = quoted(timezone),
        name = same(name),
        company = same(company),
        representative = same(representative),
        address = same(address),
        contact = quoted(contact),
        necessary = said("必要なもの", "Necessary"),
        necessary_use = said(
            "Cookieについてのお客さまの選択を覚えておくために使います。",
            "Used to remember your choice about cookies."
        ),
        choice = said("選択の記録", "Your choice"),
        choice_sends = said(
            "選択の内容と日時、選択したページのURL",
            "What you chose and when, and the address of the page"
        ),
        choice_use = said(
            "選択を次のページでも保ち、同意の証拠を残すため",
            "To keep your choice on the next page and to hold proof of consent"
        ),
        choice_cookie = said("選択の内容", "What you chose"),
        pending = said(
            "まだ届いていない取り消しの控え（届くと消えます）",
            "A withdrawal that has not arrived yet (gone once it has)"
        ),
        analytics = said("利用状況の分析", "Analytics"),
        analytics_use = said(
            "どのページがどれだけ見られたかを集計し、ページの内容と案内を見直すために使います。",
            "Used to count which pages are viewed, so that we can revise the pages and the way they lead on."
        ),
        counting = said("Ashiato アクセス解析", "Ashiato analytics"),
        counting_sends = said(
            "見たページのURLと題名、どこまで読んだかと見ていた時間、外部リンク、ダウンロードしたファイル、日時、訪問者番号",
            "Addresses and titles of pages viewed, how far and how long they were read, links to other sites, files downloaded, when, and a visitor number"
        ),
        counting_use = said(
            "ページごとの閲覧数・訪問者数・読まれ方を日ごとに集計するため",
            "To count views and visitors by page and day, and how pages are read"
        ),
        visitor = said(
            "同じブラウザーからの閲覧をまとめる番号",
            "A number that ties together views from one browser"
        ),
        queue = said("送信を待っている閲覧の記録", "Views that are waiting to be sent"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site;

    fn answers(languages: &[Tongue]) -> Answers {
        let text = |text: &str| text.to_owned();
        Answers {
            key: text("shop"),
            origin: text("https://www.shop.example"),
            name: text("ひより \"道具\" \\ 店"),
            company: text("株式会社ひより道具店"),
            representative: text("代表取締役 日和 まどか"),
            address: text("京都市中京区足跡町1-2"),
            contact: text("privacy@shop.example"),
            timezone: text("Asia/Tokyo"),
            languages: languages.to_vec(),
        }
    }

    #[test]
    fn the_file_to_start_from_can_be_put_in_force_in_any_language() {
        for languages in [&[Tongue::Ja][..], &[Tongue::En], &[Tongue::Ja, Tongue::En]] {
            let text = site_file(&answers(languages));
            let file = site::parse(&text)
                .unwrap_or_else(|wrong| panic!("{}\n{text}", site::report("template", &wrong)));
            assert_eq!(file.languages.len(), languages.len());
            assert!(text.contains("ひより \\\"道具\\\" \\\\ 店"));
        }
    }

    #[test]
    fn what_is_left_out_is_complained_of_beside_its_line() {
        let none = Answers { languages: vec![Tongue::En], ..Answers::default() };
        let text = site_file(&none);
        let wrong = site::parse(&text).unwrap_err();
        let line = |part: &str| 1 + text.lines().position(|line| line.contains(part)).unwrap();
        for part in ["key = \"\"", "origins = [\"\"]"] {
            assert!(wrong.iter().any(|it| it.line == line(part)), "{part}: {wrong:?}");
        }
    }
}
