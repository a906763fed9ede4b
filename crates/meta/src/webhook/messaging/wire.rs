//! Meta's JSON of a messaging item. What is rare stays unread until somebody asks for it, so that an
//! ordinary message pays for nothing else.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::wire::{Flag, Text};

#[derive(Deserialize)]
pub(super) struct Wire<'a> {
    #[serde(borrow, default)]
    pub(super) sender: Option<Party<'a>>,
    #[serde(borrow, default)]
    pub(super) recipient: Option<Party<'a>>,
    #[serde(borrow, default)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<WireMessage<'a>>,
    #[serde(borrow, default)]
    pub(super) postback: Option<WirePostback<'a>>,
    #[serde(borrow, default)]
    pub(super) message_edit: Option<WireEdit<'a>>,
    #[serde(borrow, default)]
    pub(super) reaction: Option<WireReaction<'a>>,
    #[serde(borrow, default)]
    pub(super) read: Option<WireSeen<'a>>,
    #[serde(borrow, default)]
    pub(super) delivery: Option<WireSeen<'a>>,
    #[serde(borrow, default)]
    pub(super) referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) optin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) pass_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) take_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) request_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) app_roles: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Party<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireMessage<'a> {
    #[serde(borrow, default)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) quick_reply: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) attachments: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) reply_to: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) is_echo: Flag,
    #[serde(default)]
    pub(super) is_deleted: Flag,
    #[serde(default)]
    pub(super) is_unsupported: Flag,
    #[serde(default)]
    pub(super) is_self: Flag,
    #[serde(borrow, default)]
    pub(super) app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct WirePostback<'a> {
    #[serde(borrow, default)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) payload: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) referral: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) is_self: Flag,
}

#[derive(Deserialize)]
pub(super) struct WireEdit<'a> {
    #[serde(borrow, default)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) num_edit: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireReaction<'a> {
    #[serde(borrow, default)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) action: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) reaction: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireSeen<'a> {
    #[serde(borrow, default)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) mids: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) watermark: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireAttachment<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WirePayload<'a> {
    #[serde(borrow, default)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) ig_post_media_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) reel_video_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) sticker_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) payload: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireReferral<'a> {
    #[serde(borrow, default, rename = "ref")]
    pub(super) reference: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) source: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) ad_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) ads_context_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) product: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) referer_uri: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct AdsContext<'a> {
    #[serde(borrow, default)]
    pub(super) ad_title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) product_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireReply<'a> {
    #[serde(borrow, default)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) story: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct WireStory<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) link_sticker_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireHandover<'a> {
    #[serde(borrow, default)]
    pub(super) previous_owner_app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) new_owner_app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) requested_owner_app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) metadata: Option<Text<'a>>,
}
