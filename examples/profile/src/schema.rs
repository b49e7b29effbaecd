//! The tables, in a schema of their own.

#![allow(missing_docs, reason = "the macro's items")]

diesel::table! {
    profile.users {
        id -> Integer,
        name -> Text,
        locale -> Text,
    }
}

diesel::table! {
    /// In cents.
    profile.accounts (user_id) {
        user_id -> Integer,
        balance -> BigInt,
    }
}

diesel::table! {
    profile.items {
        id -> Integer,
        name -> Text,
        left -> Integer,
    }
}

diesel::table! {
    profile.letters {
        id -> Integer,
        user_id -> Integer,
        locale -> Text,
    }
}
