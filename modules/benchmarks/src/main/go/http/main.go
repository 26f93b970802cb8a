// The HTTP echo server in Go: HTTP/1.1, and HTTP/2 without TLS.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

func echo(answer http.ResponseWriter, request *http.Request) {
	if request.ContentLength >= 0 {
		answer.Header().Set("Content-Length", strconv.FormatInt(request.ContentLength, 10))
	}
	if request.ProtoMajor > 1 {
		io.Copy(answer, request.Body)
		return
	}
	// Of HTTP/1.1 this Go reads no more once it has begun to answer.
	body, err := io.ReadAll(request.Body)
	if err == nil {
		answer.Write(body)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready", listener.Addr().(*net.TCPAddr).Port)
	handler := h2c.NewHandler(http.HandlerFunc(echo), &http2.Server{MaxConcurrentStreams: 1000})
	fmt.Fprintln(os.Stderr, (&http.Server{Handler: handler}).Serve(listener))
}
