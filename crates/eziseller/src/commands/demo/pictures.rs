//! Pictures for the demo's products: woven patterns, drawn from each product's id, so that the shop
//! has something to show and Instagram would take its products.

use std::io::Cursor;

use anyhow::Result;
use domain::SellerId;
use engine::Engine;
use image::{ImageFormat, Rgb, RgbImage};
use store::ProductFilter;

/// A little above what Instagram asks for.
const SIDE: u32 = 600;
/// The shop has a few dozen products at most.
const PRODUCTS_MAX: u32 = 200;

/// Gives every product without a picture its pattern. One that was drawn for another address of
/// this server gets the present one.
pub(super) async fn hang(engine: &Engine, seller: SellerId) -> Result<()> {
    let store = engine.store().seller(seller);
    let filter = ProductFilter {
        limit: PRODUCTS_MAX,
        ..ProductFilter::default()
    };
    let mut changed = Vec::new();
    for row in store.products(&filter).await?.rows {
        let mut product = row.product;
        let drawn = draw(product.retailer_id.as_str())?;
        let url = engine.keep_picture(seller, drawn.into()).await?;
        let name = url.rsplit('/').next().unwrap_or_default();
        let moved = match product.image_urls.as_slice() {
            [] => true,
            [known] => known.ends_with(name) && *known != url,
            _ => false,
        };
        if moved {
            product.image_urls = vec![url];
            changed.push(product);
        }
    }
    if !changed.is_empty() {
        store.put_products(changed, engine.now()).await?;
        engine.products_changed(seller);
    }
    Ok(())
}

/// A woven pattern as PNG; the same for the same id on every machine.
fn draw(id: &str) -> Result<Vec<u8>> {
    // FNV-1a: any even spread of bits will do.
    let seed = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let part = |at: u32, of: u64| (seed >> at) % of;
    let warm = |at| {
        Rgb([
            150 + part(at, 90) as u8,
            40 + part(at + 8, 110) as u8,
            30 + part(at + 16, 80) as u8,
        ])
    };
    let pale = Rgb([245, 236 - part(24, 20) as u8, 220 - part(32, 40) as u8]);
    let (ground, thread) = (warm(0), warm(20));
    let width = 20 + part(40, 30) as u32;
    let kind = part(50, 3);
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (column, line) = (x / width, y / width);
        let (dx, dy) = (x % width, y % width);
        let stripe = (x + y) / width % 3;
        match kind {
            // Checks.
            0 if (column + line) % 2 == 0 => ground,
            0 if dx * 4 < width || dy * 4 < width => pale,
            // Stripes.
            1 if stripe == 0 => pale,
            1 if stripe == 1 => ground,
            // Diamonds.
            2 if dx.abs_diff(width / 2) + dy.abs_diff(width / 2) < width / 2 => pale,
            2 if (column + line) % 2 == 0 => ground,
            _ => thread,
        }
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::catalog::file;
    use domain::catalog::item::{ShopFacts, items};
    use domain::catalog::rules::check_item;

    use super::draw;

    #[test]
    fn every_product_of_the_demo_could_be_synced_once_it_has_its_picture() {
        let shop = file::parse(super::super::SHOP, None).unwrap();
        assert_eq!(shop.rejected, []);
        let facts = ShopFacts {
            name: "Mira Handloom",
            base_url: Some("http://127.0.0.1:8080/shop/mira-handloom"),
            free: &|_| None,
            now: Timestamp(0),
        };
        for mut product in shop.products {
            let drawn = draw(product.retailer_id.as_str()).unwrap();
            assert_eq!(drawn, draw(product.retailer_id.as_str()).unwrap());
            let made = engine::pictures::develop(&drawn).unwrap();
            assert_eq!((made.width, made.height), (600, 600));
            product.image_urls =
                vec!["http://127.0.0.1:8080/shop/mira-handloom/images/1".to_owned()];
            for item in items(&product, &facts) {
                assert_eq!(check_item(&item), [], "{}", item.id);
            }
        }
    }
}
