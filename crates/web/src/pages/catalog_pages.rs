//! The catalogue at Meta, its runs and its items; the connection; the doctor.

use domain::Timestamp;
use maud::{Markup, html};
use uuid::Uuid;

use super::layout::Frame;
use super::parts::{self, Note, Tone, back, chip, empty, head, notice};
use super::product_pages::urlencode;
use crate::icons;

/// A catalogue.
#[derive(Debug, Clone)]
pub(crate) struct CatalogView {
    pub id: Uuid,
    pub name: String,
    pub external_id: String,
    pub status: String,
    pub reason: Option<String>,
    pub auto_sync: bool,
    pub interval: i64,
    pub next_sync_at: Option<Timestamp>,
    /// `(state, how many)`.
    pub counts: Vec<(String, i64)>,
    pub runs: Vec<RunView>,
}

/// A run.
#[derive(Debug, Clone)]
pub(crate) struct RunView {
    pub id: Uuid,
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
    pub total: i64,
    pub done: i64,
    pub rejected: i64,
    pub held_back: i64,
    pub calls: i64,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// An item.
#[derive(Debug, Clone)]
pub(crate) struct ItemView {
    pub retailer_id: String,
    pub messages: Vec<String>,
}

/// What each state of an item is called, how good it is, and what it means.
pub(crate) fn item_state(state: &str) -> (Tone, &'static str, &'static str) {
    match state {
        "visible" => (Tone::Good, "visible", "Approved by Meta: buyers see it."),
        "accepted" => (
            Tone::Info,
            "accepted",
            "Meta took it; its review is not known yet.",
        ),
        "under_review" => (
            Tone::Info,
            "under review",
            "Meta looks at it; buyers do not see it yet.",
        ),
        "review_rejected" => (
            Tone::Bad,
            "rejected by review",
            "Meta's review refused it: mend it, or appeal.",
        ),
        "rejected" => (
            Tone::Bad,
            "rejected",
            "Meta did not take it: mend what it says.",
        ),
        "held_back" => (
            Tone::Warn,
            "held back",
            "Meta would refuse it: mend what it says.",
        ),
        "sent" | "deleting" => (Tone::Plain, "on its way", "Meta works on it."),
        "pending" => (Tone::Plain, "to be sent", "Goes with the next sync."),
        "deleted" => (Tone::Plain, "deleted", "No longer in the catalog."),
        "foreign" => (
            Tone::Plain,
            "not ours",
            "Something else put it there; it is left alone.",
        ),
        _ => (Tone::Plain, "unknown", ""),
    }
}

fn status_chip(status: &str) -> Markup {
    let (tone, word) = match status {
        "active" | "success" => (Tone::Good, "all in the shop"),
        "syncing" | "running" => (Tone::Info, "syncing"),
        "pending" => (Tone::Plain, "not synced yet"),
        "pending_approval" => (Tone::Info, "waits for Meta's review"),
        "partial" => (Tone::Warn, "in part"),
        "disabled" => (Tone::Plain, "disconnected"),
        _ => (Tone::Bad, "does not work"),
    };
    chip(tone, word)
}

/// The catalogues.
pub(crate) fn catalogs(
    frame: &Frame,
    catalogs: &[CatalogView],
    offered: &[(String, String)],
) -> Markup {
    html! {
        (back("/more", "More"))
        (head("Instagram Shopping", "Your products at Meta, and the truth about each", None))
        @if catalogs.is_empty() {
            (empty(icons::PRODUCTS, "No catalog connected",
                "Connect your Instagram account first; its catalogs are offered here then.",
                Some(("/connection", "Connection"))))
        }
        @for catalog in catalogs { (catalog_card(frame, catalog)) }
        @if !offered.is_empty() {
            form.card method="post" action="/catalogs/connect" {
                (frame.csrf_field())
                h2 { "Connect a catalog" }
                label for="external_id" { "Catalogs of your business at Meta" }
                select #external_id name="catalog" {
                    @for (value, name) in offered { option value=(value) { (name) } }
                }
                div.actions { div.first { button.primary type="submit" { "Connect" } } }
            }
        }
    }
}

fn catalog_card(frame: &Frame, catalog: &CatalogView) -> Markup {
    let path = format!("/catalogs/{}", catalog.id);
    html! {
        section.card {
            div.head { div.grow { h2 { (catalog.name) } p.soft.small { "Meta's id " (catalog.external_id) } } (status_chip(&catalog.status)) }
            @if let Some(reason) = &catalog.reason { (notice(Tone::Warn, None, html! { p { (reason) } })) }
            @if !catalog.counts.is_empty() {
                ul.plain { @for (state, count) in &catalog.counts {
                    @let (tone, word, meaning) = item_state(state);
                    li { a href={ (path) "/items?state=" (state) } { (chip(tone, word)) " " span.num { (count) } } " " span.soft.small { (meaning) } }
                } }
            }
            @if let Some(run) = catalog.runs.first() { (run_line(run)) }
            @if catalog.status != "disabled" {
                div.actions {
                    form method="post" action={ (path) "/sync" } { (frame.csrf_field()) input type="hidden" name="kind" value="incremental"; button.primary type="submit" { "Sync changes" } }
                    form method="post" action={ (path) "/sync" } { (frame.csrf_field()) input type="hidden" name="kind" value="full"; button type="submit" data-confirm="Send every product again?" { "Sync everything" } }
                }
                form method="post" action={ (path) "/settings" } {
                    (frame.csrf_field())
                    label.switch { input type="checkbox" name="auto_sync" value="yes" checked[catalog.auto_sync]; span { "Sync by itself, within a minute of a change" } }
                    label for={ "interval-" (catalog.id) } { "And at least every" }
                    select id={ "interval-" (catalog.id) } name="hours" {
                        @for hours in [1_i64, 6, 12, 24] {
                            option value=(hours) selected[catalog.interval == hours * Timestamp::HOUR] { (hours) " hours" }
                        }
                    }
                    @if let Some(next) = catalog.next_sync_at { p.soft.small { "Next " (parts::time(next)) } }
                    div.actions { button type="submit" { "Save" } }
                }
                form method="post" action={ (path) "/disconnect" } { (frame.csrf_field()) button.danger.small-button type="submit" data-confirm="Stop syncing this catalog? At Meta it stays as it is." { "Disconnect" } }
            }
            @if !catalog.runs.is_empty() {
                details { summary { "Earlier runs" } ul.list { @for run in &catalog.runs {
                    li { a.item href={ "/sync-runs/" (run.id) } { div.grow { (run_line(run)) } } }
                } } }
            }
        }
    }
}

fn run_line(run: &RunView) -> Markup {
    html! {
        p.small {
            (status_chip(&run.status)) " " (run.kind) " sync " (parts::time(run.started_at)) ": "
            span.num { (run.done) " of " (run.total) } " done"
            @if run.rejected > 0 { ", " (run.rejected) " rejected" }
            @if run.held_back > 0 { ", " (run.held_back) " held back" }
        }
        @if run.status == "running" && run.total > 0 { progress max=(run.total) value=(run.done) { (run.done) " of " (run.total) } }
        @if let Some(reason) = &run.reason { p.small.soft { (reason) } }
    }
}

/// A run with its log: `(when, level, item, message)`.
pub(crate) fn run(run: &RunView, log: &[(Timestamp, String, Option<String>, String)]) -> Markup {
    html! {
        (back("/catalogs", "Instagram Shopping"))
        (head("Sync run", "", None))
        section.card {
            (run_line(run))
            p.small.soft { (run.calls) " calls" @if let Some(ended) = run.ended_at { " · ended " (parts::time(ended)) } }
        }
        section.card.flush { ul.list { @for (at, level, item, message) in log {
            @let tone = match level.as_str() { "error" => Tone::Bad, "warning" => Tone::Warn, _ => Tone::Plain };
            li { div.item { div.grow { p.under { (parts::clock(*at)) " " @if tone != Tone::Plain { (chip(tone, level)) " " } @if let Some(item) = item { code { (item) } " " } (message) } } } }
        } } }
    }
}

/// States of items that a person may send again: the others are on their way, held back by a rule
/// that they break, gone, or not the seller's.
const SENT_ALONE: [&str; 6] = [
    "pending",
    "accepted",
    "under_review",
    "visible",
    "rejected",
    "review_rejected",
];

/// A catalogue's items in a state.
pub(crate) fn items(
    frame: &Frame,
    catalog: Uuid,
    state: &str,
    items: &[ItemView],
    next: Option<&str>,
) -> Markup {
    let (tone, word, meaning) = item_state(state);
    html! {
        (back("/catalogs", "Instagram Shopping"))
        (head("Items", meaning, Some(chip(tone, word))))
        @if items.is_empty() { (empty(icons::PRODUCTS, "None", "No item is in this state.", None)) }
        @else {
            div.card.flush { ul.list { @for item in items { li { div.item { div.grow {
                p.title { a href={ "/products?q=" (urlencode(&item.retailer_id)) } { (item.retailer_id) } }
                @for message in &item.messages { p.under { (message) } }
                @if SENT_ALONE.contains(&state) {
                    form method="post" action={ "/catalogs/" (catalog) "/send" } {
                        (frame.csrf_field())
                        input type="hidden" name="item" value=(item.retailer_id);
                        input type="hidden" name="state" value=(state);
                        button.small-button type="submit" { "Send again" }
                    }
                }
                @if state == "review_rejected" {
                    form method="post" action={ "/catalogs/" (catalog) "/appeal" } {
                        (frame.csrf_field())
                        input type="hidden" name="item" value=(item.retailer_id);
                        label for={ "why-" (item.retailer_id) } { "Why should Meta look again?" }
                        input id={ "why-" (item.retailer_id) } name="why" required maxlength="500";
                        button.small-button type="submit" { "Appeal" }
                    }
                }
            } } } } } }
            @if let Some(next) = next { p.pager { a.button href={ "/catalogs/" (catalog) "/items?state=" (state) "&cursor=" (next) } { "Show more" } } }
        }
    }
}

/// A connected account, as the connection page shows it.
#[derive(Debug, Clone)]
pub(crate) struct ConnectedView {
    pub name: String,
    pub channel: String,
    pub state: (Tone, &'static str),
    pub reason: Option<String>,
    pub instagram_login: bool,
}

/// The connection.
pub(crate) fn connection(accounts: &[ConnectedView], facebook: bool, instagram: bool) -> Markup {
    let begin = |path: &str, again: bool| {
        format!("/connect/{path}{}", if again { "?again=yes" } else { "" })
    };
    html! {
        (back("/more", "More"))
        (head("Connection", "Your accounts at Meta", None))
        @if accounts.is_empty() {
            (empty(icons::INBOX, "Nothing connected yet", "Connect your Instagram account, and the messages of your customers arrive here.", None))
        } @else {
            div.card.flush { ul.list { @for account in accounts { li { div.item {
                div.grow { p.title { (account.name) } p.under { (account.channel) @if let Some(reason) = &account.reason { " · " (reason) } } }
                (chip(account.state.0, account.state.1))
                @if (account.instagram_login && instagram) || (!account.instagram_login && facebook) {
                    a.button.small-button href=(begin(if account.instagram_login { "instagram" } else { "facebook" }, true)) { "Connect again" }
                }
            } } } } }
        }
        section.card {
            h2 { "Connect Instagram" }
            @if facebook {
                p { "Through Facebook: messages, and your catalog for Instagram Shopping. Your Instagram account must be professional and linked to a Facebook page." }
                div.actions { div.first { a.button.primary href=(begin("facebook", false)) { "Connect with Facebook" } } }
            }
            @if instagram {
                p { "Through Instagram alone: messages only, no page needed." }
                div.actions { a.button href=(begin("instagram", false)) { "Connect with Instagram" } }
            }
            @if !facebook && !instagram {
                p { "This server has no Meta app yet. Its operator sets META_APP_ID and META_APP_SECRET; until then accounts are added on the command line." }
            }
            p.small.soft { "Afterwards allow access to messages on your phone: Settings > Messages and story replies > Message controls > Connected tools." }
        }
        p { a.button.wide href="/doctor" { "Check the connection" } }
    }
}

/// The pages of a login, to choose one: `(id, name, Instagram handle)`.
pub(crate) fn choose_page(
    frame: &Frame,
    choice: &str,
    pages: &[(String, String, Option<String>)],
) -> Markup {
    html! {
        (back("/connection", "Connection"))
        (head("Which page?", "Choose the page of this shop", None))
        div.card.flush { ul.list { @for (id, name, instagram) in pages { li { div.item {
            div.grow {
                p.title { (name) }
                p.under { @if let Some(handle) = instagram { "with @" (handle) } @else { "no Instagram account linked: Messenger only" } }
            }
            form method="post" action="/connect/page" {
                (frame.csrf_field())
                input type="hidden" name="choice" value=(choice);
                input type="hidden" name="page" value=(id);
                button.primary type="submit" { "This one" }
            }
        } } } } }
    }
}

/// A finding: `(tone, account, finding, evidence, remedy)`.
pub(crate) type FindingView = (Tone, Option<String>, String, String, String);

/// What the doctor found.
pub(crate) fn doctor(findings: &[FindingView]) -> Markup {
    html! {
        (back("/connection", "Connection"))
        (head("Doctor", "What is wrong, and what to do about it", None))
        @if findings.is_empty() { (parts::note(&Note::good("Everything is well."))) }
        @for (tone, account, finding, evidence, remedy) in findings {
            section.card {
                (notice(*tone, None, html! { p { strong { (finding) } } @if let Some(account) = account { p.small { (account) } } }))
                p { (remedy) }
                @if !evidence.is_empty() { p.small.soft { "Seen: " (evidence) } }
            }
        }
    }
}
