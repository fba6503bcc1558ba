//! The built-in words in English.

use super::Facts;

pub(super) const WORDS: &[(&str, &str)] = &[
    ("title", "Cookies on this site"),
    ("accept", "Accept all"),
    ("reject", "Reject all"),
    ("customise", "Customise"),
    ("preferences", "Cookie settings"),
    (
        "preferences_body",
        "Choose by purpose or by service. You can use this site whatever you choose.",
    ),
    ("save", "Save choices"),
    ("close", "Close without saving"),
    ("always_on", "Always on"),
    ("saved", "Your choices are saved"),
    ("reopen", "Cookie settings"),
    ("policy", "Cookie policy"),
    ("details", "Details"),
    ("provider_label", "Provided by"),
    ("sends_label", "What is sent"),
    ("use_label", "What for"),
    ("retention_label", "Kept for"),
    ("cookies_label", "Cookies"),
    ("changed", "What has changed since you last chose"),
    (
        "gpc",
        "Your browser asks not to be tracked (GPC). We honour this: “{names}” counts as rejected.",
    ),
    ("gpc_off", "Off, as your browser asks (GPC)"),
    ("reload", "Reload the page to stop everything you have withdrawn."),
    ("reload_button", "Reload"),
    ("later", "Not now"),
    ("blocked", "“{name}” is shown here once you have allowed it."),
    ("unblock", "Allow and show"),
    ("fault_required", "Please fill this in."),
    ("fault_too_long", "This is too long. Please shorten it."),
    ("fault_email", "Please check the e-mail address (for example hana@example.com)."),
    ("fault_telephone", "Please give a telephone number of 6 to 15 digits."),
    (
        "fault_control",
        "This has characters that cannot be used, such as line breaks. Please remove them.",
    ),
    ("fault_unknown", "This entry is not accepted. Please reload the page."),
    ("day", "1 day"),
    ("days", "{n} days"),
    ("month", "1 month"),
    ("months", "{n} months"),
    ("year", "1 year"),
    ("years", "{n} years"),
    ("about", "about {time}"),
    ("language_name", "English"),
    ("page_title", "Cookies and data sent to others"),
    ("page_contents", "On this page"),
    (
        "page_intro",
        "Which cookies {site} uses and what is sent while you browse: to whom, what for, and how long it is kept.",
    ),
    ("page_revision", "Version {n}"),
    ("page_language", "Language"),
    ("page_controller", "Who runs this site"),
    ("page_controller_name", "Name"),
    ("page_representative", "Representative"),
    ("page_address", "Address"),
    ("page_contact", "Contact"),
    ("page_external", "Data sent to other companies"),
    (
        "page_external_intro",
        "Your browser sends data to these companies. Where it says “With your permission”, nothing is sent until you allow it.",
    ),
    ("page_external_none", "Your browser sends no data to other companies."),
    ("page_recipient", "Sent to"),
    ("page_our_use", "What we use it for"),
    ("page_their_use", "What they use it for"),
    ("page_their_policy", "Privacy policy"),
    ("page_purposes", "What each purpose does"),
    ("page_external_badge", "Sent to another company"),
    ("page_asked", "With your permission"),
    ("page_cookies", "List of cookies"),
    ("page_cookies_intro", "The cookies of this site. A * in a name stands for any characters."),
    ("page_cookie_name", "Name"),
    ("page_cookie_lifetime", "Lifetime"),
    ("page_cookie_service", "Service"),
    ("page_forms", "What you send us by form"),
    ("page_fields", "What we ask for"),
    ("page_choice", "Change, withdraw, delete"),
    ("page_change", "Change or withdraw your choice"),
    (
        "page_change_text",
        "“{reopen}” on every page of the site lets you change or withdraw at any time. Once you withdraw, nothing more is sent and the site’s own tracking cookies are deleted at once. Your choice lasts {time}; then we ask again.",
    ),
    ("page_disable", "Delete or block cookies"),
    (
        "page_disable_text",
        "Your browser’s settings let you delete cookies or refuse them. If you refuse them all, your choice cannot be remembered and you will be asked each time.",
    ),
    ("page_records", "See or erase your records"),
    (
        "page_records_text",
        "You can see, download and erase what is kept about this browser yourself.",
    ),
    ("page_records_link", "Open your records"),
];

/// The first layer's text: short enough for a small telephone.
pub(super) fn body(facts: &Facts<'_>) -> String {
    if facts.purposes.is_empty() && !facts.link {
        return "This site uses only the cookies that it needs to work.".to_owned();
    }
    let mut text = String::new();
    let (named, more) = facts.first_purposes();
    if let Some((last, others)) = named.split_last() {
        let list = match (others.is_empty(), more) {
            (true, false) => (*last).to_owned(),
            (_, true) => format!("{} and more", named.join(", ")),
            (false, false) => format!("{} and {last}", others.join(", ")),
        };
        text = format!("We use cookies for {list}. ");
    }
    let mut recipients = facts.recipients.iter();
    let outside = match (recipients.next(), recipients.count()) {
        (None, _) => "No data goes to other companies; it is".to_owned(),
        (Some(only), 0) if only.chars().count() <= 30 => {
            format!("Some data goes to {only}; it is")
        }
        (Some(_), 0) => "Some data goes to another company; it is".to_owned(),
        (Some(_), more) => format!("Some data goes to {} other companies; it is", more + 1),
    };
    text += &format!("{outside} kept for up to {}. ", facts.longest);
    if facts.link {
        text += "If you agree, your browsing may be tied to your name. ";
    }
    text + &format!("Change or delete it any time in “{}”.", facts.reopen)
}
