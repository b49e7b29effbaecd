use std::sync::OnceLock;

/// `OnceLock::get_or_try_init`, which std has not stabilised. Of two threads that race, one value
/// wins.
pub(crate) fn get_or_try<T, E>(
    cell: &OnceLock<T>,
    make: impl FnOnce() -> Result<T, E>,
) -> Result<&T, E> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}
