"""Echo servers of gRPC's own library for Python: any method, which it takes for one that streams both ways, but those whose name is
Unary. Usage: grpc_echo.py CERTIFICATE KEY. The first line of output is a JSON object of scheme to address. Ends when its standard input does."""
import json
import sys
from concurrent import futures

import grpc


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method.endswith('/Unary'):
            return grpc.unary_unary_rpc_method_handler(lambda message, context: message)
        return grpc.stream_stream_rpc_method_handler(lambda messages, context: messages)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


certificate, key = (read(path) for path in sys.argv[1:3])
server = grpc.server(
    futures.ThreadPoolExecutor(32), [Echo()],
    options=[('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)])
plain = server.add_insecure_port('127.0.0.1:0')
secure = server.add_secure_port('127.0.0.1:0', grpc.ssl_server_credentials([(key, certificate)]))
server.start()
print(json.dumps({'grpc': f'127.0.0.1:{plain}', 'grpcs': f'127.0.0.1:{secure}'}), flush=True)
sys.stdin.read()
server.stop(0).wait(10)
