//! The control page: a phone to play customers on, and the world's knobs beside it.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};

/// The page, its script and its style.
pub(crate) fn routes() -> Router {
    Router::new()
        .route(
            "/",
            get(|| async { axum::response::Html(page().into_string()) }),
        )
        .route(
            "/app.js",
            get(|| async { asset("text/javascript", include_str!("app.js")) }),
        )
        .route(
            "/app.css",
            get(|| async { asset("text/css", include_str!("app.css")) }),
        )
}

fn asset(kind: &'static str, body: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        body,
    )
}

fn page() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Sandbox: play the customer" }
                link rel="stylesheet" href="/app.css";
                link rel="icon" href="data:,";
            }
            body {
                header.top {
                    strong { "Eziseller sandbox" }
                    span.hint { "a stand-in for Meta" }
                    span #callback .pill { "no callback" }
                    span #clock .pill {}
                    span.spacer {}
                    button data-ms="3600000" { "+1 hour" }
                    button data-ms="90000000" { "+25 hours" }
                    button data-ms="5184000000" { "+60 days" }
                }
                main {
                    (customers())
                    (phone())
                    (panel())
                }
                script src="/app.js" {}
            }
        }
    }
}

fn customers() -> Markup {
    html! {
        section.customers aria-label="Customers" {
            label { "Shop" select #business {} }
            ul #customers {}
            form #new-customer {
                input name="name" placeholder="New customer's name" aria-label="Name" required;
                button { "Add" }
            }
        }
    }
}

fn phone() -> Markup {
    html! {
        section.phone aria-label="Phone" {
            div.screen {
                div.bar {
                    span.back aria-hidden="true" { "‹" }
                    img #shop-avatar alt="" width="34" height="34";
                    div { strong #shop-name {} small #shop-channel {} }
                }
                div #thread .thread role="log" aria-live="polite" {}
                div #chips .chips {}
                form #composer .composer {
                    details.more {
                        summary aria-label="More" { "+" }
                        menu {
                            button type="button" data-act="photo" { "Photo" }
                            button type="button" data-act="voice" { "Voice note" }
                            button type="button" data-act="share" { "Share a post" }
                            button type="button" data-act="story" { "Reply to story" }
                            button type="button" data-act="mention" { "Story mention" }
                            button type="button" data-act="comment" { "Comment on a post" }
                            button type="button" data-act="ad" { "Write from an ad" }
                            button type="button" data-act="unsupported" { "Unsupported" }
                            button type="button" data-act="shop" { "Shop answers by phone" }
                        }
                    }
                    input name="text" placeholder="Message..." autocomplete="off" aria-label="Message";
                    button.send { "Send" }
                }
            }
        }
    }
}

fn panel() -> Markup {
    html! {
        section.panel aria-label="Faults and calls" {
            div.card {
                h2 { "Faults" }
                form #fault .row {
                    select name="endpoint" aria-label="Endpoint" {
                        option value="messages" { "messages" }
                        option value="*" { "every call" }
                        option value="items_batch" { "items_batch" }
                        option value="check_batch_request_status" { "batch status" }
                        option value="conversations" { "conversations" }
                        option value="profile" { "profile" }
                        option value="debug_token" { "debug_token" }
                    }
                    select name="fault" aria-label="Fault" {
                        option value=r#"{"kind":"http","status":500}"# { "500" }
                        option value=r#"{"kind":"cut_before"}"# { "cut before effect" }
                        option value=r#"{"kind":"cut_after"}"# { "cut after effect" }
                        option value=r#"{"kind":"text200"}"# { "200, no JSON" }
                        option value=r#"{"kind":"latency","ms":3000}"# { "3 s late" }
                        option value=r#"{"kind":"throttle","code":613,"minutes":1}"# { "throttled (613)" }
                        option value=r#"{"kind":"throttle","code":80014,"minutes":1}"# { "throttled (80014)" }
                        option value=r#"{"kind":"error","code":190,"subcode":463}"# { "190/463 expired" }
                        option value=r#"{"kind":"error","code":10,"subcode":2534022}"# { "10/2534022 window" }
                        option value=r#"{"kind":"error","code":1,"subcode":1357046,"after_effect":true}"# { "1/1357046 but sent" }
                        option value=r#"{"kind":"half_batch"}"# { "half batch" }
                        option value=r#"{"kind":"lose_handle"}"# { "lost handle" }
                        option value=r#"{"kind":"vanish_items","count":2}"# { "items vanish" }
                        option value=r#"{"kind":"reject_review"}"# { "review rejects" }
                    }
                    input name="times" type="number" min="1" value="1" aria-label="Times";
                    button { "Add" }
                }
                ul #faults .list {}
                label.row { "Random faults"
                    input #random type="range" min="0" max="50" value="0";
                    output #random-out { "0 %" }
                }
                div.row.switches {
                    label.tick { input type="checkbox" data-switch="message_access"; "message access" }
                    label.tick { input type="checkbox" data-switch="page_restricted"; "page restricted" }
                    label.tick { input type="checkbox" data-switch="held"; "hold webhooks" }
                    label.tick { input type="checkbox" data-switch="tokens_dead"; "tokens revoked" }
                }
                p #alerts .alert hidden {}
            }
            div.card {
                h2 { "Last calls" }
                table { tbody #calls {} }
            }
            div.card {
                h2 { "Webhooks" }
                table { tbody #deliveries {} }
            }
        }
    }
}
