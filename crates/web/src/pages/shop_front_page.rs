//! The page of the shop front: its address, and the seller's own domain.

use engine::shop_domain::Pointing;
use maud::{Markup, html};

use super::layout::Frame;
use super::parts::{self, Field, Tone, chip, head};

/// The shop front as it is.
#[derive(Debug)]
pub(crate) struct ShopFront {
    /// Its public address; `None`: the server has none.
    pub url: Option<String>,
    /// The seller's own domain.
    pub domain: Option<String>,
    /// Where that leads to.
    pub pointing: Option<Pointing>,
    /// The DNS record that makes it lead here, in words.
    pub record: String,
    /// Whether who looks may change it.
    pub owner: bool,
}

/// The domain as typed.
#[derive(Debug, Default)]
pub(crate) struct DomainForm {
    /// What was typed.
    pub typed: String,
    /// Why it is not taken.
    pub error: Option<String>,
}

/// The page.
pub(crate) fn shop_front(frame: &Frame, shop: &ShopFront, form: &DomainForm) -> Markup {
    let typed = match (&form.error, &shop.domain) {
        (None, Some(domain)) => domain,
        _ => &form.typed,
    };
    html! {
        (parts::back("/more", "More"))
        (head("Shop front", "The pages that Instagram links your products to.", None))
        section.card {
            h2 { "Where it is" }
            @match &shop.url {
                Some(url) => p { a href=(url) { (url) } },
                None => p { "This server has no public address yet. Its operator sets PUBLIC_URL." },
            }
            @if let (Some(domain), Some(pointing)) = (&shop.domain, shop.pointing) { (state(domain, pointing, &shop.record)) }
        }
        form.card method="post" action="/settings/shop" {
            (frame.csrf_field())
            fieldset disabled[!shop.owner] {
                legend.sr { "Domain" }
                h2 { "A domain of your own" }
                p { (shop.record) ". Whoever runs this server then makes its proxy answer for the name too, with a certificate." }
                (Field { name: "domain", label: "Domain", value: typed, required: true, mode: "url", autocomplete: "off", hint: "The name alone, such as shop.example.com", error: form.error.as_deref(), ..Field::default() }.render())
                label.check { input type="checkbox" name="anyway" value="yes"; span { "Set it although it does not seem to lead here" br; span.hint { "Only where a proxy such as Cloudflare stands in front: Instagram refuses products with dead links." } } }
            }
            @if shop.owner { div.actions { div.first { button.primary type="submit" { "Check and set" } } } }
            @else { p.soft { "Only owners change this." } }
        }
        @if shop.owner && shop.domain.is_some() {
            form.actions method="post" action="/settings/shop/remove" {
                (frame.csrf_field())
                button.danger type="submit" data-confirm="Remove the domain? Links to it stop working; Instagram gets the new ones with the next sync." { "Remove the domain" }
            }
        }
    }
}

fn state(domain: &str, pointing: Pointing, record: &str) -> Markup {
    let (tone, word, meaning) = match pointing {
        Pointing::Here => (Tone::Good, "leads here", String::new()),
        Pointing::Elsewhere => (
            Tone::Warn,
            "leads to another address",
            format!("Fine where a proxy stands in front of this server. Else: {record}."),
        ),
        Pointing::Nowhere => (Tone::Bad, "leads nowhere", format!("{record}.")),
    };
    html! {
        p { (domain) " " (chip(tone, word)) }
        @if !meaning.is_empty() { p.small.soft { (meaning) } }
    }
}
