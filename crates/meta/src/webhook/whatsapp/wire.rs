//! Meta's JSON of WhatsApp values, messages and statuses.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::wire::Text;

#[derive(Deserialize)]
pub(super) struct Value<'a> {
    #[serde(borrow, default)]
    pub(super) metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) contacts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) message_echoes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) statuses: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow, default)]
    pub(super) phone_number_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct WireContact<'a> {
    #[serde(borrow, default)]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) profile: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Profile<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireMessage<'a> {
    #[serde(borrow, default)]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) from_user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) to: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) to_user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) context: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) interactive: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) button: Option<Tapped<'a>>,
    #[serde(borrow, default)]
    pub(super) order: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) image: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) video: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) audio: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) document: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) sticker: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) location: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) contacts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) reaction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) system: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) errors: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) edit: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) revoke: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow, default)]
    pub(super) body: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Tapped<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) payload: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) body: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) response_json: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Interactive<'a> {
    #[serde(borrow, default)]
    pub(super) button_reply: Option<Tapped<'a>>,
    #[serde(borrow, default)]
    pub(super) list_reply: Option<Tapped<'a>>,
    #[serde(borrow, default)]
    pub(super) nfm_reply: Option<Tapped<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireCart<'a> {
    #[serde(borrow, default)]
    pub(super) catalog_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) product_items: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct WireProduct<'a> {
    #[serde(borrow, default)]
    pub(super) catalog_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) product_retailer_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) quantity: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) item_price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) currency: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Context<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) referred_product: Option<WireProduct<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireReferral<'a> {
    #[serde(borrow, default)]
    pub(super) source_url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) source_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) source_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) headline: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Media<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) mime_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) caption: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) filename: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireLocation<'a> {
    #[serde(borrow, default)]
    pub(super) latitude: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) longitude: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) address: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireCard<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) phones: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct CardName<'a> {
    #[serde(borrow, default)]
    pub(super) formatted_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CardPhone<'a> {
    #[serde(borrow, default)]
    pub(super) phone: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) wa_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireReaction<'a> {
    #[serde(borrow, default)]
    pub(super) message_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireSystem<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) new_wa_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) body: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireChange<'a> {
    #[serde(borrow, default)]
    pub(super) original_message_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Inner<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Body<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireStatus<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) recipient_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) recipient_user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct WireFault<'a> {
    #[serde(borrow, default)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) error_data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct FaultData<'a> {
    #[serde(borrow, default)]
    pub(super) details: Option<Text<'a>>,
}
