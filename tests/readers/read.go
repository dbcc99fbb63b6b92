// Reads one gzip member; prints the SHA-256 of what it holds, and what Go's quickest level makes of it.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	file, err := os.Open(os.Args[1])
	check(err)
	buffered := bufio.NewReader(file)
	reader, err := gzip.NewReader(buffered)
	check(err)
	reader.Multistream(false)
	plain, err := io.ReadAll(reader)
	check(err)
	if rest, _ := io.ReadAll(buffered); len(rest) != 0 {
		check(fmt.Errorf("%d bytes follow the member", len(rest)))
	}
	var again bytes.Buffer
	writer, err := gzip.NewWriterLevel(&again, 1)
	check(err)
	_, err = writer.Write(plain)
	check(err)
	check(writer.Close())
	fmt.Printf("%x %d\n", sha256.Sum256(plain), again.Len())
}
