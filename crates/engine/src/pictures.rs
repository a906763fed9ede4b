//! Pictures that sellers upload: made fit for Meta's catalogue, stored with the seller, served by
//! the shop front.
//!
//! Every picture is decoded and written anew as JPEG: what a phone hides in its files (where the
//! photo was taken, and when) does not survive, nor does anything that is no picture.

use std::io::Cursor;

use bytes::Bytes;
use domain::{ProductId, SellerId};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageEncoder, ImageReader, Limits, Rgb, RgbImage,
};
use store::{Image, Seller};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::Engine;
use crate::error::ActionError;

/// The largest file: photos of 50 megapixels are below this.
pub const PICTURE_BYTES_MAX: usize = 20 << 20;
/// The most pixels: a small file may unfold to gigabytes. 50 megapixels take 150 MB while they are
/// looked at, and phones make no larger photos unless asked to.
const PIXELS_MAX: u64 = 50_000_000;
/// Meta shows no picture in shops with a side of fewer pixels than this (product data
/// specifications: at least 500 x 500).
const SIDE_MIN: u32 = 500;
/// Larger pictures are made smaller: Meta recommends 1,024 and shows no more than this.
const SIDE_MAX: u32 = 2_048;
/// Of JPEG; higher ones double the size for what nobody sees.
const QUALITY: u8 = 85;
/// Pictures of one product: the main one and the 20 that an item takes besides.
const PICTURES_MAX: usize = 21;
/// Uploads that wait for their turn; each holds its file.
const WAITING_MAX: usize = 8;

/// A file that cannot be a product's picture, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPicture {
    /// No picture, a broken one, or of a kind that is not read.
    #[error(
        "this is no picture that can be read; choose a JPEG, PNG or WebP file (an iPhone makes \
         JPEG with Settings, Camera, Formats, Most Compatible)"
    )]
    Unreadable,
    /// Instagram would show a blur.
    #[error(
        "the picture is too small: {0} x {1} pixels. Instagram asks for 500 x 500 at least; choose \
         a larger one, or take the photo again"
    )]
    TooSmall(u32, u32),
    /// More than a server should unfold.
    #[error("the picture has more than 50 megapixels; choose a smaller one")]
    TooLarge,
}

/// Where pictures are developed: one at a time, so that memory holds one.
#[derive(Debug)]
pub(crate) struct Darkroom {
    waiting: Semaphore,
    at_work: Semaphore,
}

impl Default for Darkroom {
    fn default() -> Self {
        Self {
            waiting: Semaphore::new(WAITING_MAX),
            at_work: Semaphore::new(1),
        }
    }
}

impl Darkroom {
    async fn develop(&self, file: Bytes) -> Result<Image, ActionError> {
        let busy = || {
            ActionError::Refused("many pictures are coming in; try again in a moment".to_owned())
        };
        let _waiting = self.waiting.try_acquire().map_err(|_| busy())?;
        let _at_work = self.at_work.acquire().await.map_err(|_| busy())?;
        let developed = tokio::task::spawn_blocking(move || develop(&file)).await;
        // A decoder that panicked has met a file that is none.
        developed
            .unwrap_or(Err(BadPicture::Unreadable))
            .map_err(|bad| ActionError::Invalid {
                field: "picture",
                problem: bad.to_string(),
            })
    }
}

/// Makes of a file the picture that is stored and served.
pub fn develop(file: &[u8]) -> Result<Image, BadPicture> {
    let unreadable = |_| BadPicture::Unreadable;
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|_| BadPicture::Unreadable)?;
    let mut limits = Limits::default();
    // 16 bits a channel and transparency: eight bytes a pixel.
    limits.max_alloc = Some(PIXELS_MAX * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(BadPicture::TooLarge);
    }
    if width.max(height) < SIDE_MIN {
        return Err(BadPicture::TooSmall(width, height));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    // Phones photograph in wider colours than screens show: the profile says which.
    let colored = matches!(decoder.color_type(), ColorType::Rgb8 | ColorType::Rgba8);
    let profile = decoder.icc_profile().ok().flatten().filter(|_| colored);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    if width.max(height) > SIDE_MAX {
        picture = picture.resize(SIDE_MAX, SIDE_MAX, FilterType::Triangle);
    }
    picture.apply_orientation(orientation);
    write(&padded(on_white(picture)), profile).map_err(unreadable)
}

/// JPEG knows no transparency: what was transparent becomes white.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut out = RgbImage::new(picture.width(), picture.height());
    for (to, from) in out.pixels_mut().zip(picture.pixels()) {
        let [r, g, b, alpha] = from.0.map(u32::from);
        let mixed = |c: u32| u8::try_from((c * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255);
        *to = Rgb([mixed(r), mixed(g), mixed(b)]);
    }
    out
}

/// A long narrow picture gets white margins: its short side may be below Meta's minimum.
fn padded(picture: RgbImage) -> RgbImage {
    let (width, height) = (
        picture.width().max(SIDE_MIN),
        picture.height().max(SIDE_MIN),
    );
    if (width, height) == picture.dimensions() {
        return picture;
    }
    let mut out = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    let (left, top) = (
        (width - picture.width()) / 2,
        (height - picture.height()) / 2,
    );
    imageops::overlay(&mut out, &picture, left.into(), top.into());
    out
}

fn write(picture: &RgbImage, profile: Option<Vec<u8>>) -> Result<Image, image::ImageError> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    if let Some(profile) = profile {
        // Without it the colours are a little pale, nothing worse.
        let _ = encoder.set_icc_profile(profile);
    }
    encoder.encode_image(picture)?;
    Ok(Image {
        content_type: "image/jpeg".to_owned(),
        width: picture.width().into(),
        height: picture.height().into(),
        bytes,
    })
}

impl Engine {
    /// The public address of a stored picture. By the server's own address where it has one: the
    /// seller's domain may change.
    fn picture_url(&self, seller: &Seller, picture: Uuid) -> Option<String> {
        match &self.config().public_url {
            Some(url) => {
                let url = url.trim_end_matches('/');
                Some(format!("{url}/shop/{}/images/{picture}", seller.slug))
            }
            None => Some(format!("{}/images/{picture}", self.shop_url(seller)?)),
        }
    }

    /// Stores a file as a picture of the seller's; its public address. The same picture has the
    /// same address, another one another: whoever fetched it may keep it for ever.
    pub async fn keep_picture(&self, seller: SellerId, file: Bytes) -> Result<String, ActionError> {
        let store = self.store().seller(seller);
        let row = store.get().await?;
        // Asked before the work is done.
        if self.picture_url(&row, Uuid::nil()).is_none() {
            return Err(ActionError::Refused(
                "this server has no public address from which Instagram could fetch a picture; \
                 set PUBLIC_URL first"
                    .to_owned(),
            ));
        }
        let image = self.0.darkroom.develop(file).await?;
        let id = store.put_image(&image, self.now()).await?;
        self.picture_url(&row, id)
            .ok_or(ActionError::Missing("public address"))
    }

    /// Gives a product one more picture, as the main one or the last. The next sync tells Meta; the
    /// pictures that the product had stay where they are for as long as somebody may fetch them.
    pub async fn add_picture(
        &self,
        seller: SellerId,
        product: ProductId,
        file: Bytes,
        main: bool,
    ) -> Result<(), ActionError> {
        let store = self.store().seller(seller);
        let row = store.product(product).await?;
        let before = row.ok_or(ActionError::Missing("product"))?.product;
        if before.image_urls.len() >= PICTURES_MAX {
            return Err(ActionError::Refused(format!(
                "the product has {PICTURES_MAX} pictures, Instagram takes no more; remove one first"
            )));
        }
        let url = self.keep_picture(seller, file).await?;
        // Read again: the file took its time.
        let row = store.product(product).await?;
        let mut changed = row.ok_or(ActionError::Missing("product"))?.product;
        changed.image_urls.retain(|known| *known != url);
        let at = if main { 0 } else { changed.image_urls.len() };
        changed.image_urls.insert(at, url);
        store.put_products([changed], self.now()).await?;
        self.products_changed(seller);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
    use proptest::prelude::*;

    use super::{BadPicture, SIDE_MAX, develop};

    fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| {
            if x < width / 2 {
                Rgb([200, 0, 0])
            } else {
                Rgb([0, 0, 200])
            }
        })
    }

    fn read(bytes: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(bytes, ImageFormat::Jpeg)
            .unwrap()
            .into_rgb8()
    }

    /// A JPEG with an EXIF block that says how the phone was held and where it was.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02".to_vec();
        exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
        // ImageDescription, 20 bytes of text after the directory.
        exif.extend([0x01, 0x0e, 0, 2, 0, 0, 0, 20, 0, 0, 0, 38, 0, 0, 0, 0]);
        exif.extend(b"at 51.4779N 0.0015W \0");
        let mut out = jpeg[..2].to_vec();
        out.extend([0xff, 0xe1]);
        out.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        out.extend(&exif);
        out.extend(&jpeg[2..]);
        out
    }

    fn near(pixel: &Rgb<u8>, wanted: [u8; 3]) -> bool {
        pixel.0.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 24)
    }

    #[test]
    fn every_kind_of_file_becomes_a_jpeg_of_a_fitting_size() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let made = develop(&file(halves(600, 800), format)).unwrap();
            assert_eq!(
                (made.content_type.as_str(), made.width, made.height),
                ("image/jpeg", 600, 800)
            );
            let seen = read(&made.bytes);
            assert!(near(seen.get_pixel(50, 50), [200, 0, 0]), "{format:?}");
            assert!(near(seen.get_pixel(550, 50), [0, 0, 200]), "{format:?}");
        }
        let wide = develop(&file(halves(4_000, 3_000), ImageFormat::Jpeg)).unwrap();
        assert_eq!((wide.width, wide.height), (SIDE_MAX.into(), 1_536));
    }

    #[test]
    fn the_same_file_is_the_same_picture() {
        let photo = file(halves(640, 640), ImageFormat::Png);
        assert_eq!(
            develop(&photo).unwrap().bytes,
            develop(&photo).unwrap().bytes
        );
    }

    #[test]
    fn a_photo_stands_upright_and_forgets_where_it_was_taken() {
        let photo = with_exif(&file(halves(800, 600), ImageFormat::Jpeg), 6);
        assert!(String::from_utf8_lossy(&photo).contains("51.4779N"));
        let made = develop(&photo).unwrap();
        assert_eq!((made.width, made.height), (600, 800));
        // Turned by a quarter to the right: what was left is on top.
        let seen = read(&made.bytes);
        assert!(near(seen.get_pixel(300, 50), [200, 0, 0]));
        assert!(near(seen.get_pixel(300, 750), [0, 0, 200]));
        let text = String::from_utf8_lossy(&made.bytes).into_owned();
        assert!(!text.contains("51.4779N") && !text.contains("Exif"));
    }

    #[test]
    fn what_is_transparent_becomes_white_and_what_is_narrow_gets_margins() {
        let glass = RgbaImage::from_pixel(900, 300, Rgba([10, 10, 10, 0]));
        let made = develop(&file(glass, ImageFormat::Png)).unwrap();
        assert_eq!((made.width, made.height), (900, 500));
        assert!(
            read(&made.bytes)
                .pixels()
                .all(|pixel| near(pixel, [255; 3]))
        );
        let narrow = RgbImage::from_pixel(200, 700, Rgb([0, 120, 0]));
        let made = develop(&file(narrow, ImageFormat::Png)).unwrap();
        assert_eq!((made.width, made.height), (500, 700));
        let seen = read(&made.bytes);
        assert!(
            near(seen.get_pixel(20, 350), [255; 3]) && near(seen.get_pixel(250, 350), [0, 120, 0])
        );
    }

    #[test]
    fn what_is_no_fitting_picture_is_refused_with_its_remedy() {
        let small = develop(&file(halves(499, 320), ImageFormat::Png)).unwrap_err();
        assert_eq!(small, BadPicture::TooSmall(499, 320));
        assert!(small.to_string().contains("499 x 320") && small.to_string().contains("500 x 500"));
        for file in [
            &b""[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"GIF89a\x01\0\x01\0",
            b"\x89PNG\r\n\x1a\n",
        ] {
            assert_eq!(
                develop(file).unwrap_err(),
                BadPicture::Unreadable,
                "{file:?}"
            );
        }
        let mut cut = file(halves(600, 600), ImageFormat::Png);
        cut.truncate(cut.len() / 2);
        assert_eq!(develop(&cut).unwrap_err(), BadPicture::Unreadable);
    }

    #[test]
    fn a_small_file_that_would_unfold_to_gigabytes_is_refused_unread() {
        // A PNG header that promises 60,000 x 60,000 pixels, and nothing behind it.
        let mut bomb = file(halves(600, 600), ImageFormat::Png);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let refused = develop(&bomb).unwrap_err();
        assert!(
            matches!(refused, BadPicture::TooLarge | BadPicture::Unreadable),
            "{refused:?}"
        );
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 {
                    (crc >> 1) ^ 0xedb8_8320
                } else {
                    crc >> 1
                }
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_damaged_file_never_panics(at in 0_usize..20_000, byte: u8, format in 0_usize..3) {
            let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
            let mut photo = file(halves(510, 510), formats[format]);
            let at = at % photo.len();
            photo[at] = byte;
            if let Ok(made) = develop(&photo) {
                prop_assert!(made.width >= 500 && made.height >= 500);
            }
        }
    }
}
