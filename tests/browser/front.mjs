// What may stand between browsers and a collector: a proxy that passes everything on, until a test says
// otherwise. It is how a collector is seen through a bad network, a broken cache or a hurried deployment.

import { createServer, request as ask } from 'node:http';

export class Front {
  /** What becomes of a call, as `(request, response, pass) => …`; `pass(until)` passes it on, and its answer once `until` is there. */
  rule = (request, response, pass) => pass();

  static async start(to) {
    const front = new Front();
    front.to = to;
    front.server = createServer((request, response) => {
      request.on('error', () => {});
      response.on('error', () => {});
      front.rule(request, response, until => front.#pass(request, response, until));
    });
    await new Promise((resolve, reject) => front.server.once('error', reject).listen(0, '127.0.0.1', resolve));
    front.port = front.server.address().port;
    return front;
  }

  #pass(request, response, until) {
    const { method, url, headers } = request;
    const onward = ask({ host: '127.0.0.1', port: this.to, method, path: url, headers }, async answer => {
      await until;
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }
}
