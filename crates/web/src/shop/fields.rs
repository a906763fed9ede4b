//! The fields of the order form, in an address or a body: `p0`, `q0` and `o0:size` are the first
//! line's product, quantity and choice; whatever else there is, is ignored.

use domain::cart::{Cart, ITEMS_MAX, QUANTITY_MAX, Refused, cart};
use domain::catalog::{CatalogView as _, RetailerId};
use domain::draft::book::plain_choice;
use domain::reading::{OptionChoice, OrderLine};
use engine::shop::{ShopOrder, ShopView};

/// The fields, in the order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

/// The field of a line's option.
pub(super) fn option_name(line: usize, option: &str) -> String {
    format!("o{line}:{option}")
}

impl Fields {
    /// Reads a query or a form's body; what cannot be read is no field.
    pub(super) fn parse(text: &str) -> Self {
        Self(serde_urlencoded::from_str(text).unwrap_or_default())
    }

    /// The first of this name, trimmed; empty when there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The cart: Meta's `products`, and the lines of our own forms. The id of a line is one of this
    /// shop's, else it is refused; a quantity of 0 takes the line away.
    pub(super) fn cart(&self, view: &ShopView) -> Cart {
        let mut read = Cart::default();
        // Some links repeat the field; one without it names no product unless a form does.
        let named: Vec<&str> = self
            .0
            .iter()
            .filter(|(name, _)| name == "products")
            .map(|(_, value)| value.as_str())
            .collect();
        let mut own = false;
        for i in 0..=ITEMS_MAX {
            if !self.has(&format!("p{i}")) {
                continue;
            }
            own = true;
            if i == ITEMS_MAX {
                read.refused.push(Refused::TooMany);
                break;
            }
            match self.line(i, view) {
                Ok(Some(line)) => read.lines.push(line),
                Ok(None) => {}
                Err(refused) => read.refused.push(refused),
            }
        }
        if !own || !named.is_empty() {
            let linked = cart(&named.join(","), view);
            read.lines.extend(linked.lines);
            read.refused.extend(linked.refused);
        }
        read
    }

    fn line(&self, i: usize, view: &ShopView) -> Result<Option<OrderLine>, Refused> {
        let id = self.get(&format!("p{i}"));
        let product = RetailerId::parse(id)
            .ok()
            .and_then(|id| view.product(&id))
            .ok_or_else(|| Refused::Unknown {
                id: id.chars().filter(|c| !c.is_control()).take(60).collect(),
            })?;
        let text = self.get(&format!("q{i}"));
        let quantity: u32 = if text.is_empty() { "1" } else { text }
            .parse()
            .ok()
            .filter(|n| *n <= QUANTITY_MAX)
            .ok_or_else(|| Refused::Quantity {
                text: text.chars().filter(|c| !c.is_control()).take(60).collect(),
            })?;
        if quantity == 0 {
            return Ok(None);
        }
        let prefix = option_name(i, "");
        let mut options: Vec<OptionChoice> = self
            .0
            .iter()
            .filter_map(|(name, value)| {
                let option = name.strip_prefix(&prefix)?;
                (!value.is_empty()).then(|| plain_choice(option, value))
            })
            .collect();
        options.sort();
        options.dedup();
        Ok(Some(OrderLine {
            product: product.retailer_id.clone(),
            quantity,
            options,
        }))
    }

    /// The order with these lines and what the buyer typed.
    pub(super) fn order(&self, lines: Vec<OrderLine>) -> ShopOrder {
        ShopOrder {
            lines,
            name: self.get("name").to_owned(),
            phone: self.get("phone").to_owned(),
            address: self.get("address").to_owned(),
            coupon: self.get("coupon").chars().take(60).collect(),
            note: self.get("note").to_owned(),
        }
    }
}
