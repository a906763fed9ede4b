//! Posts and the products tagged in them.

use serde::{Deserialize, Serialize};

use super::answer::{Paged, Result};
use super::client::{Call, Graph, segment};
use super::config::Access;
use crate::webhook::wire::loose;

/// Products that may be tagged in one feed post; a reel takes 30.
pub const TAGS_MAX: usize = 20;

/// A post, reel or story of the seller.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Media {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Its caption.
    #[serde(default, deserialize_with = "loose")]
    pub caption: Option<String>,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`.
    #[serde(default, deserialize_with = "loose")]
    pub media_type: Option<String>,
    /// `FEED`, `REELS`, `STORY`, `AD`.
    #[serde(default, deserialize_with = "loose")]
    pub media_product_type: Option<String>,
    /// Its page on Instagram.
    #[serde(default, deserialize_with = "loose")]
    pub permalink: Option<String>,
    /// The picture, for a while.
    #[serde(default, deserialize_with = "loose")]
    pub media_url: Option<String>,
    /// A video's picture, for a while.
    #[serde(default, deserialize_with = "loose")]
    pub thumbnail_url: Option<String>,
    /// When it was published; see [`super::parse_time`].
    #[serde(default, deserialize_with = "loose")]
    pub timestamp: Option<String>,
}

/// A product tagged in a post.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProductTag {
    /// Meta's product id.
    #[serde(default)]
    pub product_id: String,
    /// From the left, 0 to 1; none for reels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// From the top, 0 to 1; none for reels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
    /// The seller's own id, when read.
    #[serde(default, skip_serializing)]
    pub retailer_id: Option<String>,
    /// Whether the tag shows: it does not before the product is approved.
    #[serde(default, skip_serializing)]
    pub review_status: Option<String>,
}

#[derive(Serialize)]
struct UpdatedTags<'a> {
    updated_tags: &'a [ProductTag],
}

impl Graph {
    /// The seller's posts, the latest first.
    pub async fn media(
        &self,
        access: &Access,
        ig_user_id: &str,
        after: Option<&str>,
    ) -> Result<Paged<Media>> {
        let path = format!("{}/media", segment(ig_user_id));
        let call = Call::get(access, &path)
            .query(
                "fields",
                "id,caption,media_type,media_product_type,permalink,media_url,thumbnail_url,timestamp",
            )
            .query("limit", "50")
            .maybe("after", after);
        self.page(call).await
    }

    /// The products tagged in a post.
    pub async fn product_tags(&self, access: &Access, media_id: &str) -> Result<Paged<ProductTag>> {
        self.page(Call::get(
            access,
            &format!("{}/product_tags", segment(media_id)),
        ))
        .await
    }

    /// Tags products in a post that is published. At most [`TAGS_MAX`]; 25 posts in 24 hours.
    pub async fn tag_products(
        &self,
        access: &Access,
        media_id: &str,
        tags: &[ProductTag],
    ) -> Result<()> {
        let path = format!("{}/product_tags", segment(media_id));
        self.done(Call::post(
            access,
            &path,
            &UpdatedTags { updated_tags: tags },
        ))
        .await
    }
}
