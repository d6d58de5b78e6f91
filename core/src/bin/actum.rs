//! The command `actum`; all of it is in `actum::cli`.

fn main() -> std::process::ExitCode {
    actum::cli::main()
}
