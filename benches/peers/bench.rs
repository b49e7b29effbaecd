//! See the package's README.

fn main() -> std::process::ExitCode {
    peers::main()
}
