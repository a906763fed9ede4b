//! The use cases of Eziseller: the imperative shell around the pure core.
//!
//! It reads, calls `domain`, `parser` and `meta`, and writes what they decided in one transaction.
//! It owns the clock, the loops, the limits and the back-off, and decides nothing about orders.

mod action;
pub mod changes;
pub mod clock;
pub mod config;
pub mod connect;
mod decide;
pub mod doctor;
mod effects;
mod engine;
mod error;
pub mod events;
pub mod health;
pub mod import;
pub mod intake;
pub mod interpret;
pub mod keyring;
pub mod llm;
mod notices;
pub mod outbox;
pub mod outbox_body;
pub mod people;
pub mod pictures;
mod pipeline;
pub mod privacy;
mod profiles;
pub mod sales;
pub mod sealed;
pub mod sellers;
pub mod shop;
pub mod shop_domain;
mod snapshot;
pub mod sweep;
pub mod sync;
pub mod tasks;
pub mod testing;
mod timers;
mod waiting;

pub use config::EngineConfig;
pub use engine::{Engine, Role};
pub use error::{ActionError, EngineError};
pub use sales::By;
