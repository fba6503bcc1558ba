//! What is read without a collector: site files, and the values of forms and cookies.

use ashiato::site::{self, SiteFile};
use consent_core::{
    cookie::ConsentCookie,
    form::{Field, FieldKind},
    page::Address,
};
use jiff::tz::TimeZone;

use crate::Target;

/// A site file that is taken is read again from what is kept of it, and its pages can be shown; one that is not is
/// complained of, at lines that it has.
pub(crate) fn sites() -> Target {
    Box::new(|input| {
        let text = String::from_utf8_lossy(input);
        match site::parse(&text) {
            Ok(file) => holds(&file),
            Err(complaints) => {
                assert!(!complaints.is_empty());
                let lines = text.lines().count().max(1);
                for complaint in &complaints {
                    let line = complaint.line;
                    assert!((1..=lines + 1).contains(&line), "line {line} of {lines}");
                    for said in [&complaint.message, &complaint.remedy] {
                        assert!(!said.ja.is_empty() && !said.en.is_empty());
                    }
                }
            }
        }
    })
}

fn holds(file: &SiteFile) {
    let kept = serde_json::to_string(file).unwrap();
    let again: SiteFile = serde_json::from_str(&kept).expect(&kept);
    assert_eq!(serde_json::to_string(&again).unwrap(), kept);
    let history = file.history(&TimeZone::UTC, &[]);
    for language in file.languages.iter().map(String::as_str).chain(["xx"]) {
        assert!(file.changes_for_visitors(&again, language).is_empty(), "it is the same file");
        let shown = site::Shown {
            language,
            revision: 1,
            history: &history,
            current: &again,
            embedded: false,
            address: "http://localhost/s/shop/policy",
        };
        let page = file.policy_page(shown).into_string();
        assert!(page.ends_with("</html>"), "{page}");
    }
}

/// What parses prints, and parses again the same; what is spelled is spelled as it was.
pub(crate) fn values() -> Target {
    Box::new(|input| {
        let text = String::from_utf8_lossy(input);
        if let Ok(cookie) = text.parse::<ConsentCookie>() {
            assert_eq!(cookie.to_text().parse(), Ok(cookie));
        }
        if let Some(address) = Address::parse(&text) {
            let cleaned = address.cleaned(&["q".to_owned()]);
            let again = Address::parse(&cleaned).expect(&cleaned);
            assert_eq!(again.origin, address.origin);
            assert_eq!(again.cleaned(&["q".to_owned()]), cleaned);
        }
        for kind in FieldKind::ALL {
            let mut field = Field::new("field".parse().unwrap(), kind);
            field.options = vec!["a".to_owned(), "b c".to_owned()];
            let rule = field.rule();
            let read = Field::of_rule(field.key.clone(), &rule).expect(&rule);
            assert_eq!(read.rule(), rule);
            let spelled = field.accept(&text);
            assert_eq!(
                read.accept(&text),
                spelled,
                "{kind:?}: a page judges as the collector does"
            );
            if let Ok(spelled) = spelled {
                assert_eq!(field.accept(&spelled).as_ref(), Ok(&spelled), "{kind:?}");
            }
        }
    })
}
