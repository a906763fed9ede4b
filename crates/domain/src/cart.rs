//! The cart behind Meta's checkout URL (commerce-platform/checkout-url-setup): Meta's shops send
//! buyers to `…/checkout?products=ID:QTY,ID:QTY&coupon=CODE`. Every shape becomes lines or a
//! refusal with its reason; a buyer never sees an empty cart without a word.

use crate::catalog::CatalogView;
use crate::reading::OrderLine;

/// Items of one checkout URL.
pub const ITEMS_MAX: usize = 100;

/// Pieces of one item.
pub const QUANTITY_MAX: u32 = 9_999;

/// Why an item of the URL is not in the cart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No product of the shop.
    #[error("“{id}” is not sold here any more")]
    Unknown {
        /// What the URL says.
        id: String,
    },
    /// The quantity is no whole number from 1 to [`QUANTITY_MAX`].
    #[error("“{text}” is no quantity; it must be a whole number from 1 to {QUANTITY_MAX}")]
    Quantity {
        /// What the URL says.
        text: String,
    },
    /// Nothing is left of it.
    #[error("“{title}” is sold out")]
    SoldOut {
        /// The product.
        title: String,
    },
    /// More items than a cart takes.
    #[error("the cart is full: it takes {ITEMS_MAX} items")]
    TooMany,
    /// The URL names no item at all.
    #[error("the link names no product")]
    Nothing,
}

/// What a checkout URL leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cart {
    /// What will be ordered, the same item once.
    pub lines: Vec<OrderLine>,
    /// What will not, and why.
    pub refused: Vec<Refused>,
}

/// Reads the value of `products`, already percent-decoded. An id may hold colons: the quantity
/// stands behind the last one. An item without a quantity is one piece. Ids are `retailer_id`s of
/// products or variants, or Meta's own.
#[must_use]
pub fn cart(products: &str, catalog: &dyn CatalogView) -> Cart {
    let mut cart = Cart::default();
    let mut items = products
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    for item in items.by_ref().take(ITEMS_MAX) {
        match line(item, catalog) {
            Ok(line) => add(&mut cart.lines, line),
            Err(refused) => cart.refused.push(refused),
        }
    }
    if items.next().is_some() {
        cart.refused.push(Refused::TooMany);
    }
    if cart.lines.is_empty() && cart.refused.is_empty() {
        cart.refused.push(Refused::Nothing);
    }
    cart
}

fn line(item: &str, catalog: &dyn CatalogView) -> Result<OrderLine, Refused> {
    // The whole text may be an id that ends in digits behind a colon.
    let (id, quantity) = match item.rsplit_once(':') {
        Some((id, quantity)) if catalog.resolve(item).is_none() => (id.trim(), quantity.trim()),
        _ => (item, "1"),
    };
    let Some(found) = catalog.resolve(id) else {
        return Err(Refused::Unknown { id: shown(id) });
    };
    let quantity = quantity
        .parse()
        .ok()
        .filter(|quantity| (1..=QUANTITY_MAX).contains(quantity))
        .ok_or_else(|| Refused::Quantity {
            text: shown(quantity),
        })?;
    let item_id = crate::catalog::RetailerId::parse(id).ok();
    let free = item_id.and_then(|item_id| catalog.free(&item_id));
    if free.is_some_and(|free| free <= 0) {
        let title = catalog
            .product(&found.product)
            .map_or_else(|| shown(id), |p| p.title.clone());
        return Err(Refused::SoldOut { title });
    }
    Ok(OrderLine {
        product: found.product,
        quantity,
        options: found.options,
    })
}

fn add(lines: &mut Vec<OrderLine>, line: OrderLine) {
    let twin = lines
        .iter_mut()
        .find(|known| known.product == line.product && known.options == line.options);
    match twin {
        Some(twin) => twin.quantity = (twin.quantity + line.quantity).min(QUANTITY_MAX),
        None => lines.push(line),
    }
}

/// What of a stranger's text goes onto a page.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::{Cart, ITEMS_MAX, Refused, cart};
    use crate::Money;
    use crate::catalog::{CatalogSnapshot, Product, RetailerId, Variant};
    use proptest::prelude::*;

    fn catalog() -> CatalogSnapshot {
        let inr = "INR".parse().unwrap();
        let id = |text: &str| RetailerId::parse(text).unwrap();
        let product = |text: &str| Product::simple(id(text), text, Money::new(100, inr));
        let mut shirt = product("SHIRT");
        shirt.variants = vec![Variant {
            retailer_id: id("SHIRT-M"),
            values: vec![("size".to_owned(), "M".to_owned())],
            price: None,
            stock: Some(2),
            image_url: None,
        }];
        let mut gone = product("GONE");
        gone.stock = Some(0);
        let mut catalog = CatalogSnapshot::new([product("MUG"), product("odd:id:3"), shirt, gone]);
        catalog.know_meta_id("7300000000000021", id("MUG"));
        catalog
    }

    fn read(products: &str) -> (Vec<(String, u32)>, Vec<Refused>) {
        let Cart { lines, refused } = cart(products, &catalog());
        let lines = lines
            .into_iter()
            .map(|line| (line.product.to_string(), line.quantity))
            .collect();
        (lines, refused)
    }

    #[test]
    fn every_shape_is_a_line_or_a_refusal() {
        let line = |id: &str, quantity| (id.to_owned(), quantity);
        let unknown = |id: &str| Refused::Unknown { id: id.to_owned() };
        let no_quantity = |text: &str| Refused::Quantity {
            text: text.to_owned(),
        };
        for (products, lines, refused) in [
            ("MUG:2", vec![line("MUG", 2)], vec![]),
            ("MUG", vec![line("MUG", 1)], vec![]),
            (
                " MUG : 2 , SHIRT-M:1,",
                vec![line("MUG", 2), line("SHIRT", 1)],
                vec![],
            ),
            ("MUG:1,7300000000000021:2", vec![line("MUG", 3)], vec![]),
            ("odd:id:3", vec![line("odd:id:3", 1)], vec![]),
            ("odd:id:3:4", vec![line("odd:id:3", 4)], vec![]),
            ("MUG:0", vec![], vec![no_quantity("0")]),
            ("MUG:-1", vec![], vec![no_quantity("-1")]),
            (
                "MUG:many,MUG:1",
                vec![line("MUG", 1)],
                vec![no_quantity("many")],
            ),
            ("NIX:1", vec![], vec![unknown("NIX")]),
            (
                "GONE:1",
                vec![],
                vec![Refused::SoldOut {
                    title: "GONE".to_owned(),
                }],
            ),
            ("", vec![], vec![Refused::Nothing]),
            (",,", vec![], vec![Refused::Nothing]),
        ] {
            assert_eq!(read(products), (lines, refused), "{products}");
        }
        let (lines, refused) = read(&"MUG:1,".repeat(ITEMS_MAX + 1));
        assert_eq!(
            (lines, refused),
            (vec![line("MUG", 100)], vec![Refused::TooMany])
        );
    }

    proptest! {
        #[test]
        fn no_text_leads_to_an_empty_cart_without_a_word(text in ".{0,80}") {
            let cart = cart(&text, &catalog());
            prop_assert!(!cart.lines.is_empty() || !cart.refused.is_empty());
        }
    }
}
