// A collector with the demo shop in front of it, on free ports and in a folder of its own, and one
// browser. Everything that is started here is ended here, by its own process id.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Front } from './front.mjs';
import { Visit } from './visit.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const COLLECTOR = process.env.ASHIATO_BIN ?? join(ROOT, 'target/debug/ashiato');
const SHOP = process.env.DEMO_SITE_BIN ?? join(ROOT, 'target/debug/demo-site');
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Waits until `condition` answers something true, and answers that. */
export async function until(what, condition, limit = 15_000) {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`after ${limit} ms still not so: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 25));
  }
}

/** The JSON object in a script that begins so. */
export function objectIn(script, beginning) {
  const from = script.indexOf(beginning);
  if (from < 0) throw new Error(`there is no ${beginning} in it`);
  let depth = 0;
  let quoted = false;
  for (let at = from; at < script.length; at++) {
    const letter = script[at];
    if (letter === '"' && script[at - 1] !== '\\') quoted = !quoted;
    if (!quoted && letter === '{') depth++;
    if (!quoted && letter === '}' && --depth === 0) return script.slice(from, at + 1);
  }
  throw new Error('it does not end');
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A server in the background, once it listens. */
class Server {
  static async start(program, given, environment = {}) {
    const child = spawn(program, given, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
    const server = new Server();
    server.child = child;
    server.log = '';
    child.stderr.setEncoding('utf8').on('data', text => (server.log += text));
    server.ended = new Promise(resolve => child.once('close', resolve));
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', code => reject(new Error(`${program} ended (${code}): ${server.log}`)));
      child.stdout.setEncoding('utf8').on('data', text => text.includes('listening on') && resolve());
    });
    return server;
  }

  async stop(signal = 'SIGKILL') {
    this.child.kill(signal);
    await this.ended;
  }
}

const chromiumOf = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/**
 * Starts everything; `change` may change the site file before it is applied, `launch` start another browser.
 * The names are what browsers know shop and collector by: all of them lead to this machine. With `mail` it is written
 * into a folder.
 */
export async function start({ change = text => text, launch = chromiumOf, shop = 'localhost', collector = 'localhost', mail = false } = {}) {
  const stack = new Stack({ shop, collector, mail });
  try {
    await stack.start(change, launch);
  } catch (error) {
    await stack.end();
    throw error;
  }
  return stack;
}

class Stack {
  site = 'shop';
  folder = mkdtempSync(join(tmpdir(), 'ashiato-browser-'));

  constructor(names) {
    this.names = names;
  }

  async start(change, launch) {
    const shop = await freePort();
    this.shopFront = await Front.start(shop);
    this.port = await freePort();
    this.front = await Front.start(this.port);
    this.collector = `http://${this.names.collector}:${this.front.port}`;
    this.shop = `http://${this.names.shop}:${this.shopFront.port}`;
    const file = join(this.folder, 'shop.toml');
    const text = readFileSync(join(ROOT, 'demo-site/shop.toml'), 'utf8');
    writeFileSync(file, change(text.replace('http://localhost:8081', this.shop)));
    this.command('site', 'apply', file);
    this.token = this.command('token', 'add', '--site', this.site, '--scope', 'query', '--scope', 'leads');
    await this.startCollector();
    this.shopServer = await Server.start(SHOP, ['--listen', `127.0.0.1:${shop}`, '--collector', this.collector, '--site', this.site]);
    this.browser = await launch();
  }

  /** With more flags and environment variables, where they are given. */
  async startCollector(more = [], environment = {}) {
    const keys = join(this.folder, 'keys');
    const given = ['serve', '--listen', `127.0.0.1:${this.port}`, '--public-url', this.collector, '--keys-file', keys];
    if (this.names.mail) given.push('--mail-dir', join(this.folder, 'mail'));
    this.collectorServer = await Server.start(COLLECTOR, [...given, ...more, ...this.database()], environment);
  }

  /** A browser with that folder of settings. */
  launch(profile, options) {
    return chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: FLAGS, ...options });
  }

  /** `kill -9` of the collector; `startCollector` brings the next. */
  async killCollector() {
    await this.collectorServer.stop();
  }

  async end() {
    await this.browser?.close();
    await this.shopServer?.stop();
    await this.collectorServer?.stop();
    await this.front?.stop();
    await this.shopFront?.stop();
    rmSync(this.folder, { recursive: true });
  }

  database() {
    return ['--database-url', `sqlite:${join(this.folder, 'ashiato.sqlite')}`];
  }

  /** What the `ashiato` command prints. */
  command(...given) {
    const { status, stdout, stderr } = spawnSync(COLLECTOR, [...given, ...this.database()], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ashiato ${given.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  /** Somebody with a browser of their own. */
  async visitor(options) {
    return Visit.begin(this, options);
  }

  /** The rows of a question. */
  async query(metrics, dimensions = [], filters = []) {
    const range = ['2026-01-01', '2027-12-31'];
    const body = { site: this.site, metrics, dimensions, filters, date_range: range };
    const answer = await this.api('/api/v1/query', { method: 'POST', body: JSON.stringify(body) });
    return answer.results;
  }

  /** How many events there are, by name. */
  async events() {
    const rows = await this.query(['events'], ['event']);
    return Object.fromEntries(rows.map(({ dimensions, metrics }) => [dimensions[0], metrics[0]]));
  }

  /** Every lead, the newest first. */
  async leads() {
    return (await this.api(`/api/v1/leads?site=${this.site}`)).results;
  }

  /** What the visitor of a lead did. */
  async timeline(lead) {
    return this.api(`/api/v1/leads/${lead}/timeline?site=${this.site}`);
  }

  async api(path, given = {}) {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, { ...given, headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
