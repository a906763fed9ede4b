//! The nouns and rules of Eziseller: typed ids, money, the catalogue, what a message was read as,
//! conversations, draft orders and orders with their state machines.
//!
//! Knows no clock, no async runtime, no HTTP, no SQL and no Meta: time and chance are arguments,
//! and the same input gives the same decision on every machine.

pub mod cart;
pub mod catalog;
pub mod channel;
pub mod conversation;
pub mod customer;
pub mod draft;
pub mod ids;
pub mod money;
pub mod order;
pub mod policy;
pub mod reading;
pub mod seller;
pub mod shop_domain;
pub mod time;
pub mod waiting;
pub mod words;

pub use channel::Channel;
pub use ids::*;
pub use money::{Currency, Money};
pub use time::Timestamp;
