//! The dashboard in a real browser on a phone's screen: sign in, confirm a draft order, see the
//! order; with the script and without it. Needs Debian's `chromium` and `chromium-driver`.
//!
//! `cargo test -p web --test browser` runs it. With `EZISELLER_SCREENSHOTS=DIR` every page on the way is
//! kept there as a picture; `docs/dashboard.png` is `drafts.png` of such a run.

#![allow(clippy::unwrap_used)] // A test that cannot unwrap has failed.

mod driver;
mod shop;

use driver::Browser;
use shop::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seller_confirms_an_order_with_a_thumb() {
    let server = Server::start().await;
    let phone = Browser::start(390, 844, true).await;
    phone.open(&server.at("/")).await;
    phone.keep("sign-in").await;
    phone.fill("#f-email", shop::EMAIL).await;
    phone.fill("#f-password", shop::PASSWORD).await;
    phone.press("form button").await;
    phone.wait_for("h1", "Draft orders").await;
    phone.no_sideways_scrolling("drafts").await;
    phone.big_enough("drafts").await;
    phone.keep("drafts").await;

    // One tap: the page is swapped, not loaded.
    phone.run("window.kept = 'since the page was loaded'").await;
    phone.press("article .actions .primary").await;
    phone.wait_for(".note", "is confirmed").await;
    assert_eq!(
        phone.run("return window.kept").await,
        "since the page was loaded"
    );
    phone.keep("confirmed").await;
    phone.press(".note a").await;
    phone.wait_for("h1", "Order #1").await;
    phone.keep("order").await;
    phone.press("form button.primary").await;
    phone.wait_for(".note", "The order is paid now.").await;

    // Another customer writes: the open page shows it by itself.
    phone.open(&server.at("/?show=in-progress")).await;
    phone.wait_for("h1", "Draft orders").await;
    server.dm("917", "hello, 2 clay bowls please").await;
    phone.wait_for("main", "Clay bowl").await;

    for (path, name) in server.pages().await {
        phone.open(&server.at(&path)).await;
        phone.wait_for("h1", "").await;
        phone.no_sideways_scrolling(&name).await;
        phone.big_enough(&name).await;
        phone.keep(&name).await;
    }
    phone.prefer_dark().await;
    phone.open(&server.at("/")).await;
    phone.keep("dark").await;
    assert_eq!(phone.complaints().await, Vec::<String>::new());
    phone.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_without_javascript_and_on_a_wide_screen() {
    let server = Server::start().await;
    let desk = Browser::start(1280, 900, false).await;
    desk.open(&server.at("/")).await;
    desk.fill("#f-email", shop::EMAIL).await;
    desk.fill("#f-password", shop::PASSWORD).await;
    desk.press("form button").await;
    desk.wait_for("h1", "Draft orders").await;
    desk.keep("wide").await;
    desk.press("article .actions .primary").await;
    desk.wait_for(".note", "is confirmed").await;
    desk.end().await;
}
