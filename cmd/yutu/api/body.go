package api

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// worthGzip is the size from which compressing saves a packet.
const worthGzip = 1400

var gzipWriters = sync.Pool{New: func() any {
	gz, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return gz
}}

// body is an answer of unknown length, compressed if the client takes it; each piece renews the client's time.
type body struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
	gz   *gzip.Writer // nil when not compressed or closed
	shut bool
}

func newBody(w http.ResponseWriter, r *http.Request) *body {
	b := &body{w: w, ctrl: http.NewResponseController(w)}
	if acceptsGzip(r) && w.Header().Get("Content-Encoding") == "" {
		w.Header().Set("Content-Encoding", "gzip")
		b.gz = gzipWriters.Get().(*gzip.Writer)
		b.gz.Reset(w)
	}
	return b
}

func (b *body) Write(p []byte) (int, error) {
	// A recorder in a test has no deadlines.
	_ = b.ctrl.SetWriteDeadline(time.Now().Add(writeTimeout))
	if b.gz != nil {
		return b.gz.Write(p)
	}
	return b.w.Write(p)
}

// Close ends the stream; the second call does nothing.
func (b *body) Close() error {
	if b.shut {
		return nil
	}
	b.shut = true
	if b.gz == nil {
		return nil
	}
	err := b.gz.Close()
	b.gz.Reset(io.Discard)
	gzipWriters.Put(b.gz)
	b.gz = nil
	return err
}

// writeBody sends a finished answer, compressed where that helps. The headers but for length and encoding are set. A
// client that does not wait for the rest is no error: nobody is left to be told.
func writeBody(w http.ResponseWriter, r *http.Request, status int, p []byte) {
	if len(p) < worthGzip || !acceptsGzip(r) {
		w.Header().Set("Content-Length", strconv.Itoa(len(p)))
		w.WriteHeader(status)
		_, _ = w.Write(p)
		return
	}
	out := newBody(w, r)
	w.WriteHeader(status)
	_, _ = out.Write(p)
	_ = out.Close()
}
