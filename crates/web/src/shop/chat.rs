//! Where a buyer goes on in Instagram, WhatsApp or Messenger.

use domain::Channel;
use domain::catalog::item::path_segment;
use store::{AccountState, ChannelAccount};

/// A way to talk to the seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chat {
    /// `Instagram`, ...
    pub name: &'static str,
    start: String,
    /// Whether the address takes words to begin with, not a reference.
    words: bool,
}

impl Chat {
    /// The address that opens it. `reference`: a product's id; `words`: what the message begins with.
    pub(super) fn href(&self, reference: &str, words: &str) -> String {
        match (self.words, reference.is_empty()) {
            (true, _) => format!("{}?text={}", self.start, path_segment(words)),
            (false, true) => self.start.clone(),
            (false, false) => format!("{}?ref={}", self.start, path_segment(reference)),
        }
    }
}

/// The chats of a seller's accounts, one for each channel.
pub(super) fn chats(accounts: &[ChannelAccount]) -> Vec<Chat> {
    let mut found: Vec<Chat> = Vec::new();
    for account in accounts {
        if account.state == AccountState::Disconnected {
            continue;
        }
        let handle = account.username.as_deref().map(str::trim);
        let handle = handle.map(|h| h.trim_start_matches('@'));
        let handle = handle.filter(|h| !h.is_empty());
        let (name, start, words) = match account.channel {
            // ig.me and m.me links with a reference: Meta's page on entry points.
            Channel::Instagram => {
                let start = handle.map(|h| format!("https://ig.me/m/{}", path_segment(h)));
                ("Instagram", start, false)
            }
            Channel::Messenger => {
                let page = handle.or(account.page_id.as_deref());
                let start = page.map(|p| format!("https://m.me/{}", path_segment(p)));
                ("Messenger", start, false)
            }
            Channel::Whatsapp => {
                let number = [handle, Some(account.name.as_str())];
                let number = number.into_iter().flatten().find_map(number_of);
                let start = number.map(|n| format!("https://wa.me/{n}"));
                ("WhatsApp", start, true)
            }
        };
        if let Some(start) = start
            && !found.iter().any(|chat| chat.name == name)
        {
            found.push(Chat { name, start, words });
        }
    }
    found
}

/// The digits of an international phone number.
fn number_of(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix('+')?;
    let fits = |c: char| c.is_ascii_digit() || " ()-.".contains(c);
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    (rest.chars().all(fits) && (8..=15).contains(&digits.len())).then_some(digits)
}
