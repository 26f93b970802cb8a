// The WebSocket echo server in C++ on Boost.Beast: one thread, asynchronous.

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <memory>

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(tcp::socket socket) : stream(std::move(socket)) {}

    void start() {
        stream.next_layer().set_option(tcp::no_delay(true));
        stream.auto_fragment(false); // one frame for each message, as all others send it
        stream.write_buffer_bytes(64 * 1024);
        stream.async_accept([self = shared_from_this()](beast::error_code error) {
            if (!error) {
                self->read();
            }
        });
    }

private:
    void read() {
        stream.async_read(buffer, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) {
                self->write();
            }
        });
    }

    void write() {
        stream.binary(stream.got_binary());
        stream.async_write(buffer.data(), [self = shared_from_this()](beast::error_code error, std::size_t length) {
            if (!error) {
                self->buffer.consume(length);
                self->read();
            }
        });
    }

    beast::websocket::stream<tcp::socket> stream;
    beast::flat_buffer buffer;
};

static void accept(tcp::acceptor &acceptor) {
    acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
        if (!error) {
            std::make_shared<Session>(std::move(socket))->start();
        }
        accept(acceptor);
    });
}

int main() {
    asio::io_context loop(1);
    tcp::acceptor acceptor(loop, {asio::ip::make_address("127.0.0.1"), 0});
    std::printf("ready %d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    accept(acceptor);
    loop.run();
}
