"""The fake QuickBlox: a request goes in, the answer that QuickBlox would give comes out.

Standard library only: nothing here knows of pytest or of any HTTP client. Reasons, which only a test's output shows,
name what to write in the test. From the outside in:

- `wire`: what a request and a response are, as every client sends and receives them;
- `app`: from the one to the other;
- `decoding`: what the body, the form and the query string of a request say;
- `authentication`: who is calling;
- `routes`: which endpoint answers which path, and which known route is nearest to an unknown one;
- `endpoints`: one QuickBlox resource a file;
- `signature`, `access`, `params`, `queries`, `batch`: the rules that endpoints share;
- `errors`: the refusals in QuickBlox's own shapes;
- `pitfalls`, `spelling`: silent mistakes; `masking`: what is not shown;
- `models`, `store`, `ids`: the state; `realtime`: what reaches the apps of users, and what they do with it;
- `assumptions`: what nobody knows, and a test may choose;
- `calls`: the record of a request, from its arrival to the assertion about it.

Docstrings label the behaviour they describe: *documented* (stated or shown by QuickBlox), *observed* (seen in the
vendor's SDKs, their tests, or a posted transcript) or *assumed* (nothing is known; the least surprising choice).
"""
