//! New template files are part of the crate as soon as they exist.

fn main() {
    println!("cargo:rerun-if-changed=files");
}
