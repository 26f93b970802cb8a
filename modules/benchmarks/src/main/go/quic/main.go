// The echo server of QUIC in Go, quic-go: a goroutine for each stream, which copies what it reads.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/lucas-clemente/quic-go"
)

func echo(connection quic.Connection) {
	for {
		stream, err := connection.AcceptStream(context.Background())
		if err != nil {
			return
		}
		go func() {
			defer stream.Close()
			buffer := make([]byte, 64*1024)
			io.CopyBuffer(struct{ io.Writer }{stream}, struct{ io.Reader }{stream}, buffer)
		}()
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	fail(err)
	listener, err := quic.ListenAddr("127.0.0.1:0",
		&tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"echo"}}, nil)
	fail(err)
	fmt.Println("ready", listener.Addr().(*net.UDPAddr).Port)
	for {
		connection, err := listener.Accept(context.Background())
		if err == nil {
			go echo(connection)
		}
	}
}
