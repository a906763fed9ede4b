//! The HTTP face over a real store and a real engine, on both databases: one request at a time
//! through the whole router, and once on a real port.

mod api;
mod dashboard;
mod openapi;
mod server;
mod sign_in;
mod support;
mod tenants;
mod webhooks;
