//! Each format read from a small file of its kind, good rows and bad ones.

use domain::catalog::{Availability, Product, ProductStatus};

use super::{Entry, Format, ImportError, Rejected, read};

fn import(text: &str) -> (Format, Vec<Product>, Vec<Rejected>) {
    let (mut products, mut rejected) = (Vec::new(), Vec::new());
    let format = read(
        text.as_bytes(),
        "INR".parse().unwrap(),
        &mut |entry| match entry {
            Entry::Product(product) => products.push(*product),
            Entry::Rejected(row) => rejected.push(row),
        },
    )
    .unwrap();
    (format, products, rejected)
}

#[test]
fn own_csv_reads_options_lists_and_sales() {
    let (format, products, rejected) = import(
        "\u{feff}retailer_id,title,price,aliases,stock,option:size!,option:extras*,sale_price,sale_until\n\
         K1,Indigo Kurta,1450.00,neel kurta|blue kurta,4,S|M|L,card|wrap,1200,2026-12-01T00:00:00Z\n\
         K2,,10,,,,,,\n\
         K3,Cup,ten,,,,,,\n\
         K1,Again,10,,,,,,\n",
    );
    assert_eq!(format, Format::OwnCsv);
    let kurta = &products[0];
    assert_eq!(
        (products.len(), kurta.stock, kurta.price.minor),
        (1, Some(4), 145_000)
    );
    assert_eq!(kurta.aliases, ["neel kurta", "blue kurta"]);
    let size = kurta.option("size").unwrap();
    assert!(size.required && !size.multiple && size.values.len() == 3);
    assert!(kurta.option("extras").unwrap().multiple);
    assert_eq!(kurta.sale.unwrap().price.minor, 120_000);
    let lines: Vec<_> = rejected.iter().map(|r| r.line).collect();
    assert_eq!(lines, [3, 4, 5], "{rejected:?}");
    assert!(rejected[2].reason.contains("second time"));
}

#[test]
fn shopify_groups_variants_and_pictures_by_handle() {
    let (format, products, rejected) = import(
        "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Status\n\
         tee,Cotton Tee,<p>Soft &amp; light</p>,Mira,Tops,Size,S,TEE-S,shopify,3,499.00,599.00,https://x/1.jpg,active\n\
         tee,,,,,,M,TEE-M,shopify,0,499.00,,https://x/2.jpg,\n\
         tee,,,,,,,,,,,,https://x/3.jpg,\n\
         mug,Mug,,Mira,Home,Title,Default Title,MUG-1,,,150.00,,,draft\n",
    );
    assert_eq!(
        (format, rejected.len(), products.len()),
        (Format::Shopify, 0, 2)
    );
    let tee = &products[0];
    assert_eq!(tee.description, "Soft & light");
    assert_eq!(tee.image_urls.len(), 3);
    assert_eq!(
        (tee.price.minor, tee.sale.unwrap().price.minor),
        (59_900, 49_900)
    );
    assert_eq!(tee.variants[1].stock, Some(0));
    assert_eq!(tee.options[0].name, "size");
    let mug = &products[1];
    assert_eq!(mug.retailer_id.as_str(), "MUG-1");
    assert!(mug.variants.is_empty() && mug.status == ProductStatus::Archived);
}

#[test]
fn woocommerce_joins_variations_to_their_product() {
    let (format, products, rejected) = import(
        "ID,Type,SKU,Name,Published,In stock?,Stock,Regular price,Sale price,Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s)\n\
         7,simple,POT,Clay Pot,1,0,0,300,,Home,https://x/p.jpg,,,\n\
         8,variable,SAR,Silk Saree,1,1,,,,Sarees,,,Color,\"Red, Green\"\n\
         9,variation,SAR-R,Silk Saree - Red,1,1,2,4500,4200,,,id:8,Color,Red\n\
         10,variation,SAR-G,Silk Saree - Green,1,1,1,4500,,,,SAR,Color,Green\n\
         11,variation,LOST,Lost,1,1,1,10,,,,id:99,Color,Red\n",
    );
    assert_eq!(
        (format, products.len(), rejected.len()),
        (Format::WooCommerce, 2, 1)
    );
    assert_eq!(products[0].availability, Availability::OutOfStock);
    let saree = &products[1];
    assert_eq!(saree.variants.len(), 2);
    assert_eq!(saree.variants[0].price.unwrap().minor, 420_000);
    assert_eq!(saree.options[0].values.len(), 2);
    assert!(rejected[0].reason.contains("variation without"));
}

#[test]
fn meta_feed_reads_tabs_groups_and_effective_dates() {
    let (format, products, rejected) = import(
        "id\ttitle\tdescription\tavailability\tcondition\tprice\tlink\timage_link\tbrand\titem_group_id\tcolor\tsale_price\tsale_price_effective_date\n\
         A1\tMug\tStoneware\tin stock\tnew\t250.00 INR\thttps://x/m\thttps://x/m.jpg\tPot\tMUG\tBlue\t200.00 INR\t2026-11-01T08:00+0530/2026-12-01T08:00+0530\n\
         A2\tMug\tStoneware\tout_of_stock\tnew\t250.00 INR\thttps://x/m\thttps://x/m2.jpg\tPot\tMUG\tRed\t\t\n\
         B1\tBowl\tDeep\tin stock\tnew\t9.99 USD\thttps://x/b\thttps://x/b.jpg\tPot\t\t\t\t\n\
         B2\tPlate\tFlat\tmaybe\tnew\t90 INR\thttps://x/p\thttps://x/p.jpg\tPot\t\t\t\t\n",
    );
    assert_eq!((format, products.len()), (Format::MetaFeed, 1));
    assert_eq!(products[0].retailer_id.as_str(), "MUG");
    assert_eq!(products[0].variants.len(), 2);
    assert!(products[0].sale.unwrap().from < products[0].sale.unwrap().until);
    assert!(rejected[0].reason.contains("currency INR") && rejected[1].reason.contains("maybe"));
}

#[test]
fn what_is_no_product_file_is_refused_with_what_was_found() {
    let mut sink = |_| {};
    let inr = "INR".parse().unwrap();
    let unknown = read(&b"a,b\n1,2\n"[..], inr, &mut sink).unwrap_err();
    assert!(matches!(&unknown, ImportError::UnknownColumns(found) if found == "a, b"));
    assert!(matches!(
        read(&b" \n"[..], inr, &mut sink),
        Err(ImportError::Empty)
    ));
    assert!(matches!(
        read(&b"{]"[..], inr, &mut sink),
        Err(ImportError::Json(_))
    ));
}

#[test]
fn a_row_in_another_encoding_costs_only_itself() {
    let mut kept = 0;
    let mut lost = 0;
    let bytes = b"retailer_id,title,price\nA,Caf\xe9,1\nB,Tea,2\n";
    read(
        &bytes[..],
        "INR".parse().unwrap(),
        &mut |entry| match entry {
            Entry::Product(_) => kept += 1,
            Entry::Rejected(_) => lost += 1,
        },
    )
    .unwrap();
    assert_eq!((kept, lost), (1, 1));
}
