//! The HTTP face of Eziseller: webhooks, JSON API, pages, live updates.
//!
//! Knows no SQL and no parser; decides nothing about orders. Parses requests at the boundary, calls
//! the engine, and turns what comes back into an answer that says what to do next.

pub mod assets;
pub mod csrf;
pub mod headers;
pub mod highlight;
pub mod icons;
pub mod limits;
pub mod live;
pub mod pages;
pub mod password;
pub mod problem;
