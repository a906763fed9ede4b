//! What is wrong with the configuration or a connection, and what to do about it.
//!
//! Facts are gathered ([`gather`]) and judged by pure rules ([`rules`]): every trap of Meta's
//! platform that fails in silence has a rule of its own.

mod ask;
mod facts;
mod gather;
mod rules;

use serde::Serialize;

pub use facts::{AccountFacts, CatalogFacts, ServerFacts};
pub use gather::DEPRECATED_ROUTE;
pub use rules::{account_findings, server_findings};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Will break, or breaks something in part.
    Warning,
    /// Is broken.
    Error,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name, the same in every version.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The account it is about; `None`: the server.
    pub account: Option<String>,
    /// What is wrong.
    pub finding: String,
    /// What says so.
    pub evidence: String,
    /// What to do.
    pub remedy: String,
}
