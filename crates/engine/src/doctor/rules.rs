//! The doctor's rules: facts in, findings out. Nothing is said about what is well.

use domain::Timestamp;

use super::facts::{AccountFacts, CatalogFacts, ServerFacts};
use super::{Finding, Severity};
use Severity::{Error, Notice, Warning};

/// An account that got events is suspiciously quiet after this.
const QUIET: i64 = 7 * Timestamp::DAY;
/// When an event last came is known to the minute, and clocks differ a little.
const HEARD_SLACK: i64 = 2 * Timestamp::MINUTE;
/// A message whose webhook has not come by then is not on its way.
const WEBHOOK_LATE: i64 = 10 * Timestamp::MINUTE;
const CLOCK_SKEW_MAX: i64 = 2 * Timestamp::MINUTE;
const BACKLOG_AGE_MAX: i64 = 5 * Timestamp::MINUTE;
const EXPIRY_NEAR: i64 = 10 * Timestamp::DAY;

struct Findings {
    account: Option<String>,
    found: Vec<Finding>,
}

impl Findings {
    fn add(
        &mut self,
        check: &'static str,
        severity: Severity,
        finding: impl Into<String>,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.found.push(Finding {
            check,
            severity,
            account: self.account.clone(),
            finding: finding.into(),
            evidence: evidence.into(),
            remedy: remedy.into(),
        });
    }
}

/// What is wrong with the server itself.
#[must_use]
pub fn server_findings(facts: &ServerFacts) -> Vec<Finding> {
    let mut f = Findings {
        account: None,
        found: Vec::new(),
    };
    configuration(facts, &mut f);
    webhooks(facts, &mut f);
    keys_and_clock(facts, &mut f);
    work(facts, &mut f);
    f.found
}

fn configuration(facts: &ServerFacts, f: &mut Findings) {
    if facts.secrets.is_empty() {
        f.add(
            "no_app_secret",
            Error,
            "No app secret is set, so every webhook is refused.",
            "neither META_APP_SECRET nor INSTAGRAM_APP_SECRET nor WHATSAPP_APP_SECRET is set",
            "Copy the secret from the Meta app (App settings > Basic) into META_APP_SECRET and restart.",
        );
    }
    if !facts.verify_token {
        f.add(
            "no_verify_token",
            Warning,
            "Meta's webhook handshake cannot succeed.",
            "INSTAGRAM_VERIFY_TOKEN is not set and no account has a verify token",
            "Set INSTAGRAM_VERIFY_TOKEN to a word of your own and type the same into Meta's dashboard.",
        );
    }
    match facts.public_url.as_deref() {
        None => f.add(
            "no_public_url",
            Warning,
            "Nobody knows this server's public address: connecting accounts and the shop pages need it.",
            "PUBLIC_URL is not set",
            "Set PUBLIC_URL to the https address at which Meta and customers reach this server.",
        ),
        Some(url) if !url.starts_with("https://") && !is_local(url) => f.add(
            "public_url_not_https",
            Error,
            "Meta delivers webhooks to https addresses with a valid certificate only.",
            format!("PUBLIC_URL is {url}"),
            "Put a proxy with a certificate in front and change PUBLIC_URL to https://...",
        ),
        Some(_) => {}
    }
    if let Some(why) = &facts.unreachable {
        f.add(
            "webhook_unreachable",
            Error,
            "The webhook's address does not lead to this server.",
            why.clone(),
            "Check DNS, certificate, proxy and firewall; PUBLIC_URL/healthz must answer from the Internet.",
        );
    }
    if !facts.app {
        f.add(
            "no_app",
            Notice,
            "Sellers cannot connect by a button.",
            "META_APP_ID with META_APP_SECRET is not set",
            "Set both, from the Meta app's basic settings, to offer Connect Instagram.",
        );
    }
    if let Some(why) = &facts.app_refused {
        f.add(
            "app_secret_refused",
            Error,
            "Meta does not take the app's id and secret: nothing can be sent, renewed or connected.",
            why.clone(),
            "Copy App ID and App secret anew from the Meta app (App settings > Basic) into \
             META_APP_ID and META_APP_SECRET, and restart.",
        );
    }
}

fn is_local(url: &str) -> bool {
    let host = url.trim_start_matches("http://");
    host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]")
}

fn webhooks(facts: &ServerFacts, f: &mut Findings) {
    let (bad, last) = &facts.bad_signatures;
    if *bad > 0 {
        let severity = if facts.taken == 0 { Error } else { Warning };
        f.add(
            "bad_signatures",
            severity,
            "Webhooks arrive whose signature does not hold. Meta drops a subscription after an hour \
             of refusals.",
            format!("{bad} in the last hour; the last: {last}"),
            "Compare the app secret with the Meta app's. Instagram Login signs with the Instagram \
             app secret (Instagram > API setup), Facebook Login with the one under App settings > \
             Basic. During a change list both, the newest first.",
        );
    }
    let (wrong, last) = &facts.wrong_secrets;
    if *wrong > 0 {
        f.add(
            "wrong_secret_for_object",
            Error,
            "Webhooks are signed with a secret that may not sign such events.",
            format!("{wrong} in the last hour; the last: {last}"),
            "Use META_APP_SECRET when one app serves all channels; else subscribe each channel in \
             its own app.",
        );
    }
    if facts.not_stored > 0 {
        f.add(
            "not_stored",
            Error,
            "Webhooks could not be stored and were sent back to Meta.",
            format!("{} in the last hour were answered 503", facts.not_stored),
            "Check that the database runs, has room and is fast enough; Meta comes again meanwhile.",
        );
    }
    if facts.deprecated_route > 0 {
        f.add(
            "deprecated_route",
            Notice,
            "Meta still calls the old webhook address.",
            format!(
                "{} requests to /api/instagram/dm/webhook in the last day",
                facts.deprecated_route
            ),
            "Change the callback in the Meta app to /webhooks/meta.",
        );
    }
}

fn keys_and_clock(facts: &ServerFacts, f: &mut Findings) {
    if facts.old_key > 0 {
        f.add(
            "old_key_in_use",
            Warning,
            "Tokens are still encrypted under an old key.",
            format!("{} secrets", facts.old_key),
            "Run `eziseller keys rotate`; afterwards the old key can leave ENCRYPTION_KEY.",
        );
    }
    if facts.unreadable > 0 {
        f.add(
            "unreadable_secrets",
            Error,
            "Tokens cannot be decrypted.",
            format!("{} secrets open under none of the keys", facts.unreadable),
            "Add the missing old key to ENCRYPTION_KEY, or connect the accounts again.",
        );
    }
    if let Some(ahead) = facts.clock_ahead_ms
        && ahead.abs() > CLOCK_SKEW_MAX
    {
        let direction = if ahead > 0 { "ahead of" } else { "behind" };
        f.add(
            "clock_skew",
            Warning,
            "This machine's clock is wrong: windows and expiries are misjudged.",
            format!("{} s {direction} Meta's", ahead.abs() / Timestamp::SECOND),
            "Switch on time synchronisation (for example systemd-timesyncd).",
        );
    }
}

fn work(facts: &ServerFacts, f: &mut Findings) {
    let (pending, age) = facts.backlog;
    if pending > 0 && age > BACKLOG_AGE_MAX {
        f.add(
            "backlog",
            Error,
            "Messages wait to be read.",
            format!(
                "{pending} events, the oldest for {} minutes",
                age / Timestamp::MINUTE
            ),
            "Check that a node with role `all` or `worker` runs, and its log.",
        );
    }
    if facts.unrouted > 0 {
        f.add(
            "unrouted_events",
            Warning,
            "Messages came for accounts that nobody has connected.",
            format!("{} kept events; `eziseller events list --state unrouted` names the ids", facts.unrouted),
            "Connect the account: they are read then by themselves. With Instagram Login the id must \
             be `user_id`, not `id`.",
        );
    }
    if facts.failed > 0 {
        f.add(
            "failed_events",
            Warning,
            "Some events could not be handled.",
            format!(
                "{} kept events; `eziseller events list --state failed` says why",
                facts.failed
            ),
            "Mend the reason, then `eziseller events replay --state failed`.",
        );
    }
}

/// What is wrong with one account.
#[must_use]
pub fn account_findings(facts: &AccountFacts) -> Vec<Finding> {
    let mut f = Findings {
        account: Some(facts.name.clone()),
        found: Vec::new(),
    };
    if facts.state == "disconnected" {
        return f.found;
    }
    if token(facts, &mut f) {
        permissions(facts, &mut f);
        link(facts, &mut f);
        subscription(facts, &mut f);
        sending(facts, &mut f);
    }
    expiry(facts, &mut f);
    silence(facts, &mut f);
    for catalog in &facts.catalogs {
        shop(catalog, &mut f);
    }
    f.found
}

/// Whether there is a token that Meta takes: without one nothing else can be judged.
fn token(facts: &AccountFacts, f: &mut Findings) -> bool {
    if !facts.has_token {
        f.add(
            "no_token",
            Error,
            "Replies cannot be sent.",
            "the account has no access token",
            "Connect the account with the dashboard's button, or add a token with `seller add`.",
        );
        return false;
    }
    if let Some(app) = &facts.other_app {
        f.add(
            "token_of_another_app",
            Error,
            "The token belongs to another Meta app.",
            app.clone(),
            "Connect again through this server, or set META_APP_ID and META_APP_SECRET of that app.",
        );
        return false;
    }
    if let Some(why) = &facts.token_refused {
        f.add(
            "token_refused",
            Error,
            "Meta does not take the token any more: nothing is sent, events are still kept.",
            why.clone(),
            "Connect again: More > Connection > Connect again.",
        );
        return false;
    }
    if facts.state == "needs_reconnect" {
        f.add(
            "needs_reconnect",
            Error,
            "The account has to be connected again.",
            facts.state_reason.clone().unwrap_or_default(),
            "Connect again: More > Connection > Connect again.",
        );
        return false;
    }
    true
}

fn permissions(facts: &AccountFacts, f: &mut Findings) {
    let names = |scopes: &[String]| scopes.join(", ");
    if !facts.declined_scopes.is_empty() {
        f.add(
            "declined_scope",
            Error,
            "Permissions were declined or have lapsed.",
            names(&facts.declined_scopes),
            "Connect again and leave every box ticked; instagram_manage_messages above all.",
        );
    }
    let missing: Vec<String> = facts
        .missing_scopes
        .iter()
        .filter(|scope| !facts.declined_scopes.contains(scope))
        .cloned()
        .collect();
    if !missing.is_empty() {
        f.add(
            "missing_scope",
            Error,
            "The token lacks permissions. One that was added to the app later does not reach old tokens.",
            names(&missing),
            "Connect again and allow everything that is asked.",
        );
    }
    if !facts.not_covered.is_empty() {
        f.add(
            "scope_not_for_this_account",
            Error,
            "Permissions were granted, but not for this page or account.",
            names(&facts.not_covered),
            "Connect again and tick this page and Instagram account in the list.",
        );
    }
}

fn link(facts: &AccountFacts, f: &mut Findings) {
    if facts.page_linked == Some(false) {
        f.add(
            "page_not_linked",
            Error,
            "The page has no Instagram account linked, so no Instagram message comes.",
            "the page's instagram_business_account is empty",
            "Make the Instagram account professional and link it in the page's settings > Linked \
             accounts, then connect again.",
        );
    }
    if let Some(other) = &facts.linked_to_other {
        f.add(
            "linked_to_another_account",
            Error,
            "The page is linked to another Instagram account now.",
            format!("it is linked to {other}"),
            "Link the right account, or connect again to take the new one.",
        );
    }
}

fn subscription(facts: &AccountFacts, f: &mut Findings) {
    if facts.missing_fields.is_some() && !facts.subscribed {
        f.add(
            "not_subscribed",
            Error,
            "The account's webhooks are not subscribed: no message comes. Meta unsubscribes after an \
             hour of failures.",
            "subscribed_apps does not list this app",
            "It is subscribed again by itself within hours; connect again to do it at once.",
        );
    } else if let Some(missing) = facts.missing_fields.as_ref().filter(|m| !m.is_empty()) {
        f.add(
            "missing_webhook_fields",
            Warning,
            "Some kinds of events do not come.",
            format!("not subscribed: {}", missing.join(", ")),
            "Connect again; in the Meta app tick these fields too.",
        );
    }
}

fn sending(facts: &AccountFacts, f: &mut Findings) {
    if facts.message_access_off {
        f.add(
            "message_access_off",
            Error,
            "The Instagram account does not allow apps to see its messages: nothing comes, without \
             any error.",
            "Meta answers 200/2534041",
            "On the phone: Settings > Messages and story replies > Message controls > Connected \
             tools > Allow access to messages.",
        );
    }
    if let Some(why) = &facts.restricted {
        f.add(
            "restricted",
            Error,
            "Meta restricts the account from sending.",
            why.clone(),
            "Open Account status in the Instagram app and Page quality on Facebook; automation waits.",
        );
    }
    // A restriction pauses the account too, and is the cause then.
    if let Some(until) = facts.limited_until
        && facts.restricted.is_none()
    {
        f.add(
            "rate_limited",
            Warning,
            "Meta's rate limit is used up.",
            format!("calls go on at {}", until.rfc3339()),
            "Wait: messages to customers go first. A seller who is limited often needs a higher level.",
        );
    }
    let (failed, last) = &facts.failed_messages;
    if *failed > 0 {
        f.add(
            "failed_messages",
            Warning,
            "Replies could not be sent.",
            format!(
                "{failed} in the last day; the last: {}",
                last.clone().unwrap_or_default()
            ),
            "See each under Inbox; write to those customers by hand.",
        );
    }
    if facts.unechoed > 0 {
        f.add(
            "not_confirmed_delivered",
            Notice,
            "Replies were accepted and never echoed.",
            format!("{} in the last day", facts.unechoed),
            "Subscribe message_echoes; a customer may also have restricted the account.",
        );
    }
}

fn expiry(facts: &AccountFacts, f: &mut Findings) {
    for (check, what, at) in [
        ("token_expires", "The token", facts.token_expires_at),
        (
            "data_access_expires",
            "Meta's data access",
            facts.data_access_expires_at,
        ),
    ] {
        let Some(at) = at else { continue };
        let left = at.since(facts.now);
        if left <= 0 {
            f.add(
                check,
                Error,
                format!("{what} has ended."),
                format!("on {}", at.rfc3339()),
                "Connect again: More > Connection > Connect again.",
            );
        } else if left < EXPIRY_NEAR {
            f.add(
                check,
                Warning,
                format!("{what} ends soon."),
                format!("on {}", at.rfc3339()),
                "Connect again before then: More > Connection > Connect again.",
            );
        }
    }
}

fn silence(facts: &AccountFacts, f: &mut Findings) {
    let since = facts.last_event_at.unwrap_or(facts.connected_at);
    let known_cause = facts.missing_fields.is_some() && !facts.subscribed;
    // A newer message that no webhook brought is certain; mere quiet is a hint.
    if known_cause {
        // Said already.
    } else if let Some(newest) = facts.newest_message
        && newest.since(since) > HEARD_SLACK
        && facts.now.since(newest) > WEBHOOK_LATE
    {
        f.add(
            "messages_without_webhooks",
            Error,
            "Customers write, but no webhook brings it. While the app is in development mode only \
             people with a role on it are heard.",
            format!("the newest message is of {}", newest.rfc3339()),
            "Publish the Meta app (and get Advanced Access for instagram_manage_messages), check the \
             app's webhook callback and fields. The sweep brings the messages in meanwhile.",
        );
    } else if facts.last_event_at.is_some() && facts.now.since(since) > QUIET {
        f.add(
            "unusually_quiet",
            Notice,
            "No event has come for an unusual time.",
            format!("the last on {}", since.rfc3339()),
            "Write a message to the account from another one and see whether it arrives.",
        );
    }
    if facts.standby > 0 {
        f.add(
            "another_app_owns_threads",
            Warning,
            "Another app answers this account's conversations: sends are refused there.",
            format!("{} events in standby in the last day", facts.standby),
            "In the Meta inbox settings make this app the default for conversations, or take the \
             other app off.",
        );
    }
}

fn shop(catalog: &CatalogFacts, f: &mut Findings) {
    let name = &catalog.name;
    let example = || catalog.example.clone().unwrap_or_default();
    match catalog.status.as_str() {
        "error" => f.add(
            "catalog_error",
            Error,
            format!("The catalog {name} does not sync."),
            catalog.reason.clone().unwrap_or_default(),
            "Mend the reason, then sync again on the catalog's page.",
        ),
        "pending_approval" => f.add(
            "catalog_not_approved",
            Notice,
            format!("Meta still reviews the catalog {name}: its items do not show yet."),
            format!("{} items under review", catalog.under_review),
            "Wait; a review takes a day or two.",
        ),
        _ => {}
    }
    let refused = catalog.rejected + catalog.review_rejected;
    if refused > 0 {
        f.add(
            "items_rejected",
            Warning,
            format!(
                "{refused} items of the catalog {name} are not in the shop: Meta refused them."
            ),
            example(),
            "Each item says why on the catalog's page; mend it, or appeal a review.",
        );
    }
    if catalog.held_back > 0 {
        f.add(
            "items_held_back",
            Warning,
            format!(
                "{} items of the catalog {name} were not sent: Meta would refuse them.",
                catalog.held_back
            ),
            example(),
            "Each item names its fix on the catalog's page.",
        );
    }
    if catalog.foreign > 0 {
        f.add(
            "foreign_items",
            Notice,
            format!(
                "{} items of the catalog {name} were put there by something else.",
                catalog.foreign
            ),
            "they are not among the products here",
            "They are left alone; remove them in Commerce Manager if they are old.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_793_000_000_000);

    fn server() -> ServerFacts {
        ServerFacts {
            now: NOW,
            secrets: vec!["META_APP_SECRET".to_owned()],
            verify_token: true,
            public_url: Some("https://shop.example.com".to_owned()),
            app: true,
            taken: 10,
            clock_ahead_ms: Some(300),
            ..ServerFacts::default()
        }
    }

    fn account() -> AccountFacts {
        AccountFacts {
            now: NOW,
            name: "amaya".to_owned(),
            login: "facebook".to_owned(),
            state: "active".to_owned(),
            has_token: true,
            instagram: true,
            page: true,
            page_linked: Some(true),
            missing_fields: Some(vec![]),
            subscribed: true,
            last_event_at: Some(NOW.plus(-Timestamp::HOUR)),
            newest_message: Some(NOW.plus(-Timestamp::HOUR)),
            connected_at: NOW.plus(-30 * Timestamp::DAY),
            ..AccountFacts::default()
        }
    }

    fn names(findings: &[Finding]) -> Vec<&'static str> {
        findings.iter().map(|finding| finding.check).collect()
    }

    #[test]
    fn the_doctor_says_nothing_about_what_is_well() {
        assert_eq!(names(&server_findings(&server())), [""; 0]);
        assert_eq!(names(&account_findings(&account())), [""; 0]);
    }

    #[test]
    fn each_fault_of_the_server_has_its_finding() {
        let check = |expected: &str, change: fn(&mut ServerFacts)| {
            let mut facts = server();
            change(&mut facts);
            assert_eq!(names(&server_findings(&facts)), [expected]);
        };
        check("no_app_secret", |f| f.secrets.clear());
        check("no_verify_token", |f| f.verify_token = false);
        check("no_public_url", |f| f.public_url = None);
        check("public_url_not_https", |f| {
            f.public_url = Some("http://shop.example.com".into());
        });
        check("webhook_unreachable", |f| {
            f.unreachable = Some("no answer".into());
        });
        check("no_app", |f| f.app = false);
        check("app_secret_refused", |f| f.app_refused = Some("190".into()));
        check("bad_signatures", |f| {
            f.bad_signatures = (3, "no secret fits".into());
        });
        check("wrong_secret_for_object", |f| {
            f.wrong_secrets = (1, "x".into());
        });
        check("not_stored", |f| f.not_stored = 2);
        check("deprecated_route", |f| f.deprecated_route = 5);
        check("old_key_in_use", |f| f.old_key = 1);
        check("unreadable_secrets", |f| f.unreadable = 1);
        check("clock_skew", |f| {
            f.clock_ahead_ms = Some(-10 * Timestamp::MINUTE);
        });
        check("backlog", |f| f.backlog = (9, Timestamp::HOUR));
        check("unrouted_events", |f| f.unrouted = 1);
        check("failed_events", |f| f.failed = 1);
    }

    #[test]
    fn each_fault_of_an_account_has_its_finding() {
        let check = |expected: &str, change: fn(&mut AccountFacts)| {
            let mut facts = account();
            change(&mut facts);
            assert_eq!(names(&account_findings(&facts)), [expected]);
        };
        check("no_token", |f| f.has_token = false);
        check("token_of_another_app", |f| f.other_app = Some("77".into()));
        check("token_refused", |f| {
            f.token_refused = Some("190/463".into());
        });
        check("needs_reconnect", |f| f.state = "needs_reconnect".into());
        check("declined_scope", |f| {
            f.declined_scopes = vec!["instagram_manage_messages".into()];
            f.missing_scopes = f.declined_scopes.clone();
        });
        check("missing_scope", |f| {
            f.missing_scopes = vec!["catalog_management".into()];
        });
        check("scope_not_for_this_account", |f| {
            f.not_covered = vec!["pages_messaging".into()];
        });
        check("page_not_linked", |f| f.page_linked = Some(false));
        check("linked_to_another_account", |f| {
            f.linked_to_other = Some("other".into());
        });
        check("not_subscribed", |f| f.subscribed = false);
        check("missing_webhook_fields", |f| {
            f.missing_fields = Some(vec!["message_echoes".into()]);
        });
        check("message_access_off", |f| f.message_access_off = true);
        check("restricted", |f| f.restricted = Some("10/1893063".into()));
        check("rate_limited", |f| f.limited_until = Some(NOW));
        check("failed_messages", |f| f.failed_messages = (2, None));
        check("not_confirmed_delivered", |f| f.unechoed = 1);
        check("token_expires", |f| {
            f.token_expires_at = Some(NOW.plus(Timestamp::DAY));
        });
        check("data_access_expires", |f| {
            f.data_access_expires_at = Some(NOW.plus(-1));
        });
        check("messages_without_webhooks", |f| {
            f.newest_message = Some(NOW.plus(-20 * Timestamp::MINUTE));
            f.last_event_at = Some(NOW.plus(-3 * Timestamp::DAY));
        });
        check("unusually_quiet", |f| {
            f.last_event_at = Some(NOW.plus(-9 * Timestamp::DAY));
            f.newest_message = f.last_event_at;
        });
        check("another_app_owns_threads", |f| f.standby = 4);
    }

    #[test]
    fn each_fault_of_a_catalog_has_its_finding() {
        let check = |expected: &str, catalog: CatalogFacts| {
            let facts = AccountFacts {
                catalogs: vec![catalog],
                ..account()
            };
            assert_eq!(names(&account_findings(&facts)), [expected]);
        };
        let active = CatalogFacts {
            status: "active".to_owned(),
            ..CatalogFacts::default()
        };
        check(
            "catalog_error",
            CatalogFacts {
                status: "error".to_owned(),
                ..active.clone()
            },
        );
        let waiting = "pending_approval".to_owned();
        check(
            "catalog_not_approved",
            CatalogFacts {
                status: waiting,
                ..active.clone()
            },
        );
        check(
            "items_rejected",
            CatalogFacts {
                review_rejected: 1,
                ..active.clone()
            },
        );
        check(
            "items_held_back",
            CatalogFacts {
                held_back: 1,
                ..active.clone()
            },
        );
        check(
            "foreign_items",
            CatalogFacts {
                foreign: 1,
                ..active
            },
        );
    }
}
