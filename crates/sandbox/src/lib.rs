//! A stand-in for Meta's Graph API and webhook sender, as far as the product uses them.
//!
//! [`Sandbox::start`] runs it inside a test; [`serve`] runs it as a program. What it stands in
//! for, and what it does not, is in the crate's README.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use sandbox::{Fault, Sandbox, SandboxConfig};
//!
//! let sandbox = Sandbox::start(SandboxConfig::default()).await;
//! sandbox.set_callback("http://127.0.0.1:9/webhooks/meta", "verify token");
//! let ana = sandbox.customer("ana");
//! let mid = ana.say("2 blue mugs please");
//! assert_eq!(ana.thread(), [(true, "2 blue mugs please".to_owned())]);
//! sandbox.next_calls(3, "messages", Fault::CutAfter);
//! assert!(sandbox.sent_to(ana.id()).is_empty());
//! # assert!(!mid.is_empty());
//! # });
//! ```

mod action;
mod batch;
mod browser;
mod call;
mod catalog;
mod change;
mod clock;
mod config;
mod control;
mod conversations;
mod demo;
mod error;
mod events;
mod faults;
mod graph;
mod handle;
mod introspect;
mod limits;
mod line;
mod media;
mod message_rules;
mod messages;
mod oauth;
mod page;
mod phone;
mod post;
mod record;
mod rng;
mod server;
mod subscriptions;
mod token;
mod webhooks;
mod whatsapp;
mod world;

pub use action::Action;
pub use browser::{CameBack, through_dialog};
pub use catalog::{CatalogItem, ReceivedItem};
pub use change::Change;
pub use clock::Clock;
pub use config::{
    AccountSpec, BatchReady, Callback, DeliveryStyle, Limits, Login, ReviewPolicy, SandboxConfig,
};
pub use faults::{Fault, FaultRule, RandomFaults};
pub use handle::{CustomerHandle, Sandbox, serve};
pub use oauth::Consent;
pub use record::{Account, AppInfo, CallRecord, DeliveryRecord, SentMessage};
pub use world::Channel;
