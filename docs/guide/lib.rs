//! The programs of the guide's chapters, compiled and run as doctests.

/// Makes each chapter the documentation of an item.
#[cfg(doctest)]
macro_rules! chapters {
    ($($name:ident: $file:literal,)*) => {
        $(
            #[doc = include_str!(concat!("src/", $file))]
            pub struct $name;
        )*
    };
}

#[cfg(doctest)]
chapters! {
    Start: "start.md",
    Levels: "levels.md",
    Deciding: "deciding.md",
    Moving: "moving.md",
    Pools: "moving/pools.md",
    Spring: "moving/spring.md",
    Django: "moving/django.md",
    Rails: "moving/rails.md",
    Laravel: "moving/laravel.md",
    Sqlalchemy: "moving/sqlalchemy.md",
    Frameworks: "frameworks.md",
    Testing: "testing.md",
    Operating: "operating.md",
    Errors: "errors.md",
}
