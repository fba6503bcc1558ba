//! Asking the DNS: this system's servers, or the one that is named. Nothing is kept between two questions.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};

use super::{Answer, Finding, Found, Kind, Question, Subject, judge};

/// How long a server may take for one try, of which there are two.
const PATIENCE: Duration = Duration::from_secs(3);
/// Questions in a row to which nothing came back, after which no more are asked.
const SILENT: usize = 2;
/// Questions of one check, more than the worst record that is followed needs.
const MOST: usize = 500;

/// Who is asked.
#[derive(Clone, Debug)]
pub struct Dns {
    resolver: TokioResolver,
    /// How many questions in a row nobody has answered.
    silent: usize,
}

/// Nobody can be asked.
#[derive(Debug, thiserror::Error)]
#[error("the system names no DNS server: {0}\n  remedy: name one by --dns ADDRESS:PORT")]
pub struct NoServer(NetError);

impl Dns {
    /// The server at that address, or the system's.
    ///
    /// # Errors
    /// Where the system names none.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, NoServer> {
        let mut builder = match server {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().map_err(NoServer)?,
        };
        let options = builder.options_mut();
        options.use_hosts_file = ResolveHosts::Never;
        options.cache_size = 0;
        options.timeout = PATIENCE;
        options.attempts = 1;
        Ok(Self { resolver: builder.build().map_err(NoServer)?, silent: 0 })
    }

    /// Asks whatever has to be known to judge.
    pub async fn judge(&mut self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut found = Found::default();
        for _ in 0..MOST {
            match judge(subject, &found) {
                Ok(findings) => return findings,
                Err(question) => {
                    let answer = self.ask(&question).await;
                    found.keep(question, answer);
                }
            }
        }
        // What is judged asks for nothing twice and follows no record so far; were it otherwise, nothing is claimed.
        loop {
            match judge(subject, &found) {
                Ok(findings) => return findings,
                Err(question) => found.keep(question, Err("too many questions were asked".into())),
            }
        }
    }

    async fn ask(&mut self, question: &Question) -> Answer {
        if self.silent >= SILENT {
            return Err("the DNS server does not answer".to_owned());
        }
        // A name that cannot be asked for has no records (RFC 7208, section 4.3).
        let Ok(name) = Name::from_ascii(format!("{}.", question.name)) else { return Ok(vec![]) };
        let kind = match question.kind {
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
            Kind::Mx => RecordType::MX,
            Kind::Ptr => RecordType::PTR,
            Kind::Txt => RecordType::TXT,
        };
        match self.resolver.lookup(name, kind).await {
            Ok(lookup) => {
                self.silent = 0;
                let records = lookup.answers().iter();
                let records = records.filter(|record| record.record_type() == kind);
                Ok(records.filter_map(|record| text(&record.data)).collect())
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(_))) => {
                self.silent = 0;
                Ok(vec![])
            }
            Err(NetError::Dns(DnsError::ResponseCode(code))) => {
                self.silent = 0;
                let code = format!("{code:?}").to_uppercase();
                Err(format!("the DNS server answered {code}"))
            }
            Err(error) => {
                self.silent += 1;
                Err(format!("the DNS server does not answer ({error})"))
            }
        }
    }
}

/// A record as text; a name without the dot at its end.
fn text(data: &RData) -> Option<String> {
    let name = |name: &Name| name.to_ascii().trim_end_matches('.').to_ascii_lowercase();
    match data {
        RData::A(address) => Some(address.0.to_string()),
        RData::AAAA(address) => Some(address.0.to_string()),
        RData::MX(server) => Some(name(&server.exchange)),
        RData::PTR(of) => Some(name(&of.0)),
        RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
        _ => None,
    }
}
