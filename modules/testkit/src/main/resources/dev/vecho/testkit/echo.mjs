// Echo servers of Node's standard library: TCP, TLS, Unix, UDP, HTTP and HTTPS. Usage: echo.mjs CERTIFICATE KEY SOCKET_PATH.
// The first line of output is a JSON object of scheme to address. Ends when its standard input does.
import { readFileSync } from 'node:fs';
import dgram from 'node:dgram';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

const [certificate, privateKey, path] = process.argv.slice(2);
const options = { cert: readFileSync(certificate), key: readFileSync(privateKey), allowHalfOpen: true, noDelay: true };

const stream = (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
};

const request = (incoming, outgoing) => {
    outgoing.writeHead(200, { 'Content-Type': incoming.headers['content-type'] ?? 'application/octet-stream' });
    outgoing.flushHeaders();
    incoming.on('error', () => outgoing.destroy());
    incoming.pipe(outgoing);
};

const listen = (server, ...where) => new Promise((resolve) => server.listen(...where, () => resolve(server.address())));

const addresses = {};
for (const [scheme, server] of [
    ['tcp', net.createServer(options, stream)],
    ['tls', tls.createServer(options, stream)],
    ['http', http.createServer(request)],
    ['https', https.createServer(options, request)],
]) {
    const { port } = await listen(server, 0, '127.0.0.1');
    addresses[scheme] = `127.0.0.1:${port}`;
}
await listen(net.createServer(options, stream), path);
addresses.unix = path;

const udp = dgram.createSocket('udp4');
udp.on('message', (message, peer) => udp.send(message, peer.port, peer.address));
await new Promise((resolve) => udp.bind(0, '127.0.0.1', resolve));
addresses.udp = `127.0.0.1:${udp.address().port}`;

console.log(JSON.stringify(addresses));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
