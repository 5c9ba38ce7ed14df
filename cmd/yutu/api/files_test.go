package api

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestFilesOfTheApp(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		path, typ, caching string
	}{
		{"/", "text/html; charset=utf-8", "no-cache"}, {"/favicon.svg", "image/svg+xml", "no-cache"},
		{"/assets/index-Ab3_x-9Z.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/assets/minimap.js", "text/javascript; charset=utf-8", "no-cache"}, {"/assets/minimap.css", "text/css; charset=utf-8", "no-cache"},
	} {
		a := w.ok(w.get(c.path), c.typ)
		if a.Header.Get("Cache-Control") != c.caching || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Referrer-Policy") == "" ||
			!strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'self'; worker-src 'self' blob:;") {
			t.Errorf("%s: %v", c.path, a.Header)
		}
		if again := w.get(c.path, "If-None-Match", a.Header.Get("ETag")); again.StatusCode != 304 {
			t.Errorf("%s: %d with its own tag", c.path, again.StatusCode)
		}
	}
	packed := w.get("/assets/index-Ab3_x-9Z.js", "Accept-Encoding", "gzip")
	if packed.Header.Get("Content-Encoding") != "gzip" || len(packed.body) > 1000 || packed.Header.Get("ETag") == w.get("/assets/index-Ab3_x-9Z.js").Header.Get("ETag") {
		t.Errorf("%v", packed.Header)
	}
	if a := w.get("/assets/minimap.js", "Accept-Encoding", "gzip"); a.Header.Get("Content-Encoding") != "" {
		t.Error("seven bytes were compressed")
	}
	w.problem(t, w.get("/.gitkeep"), 404, "")
	w.problem(t, w.get("/index.html.bak"), 404, "")
}

func TestNavigationWithinTheApp(t *testing.T) {
	w := newWorld(t)
	html := []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}
	if a := w.get("/data", html...); a.StatusCode != 200 || !strings.Contains(string(a.body), "舆图") {
		t.Errorf("a place within the app: %d", a.StatusCode)
	}
	w.problem(t, w.get("/data"), 404, "") // a program does not navigate
	w.problem(t, w.get("/api/v1/nothing", html...), 404, "")
	w.problem(t, w.get("/assets/nothing.js", html...), 404, "")
	w.problem(t, w.get("/nothing.png", html...), 404, "")
	w.problem(t, w.get("/data", "Accept", "text/html", "Sec-Fetch-Mode", "cors"), 404, "")
}

func TestAnAppThatWasNotBuilt(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Files = fstest.MapFS{".gitkeep": {}} })
	a := w.ok(w.get("/"), "text/html; charset=utf-8")
	wellFormed(t, a)
	if !strings.Contains(string(a.body), "make build") {
		t.Errorf("%s", a.body)
	}
	if a := w.ok(w.get("/ogc/collections/divisions/items/11?f=html"), "text/html; charset=utf-8"); strings.Contains(string(a.body), "<script") {
		t.Error("the page asks for a script that is not there")
	}
	w = newWorld(t, func(c *Config) { c.Files, c.Style = nil, nil })
	w.ok(w.get("/"), "text/html; charset=utf-8")
	w.problem(t, w.get("/styles/atlas.json"), 404, "")
}
