"""The rules of the domain, without database, GraphQL or HTTP. This package imports no other layer.

`documents` reads and writes JSON documents. `records` has the kinds of resource records, `statistics` the
dashboards, and `calendar` days, instants and time zones. The modules cover integrations, webhooks, use cases,
paging and ids.
"""
