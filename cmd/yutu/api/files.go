package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// files are the built web app in memory, read once: the binary holds them anyway.
type files struct{ byPath map[string]*file }

type file struct {
	typ  string
	tag  string
	data []byte
	// packed is the file compressed, nil when that saves nothing; made at its first use.
	packed func() []byte
	// hashed files have their content's hash in their name and may be kept for ever.
	hashed bool
}

var hashedName = regexp.MustCompile(`-[A-Za-z0-9_-]{8}\.[a-z0-9]+$`)

// types by ending; the machine's own table must not decide what a browser is told.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json", ".webmanifest": "application/manifest+json",
	".map": "application/json", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".ico": "image/x-icon",
	".woff2": "font/woff2", ".wasm": "application/wasm", ".txt": "text/plain; charset=utf-8", ".pbf": "application/x-protobuf",
}

func newFiles(fsys fs.FS) (*files, error) {
	f := &files{byPath: map[string]*file{}}
	if fsys == nil {
		return f, nil
	}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == ".":
			return nil
		case err != nil:
			return err
		case d.IsDir() || strings.HasPrefix(path.Base(name), "."):
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		ext := strings.ToLower(path.Ext(name))
		typ := types[ext]
		if typ == "" {
			typ = mime.TypeByExtension(ext)
		}
		if typ == "" {
			typ = "application/octet-stream"
		}
		one := &file{typ: typ, tag: `"` + hex.EncodeToString(sum[:12]) + `"`, data: data, hashed: hashedName.MatchString(name)}
		one.packed = sync.OnceValue(func() []byte { return pack(typ, data) })
		f.byPath[name] = one
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("api: reading the web app: %w", err)
	}
	return f, nil
}

func pack(typ string, data []byte) []byte {
	text := strings.HasPrefix(typ, "text/") || slices.Contains([]string{"application/json", "image/svg+xml", "application/wasm", "application/manifest+json"}, typ)
	if !text || len(data) < worthGzip {
		return nil
	}
	var out bytes.Buffer
	gz := gzip.NewWriter(&out)
	if _, err := gz.Write(data); err != nil || gz.Close() != nil || out.Len() >= len(data) {
		return nil
	}
	return out.Bytes()
}

// atTop lists the files beside index.html, such as favicon.svg.
func (f *files) atTop() []string {
	var out []string
	for name := range f.byPath {
		if !strings.Contains(name, "/") && name != "index.html" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (s *server) asset(w http.ResponseWriter, r *http.Request) error {
	f := s.files.byPath[strings.TrimPrefix(r.URL.Path, "/")]
	if f == nil {
		return errNotFound
	}
	s.sendFile(w, r, f)
	return nil
}

func (s *server) sendFile(w http.ResponseWriter, r *http.Request, f *file) {
	h := w.Header()
	data, tag := f.data, f.tag
	asDocument(h)
	h.Set("Content-Type", f.typ)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.hashed {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if acceptsGzip(r) {
		if packed := f.packed(); packed != nil {
			data, tag = packed, strings.TrimSuffix(tag, `"`)+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", itoa(len(data)))
	_, _ = w.Write(data) // the client may have gone
}

// navigates reports whether a browser goes to a place within the app, whose address the app itself understands.
func (s *server) navigates(r *http.Request) bool {
	if s.files.byPath["index.html"] == nil || path.Ext(r.URL.Path) != "" {
		return false
	}
	for _, p := range []string{"/api", "/ogc", "/tiles", "/styles", "/assets", "/healthz", "/readyz", "/metrics"} {
		if r.URL.Path == p || strings.HasPrefix(r.URL.Path, p+"/") {
			return false
		}
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), typeHTML)
}

// index is the app, or a page that says how to build it.
func (s *server) index(w http.ResponseWriter, r *http.Request) error {
	if f := s.files.byPath["index.html"]; f != nil {
		s.sendFile(w, r, f)
		return nil
	}
	return s.notBuilt(w, r)
}
