//! The HTTP face of Eziseller: webhooks, JSON API, pages, live updates.
//!
//! Knows no SQL and no parser; decides nothing about orders. Parses requests at the boundary, calls
//! the engine, and turns what comes back into an answer that says what to do next.

mod access;
mod api;
mod app;
mod assets;
mod csrf;
mod dash;
mod headers;
mod health;
mod highlight;
mod icons;
mod limiter;
pub mod limits;
mod live;
mod pages;
pub mod password;
mod present;
mod problem;
mod products;
mod settings;
mod shop;
mod state;
mod webhooks;

pub use app::{router, serve};
pub use state::{AppState, RenderMetrics, WebConfig};

/// The OpenAPI 3.1 document of the REST API, as JSON.
pub fn openapi() -> String {
    api::openapi().to_pretty_json().unwrap_or_default()
}
