//! The dashboard's pages: what they show, as functions of plain view data.

pub mod conversation;
pub mod drafts;
pub mod layout;
pub mod order_pages;
pub mod order_view;
pub mod parts;
pub mod people_pages;
pub mod product_pages;
pub mod settings_pages;
pub mod sign_in;
