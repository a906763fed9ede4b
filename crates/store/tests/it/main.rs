//! The store on both databases: what it promises to those who build on it.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod crowd;
mod fixture;
mod intake;
mod lanes;
mod last_unit;
mod outbox;
mod people;
mod products;
mod sales;
mod schema;
mod server;
mod syncing;
mod tenants;
mod waiting;
