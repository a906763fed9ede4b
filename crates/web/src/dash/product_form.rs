//! The product form: from what was typed to a product, or to the fields' errors.

use domain::catalog::{
    Availability, OptionValue, Product, ProductOption, RetailerId, Sale, Variant,
};
use domain::{Currency, Money};

use crate::pages::product_pages::ProductForm;

/// The product that the form describes, or the fields' errors in it.
pub(super) fn read_form(
    form: &mut ProductForm,
    currency: Currency,
    before: Option<&Product>,
) -> Option<Product> {
    let value = |form: &ProductForm, name: &str| form.value(name).trim().to_owned();
    let optional =
        |form: &ProductForm, name: &str| Some(value(form, name)).filter(|t| !t.is_empty());
    let price = |text: &str| match Money::parse(text, currency) {
        Ok(money) if money.minor >= 0 => Ok(money),
        Ok(_) => Err("a price is not negative".to_owned()),
        Err(e) => Err(e.to_string()),
    };
    let title = value(form, "title");
    let mut wrong: Vec<(&str, String)> = Vec::new();
    if title.is_empty() {
        wrong.push(("title", "give the product a name".into()));
    }
    let retailer_id = RetailerId::parse(&value(form, "retailer_id"));
    let unit = price(&value(form, "price"));
    let sale = optional(form, "sale_price")
        .map(|text| price(&text))
        .transpose();
    let stock = optional(form, "stock")
        .map(|text| text.parse::<i64>())
        .transpose();
    let options = read_options(&value(form, "options"), currency);
    let variants = read_variants(&value(form, "variants"), currency);
    let availability = Availability::parse(&value(form, "availability"));
    if let Err(e) = &retailer_id {
        wrong.push(("retailer_id", e.to_string()));
    }
    for (field, error) in [
        ("price", unit.as_ref().err()),
        ("sale_price", sale.as_ref().err()),
        ("options", options.as_ref().err()),
        ("variants", variants.as_ref().err()),
    ] {
        if let Some(error) = error {
            wrong.push((field, error.clone()));
        }
    }
    if stock.is_err() {
        wrong.push((
            "stock",
            "a whole number, or empty when it is not counted".into(),
        ));
    }
    for (field, error) in wrong {
        form.errors.insert(field.to_owned(), error);
    }
    if !form.errors.is_empty() {
        return None;
    }
    let (retailer_id, unit, sale, stock) = (retailer_id.ok()?, unit.ok()?, sale.ok()?, stock.ok()?);
    let list = |text: String, by: char| -> Vec<String> {
        text.split(by)
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let base = before
        .cloned()
        .unwrap_or_else(|| Product::simple(retailer_id.clone(), title.clone(), unit));
    let window = base.sale;
    Some(Product {
        retailer_id,
        title,
        aliases: list(value(form, "aliases"), ','),
        description: value(form, "description"),
        price: unit,
        // The form has no fields for the sale's days: those that are set stay.
        sale: sale.map(|price| Sale {
            price,
            from: window.and_then(|w| w.from),
            until: window.and_then(|w| w.until),
        }),
        brand: optional(form, "brand"),
        category: optional(form, "category"),
        availability: availability.unwrap_or_default(),
        stock,
        image_urls: list(value(form, "images"), '\n'),
        link: optional(form, "link"),
        options: options.ok()?,
        variants: keep_pictures(variants.ok()?, &base),
        ..base
    })
}

/// The form has no field for a variant's own picture: it stays.
fn keep_pictures(variants: Vec<Variant>, before: &Product) -> Vec<Variant> {
    variants
        .into_iter()
        .map(|variant| {
            let old = before
                .variants
                .iter()
                .find(|v| v.retailer_id == variant.retailer_id);
            Variant {
                image_url: old.and_then(|v| v.image_url.clone()),
                ..variant
            }
        })
        .collect()
}

/// `size*: S, M = medium, L (+50)`; `*` required, `+` several.
fn read_options(text: &str, currency: Currency) -> Result<Vec<ProductOption>, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, values) = line
                .split_once(':')
                .ok_or_else(|| format!("`{line}`: write the name, a colon and the values"))?;
            let bare = name.trim_end_matches([' ', '*', '+']);
            let signs = &name[bare.len()..];
            let values = values
                .split(',')
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .map(|value| read_value(value, currency))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(ProductOption {
                name: bare.trim().to_owned(),
                multiple: signs.contains('+'),
                required: signs.contains('*'),
                values,
            })
        })
        .collect()
}

fn read_value(text: &str, currency: Currency) -> Result<OptionValue, String> {
    let (words, surcharge) = match text.rsplit_once("(+") {
        Some((words, amount)) => {
            let amount = amount.trim_end().trim_end_matches(')');
            (
                words,
                Money::parse(amount, currency)
                    .map_err(|e| e.to_string())?
                    .minor,
            )
        }
        None => (text, 0),
    };
    let mut words = words
        .split('=')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let value = words
        .next()
        .ok_or_else(|| format!("`{text}`: a value has a name"))?;
    Ok(OptionValue {
        value: value.to_owned(),
        aliases: words.map(str::to_owned).collect(),
        surcharge_minor: surcharge,
    })
}

/// `SAR-RED-M | size=M, color=red | 2500 | 4`
fn read_variants(text: &str, currency: Currency) -> Result<Vec<Variant>, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut parts = line.split('|').map(str::trim);
            let id = parts.next().unwrap_or_default();
            let values = parts
                .next()
                .unwrap_or_default()
                .split(',')
                .filter(|pair| !pair.trim().is_empty())
                .map(|pair| {
                    pair.split_once('=')
                        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                        .ok_or_else(|| format!("`{line}`: write its values as size=M, color=red"))
                })
                .collect::<Result<Vec<_>, String>>()?;
            let price = parts.next().filter(|text| !text.is_empty());
            let stock = parts.next().filter(|text| !text.is_empty());
            Ok(Variant {
                retailer_id: RetailerId::parse(id).map_err(|e| format!("`{line}`: {e}"))?,
                values,
                price: price
                    .map(|text| Money::parse(text, currency).map_err(|e| format!("`{line}`: {e}")))
                    .transpose()?,
                stock: stock
                    .map(|text| {
                        text.parse()
                            .map_err(|_| format!("`{line}`: the stock is a whole number"))
                    })
                    .transpose()?,
                image_url: None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ProductForm, read_form, read_options, read_variants};
    use domain::Currency;

    fn lkr() -> Currency {
        "LKR".parse().unwrap()
    }

    #[test]
    fn options_and_variants_are_read_as_they_are_written() {
        let options = read_options(
            "size*: S, M = medium = med, L (+50)\n toppings+: egg\n",
            lkr(),
        )
        .unwrap();
        assert_eq!(options[0].name, "size");
        assert!(options[0].required && !options[0].multiple);
        assert_eq!(options[0].values[1].aliases, ["medium", "med"]);
        assert_eq!(options[0].values[2].surcharge_minor, 5_000);
        assert!(options[1].multiple && !options[1].required);
        let variants = read_variants("A-S | size=S | 10 | 4\nA-M|size=M||", lkr()).unwrap();
        assert_eq!(variants[0].stock, Some(4));
        assert_eq!(variants[1].price, None);
        for wrong in ["size S, M", "size: M (+x)"] {
            assert!(read_options(wrong, lkr()).is_err(), "{wrong}");
        }
        for wrong in [
            "| size=S",
            "A | S",
            "A | size=S | ten",
            "A | size=S | 10 | some",
        ] {
            assert!(read_variants(wrong, lkr()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_product_survives_its_own_form() {
        let text = r#"{"currency":"LKR","products":[{"retailer_id":"a","title":"Tea","price":"250.00","sale_price":"200.00",
            "aliases":["chai"],"stock":3,"image_urls":["https://x/a.jpg"],
            "options":[{"name":"size","required":true,"values":["S",{"value":"M","aliases":["medium"],"surcharge":"5.50"}]}],
            "variants":[{"retailer_id":"a-s","options":{"size":"S"},"price":"240.00","stock":2,"image_url":"https://x/s.jpg"}]}]}"#;
        let product = domain::catalog::file::parse(text, None)
            .unwrap()
            .products
            .remove(0);
        let mut form = ProductForm::of(&product);
        assert_eq!(
            read_form(&mut form, lkr(), Some(&product)),
            Some(product),
            "{:?}",
            form.errors
        );
    }

    #[test]
    fn wrong_fields_are_named_and_what_was_typed_stays() {
        let mut form = ProductForm::default();
        form.values.insert("price".into(), "1,000".into());
        form.values.insert("stock".into(), "some".into());
        assert_eq!(read_form(&mut form, lkr(), None), None);
        let fields: Vec<&str> = form.errors.keys().map(String::as_str).collect();
        assert_eq!(fields, ["price", "retailer_id", "stock", "title"]);
        assert_eq!(form.value("price"), "1,000");
    }
}
