//! The server process. Its flags are in `--help`; `aggboot run local` starts it on this machine.

use minimal::{App, apis};

#[tokio::main]
async fn main() -> aggboot::Result<()> {
    let server = aggboot::Server::from_args(); // flags first: --help needs nothing else to work
    let app = App::new().await?;
    server.resources(apis::all(&app)).run().await
}
