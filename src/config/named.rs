//! Tables whose keys are names.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// Reads a table whose keys are names. A name that comes twice is an error, also in formats of which the last would count.
pub(super) fn named<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Table<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Table<T> {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table with a name for each")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut table = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                if name.is_empty() {
                    return Err(A::Error::custom("a name is empty: give each its own"));
                }
                if table.contains_key(&name) {
                    return Err(A::Error::custom(format_args!(
                        "the name `{name}` comes twice: give each its own"
                    )));
                }
                let value = map.next_value()?;
                table.insert(name, value);
            }
            Ok(table)
        }
    }

    deserializer.deserialize_map(Table(PhantomData))
}
