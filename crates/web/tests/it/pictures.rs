//! A seller with a phone adds a photo to a product: on the dashboard, by the API, and what the shop
//! front and Meta get to see of it.

use std::io::Cursor;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use testkit::on_both;
use web::WebConfig;

use crate::support::{Answer, App, Browser, Shop, open_shop, send};

const PUBLIC_URL: &str = "https://shop.example.com";
const OTHER: &str = "17841400000000002";

async fn app(db: &testkit::TestDatabase) -> App {
    let web = WebConfig {
        public_url: Some(PUBLIC_URL.to_owned()),
        ..WebConfig::default()
    };
    App::with(db, web).await
}

fn photo(side: u32, red: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(side, side, Rgb([red, 90, 60]));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn bowl(app: &App) -> Value {
    let found = app
        .call(Method::GET, "/api/v1/products?search=bowl", None)
        .await
        .json();
    found["items"][0].clone()
}

async fn pictures(app: &App) -> Vec<String> {
    serde_json::from_value(bowl(app).await["image_urls"].clone()).unwrap()
}

/// Sends the form of the product page.
async fn upload(browser: &Browser, id: &str, csrf: &str, file: &[u8], main: bool) -> Answer {
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body = field("csrf", csrf);
    if main {
        body += &field("main", "yes");
    }
    body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"IMG_1.png\"\r\n\
             Content-Type: image/png\r\n\r\n";
    let mut body = body.into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = browser
        .request(Method::POST, &format!("/products/{id}/pictures"))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(Body::from(body))
        .unwrap();
    send(&browser.router, request).await
}

async fn post(app: &App, shop: &Shop, id: &str, query: &str, file: Vec<u8>) -> Answer {
    let request = Request::post(format!("/api/v1/products/{id}/pictures{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", shop.key))
        .header(header::CONTENT_TYPE, "image/png")
        .body(Body::from(file))
        .unwrap();
    send(&app.router, request).await
}

on_both! {
    async fn a_photo_from_the_dashboard_is_served_and_stands_first(db: &TestDatabase) {
        let app = app(db).await;
        let id = bowl(&app).await["id"].as_str().unwrap().to_owned();
        let mut browser = app.owner().await;
        let page = browser.get(&format!("/products/{id}")).await;
        assert!(page.text().contains("type=\"file\"") && page.text().contains("multipart/form-data"), "{}", page.text());
        let csrf = browser.csrf.clone();
        let done = upload(&browser, &id, &csrf, &photo(640, 200), true).await;
        assert!(done.status.is_redirection(), "{}", done.text());
        let first = pictures(&app).await;
        assert_eq!(first.len(), 1);
        let path = first[0].strip_prefix(PUBLIC_URL).unwrap();
        let served = app.get(path).await;
        assert_eq!((served.status, served.header("content-type")), (StatusCode::OK, "image/jpeg"));
        assert_eq!(served.header("cache-control"), "public, max-age=31536000, immutable");
        let seen = image::load_from_memory_with_format(&served.body, ImageFormat::Jpeg).unwrap();
        assert_eq!((seen.width(), seen.height()), (640, 640));
        assert!(browser.get(&format!("/products/{id}")).await.text().contains(&first[0]), "its thumb is shown");

        // Another photo has another address; the one before stays where it is.
        upload(&browser, &id, &csrf, &photo(640, 100), true).await;
        let both = pictures(&app).await;
        assert_eq!((both.len(), &both[1]), (2, &first[0]));
        assert_ne!(both[0], first[0]);
        assert_eq!(app.get(path).await.status, StatusCode::OK);
        // The first once more, not as the main one: it is there once.
        upload(&browser, &id, &csrf, &photo(640, 200), false).await;
        assert_eq!(pictures(&app).await, both);

        let forged = upload(&browser, &id, "x", &photo(640, 1), true).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        upload(&browser, &id, &csrf, b"", true).await;
        upload(&browser, &id, &csrf, b"<svg onload='alert(1)'/>", true).await;
        upload(&browser, &id, &csrf, &photo(300, 1), true).await;
        assert_eq!(pictures(&app).await, both, "nothing of this is a picture");
    }

    async fn a_picture_by_the_api_is_taken_or_refused_with_its_remedy(db: &TestDatabase) {
        let app = app(db).await;
        let id = bowl(&app).await["id"].as_str().unwrap().to_owned();
        let made = post(&app, &app.shop, &id, "", photo(500, 1)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let main = post(&app, &app.shop, &id, "?main=true", photo(500, 99)).await.json();
        assert_eq!(main["image_urls"].as_array().unwrap().len(), 2);
        assert_eq!(main["image_urls"][1], made.json()["image_urls"][0]);

        let small = post(&app, &app.shop, &id, "", photo(499, 1)).await;
        assert_eq!(small.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(small.text().contains("499 x 499") && small.text().contains("500 x 500"), "{}", small.text());
        let text = post(&app, &app.shop, &id, "", b"hello".to_vec()).await;
        assert!(text.text().contains("JPEG, PNG or WebP"), "{}", text.text());
        let huge = post(&app, &app.shop, &id, "", vec![0; 21 << 20]).await;
        assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn a_picture_belongs_to_its_seller(db: &TestDatabase) {
        let app = app(db).await;
        let other = open_shop(&app.engine, "Other Shop", OTHER).await;
        let id = bowl(&app).await["id"].as_str().unwrap().to_owned();
        let refused = post(&app, &other, &id, "", photo(640, 7)).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
        post(&app, &app.shop, &id, "", photo(640, 7)).await;
        let url = pictures(&app).await.remove(0);
        let picture = url.rsplit('/').next().unwrap();
        let theirs = app.engine.store().seller(other.id).get().await.unwrap().slug;
        let looked = app.get(&format!("/shop/{theirs}/images/{picture}")).await;
        assert_eq!(looked.status, StatusCode::NOT_FOUND);
    }

    async fn a_server_without_an_address_says_so_and_keeps_nothing(db: &TestDatabase) {
        let app = App::new(db).await;
        let id = bowl(&app).await["id"].as_str().unwrap().to_owned();
        let refused = post(&app, &app.shop, &id, "", photo(640, 7)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text().contains("PUBLIC_URL"), "{}", refused.text());
    }

    async fn a_product_file_larger_than_a_form_is_imported(db: &TestDatabase) {
        let app = App::new(db).await;
        let long = "and everything that belongs to it ".repeat(5);
        let rows = (0..2_000).map(|i| format!("SKU-{i},Thing {i} {long},{}\n", i + 1));
        let file: String = std::iter::once("retailer_id,title,price\n".to_owned()).chain(rows).collect();
        assert!(file.len() > web_form_limit());
        let request = Request::post("/api/v1/products/import")
            .header(header::AUTHORIZATION, format!("Bearer {}", app.shop.key))
            .body(Body::from(file))
            .unwrap();
        let done = send(&app.router, request).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert_eq!(done.json()["created"], 2_000);
    }
}

/// What a form or a JSON body may have.
const fn web_form_limit() -> usize {
    256 << 10
}
