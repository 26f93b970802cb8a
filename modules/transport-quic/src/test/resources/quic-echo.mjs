// Has bytes echoed over one stream of QUIC by a client that is not ours, closes its output, and reads to the end.
// node quic-echo.mjs <@matrixai/quic/dist/index.js> <host> <port> <authority.pem> <bytes>
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , library, host, port, authority, size] = process.argv;
const { QUICClient } = await import(pathToFileURL(library).href);

const client = await QUICClient.createQUICClient({
  host,
  port: Number(port),
  localHost: '127.0.0.1',
  serverName: 'localhost',
  crypto: { ops: { randomBytes: async (data) => void randomFillSync(new Uint8Array(data)) } },
  config: {
    ca: readFileSync(authority, 'utf8'),
    verifyPeer: true,
    applicationProtos: ['echo'],
    maxIdleTimeout: 30_000,
  },
});
const stream = client.connection.newStream();
const sent = Buffer.alloc(Number(size));
randomFillSync(sent);

async function send() {
  const writer = stream.writable.getWriter();
  for (let at = 0; at < sent.length; at += 65_536) {
    await writer.write(sent.subarray(at, at + 65_536));
  }
  await writer.close();
}

const sending = send();
const parts = [];
for await (const part of stream.readable) {
  parts.push(part);
}
await sending;
const came = Buffer.concat(parts);
console.log(came.equals(sent) ? `same ${came.length}` : `different: ${came.length} of ${sent.length} bytes`);
await client.destroy({ force: true });
