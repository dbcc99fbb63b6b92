//! The least that could answer: a bare server for `cargo xtask bench` to measure ours beside.

use std::path::Path;

#[tokio::main]
async fn main() {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let [address, certificate, key] = arguments.as_slice() else {
        panic!("bare ADDRESS CERTIFICATE KEY, not {arguments:?}");
    };
    let address = address.parse().unwrap_or_else(|error| panic!("the address {address:?}: {error}"));
    aggboot_tests::bench::bare(address, Path::new(certificate), Path::new(key)).await;
}
