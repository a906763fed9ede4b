//! The channels that a customer writes on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a conversation happens. Also an order's `message_source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Instagram direct messages.
    Instagram,
    /// Facebook Messenger.
    Messenger,
    /// WhatsApp Business.
    Whatsapp,
}

impl Channel {
    /// The word used in tables, the API and screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Messenger => "messenger",
            Self::Whatsapp => "whatsapp",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Channel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "instagram" => Ok(Self::Instagram),
            "messenger" => Ok(Self::Messenger),
            "whatsapp" => Ok(Self::Whatsapp),
            other => Err(format!(
                "`{other}` is no channel; use instagram, messenger or whatsapp"
            )),
        }
    }
}
