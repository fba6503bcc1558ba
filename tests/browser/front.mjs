// What may stand between browsers and a server: a proxy that passes everything on, until a test says
// otherwise. It is how a
// server is seen through a bad network, a broken cache or a hurried deployment.

import { createServer, request as ask } from 'node:http';

export class Front {
  /** What becomes of a call, as `(request, response, pass) => …`; `pass(until, change)` passes it on, and its answer once `until` is there, with the headers that `change` makes of its own. */
  rule = (request, response, pass) => pass();

  static async start(to) {
    const front = new Front();
    front.to = to;
    front.port = 0;
    await front.resume();
    return front;
  }

  /** Listens, on the port that it has had before. */
  async resume() {
    this.server = createServer((request, response) => {
      request.on('error', () => {});
      response.on('error', () => {});
      this.rule(request, response, (until, change) => this.#pass(request, response, until, change));
    });
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(this.port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
  }

  #pass(request, response, until, change = headers => headers) {
    const { method, url, headers } = request;
    const onward = ask({ host: '127.0.0.1', port: this.to, method, path: url, headers }, async answer => {
      await until;
      response.writeHead(answer.statusCode, change(answer.rawHeaders));
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  /** Listens no more: connections are refused. */
  async stop() {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }
}
