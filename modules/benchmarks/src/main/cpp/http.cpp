// The HTTP/1.1 echo server in C++ on Boost.Beast: one thread, asynchronous, the whole body in memory.

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <memory>
#include <optional>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(tcp::socket accepted) : socket(std::move(accepted)) { socket.set_option(tcp::no_delay(true)); }

    void read() {
        parser.emplace();
        parser->body_limit(1ull << 40);
        http::async_read(socket, buffer, *parser, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) {
                self->write();
            }
        });
    }

private:
    void write() {
        http::request<http::string_body> request = parser->release();
        answer = http::response<http::string_body>(http::status::ok, request.version(), std::move(request.body()));
        answer.keep_alive(request.keep_alive());
        answer.prepare_payload();
        http::async_write(socket, answer, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error && self->answer.keep_alive()) {
                self->read();
            }
        });
    }

    tcp::socket socket;
    beast::flat_buffer buffer;
    std::optional<http::request_parser<http::string_body>> parser;
    http::response<http::string_body> answer;
};

static void accept(tcp::acceptor &acceptor) {
    acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
        if (!error) {
            std::make_shared<Session>(std::move(socket))->read();
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
