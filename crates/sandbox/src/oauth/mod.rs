//! OAuth: the consent dialogs of Facebook and Instagram Login, codes, and exchanging tokens.

mod dialog;
mod exchange;

use serde::{Deserialize, Serialize};

/// What the person in front of the consent dialog does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Consent {
    /// Answer at once instead of showing a page.
    #[serde(default)]
    pub auto: bool,
    /// Press "Cancel".
    #[serde(default)]
    pub deny: bool,
    /// Who signs in; absent = the first person.
    #[serde(default)]
    pub user_id: Option<String>,
    /// Scopes that are unticked.
    #[serde(default)]
    pub declined: Vec<String>,
    /// Pages, accounts, catalogs that stay ticked; absent = all.
    #[serde(default)]
    pub assets: Option<Vec<String>>,
}
