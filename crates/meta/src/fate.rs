//! The one place that says what becomes of each kind of event.
//!
//! `docs/intake-events.md` is this table, printed; a test holds the two together.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It becomes a message of the conversation.
    BecomesMessage,
    /// It changes a message that is there: edited, or deleted (its content is dropped).
    ChangesMessage,
    /// It tells something about a message or a person, and makes no message.
    Informs,
    /// It is kept and counted; nothing else happens.
    Kept,
}

impl Fate {
    /// The word in tables and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BecomesMessage => "becomes a message",
            Self::ChangesMessage => "changes a message",
            Self::Informs => "informs",
            Self::Kept => "kept",
        }
    }
}

macro_rules! kinds {
    ($($kind:ident $name:literal $fate:ident $shape:literal $note:literal;)*) => {
        /// What kind of event an item is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $(#[doc = $note] $kind,)* }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word in tables, the API and screens.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What becomes of an event of this kind.
            pub const fn fate(self) -> Fate {
                match self { $(Self::$kind => Fate::$fate,)* }
            }

            /// Where it stands in Meta's payload.
            pub const fn shape(self) -> &'static str {
                match self { $(Self::$kind => $shape,)* }
            }

            /// What it is and what is done with it, in a sentence.
            pub const fn note(self) -> &'static str {
                match self { $(Self::$kind => $note,)* }
            }
        }
    };
}

kinds! {
    Text "text" BecomesMessage "`message.text`" "Words of the customer, also as a reply to a message or a story, or from a product page or an ad.";
    QuickReply "quick_reply" BecomesMessage "`message.quick_reply`" "A tapped quick reply; its payload says what was meant.";
    Postback "postback" BecomesMessage "`postback`" "A tapped button, ice breaker or menu entry.";
    Image "image" BecomesMessage "`message.attachments[].type` = `image`" "Pictures without words: order nothing, the customer is asked in words.";
    Video "video" BecomesMessage "`video`" "A video without words.";
    Audio "audio" BecomesMessage "`audio`" "A voice note.";
    File "file" BecomesMessage "`file`" "A file without words.";
    Sticker "sticker" BecomesMessage "`sticker`, `like_heart`" "A sticker or a heart.";
    Share "share" BecomesMessage "`share`, `ig_post`, `ig_reel`, `reel`, `post`, `story`, `ig_story`, `media`, `fallback`" "A shared post, reel, story or link without words.";
    StoryMention "story_mention" BecomesMessage "`story_mention`" "The customer mentioned the seller in a story; only the link may be kept.";
    Ephemeral "ephemeral" BecomesMessage "`ephemeral`" "A disappearing picture, which Meta does not hand over.";
    Template "template" BecomesMessage "`template`" "A template sent by the other side.";
    Attachment "attachment" BecomesMessage "any other attachment type" "Something attached that this version does not know.";
    Unsupported "unsupported" BecomesMessage "`message.is_unsupported`, or a message with nothing in it" "Something Meta cannot hand over; visible with the reason.";
    Echo "echo" Informs "`message.is_echo`" "Sent by the seller: by us, by another app, or by hand on the phone.";
    SelfMessage "self_message" Informs "`message.is_self`" "The seller's account wrote to itself, as set-up tests do; never a customer.";
    Deleted "deleted" ChangesMessage "`message.is_deleted`; WhatsApp `revoke`" "The customer unsent a message; its content is dropped.";
    Edit "edit" ChangesMessage "`message_edit`; WhatsApp `edit`" "The customer edited a message; never changes a confirmed order.";
    EditHint "edit_hint" Informs "`message_edit` with `num_edit` 0 or without a text" "Says only that a message exists; it may be fetched by its id.";
    Reaction "reaction" Informs "`reaction`" "A reaction given or taken back; opens the 24-hour window.";
    Read "read" Informs "`read`" "The customer has seen our messages.";
    Delivery "delivery" Informs "`delivery`" "Messenger delivered our messages.";
    Referral "referral" Informs "`referral`" "The customer came into the conversation through a link or an ad.";
    OptIn "opt_in" Kept "`optin`" "Permission for notifications, which the product does not send.";
    Handover "handover" Informs "`pass_thread_control`, `take_thread_control`, `request_thread_control`, `app_roles`" "Another app took or gave back the conversation.";
    StandbyMessage "standby_message" BecomesMessage "`entry[].standby[]` with a message or a postback" "The customer wrote while another app owns the conversation: visible, and not answered.";
    StandbyOther "standby_other" Kept "`entry[].standby[]`, anything else" "Something else in a conversation that another app owns.";
    Comment "comment" Informs "field `comments`; field `feed` with a new comment" "A comment under a post or reel; may be answered once in private within 7 days.";
    LiveComment "live_comment" Informs "field `live_comments`" "A comment in a live broadcast; may be answered in private while it lasts.";
    Mention "mention" Kept "field `mentions`, `mention`" "The account was mentioned in a post or a comment.";
    StoryInsights "story_insights" Kept "field `story_insights`" "Figures of a story that ended.";
    Feed "feed" Kept "field `feed`, anything else" "Something on the page's timeline.";
    ChangedFields "changed_fields" Kept "`changed_fields`, or another field" "A change that names fields only, or a field that the product has no use for.";
    WaText "wa_text" BecomesMessage "WhatsApp `text`" "Words of the customer, also with an ad or a product they refer to.";
    WaInteractive "wa_interactive" BecomesMessage "WhatsApp `interactive`" "A tapped reply button or list row, or a filled form.";
    WaButton "wa_button" BecomesMessage "WhatsApp `button`" "A tapped template button.";
    WaOrder "wa_order" BecomesMessage "WhatsApp `order`" "A cart; priced again from our own catalog.";
    WaMedia "wa_media" BecomesMessage "WhatsApp `image`, `video`, `audio`, `document`, `sticker`" "A picture or the like; its caption, if any, is read.";
    WaLocation "wa_location" BecomesMessage "WhatsApp `location`" "A place, likely where to deliver.";
    WaContacts "wa_contacts" BecomesMessage "WhatsApp `contacts`" "A contact card.";
    WaUnsupported "wa_unsupported" BecomesMessage "WhatsApp `unsupported`, and types not known here" "Something WhatsApp cannot hand over; visible with the reason.";
    WaReaction "wa_reaction" Informs "WhatsApp `reaction`" "A reaction given or taken back.";
    WaStatus "wa_status" Informs "WhatsApp `statuses[]`" "Sent, delivered, read, played or failed.";
    WaSystem "wa_system" Informs "WhatsApp `system`" "The customer changed number or identity.";
    WaEcho "wa_echo" Informs "field `smb_message_echoes`" "Sent by hand in the WhatsApp Business app.";
    WaError "wa_error" Kept "WhatsApp `errors[]`" "An error about the account rather than a message.";
    WaAccount "wa_account" Kept "WhatsApp, any other field" "News about the account, its number or its templates.";
    TestEvent "test_event" Kept "`entry[].id` = `0`, or sender 12334 and recipient 23245" "The dashboard's Test button.";
    Empty "empty" Kept "an entry or a list with nothing in it" "A notification about nothing.";
    Unknown "unknown" Kept "anything else that is JSON" "A shape that this version does not know; can be replayed by a later one.";
    Unreadable "unreadable" Kept "not JSON, or an item whose known fields have the wrong type" "Cannot be read; kept byte for byte with the reason.";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no kind of event"))
    }
}

/// The table as Markdown, which is `docs/intake-events.md`.
pub fn markdown() -> String {
    let mut out = String::from(
        "# What becomes of each event\n\n\
         Printed from `crates/meta/src/fate.rs`, which is the place to change it; then run\n\
         `UPDATE_DOCS=1 cargo test -p meta the_document_is_the_table`.\n\n\
         | kind | where it stands in the payload | fate | what it is |\n|---|---|---|---|\n",
    );
    for kind in Kind::ALL {
        let (shape, fate) = (kind.shape(), kind.fate().as_str());
        let _ = writeln!(out, "| `{kind}` | {shape} | {fate} | {} |", kind.note());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/intake-events.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let document = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            document == markdown(),
            "run with UPDATE_DOCS=1 to print docs/intake-events.md again"
        );
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            let json = serde_json::to_string(kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""), "serde and as_str say the same");
        }
        assert!("nonsense".parse::<Kind>().is_err());
    }
}
