"""Reads a catalog with Meta's own Python SDK (package facebook_business) and compares it with what
was sent.

Usage: read_back.py URL SENT, where SENT is a JSON object: item id -> `data` of the item as it was
sent to items_batch. Every field of every item is compared; the first difference is printed and the
exit status is 1. The last line is "ok N fields".
"""

import json
import sys
import urllib.request
import warnings

from facebook_business.adobjects.productcatalog import ProductCatalog
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

# The SDK knows fewer fields of some edges than Meta documents.
warnings.simplefilter("ignore")
URL, SENT = sys.argv[1].rstrip("/"), json.loads(sys.argv[2])
FacebookSession.GRAPH = URL
CHECKS = 0

WANTED = [
    "retailer_id", "name", "description", "availability", "condition", "price", "sale_price", "currency",
    "sale_price_start_date", "sale_price_end_date", "url", "image_url", "additional_image_urls", "brand",
    "visibility", "retailer_product_group_id", "color", "size", "material", "pattern", "gender", "age_group",
    "additional_variant_attributes", "quantity_to_sell_on_facebook", "inventory", "product_type",
    "custom_number_4", "review_status", "image_fetch_status", "errors",
]
SYMBOLS = {"INR": "₹", "USD": "$"}


def same(what, got, want):
    global CHECKS
    CHECKS += 1
    if got != want:
        sys.exit(f"{what}: read {got!r}, sent {want!r}")


def shown_price(text):
    number, currency = text.split(" ")
    whole, fraction = number.split(".")
    return f"{SYMBOLS[currency]}{int(whole):,}.{fraction}"


def attributes(text):
    pairs = (pair.split(":", 1) for pair in text.split(","))
    return [{"key": key, "value": value} for key, value in pairs]


def expected(sent):
    """What the Graph API should show of an item: its own names for what was sent."""
    left = dict(sent)
    take = lambda name: left.pop(name, None)
    sku, price, sale, period = take("id"), take("price"), take("sale_price"), take("sale_price_effective_date")
    units, more = take("quantity_to_sell_on_facebook"), take("additional_variant_attribute")
    begin, end = period.split("/") if period else (None, None)
    out = {
        "retailer_id": sku, "name": take("title"), "description": take("description"),
        "availability": take("availability"), "condition": take("condition"),
        "price": shown_price(price), "currency": price.split(" ")[1],
        "sale_price": shown_price(sale) if sale else None,
        "url": take("link"), "image_url": take("image_link"),
        "additional_image_urls": take("additional_image_link"), "brand": take("brand"),
        "visibility": {"active": "published", "archived": "staging"}[take("status")],
        "retailer_product_group_id": take("item_group_id") or sku,
        "additional_variant_attributes": attributes(more) if more else None,
        "quantity_to_sell_on_facebook": units, "inventory": units, "product_type": take("product_type"),
        "review_status": "approved", "image_fetch_status": "FETCHED", "errors": [],
    }
    # Meta keeps the days of a sale that is over.
    if sale:
        out |= {"sale_price_start_date": begin, "sale_price_end_date": end}
    for name in ["color", "size", "material", "pattern", "gender", "age_group"]:
        out[name] = take(name)
    if left:
        sys.exit(f"{sku}: nothing is known of {sorted(left)}; say here how Meta shows it")
    return out


with urllib.request.urlopen(f"{URL}/_sandbox/state") as answer:
    account = json.load(answer)["accounts"][0]
FacebookAdsApi.set_default_api(FacebookAdsApi(FacebookSession(access_token=account["user_token"]), api_version="v25.0"))
rows = ProductCatalog(account["catalog_id"]).get_products(fields=WANTED)
read = {row["retailer_id"]: json.loads(json.dumps(row.export_all_data())) for row in rows}
same("the items", sorted(read), sorted(SENT))
for sku, data in SENT.items():
    for name, want in expected(data).items():
        same(f"{sku}: {name}", read[sku].get(name), want)
    same(f"{sku}: fingerprint", isinstance(read[sku].get("custom_number_4"), int), True)
print(f"ok {CHECKS} fields")
