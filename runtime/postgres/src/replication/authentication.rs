//! Logging in with a password: as it is, under MD5, or by SCRAM-SHA-256.

use flusso_runtime::{Error, ErrorKind, Result};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;

use super::bytes::{Cursor, Malformed};
use super::walsender::{Walsender, garbled, lost, parse_error};
use crate::connect::ConnectPlan;

/// Answers what the server asks until it says that we are in.
pub(super) async fn authenticate(walsender: &mut Walsender, plan: &ConnectPlan) -> Result<()> {
    loop {
        let (method, body) = request(walsender).await?;
        match method {
            0 => return Ok(()),
            3 => respond(walsender, password(plan)?).await?,
            5 => {
                let salt = body.try_into().map_err(|_| garbled(Malformed("a salt of another length")))?;
                let hashed = md5_hash(plan.user().as_bytes(), password(plan)?, salt);
                respond(walsender, hashed.as_bytes()).await?;
            }
            10 => scram(walsender, plan, &body).await?,
            _ => return Err(refused("unsupported authentication method")),
        }
    }
}

/// The next authentication request: its method and what belongs to it.
async fn request(walsender: &mut Walsender) -> Result<(u32, Vec<u8>)> {
    loop {
        let frame = walsender.receive().await?;
        match frame.tag {
            b'R' => {
                let mut cursor = Cursor::new(&frame.body);
                return Ok((cursor.u32().map_err(garbled)?, cursor.rest().to_vec()));
            }
            b'E' => return Err(parse_error(&frame.body)?.failed("logging in")),
            b'N' => {}
            _ => return Err(garbled(Malformed("something else than a request to log in"))),
        }
    }
}

async fn respond(walsender: &mut Walsender, password: &[u8]) -> Result<()> {
    frontend::password_message(password, walsender.output()).map_err(unsendable)?;
    walsender.send().await
}

/// Without channel binding: the server treats us as a client that does not support it.
async fn scram(walsender: &mut Walsender, plan: &ConnectPlan, mechanisms: &[u8]) -> Result<()> {
    if !mechanisms.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) {
        return Err(refused("the server does not offer SCRAM-SHA-256"));
    }
    let mut scram = ScramSha256::new(password(plan)?, ChannelBinding::unsupported());
    frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), walsender.output())
        .map_err(unsendable)?;
    walsender.send().await?;
    let challenge = expect(walsender, 11).await?;
    scram.update(&challenge).map_err(|_| refused("invalid SCRAM challenge"))?;
    frontend::sasl_response(scram.message(), walsender.output()).map_err(unsendable)?;
    walsender.send().await?;
    let proof = expect(walsender, 12).await?;
    scram.finish(&proof).map_err(|_| refused("it did not prove that it knows the password"))
}

async fn expect(walsender: &mut Walsender, method: u32) -> Result<Vec<u8>> {
    match request(walsender).await? {
        (got, body) if got == method => Ok(body),
        _ => Err(garbled(Malformed("unexpected SCRAM message"))),
    }
}

fn password(plan: &ConnectPlan) -> Result<&[u8]> {
    plan.password().ok_or_else(|| refused("the server requires a password, but none is configured"))
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Misconfigured, why)
}

fn unsendable(_: std::io::Error) -> Error {
    // The library's words may quote what could not be sent.
    lost("a password with a zero byte in it cannot be sent")
}
