// The HTTP echo server on Node: HTTP/1.1, or with the argument 2 HTTP/2 without TLS.
'use strict';
const http = require('http');
const http2 = require('http2');

function echo(request, response) {
  const length = request.headers['content-length'];
  response.writeHead(200, length === undefined ? {} : { 'content-length': length });
  request.on('error', () => response.destroy());
  request.pipe(response);
}

const server = process.argv[2] === '2' ? http2.createServer({ settings: { maxConcurrentStreams: 1000 } }, echo)
  : http.createServer(echo);
server.on('connection', (socket) => socket.setNoDelay(true));
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => console.log('ready', server.address().port));
