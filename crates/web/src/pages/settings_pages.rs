//! Everything about the shop itself: policy, charges, words, team, API keys, connected accounts,
//! and, for admins, the kept events.

use domain::{ApiKeyId, EventId, MemberId, Timestamp};
use maud::{Markup, html};

use super::layout::Frame;
use super::parts::{self, Field, Tone, chip, empty, head};
use crate::icons::{self, Icon};

/// The page of everything else.
pub(crate) fn more(frame: &Frame, owner: bool, admin: bool) -> Markup {
    let entry = |href: &str, icon: Icon, title: &str, under: &str| {
        html! {
            li { a.item href=(href) { span.thumb aria-hidden="true" { (icon) } div.grow { p.title { (title) } p.under { (under) } } } }
        }
    };
    html! {
        (head(&frame.shop, &format!("Signed in as {}", frame.member), None))
        div.card.flush { ul.list {
            (entry("/customers", icons::PEOPLE, "Customers", "Who wrote, with phone and address"))
            (entry("/settings", icons::SETTINGS, "Settings", "Confirmation, delivery fee, tax, connected accounts"))
            (entry("/settings/shop", icons::PICTURE, "Shop front", "Your public pages, and a domain of your own"))
            (entry("/catalogs", icons::PRODUCTS, "Instagram Shopping", "Your catalog at Meta: synced, visible, or why not"))
            (entry("/connection", icons::KEY, "Connection", "Your Instagram account, and what is wrong with it"))
            (entry("/settings/words", icons::INBOX, "Words", "The sentences customers receive"))
            @if owner {
                (entry("/settings/team", icons::PEOPLE, "Team", "Who may sign in"))
                (entry("/settings/keys", icons::KEY, "API keys", "For your own programs"))
            }
            @if admin { (entry("/events", icons::TRAY, "Kept events", "Messages that could not be handled, and why")) }
        } }
        form method="post" action="/sign-out" data-plain { (frame.csrf_field()) button.wide type="submit" { (icons::LEAVE) "Sign out" } }
    }
}

/// A connected account in the settings.
#[derive(Debug, Clone)]
pub(crate) struct AccountView {
    /// Its name.
    pub name: String,
    /// The channel, as a proper name.
    pub channel: &'static str,
    /// Where it stands, in a word, and how that is colored.
    pub state: (Tone, String),
    /// Why.
    pub reason: Option<String>,
    /// When it last brought an event.
    pub last_event_at: Option<Timestamp>,
}

/// The settings as typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettingsForm {
    /// `(field, value)`; a switch that is on has the value `yes`.
    pub values: std::collections::BTreeMap<String, String>,
    /// `(field, why it is not taken)`.
    pub errors: std::collections::BTreeMap<String, String>,
}

impl SettingsForm {
    /// What is in a field.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
}

/// The settings page.
pub(crate) fn settings(
    frame: &Frame,
    form: &SettingsForm,
    currency: &str,
    accounts: &[AccountView],
    owner: bool,
) -> Markup {
    let field = |name: &'static str| Field {
        name,
        value: form.value(name),
        plain: true,
        error: form.errors.get(name).map(String::as_str),
        ..Field::default()
    };
    let switch = |name: &str, label: &str, hint: &str| {
        html! {
            label.check { input type="checkbox" name=(name) value="yes" checked[form.value(name) == "yes"]; span { (label) @if !hint.is_empty() {  br; span.hint { (hint) } } } }
        }
    };
    let mode = |value: &str, label: &str, hint: &str| {
        html! {
            label.check { input type="radio" name="confirmation" value=(value) checked[form.value("confirmation") == value]; span { (label) br; span.hint { (hint) } } }
        }
    };
    html! {
        (parts::back("/more", "More"))
        (head("Settings", "", None))
        @if !form.errors.is_empty() { (parts::notice(Tone::Bad, Some("alert"), html! { p { "Not saved yet: please look at the marked fields." } })) }
        (connected(accounts))
        form method="post" action="/settings" {
            (frame.csrf_field())
            fieldset.card disabled[!owner] {
                legend.sr { "Orders" }
                h2 { "When a customer says yes" }
                (mode("seller_confirms", "I confirm every order", "The draft order waits for your tap."))
                (mode("auto_confirm", "Confirm by itself when sure", "Only when every line is sure and the amount is small enough; else it waits for you."))
                (mode("draft_only", "Only write down", "Customers are asked nothing; you do the talking."))
                div.fields {
                    (Field { label: "Sure from (percent)", mode: "numeric", hint: "For confirming by itself.", ..field("min_confidence") }.render())
                    (Field { label: &format!("Up to an amount of ({currency})"), mode: "decimal", hint: "For confirming by itself.", ..field("max_total") }.render())
                }
                h2 { "An order needs" }
                (switch("require_phone", "A phone number", ""))
                (switch("require_address", "A delivery address", ""))
                (switch("require_name", "The customer's name", ""))
                (switch("oversell", "Sell more than is in stock", "Without asking; the order says so."))
            }
            fieldset.card disabled[!owner] {
                legend.sr { "Charges" }
                h2 { "Delivery and tax" }
                div.fields {
                    (Field { label: &format!("Delivery fee in {currency}"), mode: "decimal", ..field("delivery_fee") }.render())
                    (Field { label: "Free delivery from", mode: "decimal", ..field("delivery_free_from") }.render())
                    (Field { label: "Tax in percent", mode: "decimal", ..field("tax_rate") }.render())
                }
                (switch("tax_inclusive", "My prices contain the tax already", ""))
            }
            fieldset.card disabled[!owner] {
                legend.sr { "Conversations" }
                h2 { "In conversations" }
                (Field { label: "Quiet after you reply, in hours", mode: "numeric", hint: "Eziseller stays silent for this long after a person has answered.", ..field("hand_over_hours") }.render())
                (switch("human_agent", "Let people reply up to 7 days later", "Needs Meta's Human Agent feature for your app; without it Meta refuses such replies."))
            }
            @if owner { div.actions { div.first { button.primary type="submit" { "Save" } } } }
            @else { p.soft { "Only owners change these." } }
        }
    }
}

fn connected(accounts: &[AccountView]) -> Markup {
    html! {
        @if accounts.is_empty() {
            (parts::notice(Tone::Warn, None, html! { p { strong { "No account is connected yet." } " Whoever runs this server connects one with " code { "eziseller seller add" } "; see the handbook." } }))
        } @else {
            section.card.flush aria-label="Connected accounts" { ul.list { @for account in accounts {
                li { div.item {
                    (parts::avatar(&account.name))
                    div.grow {
                        p.title { (account.name) }
                        p.under { (account.channel) @if let Some(at) = account.last_event_at { " · last message " (parts::time(at)) } @else { " · no message yet" } }
                        @if let Some(reason) = &account.reason { p.small { (reason) } }
                    }
                    div.end { (chip(account.state.0, &account.state.1)) }
                } }
            } } }
        }
    }
}

/// One sentence of the words page.
#[derive(Debug, Clone)]
pub(crate) struct SentenceView {
    /// Its key.
    pub key: String,
    /// The default.
    pub default: String,
    /// The seller's own, where there is one.
    pub own: Option<String>,
    /// Why what was typed is not taken.
    pub error: Option<String>,
}

/// The words page.
pub(crate) fn words(
    frame: &Frame,
    languages: &[(&str, String)],
    language: &str,
    sentences: &[SentenceView],
    owner: bool,
) -> Markup {
    html! {
        (parts::back("/more", "More"))
        (head("Words", "The sentences that customers receive. Leave one empty to use ours. Keep what stands in { } as it is.", None))
        nav.filters aria-label="Language" {
            @for (code, name) in languages { a href={ "/settings/words?language=" (code) } aria-current=[(*code == language).then_some("page")] { (name) } }
        }
        form.card method="post" action="/settings/words" {
            (frame.csrf_field())
            input type="hidden" name="language" value=(language);
            fieldset disabled[!owner] {
                legend.sr { "Sentences" }
                @for sentence in sentences {
                    (Field { name: &format!("word.{}", sentence.key), label: &sentence.key.replace('-', " "), value: sentence.own.as_deref().unwrap_or(""), hint: &sentence.default, area: true, error: sentence.error.as_deref(), plain: true, ..Field::default() }.render())
                }
            }
            @if owner { div.actions { div.first { button.primary type="submit" { "Save" } } } }
        }
    }
}

/// A member in the team.
#[derive(Debug, Clone)]
pub(crate) struct MemberView {
    /// The id.
    pub id: MemberId,
    /// The name.
    pub name: String,
    /// The sign-in name.
    pub email: String,
    /// `owner` or `staff`.
    pub role: String,
    /// Whether it is who looks.
    pub is_self: bool,
    /// When they last signed in.
    pub signed_in_at: Option<Timestamp>,
}

/// The team page.
pub(crate) fn team(frame: &Frame, members: &[MemberView], typed: &SettingsForm) -> Markup {
    let field = |name: &'static str| Field {
        name,
        value: typed.value(name),
        error: typed.errors.get(name).map(String::as_str),
        ..Field::default()
    };
    html! {
        (parts::back("/more", "More"))
        (head("Team", "Owners may change everything; staff look after orders, messages and products.", None))
        @for member in members {
            section.card {
                div.row {
                    (parts::avatar(&member.name))
                    div.grow.who-line {
                        strong { (member.name) @if member.is_self { " (you)" } }
                        span.small { (member.email) " · " @if let Some(at) = member.signed_in_at { "last here " (parts::time(at)) } @else { "never signed in" } }
                    }
                    (chip(if member.role == "owner" { Tone::Good } else { Tone::Plain }, &member.role))
                }
                details {
                    summary { "Change" }
                    form method="post" action={ "/settings/team/" (member.id) } {
                        (frame.csrf_field())
                        div.field {
                            label for={ "role-" (member.id) } { "Role" }
                            select #{ "role-" (member.id) } name="role" disabled[member.is_self] {
                                @for role in ["owner", "staff"] { option value=(role) selected[member.role == role] { (role) } }
                            }
                        }
                        div.field {
                            // Password managers want to know whose password it is.
                            input type="text" autocomplete="username" value=(member.email) readonly hidden;
                            label for={ "password-" (member.id) } { "New password" span.soft { " (optional)" } }
                            input #{ "password-" (member.id) } type="password" name="password" autocomplete="new-password" minlength=(crate::limits::PASSWORD_CHARS_MIN);
                        }
                        div.actions {
                            div.first { button.primary type="submit" { "Save" } }
                            @if !member.is_self { button.danger type="submit" name="remove" value="yes" data-confirm={ "Remove " (member.name) "? They are signed out at once." } { "Remove" } }
                        }
                    }
                }
            }
        }
        form.card method="post" action="/settings/team" {
            (frame.csrf_field())
            h2 { "Add a member" }
            div.fields {
                (Field { label: "Name", required: true, autocomplete: "off", ..field("name") }.render())
                (Field { label: "E-mail", required: true, mode: "email", autocomplete: "off", ..field("email") }.render())
                (Field { label: "Password", kind: "password", required: true, autocomplete: "new-password", hint: "At least 10 characters; three or four words make a good one.", ..field("password") }.render())
                div.field { label for="new-role" { "Role" } select #new-role name="role" { option value="staff" { "staff" } option value="owner" { "owner" } } }
            }
            div.actions { div.first { button.primary type="submit" { "Add" } } }
        }
    }
}

/// An API key in the list.
#[derive(Debug, Clone)]
pub(crate) struct KeyView {
    /// The id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// Its beginning.
    pub hint: String,
    /// Since when.
    pub at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// The API key page; `fresh` is a key that was just made and is shown this once.
pub(crate) fn keys(
    frame: &Frame,
    keys: &[KeyView],
    fresh: Option<&str>,
    error: Option<&str>,
) -> Markup {
    html! {
        (parts::back("/more", "More"))
        (head("API keys", "A key lets a program of yours do what you can do here. The REST API is described at /api/openapi.json.", None))
        @if let Some(key) = fresh {
            section.card { h2 { "Your new key" } p { "Copy it now: it is not shown again." } p.code { (key) } }
        }
        @if keys.is_empty() && fresh.is_none() {
            (empty(icons::KEY, "No keys yet", "Make one for each program, so that you can revoke it alone.", None))
        } @else if !keys.is_empty() {
            div.card.flush { ul.list { @for key in keys {
                li { div.item {
                    div.grow {
                        p.title { (key.name) }
                        p.under { code { (key.hint) "…" } " · made " (parts::time(key.at)) " · " @if let Some(at) = key.used_at { "used " (parts::time(at)) } @else { "never used" } }
                    }
                    @if key.revoked_at.is_some() { (chip(Tone::Bad, "revoked")) }
                    @else {
                        form method="post" action={ "/settings/keys/" (key.id) "/revoke" } { (frame.csrf_field()) button.danger.small-button type="submit" data-confirm={ "Revoke " (key.name) "? Programs that use it stop working at once." } { "Revoke" } }
                    }
                } }
            } } }
        }
        form.card method="post" action="/settings/keys" {
            (frame.csrf_field())
            (Field { name: "name", label: "What is the new key for?", required: true, hint: "For example: stock sync of the till", error, ..Field::default() }.render())
            div.actions { div.first { button.primary type="submit" { "Make a key" } } }
        }
    }
}

/// A kept event.
#[derive(Debug, Clone)]
pub(crate) struct EventView {
    /// Its id.
    pub id: EventId,
    /// What kind of event it is.
    pub kind: String,
    /// The account ids it names.
    pub accounts: String,
    /// Why it is kept.
    pub reason: String,
    /// When it came.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u64,
}

/// The kept events of the whole server, for admins.
pub(crate) fn events(
    frame: &Frame,
    events: &[EventView],
    states: &[&str],
    shown: &str,
    cursor: Option<&str>,
) -> Markup {
    html! {
        (parts::back("/more", "More"))
        (head("Kept events", "Nothing is dropped: what could not be handled waits here with its reason.", None))
        nav.filters aria-label="Which events" { @for state in states {
            a href={ "/events?state=" (state) } aria-current=[(*state == shown).then_some("page")] { (state) }
        } }
        @if events.is_empty() {
            (empty(icons::TICK, "None", "Every event of this kind has been handled.", None))
        } @else {
            form method="post" action="/events/replay" {
                (frame.csrf_field())
                input type="hidden" name="state" value=(shown);
                p.actions { button type="submit" data-confirm="Run all of them again?" { "Run all again" } }
            }
            div.card.flush { ul.list { @for event in events {
                li { div.item {
                    div.grow {
                        p.title { (event.kind) " " span.soft.small { (event.accounts) } }
                        p.small { (event.reason) }
                        p.under { (parts::time(event.at)) @if event.attempts > 0 { " · tried " (event.attempts) " times" } }
                    }
                    form method="post" action={ "/events/" (event.id) "/replay" } { (frame.csrf_field()) button.small-button type="submit" { "Run again" } }
                } }
            } } }
            (parts::more("/events", &format!("state={shown}"), cursor))
        }
    }
}
