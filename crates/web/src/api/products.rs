//! `/api/v1/products`: the catalogue of a seller, by hand or by file.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use domain::catalog::{Product, ProductStatus};
use domain::{Currency, Money, ProductId, SellerId};
use serde::{Deserialize, Serialize};
use store::{ProductFilter, ProductRow};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Json, Path, Query};
use super::out::{MoneyOut, time};
use super::paging::{Listing, PageQuery};
use crate::limits;
use crate::problem::Problem;
use crate::products;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    // The limit that stands nearest to a route is its own.
    let import = OpenApiRouter::new()
        .routes(routes!(import_products))
        .layer(DefaultBodyLimit::max(limits::IMPORT_BODY_BYTES_MAX));
    let pictures = OpenApiRouter::new()
        .routes(routes!(add_product_picture))
        .layer(DefaultBodyLimit::max(limits::PICTURE_BODY_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(list_products, create_product))
        .routes(routes!(get_product, replace_product, archive_product))
        .merge(import)
        .merge(pictures)
}

/// A value of an option.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct OptionValueShape {
    /// The value.
    #[schema(example = "M")]
    pub value: String,
    /// Other words that customers use for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Added to the price, as a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "50.00")]
    pub surcharge: Option<String>,
}

/// A choice that a product offers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct OptionShape {
    /// Its name.
    #[schema(example = "size")]
    pub name: String,
    /// Whether several values may be chosen.
    #[serde(default)]
    pub multiple: bool,
    /// Whether it must be chosen.
    #[serde(default)]
    pub required: bool,
    /// The values.
    pub values: Vec<OptionValueShape>,
}

/// A sellable combination of option values.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct VariantShape {
    /// Its own id.
    #[schema(example = "SAR-RED-M")]
    pub retailer_id: String,
    /// Option name to value.
    #[serde(default)]
    pub options: std::collections::BTreeMap<String, String>,
    /// Its price where it differs, as a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Units on hand; null: not counted.
    #[serde(default)]
    pub stock: Option<i64>,
    /// Its own picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}

/// A product as it is written: the same shape as in a JSON import file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductIn {
    /// The seller's own id, unique and for ever.
    #[schema(example = "SAR-RED")]
    pub retailer_id: String,
    /// The name.
    #[schema(example = "Handloom cotton saree")]
    pub title: String,
    /// Other names that customers use.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Plain text.
    #[serde(default)]
    pub description: String,
    /// The price as a decimal, in the seller's currency.
    #[schema(example = "2500.00")]
    pub price: String,
    /// A lower price, possibly for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<String>,
    /// From when the sale runs, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_from: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_until: Option<String>,
    /// The maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The seller's own category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `new`, `refurbished` or `used`.
    #[serde(default = "new_condition")]
    pub condition: String,
    /// `in stock`, `out of stock`, `available for order` or `discontinued`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    /// Units on hand, for a product without variants; null: not counted.
    #[serde(default)]
    pub stock: Option<i64>,
    /// Picture addresses, the main one first.
    #[serde(default)]
    pub image_urls: Vec<String>,
    /// The product's page on the seller's own site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What can be chosen.
    #[serde(default)]
    pub options: Vec<OptionShape>,
    /// The sellable combinations.
    #[serde(default)]
    pub variants: Vec<VariantShape>,
    /// `active` or `archived`.
    #[serde(default = "active")]
    pub status: String,
}

fn new_condition() -> String {
    "new".to_owned()
}

fn active() -> String {
    "active".to_owned()
}

impl ProductIn {
    fn read(self, currency: Currency) -> Result<Product, Problem> {
        let value = serde_json::to_value(self).map_err(Problem::internal)?;
        domain::catalog::file::product_from_value(value, currency).map_err(Problem::unprocessable)
    }

    fn of(product: &Product) -> Self {
        let currency = product.price.currency;
        Self {
            retailer_id: product.retailer_id.to_string(),
            title: product.title.clone(),
            aliases: product.aliases.clone(),
            description: product.description.clone(),
            price: product.price.decimal(),
            sale_price: product.sale.map(|sale| sale.price.decimal()),
            sale_from: product.sale.and_then(|sale| sale.from).map(time),
            sale_until: product.sale.and_then(|sale| sale.until).map(time),
            brand: product.brand.clone(),
            category: product.category.clone(),
            condition: match product.condition {
                domain::catalog::Condition::New => "new",
                domain::catalog::Condition::Refurbished => "refurbished",
                domain::catalog::Condition::Used => "used",
            }
            .to_owned(),
            availability: Some(product.availability.as_str().to_owned()),
            stock: product.stock,
            image_urls: product.image_urls.clone(),
            link: product.link.clone(),
            options: product
                .options
                .iter()
                .map(|option| OptionShape {
                    name: option.name.clone(),
                    multiple: option.multiple,
                    required: option.required,
                    values: option
                        .values
                        .iter()
                        .map(|value| OptionValueShape {
                            value: value.value.clone(),
                            aliases: value.aliases.clone(),
                            surcharge: (value.surcharge_minor != 0)
                                .then(|| Money::new(value.surcharge_minor, currency).decimal()),
                        })
                        .collect(),
                })
                .collect(),
            variants: product
                .variants
                .iter()
                .map(|variant| VariantShape {
                    retailer_id: variant.retailer_id.to_string(),
                    options: variant.values.iter().cloned().collect(),
                    price: variant.price.map(Money::decimal),
                    stock: variant.stock,
                    image_url: variant.image_url.clone(),
                })
                .collect(),
            status: match product.status {
                ProductStatus::Active => "active",
                ProductStatus::Archived => "archived",
            }
            .to_owned(),
        }
    }
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductOut {
    /// The id.
    pub id: Uuid,
    /// The price of one now, a running sale included.
    pub current_price: MoneyOut,
    /// The product as it is written.
    #[serde(flatten)]
    pub product: ProductIn,
    /// When it was added.
    pub created_at: String,
    /// When it was changed.
    pub updated_at: String,
}

fn out(row: &ProductRow, now: domain::Timestamp) -> ProductOut {
    ProductOut {
        id: row.id.0,
        current_price: row.product.price_at(now).into(),
        product: ProductIn::of(&row.product),
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    }
}

/// Which products.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductsQuery {
    /// Letters of the title, an alias or the id.
    search: Option<String>,
    /// `active` (unless said) or `archived`.
    status: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Reads `active` or `archived`.
pub(crate) fn read_status(text: &str) -> Result<ProductStatus, Problem> {
    match text {
        "active" => Ok(ProductStatus::Active),
        "archived" => Ok(ProductStatus::Archived),
        _ => Err(Problem::field("status", "use active or archived")),
    }
}

/// List products, by title.
#[utoipa::path(
    get, path = "/products", tag = "products", params(ProductsQuery),
    responses((status = 200, body = Listing<ProductOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_products(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ProductsQuery>,
) -> Result<axum::Json<Listing<ProductOut>>, Problem> {
    let status = query
        .status
        .as_deref()
        .map_or(Ok(ProductStatus::Active), read_status)?;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let filter = ProductFilter {
        search: query.search.filter(|text| !text.trim().is_empty()),
        status: Some(status),
        limit: page.rows()?,
        after: page.cursor,
    };
    let found = state
        .store()
        .seller(caller.seller)
        .products(&filter)
        .await?;
    let now = state.now();
    Ok(axum::Json(Listing {
        items: found.rows.iter().map(|row| out(row, now)).collect(),
        next_cursor: found.next,
    }))
}

async fn currency(state: &AppState, seller: SellerId) -> Result<Currency, Problem> {
    Ok(state.store().seller(seller).get().await?.currency)
}

async fn found(state: &AppState, caller: &Caller, id: ProductId) -> Result<ProductRow, Problem> {
    let row = state.store().seller(caller.seller).product(id).await?;
    row.ok_or_else(|| Problem::not_found("product"))
}

/// Create a product. 409 when its `retailer_id` is taken.
#[utoipa::path(
    post, path = "/products", tag = "products", request_body = ProductIn,
    responses((status = 201, body = ProductOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn create_product(
    State(state): State<AppState>,
    caller: Caller,
    Json(product): Json<ProductIn>,
) -> Result<(StatusCode, axum::Json<ProductOut>), Problem> {
    let product = product.read(currency(&state, caller.seller).await?)?;
    let id = products::create(&state, caller.seller, &product).await?;
    let row = found(&state, &caller, id).await?;
    Ok((StatusCode::CREATED, axum::Json(out(&row, state.now()))))
}

/// Get a product.
#[utoipa::path(
    get, path = "/products/{id}", tag = "products", params(("id" = Uuid, Path)),
    responses((status = 200, body = ProductOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_product(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ProductOut>, Problem> {
    let row = found(&state, &caller, ProductId(id)).await?;
    Ok(axum::Json(out(&row, state.now())))
}

/// Replace a product.
#[utoipa::path(
    put, path = "/products/{id}", tag = "products", params(("id" = Uuid, Path)), request_body = ProductIn,
    responses((status = 200, body = ProductOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn replace_product(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(product): Json<ProductIn>,
) -> Result<axum::Json<ProductOut>, Problem> {
    let id = ProductId(id);
    found(&state, &caller, id).await?;
    let product = product.read(currency(&state, caller.seller).await?)?;
    products::replace(&state, caller.seller, id, &product).await?;
    let row = found(&state, &caller, id).await?;
    Ok(axum::Json(out(&row, state.now())))
}

/// Archive a product: kept for history, offered nowhere. Repeating the call changes nothing.
#[utoipa::path(
    delete, path = "/products/{id}", tag = "products", params(("id" = Uuid, Path)),
    responses((status = 200, body = ProductOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn archive_product(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ProductOut>, Problem> {
    let id = ProductId(id);
    let row = found(&state, &caller, id).await?;
    if row.product.status != ProductStatus::Archived {
        let product = Product {
            status: ProductStatus::Archived,
            ..row.product
        };
        products::replace(&state, caller.seller, id, &product).await?;
    }
    let row = found(&state, &caller, id).await?;
    Ok(axum::Json(out(&row, state.now())))
}

/// A row that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedRow {
    /// The line of the file, from 1 (for JSON: the place in `products`).
    pub line: u64,
    /// Its id, where it has one.
    pub retailer_id: Option<String>,
    /// What is wrong with it and what to do.
    pub reason: String,
}

/// What an import came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportOut {
    /// What kind of file it was taken for.
    pub format: &'static str,
    /// New products.
    pub created: u64,
    /// Changed ones.
    pub updated: u64,
    /// Those that were the same already.
    pub unchanged: u64,
    /// How many rows were not taken.
    pub rejected: u64,
    /// The first 1,000 of them.
    pub rejected_rows: Vec<RejectedRow>,
}

/// Import a product file: own CSV or JSON, a Shopify or WooCommerce export, Meta's feed.
///
/// Existing products are brought up to date by `retailer_id`; a file that cannot be read at all
/// changes nothing.
#[utoipa::path(
    post, path = "/products/import", tag = "products",
    request_body(content = String, content_type = "application/octet-stream", description = "The file as it is, up to 64 MiB."),
    responses((status = 200, body = ImportOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn import_products(
    State(state): State<AppState>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<axum::Json<ImportOut>, Problem> {
    let body = body.map_err(|e| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(limits::IMPORT_BODY_BYTES_MAX),
        _ => Problem::bad_request("The body ended early; send the whole file."),
    })?;
    let done = products::import(&state, caller.seller, body).await?;
    Ok(axum::Json(ImportOut {
        format: done.format,
        created: done.created,
        updated: done.updated,
        unchanged: done.unchanged,
        rejected: done.rejected_count,
        rejected_rows: done
            .rejected
            .into_iter()
            .map(|row| RejectedRow {
                line: row.line,
                retailer_id: row.retailer_id,
                reason: row.reason,
            })
            .collect(),
    }))
}

/// Where a picture goes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PictureQuery {
    /// `true`: it becomes the main picture; else it is the last one.
    #[serde(default)]
    main: bool,
}

/// Give a product one more picture.
///
/// The file is decoded, turned upright, freed of everything that is no picture (such as where it was
/// taken) and served as JPEG from an address of its own, which the next sync tells Meta. 422 when it
/// cannot be read or is smaller than 500 pixels on its longer side.
#[utoipa::path(
    post, path = "/products/{id}/pictures", tag = "products", params(("id" = Uuid, Path), PictureQuery),
    request_body(content = String, content_type = "image/*", description = "A JPEG, PNG or WebP file as it is, up to 20 MiB and 50 megapixels."),
    responses((status = 201, body = ProductOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn add_product_picture(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<PictureQuery>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, axum::Json<ProductOut>), Problem> {
    let file = body.map_err(|e| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(limits::PICTURE_BODY_BYTES_MAX),
        _ => Problem::bad_request("The body ended early; send the whole file."),
    })?;
    let engine = state.engine();
    engine
        .add_picture(caller.seller, ProductId(id), file, query.main)
        .await?;
    let row = found(&state, &caller, ProductId(id)).await?;
    Ok((StatusCode::CREATED, axum::Json(out(&row, state.now()))))
}
