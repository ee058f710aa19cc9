"""The fake QuickBlox: a request goes in, the answer that QuickBlox would give comes out.

Standard library only: nothing here knows of pytest or of any HTTP client. From the outside in:

- `wire`: what a request and a response are, as every client sends and receives them;
- `decoding`: what the body, the form and the query string of a request say;
- `routes`: which endpoint answers which path, and which known route is nearest to an unknown one;
- `credentials`: who is calling;
- `messages`, `dialogs`: the endpoints and their rules, one QuickBlox resource a file;
- `errors`: the refusals in QuickBlox's own shapes;
- `models`, `store`, `ids`: the state;
- `exchange` and `calls`: a request while it is answered, and what is kept of it.

Docstrings label the behaviour they describe: *documented* (stated or shown by QuickBlox), *observed* (seen in the
vendor's SDKs, their tests, or a posted transcript) or *assumed* (nothing is known; the least surprising choice).
"""
