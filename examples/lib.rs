//! The examples stand beside this file, one runnable file each: `cargo run --example cart`.
