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
    ("form_purpose", "Your details"),
    ("form_controller", "Handled by"),
    ("form_policy", "How we handle your details"),
    ("form_trap", "Leave this empty"),
    (
        "form_spam_trap",
        "We could not tell this from an automatic message. Please send it once more.",
    ),
    (
        "form_spam_too_fast",
        "That was very quick, so we are checking. Please wait a few seconds and send it once more.",
    ),
    ("fault_required", "Please fill in “{name}”."),
    ("fault_required_choice", "Please choose “{name}”."),
    ("fault_required_checkbox", "Please tick this box to go on."),
    ("fault_too_short", "Please write at least {n} characters."),
    ("fault_too_long", "Please keep this to {n} characters."),
    ("fault_too_small", "Please give a number of {n} or more."),
    ("fault_too_large", "Please give a number of {n} or less."),
    ("fault_email", "Please check the e-mail address (for example hana@example.com)."),
    (
        "fault_telephone",
        "Please give a Japanese number with its area code, or start with + and the country code (for example +44 20 7946 0000).",
    ),
    (
        "fault_postal_code",
        "Please give the seven digits of a Japanese postal code (for example 604-8001).",
    ),
    ("fault_kana", "Please write how the name is read in katakana (for example ヤマダ ハナコ)."),
    ("fault_number", "Please give a number (for example 1200)."),
    ("fault_date", "Please give a day of the calendar (for example 2026-11-25)."),
    ("fault_url", "Please check the address (for example https://www.example.com)."),
    ("fault_choice", "Please choose from the list."),
    ("fault_too_many_links", "This has too many links. Please leave some out."),
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
    ("until_closed", "until you close the tab"),
    ("until_deleted", "until you delete it"),
    ("area_cookie", "cookie"),
    ("area_local", "local storage"),
    ("area_session", "session storage"),
    ("area_database", "database (IndexedDB)"),
    ("language_name", "English"),
    ("page_title", "Cookies and data sent to others"),
    ("page_contents", "On this page"),
    (
        "page_intro",
        "Which cookies {site} uses and what is sent while you browse: to whom, what for, and how long it is kept.",
    ),
    ("page_revision", "Version {n}, in force since {date}"),
    ("page_earlier", "This is an earlier version. It was in force from {from} to {to}."),
    ("page_newest", "Read the version in force"),
    ("page_language", "Language"),
    ("page_controller", "Who runs this site"),
    ("page_controller_name", "Name"),
    ("page_representative", "Representative"),
    ("page_address", "Address"),
    ("page_contact", "Contact"),
    ("page_complaints", "Complaints also to"),
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
    ("page_cookies", "What is kept in your browser"),
    (
        "page_cookies_intro",
        "Cookies and other entries that this site keeps in your browser. A * in a name stands for any characters.",
    ),
    ("page_cookie_name", "Name"),
    ("page_cookie_lifetime", "Lifetime"),
    ("page_cookie_service", "Service"),
    ("page_forms", "What you send us by form"),
    ("page_fields", "What we ask for"),
    ("page_choice", "Change, withdraw, delete"),
    ("page_change", "Change or withdraw your choice"),
    (
        "page_change_text",
        "“{reopen}” on every page of the site lets you change or withdraw at any time. Once you withdraw, nothing more is sent and the site’s own tracking cookies and storage are deleted at once. Your choice lasts {time}; then we ask again.",
    ),
    ("page_disable", "Delete or block cookies"),
    (
        "page_disable_text",
        "Your browser’s settings let you delete what is kept, or refuse cookies. If you refuse them all, your choice cannot be remembered and you will be asked each time. The names of menus differ a little from version to version.",
    ),
    (
        "page_chrome",
        "Press the icon at the left of the address bar and open “Cookies and site data” to delete what this site keeps. To delete everything or to block cookies, open “Privacy and security” in the settings.",
    ),
    (
        "page_edge",
        "Press the lock at the left of the address bar and open “Cookies and site data” to delete what this site keeps. To block cookies, open “Privacy, search, and services” in the settings, then “Cookies”.",
    ),
    (
        "page_firefox",
        "Press the lock at the left of the address bar and choose “Clear cookies and site data”. To block cookies, open “Privacy & Security” in the settings, set Enhanced Tracking Protection to “Custom” and choose which cookies to block.",
    ),
    (
        "page_safari_phone",
        "In the Settings app open “Apps”, “Safari”, “Advanced”, “Website Data” to delete what this site keeps. To block cookies, turn on “Block All Cookies” under “Advanced”.",
    ),
    (
        "page_safari_mac",
        "In the menu “Safari” open “Settings”, “Privacy”, “Manage Website Data” to delete what this site keeps. To block cookies, choose “Block all cookies” under “Advanced”.",
    ),
    ("page_records", "Erase your records"),
    (
        "page_records_text",
        "When you withdraw, what was recorded about this browser with your permission is erased too. To see your records or to ask anything else, please write to the contact below.",
    ),
    ("page_gpc", "If your browser asks not to be tracked (GPC)"),
    (
        "page_gpc_text",
        "Some browsers can tell every site that you do not want to be tracked (Global Privacy Control). If yours does, we honour it without asking: the purposes below count as rejected, and stay so unless you turn them on yourself in “{reopen}”.",
    ),
    ("page_history", "Changes to this page"),
    (
        "page_history_intro",
        "Whenever what you choose about changes, we ask you again and list here what changed.",
    ),
    ("page_version", "Version {n}"),
    ("page_read", "Read version {n}"),
    ("page_shown", "Shown on this page"),
    ("page_first", "First version."),
    ("page_address_of", "Address of this page"),
    ("change_more", "And {n} more."),
    ("change_texts", "All texts have been written anew."),
    ("change_controller", "The company that runs this site is now called {to} (before: {from})."),
    ("change_purpose_added", "“{name}” is a new purpose."),
    ("change_purpose_removed", "“{name}” is no longer a purpose."),
    ("change_always", "“{name}” is now always on."),
    ("change_asked", "“{name}” is now used only with your permission."),
    ("change_use", "What “{name}” is used for has changed."),
    ("change_their_use", "What the recipient uses the data of “{name}” for has changed."),
    ("change_retention", "Data of “{name}” is now kept for {to} (before: {from})."),
    ("change_service_added", "“{name}” by {provider} is new."),
    ("change_service_removed", "“{name}” is no longer used."),
    ("change_moved", "“{name}” now serves “{to}” (before: “{from}”)."),
    ("change_provider", "“{name}” is now provided by {to} (before: {from})."),
    ("change_country", "The provider of “{name}” is now in {to} (before: {from})."),
    ("change_external", "“{name}” now sends data to another company."),
    ("change_internal", "“{name}” no longer sends data to another company."),
    ("change_sends", "What “{name}” sends has changed."),
    ("change_signals", "What Google is told of your choice about “{name}” has changed."),
    ("change_events", "What “{name}” records of your visit has changed."),
    ("change_item_added", "“{name}” now keeps {item} in your browser."),
    ("change_item_removed", "“{name}” no longer keeps {item}."),
    ("change_item_time", "{item} now lasts {to} (before: {from})."),
    ("change_item_use", "What {item} is for has changed."),
    ("change_order", "Purposes and services are in another order."),
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
    text += &match &facts.longest {
        Some(longest) => format!("{outside} kept for up to {longest}. "),
        None => format!("{outside} kept for a set time, or in your browser until you delete it. "),
    };
    if facts.link {
        text += "If you agree, your browsing may be tied to your name. ";
    }
    text + &format!("Change or delete it any time in “{}”.", facts.reopen)
}
