//! Pictures, stored once by their bytes.

use domain::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::column::row;
use crate::db::first;
use crate::{SellerStore, StoreError};

row! {
    /// A picture.
    pub struct Image {
        /// Its media type.
        pub content_type: String,
        /// Pixels.
        pub width: i64,
        /// Pixels.
        pub height: i64,
        /// The file.
        pub bytes: Vec<u8>,
    }
}

impl SellerStore<'_> {
    /// Stores a picture of the seller's; the same bytes are stored once. Its id.
    pub async fn put_image(&self, image: &Image, now: Timestamp) -> Result<Uuid, StoreError> {
        let mut link = self.store.db.write().await?;
        first!(
            link,
            (Uuid,),
            "INSERT INTO images (id, seller_id, digest, content_type, width, height, bytes, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (seller_id, digest) DO UPDATE SET content_type = excluded.content_type \
             RETURNING id",
            Uuid::now_v7(),
            self.id.0,
            Sha256::digest(&image.bytes).to_vec(),
            &image.content_type,
            image.width,
            image.height,
            &image.bytes,
            now.0
        )?
        .map(|(id,)| id)
        .ok_or(StoreError::Missing("image"))
    }

    /// A picture.
    pub async fn image(&self, id: Uuid) -> Result<Option<Image>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            Image,
            "SELECT content_type, width, height, bytes FROM images WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id
        )
    }
}
