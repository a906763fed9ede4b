//! Connecting a seller's account through Meta's login, and keeping it connected.
//!
//! Two paths: Facebook Login (a page with its Instagram account, and the catalogue) and Instagram
//! Login (messages only). The person's short-lived token becomes a long-lived one and, with
//! Facebook, the page's own; what was granted is compared with what is needed; the webhook fields
//! are subscribed. Connecting again keeps history, catalogue and settings.

mod flow;
mod keep;
mod link;

use domain::{MemberId, SellerId};
use meta::graph::{GraphError, Host};
use store::{ChannelAccount, StoreError};

use crate::error::ActionError;
use crate::keyring::CannotOpen;

pub use link::needed_scopes;

/// Who connects, and how.
#[derive(Debug, Clone, Copy)]
pub struct Connecting {
    /// For whom.
    pub seller: SellerId,
    /// The member at the browser.
    pub member: Option<MemberId>,
    /// Facebook Login or Instagram Login.
    pub host: Host,
    /// Ask again for what was declined, or renew data access.
    pub again: bool,
}

/// A page that can be connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageChoice {
    /// Its id.
    pub page_id: String,
    /// Its name.
    pub name: String,
    /// The linked Instagram account's handle; `None`: none is linked, so no Instagram messages
    /// would come.
    pub instagram: Option<String>,
}

/// What coming back from the login led to.
#[derive(Debug)]
pub enum Connected {
    /// Done.
    Account(Box<Linked>),
    /// There are several pages: one has to be chosen, with this word, within ten minutes.
    Choose {
        /// Goes into [`crate::Engine::connect_page`].
        choice: String,
        /// The pages.
        pages: Vec<PageChoice>,
    },
}

/// A connected account, with what is still missing.
#[derive(Debug)]
pub struct Linked {
    /// The account.
    pub account: ChannelAccount,
    /// Scopes that are needed and were not granted.
    pub missing_scopes: Vec<String>,
    /// What could not be set up, each a sentence with a remedy.
    pub warnings: Vec<String>,
}

/// Why nothing was connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server has no Meta app for this path.
    #[error(
        "this server is not set up for it: set META_APP_ID and META_APP_SECRET (Facebook Login) or \
         INSTAGRAM_APP_ID and INSTAGRAM_APP_SECRET (Instagram Login)"
    )]
    NoApp,
    /// `PUBLIC_URL` is not set, so Meta has no address to come back to.
    #[error("set PUBLIC_URL to the address at which Meta can reach this server")]
    NoPublicUrl,
    /// The answer does not belong to a login that was begun here, or came too late.
    #[error("this login was begun elsewhere or is too old; connect again from the dashboard")]
    UnknownState,
    /// The person said no.
    #[error("the login was called off; connect again and allow everything that is asked")]
    CalledOff,
    /// The person manages no page.
    #[error(
        "no Facebook page came with the login; make a page, link the Instagram account to it, and \
         connect again with that page ticked"
    )]
    NoPage,
    /// The page was not among them.
    #[error("this page did not come with the login; connect again with that page ticked")]
    NotYours,
    /// Meta.
    #[error("Meta refused: {0}")]
    Graph(#[from] GraphError),
    /// A stored secret.
    #[error(transparent)]
    Sealed(#[from] CannotOpen),
    /// Anything else.
    #[error(transparent)]
    Action(#[from] ActionError),
}

impl From<StoreError> for ConnectError {
    fn from(error: StoreError) -> Self {
        Self::Action(error.into())
    }
}
