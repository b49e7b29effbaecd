//! The files that tests on SQLite have for themselves.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::own::PREFIX;

/// Holds a file's lock for as long as its connection lives; it fails where another process does.
pub(crate) const OWN: &str = "PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE";

/// Returns the directory in which the file of a test is made: beside the one that a URL leads to.
pub(crate) fn directory(url: &str) -> PathBuf {
    let beginnings = ["sqlite://", "file:"];
    let path = beginnings.iter().find_map(|start| url.strip_prefix(start));
    let path = path.unwrap_or(url);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    match Path::new(path).parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => std::env::temp_dir(),
    }
}

/// Returns the paths of a test's database and of the file whose lock owns it.
pub(crate) fn of_test(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    let path = |end: &str| directory.join(format!("{name}.{end}"));
    (path("db"), path("lock"))
}

/// Returns the names of the tests whose files are in this directory.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| {
        let name = entry.file_name();
        let name = name.to_str()?.strip_suffix(".lock")?;
        name.starts_with(PREFIX).then(|| name.to_owned())
    });
    names.collect()
}

/// Removes a test's files, those first whose loss would be noticed last.
pub(crate) fn remove(directory: &Path, name: &str) -> io::Result<()> {
    let (database, lock) = of_test(directory, name);
    let ends = ["", "-journal", "-wal", "-shm"];
    let files = [database, lock].into_iter().flat_map(|path| {
        ends.map(|end| {
            let mut path = path.clone().into_os_string();
            path.push(end);
            path
        })
    });
    for file in files {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_test_are_beside_the_one_of_its_url() {
        for url in [
            "/data/shop.db",
            "file:/data/shop.db",
            "file:/data/shop.db?mode=rw&a=/b",
        ] {
            assert_eq!(directory(url), Path::new("/data"), "{url}");
        }
        for url in ["shop.db", ":memory:", "file::memory:?cache=shared"] {
            assert_eq!(directory(url), std::env::temp_dir(), "{url}");
        }
    }

    #[test]
    fn all_files_of_a_test_are_removed_and_no_others() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |file: &str| directory.path().join(file);
        let (name, other) = (format!("{PREFIX}1"), format!("{PREFIX}2"));
        for end in [
            "db",
            "db-journal",
            "db-wal",
            "db-shm",
            "lock",
            "lock-journal",
        ] {
            fs::write(path(&format!("{name}.{end}")), "").expect("a file");
        }
        fs::write(path(&format!("{other}.lock")), "").expect("a file");
        fs::write(path("shop.lock"), "").expect("a file");
        let mut found = names(directory.path());
        found.sort();
        assert_eq!(found, [name.clone(), other.clone()]);
        remove(directory.path(), &name).expect("removed");
        assert_eq!(names(directory.path()), [other]);
        let left = fs::read_dir(directory.path()).expect("a directory");
        assert_eq!(left.count(), 2);
        // What is not there is removed already.
        remove(directory.path(), &name).expect("nothing to do");
    }
}
