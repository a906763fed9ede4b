//! The HTTP face over a real store and a real engine, on both databases: one request at a time
//! through the whole router, and once on a real port.

#![allow(clippy::unwrap_used)] // A test that cannot unwrap has failed.

mod api;
mod catalogs;
mod dashboard;
mod dialogues;
mod openapi;
mod pictures;
mod server;
mod shop;
mod shop_domain;
mod sign_in;
mod support;
mod tenants;
mod webhooks;
