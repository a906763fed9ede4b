//! Instagram media with product tags, and comments.

use crate::call::{Call, project, split_fields};
use crate::conversations::graph_time;
use crate::error::{GraphError, GraphResult};
use crate::messages::text_of;
use crate::page::paged;
use crate::world::{Comment, DAY, Media, Token, TokenKind, World};
use serde_json::{Value, json};

const TAGS_A_POST: usize = 20;
const TAGS_A_REEL: usize = 30;
const TAGGED_POSTS_A_DAY: usize = 25;

impl World {
    fn media_token(&self, call: &Call, account: &str, what: &str) -> GraphResult<Token> {
        let token = self.holder(call)?;
        if !self.owns_instagram(&token, account) {
            return Err(call.unsupported());
        }
        let scope = match (token.kind, what) {
            (TokenKind::Instagram, "comments") => "instagram_business_manage_comments",
            (TokenKind::Instagram, "publish") => "instagram_business_content_publish",
            (TokenKind::Instagram, _) => "instagram_business_basic",
            (_, "comments") => "instagram_manage_comments",
            (_, "publish") => "instagram_content_publish",
            _ => "instagram_basic",
        };
        self.require_scope(&token, scope)?;
        Ok(token)
    }

    /// Makes a post of an account, as its owner would in the app. Returns its id.
    pub(crate) fn add_media(&mut self, account: &str, caption: &str, url: &str) -> String {
        let id = self.id("18100000");
        let at = self.now();
        self.media.insert(
            id.clone(),
            Media {
                id: id.clone(),
                business: account.to_owned(),
                caption: caption.to_owned(),
                url: url.to_owned(),
                kind: "IMAGE".into(),
                at,
                published: true,
                tags: Vec::new(),
            },
        );
        id
    }

    /// `GET|POST /{ig}/media`.
    pub(crate) fn account_media(&mut self, call: &Call, account: &str) -> GraphResult<Value> {
        if call.is_get() {
            self.media_token(call, account, "read")?;
            let mut rows: Vec<&Media> = self
                .media
                .values()
                .filter(|m| m.business == account && m.published)
                .collect();
            rows.sort_by_key(|m| std::cmp::Reverse(m.at));
            let (page, paging) = paged(call, &rows, |m| m.id.as_str());
            let fields = call.fields();
            let fields = if fields.is_empty() {
                split_fields("id")
            } else {
                fields
            };
            let data: Vec<Value> = page
                .into_iter()
                .map(|m| project(&media_value(m), &fields))
                .collect();
            return Ok(json!({"data": data, "paging": paging}));
        }
        self.media_token(call, account, "publish")?;
        let kind = call.text("media_type").unwrap_or_else(|| "IMAGE".into());
        let url = match kind.as_str() {
            "REELS" | "VIDEO" => call.require("video_url")?,
            "STORIES" if call.params.contains_key("product_tags") => {
                return Err(GraphError::param("Stories cannot have product tags"));
            }
            _ => call.require("image_url")?,
        };
        let tags = call.json("product_tags").unwrap_or_else(|| json!([]));
        let tags = self.checked_tags(call, account, &kind, &tags)?;
        let id = self.add_media(account, &call.text("caption").unwrap_or_default(), &url);
        if let Some(media) = self.media.get_mut(&id) {
            media.published = false;
            media.kind = kind;
            media.tags = tags;
        }
        Ok(json!({"id": id}))
    }

    fn checked_tags(
        &self,
        call: &Call,
        account: &str,
        kind: &str,
        tags: &Value,
    ) -> GraphResult<Vec<Value>> {
        let tags = tags.as_array().cloned().unwrap_or_default();
        if tags.is_empty() {
            return Ok(tags);
        }
        self.for_shopping(call, account)?;
        let reel = kind == "REELS";
        let most = if reel { TAGS_A_REEL } else { TAGS_A_POST };
        if tags.len() > most {
            return Err(GraphError::param(format!(
                "At most {most} products can be tagged"
            )));
        }
        let day = self.now() - DAY;
        let tagged = self
            .media
            .values()
            .filter(|m| m.business == account && !m.tags.is_empty() && m.at > day)
            .count();
        if tagged >= TAGGED_POSTS_A_DAY {
            return Err(GraphError::new(
                9,
                "(#9) At most 25 tagged posts in 24 hours",
            ));
        }
        for tag in &tags {
            let id = text_of(tag, "product_id").unwrap_or_default();
            if self.catalog_of_product(&id).is_none() {
                return Err(GraphError::param(format!("Product {id} cannot be tagged")));
            }
            let inside = |k: &str| tag[k].as_f64().is_some_and(|v| (0.0..=1.0).contains(&v));
            let placed = reel || (inside("x") && inside("y"));
            if !placed {
                return Err(GraphError::param(
                    "A product tag needs x and y between 0 and 1",
                ));
            }
        }
        Ok(tags)
    }

    /// `POST /{ig}/media_publish?creation_id=`.
    pub(crate) fn publish_media(&mut self, call: &Call, account: &str) -> GraphResult<Value> {
        self.media_token(call, account, "publish")?;
        let id = call.require("creation_id")?;
        let media = self.media.get_mut(&id).filter(|m| m.business == account);
        let media = media.ok_or_else(|| {
            GraphError::new(
                9007,
                "The media is not available: media id is not available",
            )
            .sub(2_207_027)
        })?;
        media.published = true;
        Ok(json!({"id": id}))
    }

    /// `GET /{media}` and its edges `product_tags` and `comments`.
    pub(crate) fn media_call(
        &mut self,
        call: &Call,
        id: &str,
        edge: Option<&str>,
    ) -> GraphResult<Value> {
        let media = self
            .media
            .get(id)
            .cloned()
            .ok_or_else(|| call.unsupported())?;
        match edge {
            None => {
                self.media_token(call, &media.business, "read")?;
                let fields = call.fields();
                let fields = if fields.is_empty() {
                    split_fields("id")
                } else {
                    fields
                };
                Ok(project(&media_value(&media), &fields))
            }
            Some("product_tags") if call.is_post() => {
                let updated = call.json("updated_tags").unwrap_or_else(|| json!([]));
                let tags = self.checked_tags(call, &media.business, &media.kind, &updated)?;
                if let Some(media) = self.media.get_mut(id) {
                    for tag in tags {
                        media.tags.retain(|t| t["product_id"] != tag["product_id"]);
                        media.tags.push(tag);
                    }
                }
                Ok(json!({"success": true}))
            }
            Some("product_tags") => {
                self.for_shopping(call, &media.business)?;
                let now = self.now();
                let data: Vec<Value> = media
                    .tags
                    .iter()
                    .filter_map(|tag| {
                        let id = text_of(tag, "product_id")?;
                        let (catalog, sku) = self.find_product(&id)?;
                        let item = self.catalogs.get(&catalog)?.items.get(&sku)?;
                        Some(json!({
                            "product_id": item.id,
                            "name": item.text("title"),
                            "review_status": item.review_status(now),
                            "x": tag["x"], "y": tag["y"],
                        }))
                    })
                    .collect();
                Ok(json!({"data": data}))
            }
            Some("comments") => self.media_comments(call, &media),
            Some(_) => Err(call.unsupported()),
        }
    }

    fn media_comments(&mut self, call: &Call, media: &Media) -> GraphResult<Value> {
        self.media_token(call, &media.business, "comments")?;
        if call.is_post() {
            return Err(GraphError::param(
                "Comment on a comment with /{comment-id}/replies",
            ));
        }
        let rows: Vec<&Comment> = self
            .comments
            .values()
            .filter(|c| c.media == media.id && !c.deleted && c.parent.is_none())
            .collect();
        let (page, paging) = paged(call, &rows, |c| c.id.as_str());
        let fields = call.fields();
        let fields = if fields.is_empty() {
            split_fields("timestamp,text,id")
        } else {
            fields
        };
        let data: Vec<Value> = page
            .into_iter()
            .map(|c| project(&self.comment_value(c), &fields))
            .collect();
        Ok(json!({"data": data, "paging": paging}))
    }

    fn comment_value(&self, comment: &Comment) -> Value {
        let from = self.customers.get(&comment.customer);
        json!({
            "id": comment.id,
            "text": comment.text,
            "timestamp": graph_time(comment.at),
            "username": from.map(|c| c.username.as_str()),
            "from": from.map(|c| json!({"id": c.id, "username": c.username})),
            "hidden": comment.hidden,
            "media": {"id": comment.media},
            "parent_id": comment.parent,
            "replies": {"data": comment.replies.iter().map(|r| json!({"text": r})).collect::<Vec<_>>()},
        })
    }

    /// `GET|POST|DELETE /{comment}`, `POST /{comment}/replies`. The edge `private_replies` is
    /// gone and answers 100/33.
    pub(crate) fn comment_call(
        &mut self,
        call: &Call,
        id: &str,
        edge: Option<&str>,
    ) -> GraphResult<Value> {
        let comment = self.comments.get(id).filter(|c| !c.deleted).cloned();
        let comment = comment.ok_or_else(|| call.unsupported())?;
        self.media_token(call, &comment.business, "comments")?;
        let Some(kept) = self.comments.get_mut(id) else {
            return Err(call.unsupported());
        };
        match edge {
            Some("replies") if call.is_post() => {
                let text = call.require("message")?;
                kept.replies.push(text);
                let id = self.id("17900000");
                Ok(json!({"id": id}))
            }
            Some(_) => Err(call.unsupported()),
            None if call.is_delete() => {
                kept.deleted = true;
                Ok(json!({"success": true}))
            }
            None if call.is_post() => {
                kept.hidden = call.flag("hide", false);
                Ok(json!({"success": true}))
            }
            None => {
                let fields = call.fields();
                let fields = if fields.is_empty() {
                    split_fields("timestamp,text,id")
                } else {
                    fields
                };
                Ok(project(&self.comment_value(&comment), &fields))
            }
        }
    }
}

fn media_value(media: &Media) -> Value {
    json!({
        "id": media.id,
        "caption": media.caption,
        "media_type": media.kind,
        "media_product_type": if media.kind == "REELS" { "REELS" } else { "FEED" },
        "media_url": media.url,
        "permalink": format!("https://www.instagram.com/p/{}/", media.id),
        "timestamp": graph_time(media.at),
    })
}
