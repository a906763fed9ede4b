//! Made-up catalogues of any size: titles of colour, material, kind and a coined model name, with
//! shared options, as a big shop's are.

use domain::catalog::{OptionValue, Product, ProductOption, RetailerId};
use domain::{Currency, Money};

const COLORS: [&str; 12] = [
    "Red", "Blue", "Black", "White", "Green", "Yellow", "Pink", "Grey", "Brown", "Purple",
    "Orange", "Beige",
];
const MATERIALS: [&str; 20] = [
    "Cotton", "Linen", "Silk", "Leather", "Denim", "Wool", "Steel", "Wooden", "Glass", "Ceramic",
    "Bamboo", "Rubber", "Velvet", "Satin", "Nylon", "Canvas", "Copper", "Marble", "Plastic",
    "Paper",
];
const KINDS: [&str; 40] = [
    "Shirt", "Dress", "Skirt", "Jacket", "Scarf", "Hat", "Bag", "Wallet", "Belt", "Shoe", "Sandal",
    "Watch", "Ring", "Necklace", "Lamp", "Chair", "Table", "Vase", "Mug", "Plate", "Bowl", "Towel",
    "Pillow", "Blanket", "Curtain", "Rug", "Clock", "Frame", "Candle", "Basket", "Notebook", "Pen",
    "Puzzle", "Kite", "Drum", "Guitar", "Bottle", "Kettle", "Knife", "Spoon",
];
const SYLLABLES: [&str; 16] = [
    "ba", "ko", "ri", "ta", "lu", "mo", "ne", "sha", "vi", "dor", "pel", "gran", "zu", "hem", "fi",
    "yar",
];

/// A coined word; the same number gives the same word.
fn coined(mut n: usize) -> String {
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(SYLLABLES[n % SYLLABLES.len()]);
        n /= SYLLABLES.len();
    }
    word
}

fn option(name: &str, values: &[&str], required: bool, multiple: bool) -> ProductOption {
    ProductOption {
        name: name.to_owned(),
        multiple,
        required,
        values: values
            .iter()
            .map(|v| OptionValue {
                value: (*v).to_owned(),
                aliases: Vec::new(),
                surcharge_minor: 0,
            })
            .collect(),
    }
}

/// `n` products.
pub(crate) fn products(n: usize) -> Vec<Product> {
    let currency: Currency = "USD".parse().expect("a currency");
    (0..n)
        .map(|i| {
            let mix = i.wrapping_mul(2_654_435_761) >> 7;
            let color = COLORS[mix % COLORS.len()];
            let material = MATERIALS[(mix / 12) % MATERIALS.len()];
            let kind = KINDS[(mix / 240) % KINDS.len()];
            let model = coined(i % 4096);
            let id = RetailerId::parse(&format!("sku-{i}")).expect("an id");
            let mut product = Product::simple(
                id,
                format!("{color} {material} {kind} {model}"),
                Money::new(1000 + (i as i64 % 90) * 100, currency),
            );
            product.category = Some(kind.to_lowercase());
            product.options = vec![
                option("size", &["S", "M", "L", "XL"], true, false),
                option("finish", &["matte", "glossy", "plain"], false, false),
                option("extras", &["gift box", "card", "ribbon"], false, true),
            ];
            product
        })
        .collect()
}

/// Messages about such products.
pub(crate) fn messages() -> Vec<String> {
    let mut out = Vec::new();
    for i in 0..200_usize {
        let mix = (i * 37).wrapping_mul(2_654_435_761) >> 7;
        let color = COLORS[mix % COLORS.len()].to_lowercase();
        let material = MATERIALS[(mix / 12) % MATERIALS.len()].to_lowercase();
        let kind = KINDS[(mix / 240) % KINDS.len()].to_lowercase();
        let model = coined((i * 37) % 4096);
        out.push(match i % 8 {
            0 => format!("hi, 2 {color} {material} {kind} {model} size M please"),
            1 => format!("i want the {model} {kind} in L with gift box"),
            2 => format!("do you have {color} {kind}s?"),
            3 => format!("{kind} {model} 3 pcs and {} 1", coined((i * 91) % 4096)),
            4 => format!("pls send 1 {material} {kind} {model}, no ribbon, matte"),
            5 => format!("how much is the {color} {material} {kind}"),
            6 => format!("1 {} {kind} XL", &model[..model.len() - 1]),
            _ => "thank you so much, will message you tomorrow".to_owned(),
        });
    }
    out
}
