//! What a `message` object may hold: lengths, quick replies, templates, attachments.

use crate::error::{GraphError, GraphResult};
use crate::world::Channel;
use serde_json::Value;

/// Bytes of an Instagram text (send-message page).
const INSTAGRAM_TEXT: usize = 1000;
/// Characters of a Messenger text.
const MESSENGER_TEXT: usize = 2000;
const QUICK_REPLIES: usize = 13;
const PAYLOAD: usize = 1000;
const ELEMENTS: usize = 10;
const TEMPLATE_LINE: usize = 80;
const BUTTON_TEXT: usize = 640;
const BUTTONS: usize = 3;

/// Checks a `message`; error 100 names what is wrong.
pub(crate) fn check(message: &Value, channel: Channel) -> GraphResult<()> {
    let text = message.get("text").and_then(Value::as_str);
    let attachment = message.get("attachment");
    let several = message.get("attachments");
    if let Some(text) = text {
        check_text(text, channel)?;
    } else if attachment.is_none() && several.is_none() {
        return Err(GraphError::param(
            "Message cannot be empty, must provide valid attachment or text",
        ));
    }
    if text.is_some() && (attachment.is_some() || several.is_some()) {
        return Err(GraphError::param(
            "Message cannot have both text and attachment",
        ));
    }
    if let Some(replies) = message.get("quick_replies") {
        check_quick_replies(replies)?;
    }
    for attachment in attachment.into_iter().chain(listed(several)) {
        check_attachment(attachment)?;
    }
    Ok(())
}

fn listed(several: Option<&Value>) -> Vec<&Value> {
    match several {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn check_text(text: &str, channel: Channel) -> GraphResult<()> {
    let (length, most) = match channel {
        Channel::Messenger => (text.chars().count(), MESSENGER_TEXT),
        _ => (text.len(), INSTAGRAM_TEXT),
    };
    if text.trim().is_empty() {
        return Err(GraphError::param("Param message[text] must not be empty"));
    }
    if length > most {
        return Err(GraphError::param(format!(
            "Length of param message[text] must be less than or equal to {most}"
        )));
    }
    Ok(())
}

fn check_quick_replies(replies: &Value) -> GraphResult<()> {
    let Some(items) = replies.as_array().filter(|i| !i.is_empty()) else {
        return Err(GraphError::param(
            "Param message[quick_replies] must be a non-empty array",
        ));
    };
    if items.len() > QUICK_REPLIES {
        return Err(GraphError::param(
            "Param message[quick_replies] has too many elements",
        ));
    }
    for item in items {
        match item["content_type"].as_str() {
            Some("text") => {
                let title = item["title"].as_str().unwrap_or_default();
                let payload = item["payload"].as_str().unwrap_or_default();
                if title.is_empty() || payload.is_empty() {
                    return Err(GraphError::param(
                        "A quick reply of type text needs title and payload",
                    ));
                }
                if payload.chars().count() > PAYLOAD {
                    return Err(GraphError::param(
                        "A quick reply's payload has at most 1000 characters",
                    ));
                }
            }
            Some("user_phone_number" | "user_email") => {}
            _ => {
                return Err(GraphError::param(
                    "Param content_type of a quick reply is invalid",
                ));
            }
        }
    }
    Ok(())
}

fn check_attachment(attachment: &Value) -> GraphResult<()> {
    let payload = &attachment["payload"];
    match attachment["type"].as_str() {
        Some("image" | "audio" | "video" | "file") => {
            let known = payload["url"].is_string() || payload["attachment_id"].is_string();
            if known {
                Ok(())
            } else {
                Err(GraphError::param("An attachment needs payload[url]"))
            }
        }
        Some("like_heart" | "MEDIA_SHARE" | "media_share") => Ok(()),
        Some("template") => check_template(payload),
        _ => Err(GraphError::param(
            "Param message[attachment][type] is invalid",
        )),
    }
}

fn check_template(payload: &Value) -> GraphResult<()> {
    let elements = payload["elements"].as_array();
    let count = elements.map_or(0, Vec::len);
    match payload["template_type"].as_str() {
        Some("generic") => {
            if count == 0 || count > ELEMENTS {
                return Err(GraphError::param("A generic template has 1 to 10 elements"));
            }
            for element in elements.into_iter().flatten() {
                for key in ["title", "subtitle"] {
                    if element[key].as_str().unwrap_or_default().chars().count() > TEMPLATE_LINE {
                        return Err(GraphError::param(format!(
                            "Length of param {key} must be less than or equal to 80"
                        )));
                    }
                }
                if element["title"].as_str().unwrap_or_default().is_empty() {
                    return Err(GraphError::param(
                        "An element of a generic template needs a title",
                    ));
                }
                if let Some(buttons) = element.get("buttons") {
                    check_buttons(buttons)?;
                }
            }
            Ok(())
        }
        Some("button") => {
            let text = payload["text"].as_str().unwrap_or_default();
            if text.is_empty() || text.chars().count() > BUTTON_TEXT {
                return Err(GraphError::param(
                    "A button template's text has 1 to 640 characters",
                ));
            }
            check_buttons(&payload["buttons"])
        }
        Some("product") if (1..=ELEMENTS).contains(&count) => Ok(()),
        Some("product") => Err(GraphError::param("A product template has 1 to 10 elements")),
        _ => Err(GraphError::param("Param template_type is invalid")),
    }
}

fn check_buttons(buttons: &Value) -> GraphResult<()> {
    let items = buttons.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() || items.len() > BUTTONS {
        return Err(GraphError::param("There must be 1 to 3 buttons"));
    }
    for button in items {
        let needs = match button["type"].as_str() {
            Some("postback") => "payload",
            Some("web_url") => "url",
            _ => return Err(GraphError::param("Param type of a button is invalid")),
        };
        let title = button["title"].as_str().unwrap_or_default();
        if title.is_empty() || button[needs].as_str().unwrap_or_default().is_empty() {
            return Err(GraphError::param(format!(
                "A button needs title and {needs}"
            )));
        }
    }
    Ok(())
}

/// What a reader would see: the text, or the lines of a template.
pub(crate) fn text_of(message: &Value) -> String {
    if let Some(text) = message["text"].as_str() {
        return text.to_owned();
    }
    let payload = &message["attachment"]["payload"];
    if let Some(text) = payload["text"].as_str() {
        return text.to_owned();
    }
    let lines: Vec<&str> = payload["elements"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|e| [e["title"].as_str(), e["subtitle"].as_str()])
        .flatten()
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ok(message: Value) -> bool {
        check(&message, Channel::Instagram).is_ok()
    }

    #[test]
    fn messages_are_checked() {
        let reply = |n: usize| vec![json!({"content_type":"text","title":"a","payload":"b"}); n];
        let element =
            json!({"title":"a","buttons":[{"type":"postback","title":"t","payload":"p"}]});
        let generic = |n: usize| {
            json!({"attachment":{"type":"template","payload":{"template_type":"generic",
                "elements": vec![element.clone(); n]}}})
        };
        for (want, message) in [
            (true, json!({"text":"a".repeat(1000)})),
            (false, json!({"text":"a".repeat(1001)})),
            (false, json!({"text":"é".repeat(501)})),
            (false, json!({"text":"  "})),
            (false, json!({})),
            (true, json!({"text":"a","quick_replies":reply(13)})),
            (false, json!({"text":"a","quick_replies":reply(14)})),
            (
                false,
                json!({"text":"a","quick_replies":[{"content_type":"text","title":"a"}]}),
            ),
            (true, generic(10)),
            (false, generic(11)),
            (
                false,
                json!({"text":"a","attachment":{"type":"image","payload":{"url":"u"}}}),
            ),
            (
                true,
                json!({"attachment":{"type":"image","payload":{"url":"u"}}}),
            ),
            (false, json!({"attachment":{"type":"image","payload":{}}})),
        ] {
            assert_eq!(ok(message.clone()), want, "{message}");
        }
    }
}
