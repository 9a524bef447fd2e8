//! End-to-end tests of the policy; the tests themselves are beside this file.
