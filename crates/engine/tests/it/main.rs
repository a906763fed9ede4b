//! The engine as a whole: real databases, a sandbox that plays Meta, every step driven by the test.
#![allow(clippy::unwrap_used)]

mod any_body;
mod clockwork;
mod dm_to_order;
mod intake;
mod outbox;
mod second_reader;
mod secrets;
mod seller;
mod support;
mod sweep;
mod trouble;
mod waiting;
