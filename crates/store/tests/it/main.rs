//! The store on both databases: what it promises to those who build on it.

mod crowd;
mod fixture;
mod intake;
mod lanes;
mod outbox;
mod people;
mod products;
mod sales;
mod schema;
mod server;
mod syncing;
mod tenants;
