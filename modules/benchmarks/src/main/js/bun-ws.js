// The WebSocket echo server on Bun, whose WebSockets are uWebSockets (C++).
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response('a WebSocket is expected', { status: 400 });
  },
  websocket: {
    perMessageDeflate: process.argv[2] === 'deflate',
    maxPayloadLength: 16 * 1024 * 1024,
    message(socket, message) {
      socket.send(message);
    },
  },
});
console.log('ready', server.port);
