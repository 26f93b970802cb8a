// Calls of @grpc/grpc-js. Usage: grpc_calls.js HOST:PORT [AUTHORITY.pem]. Prints a line for each that went as it should.
const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const grpc = require('@grpc/grpc-js');

const [target, authority] = process.argv.slice(2);
const PLENTY = 60_000;
const same = (bytes) => bytes;

const connect = (compression) => new grpc.Client(
    target,
    authority ? grpc.credentials.createSsl(readFileSync(authority)) : grpc.credentials.createInsecure(),
    {
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
        'grpc.default_compression_algorithm': compression,
    });

const payload = (size) => Buffer.alloc(size, 'vecho');
const options = (millis = PLENTY) => ({ deadline: Date.now() + millis });

const unaryCall = (client, message, path = '/any.Service/Unary') => new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, message, options(), (error, answer) => error ? reject(error) : resolve(answer));
});

const collected = (call) => new Promise((resolve, reject) => {
    const all = [];
    call.on('data', (message) => all.push(message));
    call.on('error', reject);
    call.on('status', (status) => status.code === 0 ? resolve(all) : undefined);
});

const failure = (promise) => promise.then(() => 0, (error) => error.code);

const cases = {
    async unary(client) {
        for (const size of [0, 1, 1000, 65_536, 5_000_000]) {
            assert.deepStrictEqual(await unaryCall(client, payload(size)), payload(size));
        }
    },
    async serverStreaming(client) {
        const call = client.makeServerStreamRequest('/any.Service/Down', same, same, payload(100_000), options());
        assert.deepStrictEqual(await collected(call), [payload(100_000)]);
    },
    async clientStreaming(client) {
        const answer = await new Promise((resolve, reject) => {
            const call = client.makeClientStreamRequest('/any.Service/Up', same, same, options(),
                (error, message) => error ? reject(error) : resolve(message));
            call.end(payload(100_000));
        });
        assert.deepStrictEqual(answer, payload(100_000));
    },
    async streaming(client) {
        const sent = [1, 0, 10, 70_000, 3_000_000, 5].map(payload);
        const call = client.makeBidiStreamRequest('/any.Service/Both', same, same, options());
        const answer = collected(call);
        sent.forEach((message) => call.write(message));
        call.end();
        assert.deepStrictEqual(await answer, sent);
    },
    async concurrent(client) {
        const sizes = [...Array(200).keys()].map((i) => i * 1000);
        const answers = await Promise.all(sizes.map((size) => unaryCall(client, payload(size))));
        answers.forEach((answer, i) => assert.strictEqual(answer.length, sizes[i]));
    },
    async cancellation(client) {
        const call = client.makeBidiStreamRequest('/any.Service/Both', same, same, options());
        const answer = failure(collected(call));
        call.on('data', () => call.cancel());
        call.write(payload(1));
        assert.strictEqual(await answer, grpc.status.CANCELLED);
        await cases.unary(client);
    },
    async deadline(client) {
        const call = client.makeBidiStreamRequest('/any.Service/Both', same, same, options(200));
        assert.strictEqual(await failure(collected(call)), grpc.status.DEADLINE_EXCEEDED);
    },
    async health(client) {
        const check = '/grpc.health.v1.Health/Check';
        assert.deepStrictEqual(await unaryCall(client, Buffer.alloc(0), check), Buffer.from([8, 1]));
        assert.strictEqual(await failure(unaryCall(client, Buffer.from([10, 1, 120]), check)), grpc.status.NOT_FOUND);
    },
};

(async () => {
    for (const [name, compression] of [['identity', 0], ['gzip', 2]]) {
        for (const each of Object.keys(cases)) {
            const client = connect(compression);
            await cases[each](client);
            client.close();
            console.log(name, each);
        }
    }
})().catch((error) => { console.log(error); process.exit(1); });
