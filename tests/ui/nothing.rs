//! A package needs a target of its own to have tests; the cases are in `fail` and `pass`.
