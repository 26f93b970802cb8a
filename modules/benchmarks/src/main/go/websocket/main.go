// The WebSocket echo server in Go, on gorilla/websocket: a goroutine for each connection.
package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

// The buffers hold a message of 64 KiB, so that it goes out with one system call.
var upgrader = websocket.Upgrader{ReadBufferSize: 64*1024 + 16, WriteBufferSize: 64*1024 + 16, EnableCompression: len(os.Args) > 1}

func echo(response http.ResponseWriter, request *http.Request) {
	connection, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	var message bytes.Buffer
	for {
		kind, reader, err := connection.NextReader()
		if err != nil {
			return
		}
		message.Reset()
		if _, err = message.ReadFrom(reader); err != nil {
			return
		}
		if err = connection.WriteMessage(kind, message.Bytes()); err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready", listener.Addr().(*net.TCPAddr).Port)
	fmt.Fprintln(os.Stderr, http.Serve(listener, http.HandlerFunc(echo)))
}
