//! The engine as a whole: real databases, a sandbox that plays Meta, every step driven by the test.

mod dm_to_order;
mod intake;
mod outbox;
mod secrets;
mod support;
