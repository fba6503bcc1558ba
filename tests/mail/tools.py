"""A real SMTP server and a real DNS server for the tests, and what independent libraries say of mail and records.

tools.py serve FOLDER [--tls CERT KEY] [--login USER PASSWORD]
    Takes mail into FOLDER, a file each, after the name of its time. What stands before the @ of an address says how
    the server behaves: refuse…, busy… (the first time), hang… (for ever), drop… (the first time, after the mail).
tools.py dns ZONE
    Answers by UDP and TCP what stands in a zone file. Names in `broken.` of a zone it cannot tell of (SERVFAIL).
tools.py spf PORT IP,DOMAIN...
    Says by another library what SPF says of hosts that send mail of a domain, by the DNS at that port.
tools.py read FILE NAME RECORD
    Says as JSON what a mail holds, and whether its signature is right by a record of that name in the DNS.
"""

import argparse
import asyncio
import email
import email.policy
import json
import pathlib
import ssl
import time

import dkim
import dns.resolver
import dnslib
import dnslib.server
import spf
from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.seen = set()

    def first(self, what):
        first = what not in self.seen
        self.seen.add(what)
        return first

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refuse"):
            return f"550 5.1.1 <{address}>: there is no such mailbox"
        if address.startswith("busy") and self.first(address):
            return f"451 4.2.0 <{address}>: try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        [to] = envelope.rcpt_tos
        if to.startswith("hang"):
            (self.folder / "hanging").touch()
            await asyncio.sleep(3600)
        name = f"{time.time_ns()}"
        content = envelope.original_content or envelope.content
        beside = self.folder / f"{name}.part"
        beside.write_bytes(content)
        (self.folder / f"{name}.json").write_text(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos}))
        beside.rename(self.folder / f"{name}.eml")
        if to.startswith("drop") and self.first(to):
            server.transport.abort()
        return "250 taken"


def serve(arguments):
    tls = None
    if arguments.tls:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*arguments.tls)
    options = {"decode_data": False}
    if arguments.login:
        wanted = [text.encode() for text in arguments.login]

        def known(server, session, envelope, mechanism, data):
            return AuthResult(success=[data.login, data.password] == wanted, handled=False)

        options |= {"auth_required": True, "auth_require_tls": False, "authenticator": known}
    handler = Handler(pathlib.Path(arguments.folder))

    async def run():
        loop = asyncio.get_running_loop()
        make = lambda: SMTP(handler, loop=loop, hostname="mail.test", **options)
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        print(f"listening on {'smtps' if tls else 'smtp'}://localhost:{port}", flush=True)
        await server.serve_forever()

    asyncio.run(run())


# Of an answer by UDP; what is larger is asked for by TCP.
LARGEST = 1232


class Zone:
    """What a zone file holds, with aliases followed; as a server that answers for everything."""

    def __init__(self, text):
        self.records = {}
        for record in dnslib.RR.fromZone(text):
            self.records.setdefault(str(record.rname).lower(), []).append(record)

    def resolve(self, request, handler):
        reply = request.reply()
        name, kind = str(request.q.qname).lower(), dnslib.QTYPE[request.q.qtype]
        if ".broken." in f".{name}":
            reply.header.rcode = dnslib.RCODE.SERVFAIL
            return reply
        if not any(own == name or own.endswith(f".{name}") for own in self.records):
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        for _ in range(8):
            found = self.records.get(name, [])
            reply.add_answer(*(own for own in found if dnslib.QTYPE[own.rtype] == kind))
            alias = [own for own in found if dnslib.QTYPE[own.rtype] == "CNAME"]
            if not alias:
                break
            reply.add_answer(*alias)
            name = str(alias[0].rdata).lower()
        return reply


def serve_dns(arguments):
    zone = Zone(pathlib.Path(arguments.zone).read_text())

    class Handler(dnslib.server.DNSHandler):
        def get_reply(self, data):
            request = dnslib.DNSRecord.parse(data)
            reply = zone.resolve(request, self)
            if self.protocol == "udp" and len(reply.pack()) > LARGEST:
                reply = request.reply()
                reply.header.tc = 1
            return reply.pack()

    quiet = dnslib.server.DNSLogger("-request,-reply,-truncated,-error")
    while True:
        udp = dnslib.server.DNSServer(zone, address="127.0.0.1", port=0, logger=quiet, handler=Handler)
        port = udp.server.server_address[1]
        try:
            tcp = dnslib.server.DNSServer(zone, address="127.0.0.1", port=port, tcp=True, logger=quiet, handler=Handler)
            break
        except OSError:
            udp.server.server_close()
    udp.start_thread()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    tcp.start()


def check_spf(arguments):
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], arguments.port
    dns.resolver.override_system_resolver(resolver)
    dns.resolver.default_resolver = resolver
    pairs = [pair.split(",") for pair in arguments.pairs]
    print(json.dumps([spf.check2(i=ip, s=f"news@{domain}", h="relay.invalid")[0] for ip, domain in pairs]))


def read(arguments):
    content = pathlib.Path(arguments.file).read_bytes()
    asked = []

    def dns(name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        asked.append(name)
        return arguments.record.encode() if name.rstrip(".") == arguments.name else None

    valid = dkim.verify(content, dnsfunc=dns)
    changed = dkim.verify(content.replace(b"One-Click", b"One-Clack"), dnsfunc=dns)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    said = {
        "valid": valid,
        "valid_when_changed": changed,
        "asked": asked,
        "headers": {name.lower(): str(value) for name, value in mail.items()},
        "raw": content.decode("ascii"),
        "text": parts.get("text/plain"),
        "html": parts.get("text/html"),
        "type": mail.get_content_type(),
    }
    print(json.dumps(said))


parser = argparse.ArgumentParser()
acts = parser.add_subparsers(required=True)
act = acts.add_parser("serve")
act.add_argument("folder")
act.add_argument("--tls", nargs=2)
act.add_argument("--login", nargs=2)
act.set_defaults(run=serve)
act = acts.add_parser("dns")
act.add_argument("zone")
act.set_defaults(run=serve_dns)
act = acts.add_parser("spf")
act.add_argument("port", type=int)
act.add_argument("pairs", nargs="+")
act.set_defaults(run=check_spf)
act = acts.add_parser("read")
act.add_argument("file")
act.add_argument("name")
act.add_argument("record")
act.set_defaults(run=read)
arguments = parser.parse_args()
arguments.run(arguments)
