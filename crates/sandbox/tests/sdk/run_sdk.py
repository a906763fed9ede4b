"""Meta's own Python SDK (package facebook_business) against the sandbox.

Usage: run_sdk.py URL. Every answer is compared field by field; the first difference is printed
and the exit status is 1. The last line is "ok N checks".
"""

import json
import sys
import urllib.request
import warnings

from facebook_business.adobjects.business import Business
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.productcatalog import ProductCatalog
from facebook_business.adobjects.productitem import ProductItem
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

# The SDK knows fewer fields of some edges than Meta documents.
warnings.simplefilter("ignore")
URL = sys.argv[1].rstrip("/")
FacebookSession.GRAPH = URL
CHECKS = 0


def same(what, got, want):
    global CHECKS
    CHECKS += 1
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")


def fails(what, code, subcode, call):
    try:
        call()
    except FacebookRequestError as error:
        same(f"{what}: code", error.api_error_code(), code)
        same(f"{what}: subcode", error.api_error_subcode(), subcode)
        return error
    sys.exit(f"{what}: should have failed with {code}/{subcode}")


def control(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{URL}/_sandbox{path}", data, headers)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def plain(node):
    return json.loads(json.dumps(node.export_all_data() if hasattr(node, "export_all_data") else node))


state = control("/state")
app, account = state["apps"][0], state["accounts"][0]
shop, page_id = account["instagram_account_id"], account["page_id"]


def as_(token):
    """The SDK acting with a token, proving the app secret."""
    return FacebookAdsApi.init(app["id"], app["secret"], token, api_version="v25.0")


# --- tokens ------------------------------------------------------------------------------------
api = as_(account["user_token"])
me = User("me").api_get(fields=["id", "name"])
same("me.id", me["id"], account["user_id"])
same("me.name", me["name"], "Owner of Demo Boutique")

app_api = FacebookAdsApi(FacebookSession(access_token=f"{app['id']}|{app['secret']}"), api_version="v25.0")
debug = app_api.call("GET", ("debug_token",), params={"input_token": account["user_token"]}).json()["data"]
same("debug_token.is_valid", debug["is_valid"], True)
same("debug_token.app_id", debug["app_id"], app["id"])
same("debug_token.type", debug["type"], "USER")
same("debug_token.user_id", debug["user_id"], account["user_id"])
same("debug_token.expires_at", debug["expires_at"] - debug["issued_at"], 60 * 86400)
same("debug_token.data_access", debug["data_access_expires_at"] - debug["issued_at"], 90 * 86400)
same("debug_token.scope", "instagram_manage_messages" in debug["scopes"], True)

granted = {p["permission"]: p["status"] for p in map(plain, User("me").get_permissions())}
same("permissions", granted["catalog_management"], "granted")

exchanged = api.call("GET", ("oauth", "access_token"), params={
    "grant_type": "fb_exchange_token", "client_id": app["id"], "client_secret": app["secret"],
    "fb_exchange_token": account["user_token"]}).json()
same("exchange.token_type", exchanged["token_type"], "bearer")
same("exchange.expires_in", exchanged["expires_in"], 5183944)

fails("bad token", 190, None, lambda: User("me", api=FacebookAdsApi(
    FacebookSession(access_token="EAABnope"), api_version="v25.0")).api_get(fields=["id"]))
fails("bad proof", 100, None, lambda: User("me", api=FacebookAdsApi(
    FacebookSession(app["id"], "wrong-secret", account["user_token"]), api_version="v25.0")).api_get())

# --- page --------------------------------------------------------------------------------------
pages = list(User("me").get_accounts(fields=["id", "name", "access_token", "tasks",
                                             "instagram_business_account{id,username}"]))
same("accounts", len(pages), 1)
same("page.id", pages[0]["id"], page_id)
same("page.name", pages[0]["name"], "Demo Boutique")
same("page.instagram", plain(pages[0]["instagram_business_account"]),
     {"id": shop, "username": "demo.boutique"})
same("page.tasks", "MESSAGING" in pages[0]["tasks"], True)
page_token = pages[0]["access_token"]
page_debug = app_api.call("GET", ("debug_token",), params={"input_token": page_token}).json()["data"]
same("page token never expires", page_debug["expires_at"], 0)
same("page token profile", page_debug["profile_id"], page_id)

as_(page_token)
page = Page(page_id)
page.create_subscribed_app(params={
    "subscribed_fields": ["messages", "messaging_postbacks", "message_reads"]})
subscribed = [plain(a) for a in page.get_subscribed_apps()]
same("subscribed.id", subscribed[0]["id"], app["id"])
same("subscribed.fields", subscribed[0]["subscribed_fields"],
     ["message_reads", "messages", "messaging_postbacks"])
refused = fails("instagram field on a page", 100, None, lambda: FacebookAdsApi.get_default_api().call(
    "POST", (page_id, "subscribed_apps"), params={"subscribed_fields": "messages,messaging_seen"}))
same("the refusal names it", "messaging_seen" in refused.api_error_message(), True)

# --- messages ----------------------------------------------------------------------------------
ana = control("/customers", {"name": "Ana Lopez"})["id"]
mid = control(f"/customers/{ana}/act", {"action": "say", "text": "2 cafés ☕"})["id"]
sent = FacebookAdsApi.get_default_api().call("POST", (page_id, "messages"), params={
    "recipient": {"id": ana}, "messaging_type": "RESPONSE", "message": {"text": "Zwei, größer?"}}).json()
same("send.recipient_id", sent["recipient_id"], ana)
recorded = control(f"/sent?recipient={ana}")
same("recorded once", len(recorded), 1)
same("recorded.mid", recorded[0]["mid"], sent["message_id"])
same("recorded.text", recorded[0]["text"], "Zwei, größer?")
same("recorded.channel", recorded[0]["channel"], "instagram")

same("messenger has none", len(list(page.get_conversations())), 0)
threads = [plain(t) for t in page.get_conversations(
    params={"platform": "instagram"}, fields=["id", "participants", "messages{id,message,from,to}"])]
same("threads", len(threads), 1)
messages = threads[0]["messages"]["data"]
same("thread texts", [m["message"] for m in messages], ["Zwei, größer?", "2 cafés ☕"])
same("thread mids", [m["id"] for m in messages], [sent["message_id"], mid])
same("thread from", messages[1]["from"], {"id": ana, "username": "ana.lopez"})
profile = FacebookAdsApi.get_default_api().call(
    "GET", (ana,), params={"fields": "name,username,is_user_follow_business"}).json()
same("profile", profile, {"id": ana, "name": "Ana Lopez", "username": "ana.lopez",
                          "is_user_follow_business": True})
fails("nobody", 100, 2018001, lambda: FacebookAdsApi.get_default_api().call(
    "POST", (page_id, "messages"), params={"recipient": {"id": "1"}, "message": {"text": "x"}}))
control("/clock", {"advance_ms": 25 * 3600 * 1000})
fails("window", 10, 2534022, lambda: FacebookAdsApi.get_default_api().call(
    "POST", (page_id, "messages"), params={"recipient": {"id": ana}, "message": {"text": "x"}}))

# --- catalog -----------------------------------------------------------------------------------
as_(account["user_token"])
business = Business(account["business_id"])
catalogs = [plain(c) for c in business.get_owned_product_catalogs(fields=["id", "name", "product_count", "vertical"])]
same("owned", catalogs, [{"id": account["catalog_id"], "name": "Demo Boutique catalog",
                          "product_count": 0, "vertical": "commerce"}])
second = business.create_owned_product_catalog(params={"name": "Second", "vertical": "commerce"})
same("created", ProductCatalog(second["id"]).api_get(fields=["name"])["name"], "Second")

catalog = ProductCatalog(account["catalog_id"])


def item(sku, **more):
    data = {"id": sku, "title": f"Mug {sku}", "description": "Stoneware, 300 ml", "availability": "in stock",
            "condition": "new", "price": "1009.90 USD", "link": f"https://shop.example/p/{sku}",
            "image_link": f"https://cdn.example/{sku}.jpg", "brand": "Potworks"}
    data.update(more)
    return data


def batch(requests, **more):
    return plain(catalog.create_items_batch(params={
        "item_type": "PRODUCT_ITEM", "allow_upsert": True, "requests": requests, **more}))


def status(handle, **more):
    for _ in range(5):
        rows = catalog.get_check_batch_request_status(
            params={"handle": handle, **more},
            fields=["handle", "status", "errors", "errors_total_count", "warnings",
                    "warnings_total_count", "ids_of_invalid_requests"])
        row = plain(list(rows)[0])
        if row["status"] == "finished":
            return row
    sys.exit("the batch never finished")


answer = batch([
    {"method": "CREATE", "data": item("A1", item_group_id="MUG", color="Blue", quantity_to_sell_on_facebook=4,
                                      additional_variant_attribute="Scent:Fruity,Flavor:Apple",
                                      sale_price="900.00 USD", custom_label_0="autumn")},
    {"method": "CREATE", "data": item("A2", item_group_id="MUG", color="Green", unknown_field="x")},
    {"method": "CREATE", "data": item("A3", price="9,99")},
    {"method": "UPDATE", "data": {"id": "A4", "availability": "out of stock"}},
    {"method": "DELETE", "data": {"id": "A5"}},
])
same("one handle", len(answer["handles"]), 1)
problems = {p["retailer_id"]: p for p in answer["validation_status"]}
same("told at once", sorted(problems), ["A2", "A3"])
same("unknown field warns", [len(problems["A2"]["errors"]), len(problems["A2"]["warnings"])], [0, 1])
same("bad price fails", len(problems["A3"]["errors"]), 1)
row = status(answer["handles"][0], load_ids_of_invalid_requests=True)
same("invalid ids", sorted(row["ids_of_invalid_requests"]), ["A4", "A5"])
same("errors_total_count", row["errors_total_count"], 2)
same("missing fields are warnings", [w["id"] for w in row["warnings"]], ["A4"])
same("without the flag no ids", status(answer["handles"][0])["ids_of_invalid_requests"], [])
same("empty handles", batch([{"method": "CREATE", "data": item("B1", price="x")}])["handles"], [])

wanted = ["retailer_id", "name", "description", "price", "sale_price", "currency", "url", "image_url",
          "availability", "condition", "brand", "color", "retailer_product_group_id", "inventory",
          "quantity_to_sell_on_facebook", "review_status", "image_fetch_status", "visibility",
          "additional_variant_attributes", "custom_label_0", "errors"]
items = {i["retailer_id"]: plain(i) for i in catalog.get_products(fields=wanted)}
same("items", sorted(items), ["A1", "A2"])
first = items["A1"]
product_id = first.pop("id")
same("A1", first, {
    "retailer_id": "A1", "name": "Mug A1", "description": "Stoneware, 300 ml", "price": "$1,009.90",
    "sale_price": "$900.00", "currency": "USD", "url": "https://shop.example/p/A1",
    "image_url": "https://cdn.example/A1.jpg", "availability": "in stock", "condition": "new",
    "brand": "Potworks", "color": "Blue", "retailer_product_group_id": "MUG", "inventory": 4,
    "quantity_to_sell_on_facebook": 4, "review_status": "approved", "image_fetch_status": "FETCHED",
    "visibility": "published", "custom_label_0": "autumn", "errors": [],
    "additional_variant_attributes": [{"key": "Scent", "value": "Fruity"}, {"key": "Flavor", "value": "Apple"}],
})

batch([{"method": "CREATE", "data": item(f"N{n:03}")} for n in range(60)])
control("/change", {"change": "settle_batches"})
cursor = catalog.get_products(fields=["retailer_id"], params={"limit": 25, "summary": True})
same("paging goes on to the end", len([p["retailer_id"] for p in cursor]), 62)
found = list(catalog.get_products(fields=["name"], params={"filter": {"retailer_id": {"eq": "A2"}}}))
same("filter", [f["name"] for f in found], ["Mug A2"])

single = catalog.create_product(params={
    "retailer_id": "S1", "name": "Single", "url": "https://shop.example/p/S1", "price": 1250,
    "currency": "USD", "image_url": "https://cdn.example/S1.jpg", "availability": "in stock"})
product = ProductItem(single["id"])
same("single price is in minor units", product.api_get(fields=["price"])["price"], "$12.50")
product.api_update(params={"price": 999, "availability": "out of stock"})
changed = product.api_get(fields=["price", "availability"])
same("single update", [changed["price"], changed["availability"]], ["$9.99", "out of stock"])
product.api_delete()
fails("deleted", 100, 33, lambda: ProductItem(single["id"]).api_get(fields=["name"]))

control("/change", {"change": "review", "retailer_id": "A2", "status": "rejected", "reason": "POLICY"})
rejected = plain(ProductItem(items["A2"]["id"]).api_get(fields=["review_status", "review_rejection_reasons"]))
same("rejected", [rejected["review_status"], rejected["review_rejection_reasons"]], ["rejected", ["POLICY"]])
groups = {g["type"]: g["number_of_affected_items"] for g in map(plain, catalog.get_diagnostics(
    fields=["type", "severity", "number_of_affected_items"]))}
same("diagnostics", groups, {"POLICY_VIOLATION": 1, "SHOPS_VISIBILITY_ISSUES": 1})

# --- shop and tags -----------------------------------------------------------------------------
user = IGUser(shop)
same("eligible", user.api_get(fields=["shopping_product_tag_eligibility"])["shopping_product_tag_eligibility"], True)
available = plain(list(user.get_available_catalogs(fields=["catalog_id", "product_count"]))[0])
same("available", [available["catalog_id"], available["product_count"]], [account["catalog_id"], 62])
hits = [plain(h) for h in user.get_catalog_product_search(params={"catalog_id": account["catalog_id"], "q": "A1"})]
same("search", [h["product_id"] for h in hits], [product_id])
container = user.create_media(params={"image_url": "https://cdn.example/p.jpg", "caption": "New",
                                      "product_tags": [{"product_id": product_id, "x": 0.5, "y": 0.5}]})
published = user.create_media_publish(params={"creation_id": container["id"]})
tags = FacebookAdsApi.get_default_api().call("GET", (published["id"], "product_tags")).json()["data"]
same("tags", [t["product_id"] for t in tags], [product_id])

# --- batch requests and throttling -------------------------------------------------------------
api = FacebookAdsApi.get_default_api()
seen = {}
calls = api.new_batch()
catalog.api_get(fields=["name"], batch=calls, success=lambda r: seen.update(name=r.json()["name"]))
ProductItem("1").api_get(fields=["name"], batch=calls, failure=lambda r: seen.update(
    code=r.error().api_error_code()))
same("batch is done at once", calls.execute(), None)
same("batch", seen, {"name": "Demo Boutique catalog", "code": 100})

for _ in range(6):
    try:
        last = catalog.create_items_batch(params={"item_type": "PRODUCT_ITEM", "requests": [
            {"method": "UPDATE", "data": {"id": "A1", "availability": "in stock"}}]})
    except FacebookRequestError as error:
        same("throttled", error.api_error_code(), 80014)
        usage = json.loads(error.http_headers()["x-business-use-case-usage"])
        same("usage is keyed by catalog", list(usage), [account["catalog_id"]])
        same("usage names the minutes", usage[account["catalog_id"]][0]["estimated_time_to_regain_access"], 1)
        break
else:
    sys.exit("nine batch calls in a minute should have been throttled")

print(f"ok {CHECKS} checks")
