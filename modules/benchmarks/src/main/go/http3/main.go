// The HTTP/3 echo server in Go, quic-go: a goroutine for each request.
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/lucas-clemente/quic-go/http3"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func echo(answer http.ResponseWriter, request *http.Request) {
	// This quic-go says 0 where the client does not tell it.
	if request.ContentLength > 0 {
		answer.Header().Set("Content-Length", strconv.FormatInt(request.ContentLength, 10))
	}
	buffer := make([]byte, 64*1024)
	for {
		count, err := request.Body.Read(buffer)
		answer.Write(buffer[:count])
		answer.(http.Flusher).Flush()
		if err != nil {
			return
		}
	}
}

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	fail(err)
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	fail(err)
	fmt.Println("ready", socket.LocalAddr().(*net.UDPAddr).Port)
	server := &http3.Server{
		Handler:   http.HandlerFunc(echo),
		TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate}}),
	}
	fail(server.Serve(socket))
}
