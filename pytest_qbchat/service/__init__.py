"""The fake QuickBlox: it takes a request and returns the response that QuickBlox would return.

It imports only the standard library, neither pytest nor an HTTP client. The reason of a refusal is never sent to the
client; the test's output shows it, so it names the remedy in the test. From the outside in:

- `wire`: requests and responses, independent of any HTTP client; `hosts`: the URLs that belong to QuickBlox;
- `interface`: what interceptors and servers know of a fake;
- `app`: from a request to its response;
- `decoding`: the parameters in the body and the query string of a request;
- `authentication`: the caller of a request;
- `routes`: the endpoint of each path, and the nearest route to an unknown path;
- `endpoints`: one file for each QuickBlox resource; `declaration`: what each endpoint says about its API;
- `signature`, `access`, `flags`, `attachments`, `queries`, `batch_reply`: the rules that endpoints share;
- `errors`: the refusals in QuickBlox's format;
- `pitfalls`, `spelling`: silent mistakes; `guessed_names`: hints for the author of a test;
- `masking`: hidden tokens, keys and passwords;
- `models`, `store`, `ids`: the state;
- `assumptions`: unknown behaviour that a test may choose;
- `calls`: the record of a request, from its arrival to the assertion about it; `records`: copies of records.

Docstrings label the behaviour they describe: *documented* (stated or shown by QuickBlox), *observed* (seen in the
vendor's SDKs, their tests, or a posted transcript) or *assumed* (unknown; the fake has the least surprising behaviour).
"""
