//! Async code as blocking code: the same without `async` and `.await`.

use proc_macro2::{Group, TokenStream, TokenTree};

/// Removes every `async` and every `.await`, however deep.
pub(crate) fn blocking(code: TokenStream) -> TokenStream {
    let mut left = code.into_iter().peekable();
    let mut kept = Vec::new();
    while let Some(token) = left.next() {
        match token {
            TokenTree::Ident(word) if word == "async" => {}
            TokenTree::Punct(dot) if dot.as_char() == '.' && is_await(left.peek()) => {
                left.next();
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), blocking(group.stream()));
                inner.set_span(group.span());
                kept.push(inner.into());
            }
            other => kept.push(other),
        }
    }
    kept.into_iter().collect()
}

fn is_await(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if word == "await")
}

#[cfg(test)]
mod tests {
    use super::blocking;

    #[test]
    fn async_and_await_go_and_all_else_stays() {
        let code = "pub async fn f(&self) -> Result<C, Error> { let c = self.g(h().await?).await; c.awaits }";
        let expected = "pub fn f(&self) -> Result<C, Error> { let c = self.g(h()?); c.awaits }";
        let tokens = |code: &str| {
            code.parse::<proc_macro2::TokenStream>()
                .unwrap()
                .to_string()
        };
        assert_eq!(
            blocking(code.parse().unwrap()).to_string(),
            tokens(expected)
        );
    }
}
