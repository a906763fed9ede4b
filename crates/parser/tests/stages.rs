//! What the stages are for, one rule a row, on a catalogue of its own: what is read, in the form
//! `2 mug[sage]`, after the messages of a conversation.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::catalog::file;
use domain::reading::{Amount, OrderLine, Standing};
use parser::{Index, Locale};

const CATALOG: &str = r#"{"currency":"USD","country":"US","products":[
 {"retailer_id":"mug","title":"Stoneware Mug","price":"14","options":[
   {"name":"color","required":true,"values":["sage","terracotta","white"]},
   {"name":"size","required":true,"values":["small","large"]}]},
 {"retailer_id":"candle-pine","title":"Pine Soy Candle","price":"18","options":[{"name":"weight","required":true,"values":["4 oz","8 oz"]}]},
 {"retailer_id":"candle-plum","title":"Plum Soy Candle","price":"19","options":[{"name":"weight","required":true,"values":["4 oz","8 oz"]}]},
 {"retailer_id":"rug-14","title":"Runner 14 Rug","price":"80"},
 {"retailer_id":"rug-16","title":"Runner 16 Rug","price":"95"},
 {"retailer_id":"scone","title":"Blackcurrant Scone","price":"4","options":[
   {"name":"box","values":["half dozen","dozen"]},
   {"name":"with","multiple":true,"values":["butter","jam","clotted cream"]}]},
 {"retailer_id":"tea","title":"Breakfast Tea","price":"6","options":[{"name":"weight","values":["250 g","500 g"]}]},
 {"retailer_id":"boot","title":"Garden Boots","price":"45","options":[{"name":"size","required":true,"values":["38","39","40"]}]}
]}"#;

fn show(line: &OrderLine) -> String {
    let options: Vec<String> = line
        .options
        .iter()
        .map(|o| {
            let amount = match o.amount {
                None => "",
                Some(Amount::Extra) => "extra ",
                Some(Amount::Light) => "light ",
            };
            let count = if o.count > 1 {
                format!(" x{}", o.count)
            } else {
                String::new()
            };
            format!(
                "{}{amount}{}{count}",
                if o.negated { "no " } else { "" },
                o.value
            )
        })
        .collect();
    format!("{} {}[{}]", line.quantity, line.product, options.join(", "))
}

fn order(messages: &str) -> String {
    let file = file::parse(CATALOG, None).unwrap();
    let locale = Locale {
        country: file.country,
        currency: Some(file.currency),
    };
    let index = Index::build(&file.products, locale);
    let mut standing = Standing::default();
    for text in messages.split(" | ") {
        standing = parser::read(&index, text, &standing).apply(&standing);
    }
    standing
        .lines
        .iter()
        .map(show)
        .collect::<Vec<_>>()
        .join("; ")
}

fn check(rows: &[(&str, &str)]) {
    for (messages, expected) in rows {
        assert_eq!(order(messages), *expected, "{messages}");
    }
}

#[test]
fn products_as_people_name_them() {
    check(&[
        ("2 pine candles 8 oz", "2 candle-pine[8 oz]"),
        ("candle pine 8oz x2", "2 candle-pine[8 oz]"),
        ("1 stonware mug sage large", "1 mug[sage, large]"),
        ("3 blackcurant scones", "3 scone[]"),
        ("3 black currant scones", "3 scone[]"),
        ("1 runner 16", "1 rug-16[]"),
        ("1 runner 18 rug", ""),
        ("2 soy candles", ""),
        (
            "1 soy candle, the 19 dollars one, 4oz",
            "1 candle-plum[4 oz]",
        ),
        ("2 tennis rackets", ""),
        ("tea 500gm", "1 tea[500 g]"),
    ]);
}

#[test]
fn quantities_and_what_is_none() {
    check(&[
        ("half a dozen scones", "1 scone[half dozen]"),
        ("two dozen scones pls", "2 scone[dozen]"),
        ("1/2 kg tea", "1 tea[500 g]"),
        ("1 kg tea", "2 tea[500 g]"),
        ("boots 39 2 pcs", "2 boot[39]"),
        ("boots size 39, just one", "1 boot[39]"),
        (
            "i need 1 pine candle 4oz by 5pm on the 25th",
            "1 candle-pine[4 oz]",
        ),
        (
            "2 mugs: 1 sage 1 white, large",
            "1 mug[sage, large]; 1 mug[white, large]",
        ),
        ("boots 38 and 40 one each", "1 boot[38]; 1 boot[40]"),
    ]);
}

#[test]
fn choices_with_their_scopes() {
    check(&[
        ("scone no butter extra jam", "1 scone[no butter, extra jam]"),
        (
            "a scone without butter or jam",
            "1 scone[no butter, no jam]",
        ),
        (
            "scone with double jam and a little butter",
            "1 scone[light butter, jam x2]",
        ),
        ("mug, not the sage, the white, small", "1 mug[white, small]"),
        (
            "pine and plum candles 8 oz each",
            "1 candle-pine[8 oz]; 1 candle-plum[8 oz]",
        ),
    ]);
}

#[test]
fn changes_to_a_standing_order() {
    check(&[
        ("1 sage mug small | make it 3", "3 mug[sage, small]"),
        ("1 sage mug small | no, white", "1 mug[white, small]"),
        ("1 mug sage | large", "1 mug[sage, large]"),
        (
            "1 sage mug small | same in white",
            "1 mug[sage, small]; 1 mug[white, small]",
        ),
        ("1 scone and 1 tea 250g | cancel the scone", "1 tea[250 g]"),
        ("2 scones | add one more", "3 scone[]"),
        (
            "1 pine candle 4oz | instead of pine give plum",
            "1 candle-plum[4 oz]",
        ),
        ("boots 38 | instead of 38 send 39", "1 boot[39]"),
        (
            "do you have the pine and plum candles? | ok both",
            "1 candle-pine[]; 1 candle-plum[]",
        ),
        (
            "how much is the runner 14 rug | ok i'll take 2",
            "2 rug-14[]",
        ),
        ("1 soy candle 8 oz | plum", "1 candle-plum[8 oz]"),
        ("1 scone | thank you!", "1 scone[]"),
        ("1 scone | cancel my order please", ""),
    ]);
}

#[test]
fn what_orders_nothing() {
    check(&[
        ("do you have 2 mugs in sage?", ""),
        ("how much for 3 scones", ""),
        ("i bought 2 mugs from you last month, love them", ""),
        ("maybe i'll take 2 scones next month", ""),
        ("my boots 38 never arrived", ""),
        ("what is in the scone", ""),
        ("hello dear", ""),
        ("want this one!!", ""),
    ]);
}
