// Echo servers of @grpc/grpc-js: the method /vecho.Echo/Echo, which streams both ways, and /vecho.Echo/Unary. Usage: grpc_echo.js CERTIFICATE
// KEY. The first line of output is a JSON object of scheme to address. Ends when its standard input does.
const { readFileSync } = require('node:fs');
const grpc = require('@grpc/grpc-js');

const [certificate, key] = process.argv.slice(2, 4).map((path) => readFileSync(path));
const same = (bytes) => bytes;
const method = (name, streams) => ({
    path: `/vecho.Echo/${name}`, requestStream: streams, responseStream: streams,
    requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same,
});

const listen = (credentials) => new Promise((resolve, reject) => {
    const server = new grpc.Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
    server.addService({ Echo: method('Echo', true), Unary: method('Unary', false) }, {
        Echo(call) { call.on('error', () => {}); call.pipe(call); },
        Unary(call, answer) { answer(null, call.request); },
    });
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => error ? reject(error) : resolve(`127.0.0.1:${port}`));
});

(async () => {
    const addresses = {
        grpc: await listen(grpc.ServerCredentials.createInsecure()),
        grpcs: await listen(grpc.ServerCredentials.createSsl(null, [{ cert_chain: certificate, private_key: key }])),
    };
    console.log(JSON.stringify(addresses));
    process.stdin.resume();
    process.stdin.on('end', () => process.exit(0));
})();
