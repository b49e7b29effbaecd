//! One regular expression for many names.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Names by their first letters.
#[derive(Default)]
struct Tree {
    next: BTreeMap<char, Self>,
    /// Set if a name ends here.
    is_end: bool,
}

/// Returns a regular expression for any of these names, with what they have in common written once. `group` opens a group: `(` or
/// `(?:`.
pub(super) fn any_of<'a>(names: impl IntoIterator<Item = &'a str>, group: &str) -> String {
    let mut tree = Tree::default();
    for name in names {
        let end = name.chars().fold(&mut tree, |tree, letter| {
            tree.next.entry(letter).or_default()
        });
        end.is_end = true;
    }
    let mut text = String::new();
    tree.write(group, &mut text);
    text
}

impl Tree {
    fn write(&self, group: &str, text: &mut String) {
        let mut branches = self.next.iter();
        let (Some((letter, tree)), None) = (branches.next(), branches.next()) else {
            if self.next.is_empty() {
                return;
            }
            text.push_str(group);
            for (index, (letter, tree)) in self.next.iter().enumerate() {
                if index > 0 {
                    text.push('|');
                }
                push(*letter, text);
                tree.write(group, text);
            }
            text.push(')');
            text.push_str(if self.is_end { "?" } else { "" });
            return;
        };
        if self.is_end {
            text.push_str(group);
        }
        push(*letter, text);
        tree.write(group, text);
        if self.is_end {
            text.push_str(")?");
        }
    }
}

/// Adds a letter that stands for itself in every dialect of regular expressions.
fn push(letter: char, text: &mut String) {
    if letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii() {
        text.push(letter);
    } else if letter == '^' || letter == '\\' {
        // Neither may stand alone in brackets everywhere: any letter will do, which matches more.
        text.push('.');
    } else {
        let _ = write!(text, "[{letter}]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_share_their_beginnings() {
        assert_eq!(any_of(["abs"], "("), "abs");
        assert_eq!(any_of(["abs", "acos", "acosh"], "("), "a(bs|cos(h)?)");
        assert_eq!(any_of(["a", "ab", "b"], "(?:"), "(?:a(?:b)?|b)");
        assert_eq!(any_of(["a$b"], "("), "a[$]b");
    }
}
