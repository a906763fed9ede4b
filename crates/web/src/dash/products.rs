//! Products on the dashboard: list, form, import.

use axum::body::Bytes;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use domain::catalog::{
    Availability, OptionValue, Product, ProductOption, ProductStatus, RetailerId, Sale, Variant,
};
use domain::{Currency, Money, ProductId};
use serde::Deserialize;
use store::{ProductFilter, ProductRow};

use super::viewer::{Fields, PageError, PageResult, Posted, Viewer, foreign_form, go, token_fits};
use crate::csrf;
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::pages::product_pages::{self, ImportView, ProductForm, ProductItem};
use crate::problem::Problem;
use crate::products;
use crate::state::AppState;

const PAGE_ROWS: u32 = 50;
/// Rejected rows that a page lists.
const REJECTED_ROWS: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: String,
    cursor: Option<String>,
}

/// `GET /products`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let archived = query.show == "archived";
    let search = query.q.trim();
    let filter = ProductFilter {
        search: (!search.is_empty()).then(|| search.to_owned()),
        status: Some(if archived {
            ProductStatus::Archived
        } else {
            ProductStatus::Active
        }),
        after: query.cursor,
        limit: PAGE_ROWS,
    };
    let found = state
        .store()
        .seller(viewer.member.seller)
        .products(&filter)
        .await?;
    let now = state.now();
    let items: Vec<ProductItem> = found.rows.iter().map(|row| item(row, now)).collect();
    let frame = viewer.frame(&state).await?;
    let body = product_pages::list(&items, search, archived, found.next.as_deref());
    let page = Page {
        title: "Products",
        tab: Tab::Products,
        live: "products",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

fn item(row: &ProductRow, now: domain::Timestamp) -> ProductItem {
    let product = row.for_sale();
    let variants: Option<i64> = product
        .variants
        .iter()
        .map(|variant| variant.stock)
        .try_fold(0_i64, |sum, stock| stock.map(|n| sum.saturating_add(n)));
    let stock = if product.variants.is_empty() {
        product.stock
    } else {
        variants
    };
    let choices: Vec<String> = product
        .options
        .iter()
        .map(|option| {
            let values: Vec<&str> = option.values.iter().map(|v| v.value.as_str()).collect();
            format!("{}: {}", option.name, values.join(", "))
        })
        .collect();
    ProductItem {
        id: row.id,
        price: product.price_at(now),
        image: product
            .image_urls
            .first()
            .filter(|url| products::is_web_address(url))
            .cloned(),
        stock,
        summary: if choices.is_empty() {
            product.retailer_id.to_string()
        } else {
            choices.join(" · ")
        },
        title: product.title,
    }
}

/// `GET /products/new`
pub(super) async fn new_form(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let mut form = ProductForm::default();
    form.values.insert("availability".into(), "in stock".into());
    show_form(
        &state,
        &viewer,
        StatusCode::OK,
        None,
        ProductStatus::Active,
        &form,
    )
    .await
}

/// `GET /products/{id}`
pub(super) async fn form(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<ProductId>,
) -> PageResult {
    let row = find(&state, &viewer.member, id).await?;
    let form = ProductForm::of(&row.product);
    show_form(
        &state,
        &viewer,
        StatusCode::OK,
        Some(id),
        row.product.status,
        &form,
    )
    .await
}

async fn find(
    state: &AppState,
    member: &crate::access::Member,
    id: ProductId,
) -> Result<ProductRow, PageError> {
    let row = state.store().seller(member.seller).product(id).await?;
    row.ok_or_else(|| Problem::not_found("product").into())
}

async fn show_form(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    id: Option<ProductId>,
    offered: ProductStatus,
    form: &ProductForm,
) -> PageResult {
    let currency = state
        .store()
        .seller(viewer.member.seller)
        .get()
        .await?
        .currency;
    let frame = viewer.frame(state).await?;
    let body = product_pages::form(&frame, id, offered, form, currency.code());
    let title = if id.is_some() {
        "Product"
    } else {
        "New product"
    };
    let page = Page {
        title,
        tab: Tab::Products,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

/// `POST /products/new`
pub(super) async fn create(State(state): State<AppState>, posted: Posted) -> PageResult {
    save(&state, &posted, None).await
}

/// `POST /products/{id}`
pub(super) async fn update(
    State(state): State<AppState>,
    Path(id): Path<ProductId>,
    posted: Posted,
) -> PageResult {
    save(&state, &posted, Some(id)).await
}

async fn save(state: &AppState, posted: &Posted, id: Option<ProductId>) -> PageResult {
    let seller = posted.member.seller;
    let before = match id {
        Some(id) => Some(find(state, &posted.member, id).await?.product),
        None => None,
    };
    let offered = before
        .as_ref()
        .map_or(ProductStatus::Active, |product| product.status);
    let currency = state.store().seller(seller).get().await?.currency;
    let mut form = ProductForm {
        values: posted.fields.map(),
        ..ProductForm::default()
    };
    if let Some(product) = read_form(&mut form, currency, before.as_ref()) {
        let saved = match id {
            Some(id) => products::replace(state, seller, id, &product).await,
            None => products::create(state, seller, &product).await.map(drop),
        };
        match saved {
            Ok(()) => {
                let note = Note::good(format!("{} is saved.", product.title));
                return Ok(go(state, "/products", &note));
            }
            Err(problem) if problem.status < 500 => {
                let field = match problem.errors.first() {
                    Some(error) if error.field == "image_urls" => "images",
                    Some(error) if error.field == "options" => "options",
                    Some(error) if error.field == "variants" => "variants",
                    _ => "retailer_id",
                };
                let detail = problem
                    .errors
                    .first()
                    .map_or(problem.detail.clone(), |e| e.detail.clone());
                form.errors.insert(field.into(), detail);
            }
            Err(problem) => return Err(problem.into()),
        }
    }
    show_form(
        state,
        &posted.viewer(),
        StatusCode::UNPROCESSABLE_ENTITY,
        id,
        offered,
        &form,
    )
    .await
}

/// The product that the form describes, or the fields' errors in it.
fn read_form(
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

/// `POST /products/{id}/status`
pub(super) async fn set_status(
    State(state): State<AppState>,
    Path(id): Path<ProductId>,
    posted: Posted,
) -> PageResult {
    let product = find(&state, &posted.member, id).await?.product;
    let status = crate::api::products::read_status(posted.fields.get("status"))?;
    let title = product.title.clone();
    products::replace(
        &state,
        posted.member.seller,
        id,
        &Product { status, ..product },
    )
    .await?;
    let text = match status {
        ProductStatus::Active => format!("{title} is offered again."),
        ProductStatus::Archived => format!("{title} is archived."),
    };
    let note = Note::good(text).with_link("Look at it", format!("/products/{id}"));
    Ok(go(&state, "/products", &note))
}

/// `GET /products/import`
pub(super) async fn import_form(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    show_import(&state, &viewer, StatusCode::OK, None, None).await
}

async fn show_import(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    done: Option<&ImportView>,
    error: Option<&str>,
) -> PageResult {
    let frame = viewer.frame(state).await?;
    let body = product_pages::import(&frame, done, error);
    let page = Page {
        title: "Import products",
        tab: Tab::Products,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

/// `POST /products/import`
pub(super) async fn import(
    State(state): State<AppState>,
    viewer: Viewer,
    headers: HeaderMap,
    upload: Multipart,
) -> PageResult {
    if !csrf::comes_from_us(&headers) {
        return Err(foreign_form());
    }
    let (fields, file) = read_upload(upload).await?;
    if !token_fits(&viewer.member, fields.get(csrf::FIELD)) {
        return Err(foreign_form());
    }
    let Some((name, bytes)) = file.filter(|(_, bytes)| !bytes.is_empty()) else {
        let error = Some("Choose a file first.");
        return show_import(
            &state,
            &viewer,
            StatusCode::UNPROCESSABLE_ENTITY,
            None,
            error,
        )
        .await;
    };
    match products::import(&state, viewer.member.seller, bytes).await {
        Ok(done) => {
            let rejected = done
                .rejected
                .iter()
                .take(REJECTED_ROWS)
                .map(|row| {
                    (
                        row.line.to_string(),
                        row.retailer_id.clone().unwrap_or_default(),
                        row.reason.clone(),
                    )
                })
                .collect();
            let view = ImportView {
                file: name,
                created: done.created as usize,
                updated: done.updated as usize,
                unchanged: done.unchanged as usize,
                more_rejected: (done.rejected_count as usize).saturating_sub(REJECTED_ROWS),
                rejected,
            };
            show_import(&state, &viewer, StatusCode::OK, Some(&view), None).await
        }
        Err(problem) if problem.status < 500 => {
            show_import(
                &state,
                &viewer,
                problem.status_code(),
                None,
                Some(&problem.detail),
            )
            .await
        }
        Err(problem) => Err(problem.into()),
    }
}

type Upload = (Fields, Option<(String, Bytes)>);

async fn read_upload(mut upload: Multipart) -> Result<Upload, PageError> {
    let broken = |_| Problem::too_large(crate::limits::IMPORT_BODY_BYTES_MAX);
    let (mut fields, mut file) = (Fields::default(), None);
    while let Some(part) = upload.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let shown: String = part
                .file_name()
                .unwrap_or("The file")
                .chars()
                .take(120)
                .collect();
            file = Some((shown, part.bytes().await.map_err(broken)?));
        } else {
            fields.0.push((name, part.text().await.map_err(broken)?));
        }
    }
    Ok((fields, file))
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
