package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yutu/tiles"
)

func tileOver(lon, lat float64, z uint8) string {
	x, y := tileAt(orb.Point{lon, lat}, z)
	return fmt.Sprintf("/tiles/divisions/%d/%d/%d.mvt", z, x, y)
}

func TestTile(t *testing.T) {
	w := newWorld(t)
	path := tileOver(120.05, 29.05, 10)
	packed := w.ok(w.get(path, "Accept-Encoding", "gzip"), typeMVT)
	tag := packed.Header.Get("ETag")
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" || packed.Header.Get("Cache-Control") != "no-cache" ||
		packed.Header.Get("Content-Length") != strconv.Itoa(len(packed.body)) || packed.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", packed.Header)
	}
	if tag == "" || strings.HasPrefix(tag, "W/") {
		t.Errorf("the tag %q is not strong", tag)
	}
	gz, err := gzip.NewReader(bytes.NewReader(packed.body))
	if err != nil {
		t.Fatal(err)
	}
	inside, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	plain := w.ok(w.get(path), typeMVT)
	if !bytes.Equal(plain.body, inside) || plain.Header.Get("Content-Encoding") != "" {
		t.Error("with and without gzip are two different tiles")
	}
	if plain.Header.Get("ETag") == tag {
		t.Error("two different sequences of bytes have one strong tag")
	}
	if !bytes.Contains(inside, []byte("安文街道")) || !bytes.Contains(inside, []byte("divisions_label")) || bytes.Contains(inside, []byte("旧安乡")) {
		t.Error("the tile does not show today's divisions")
	}
	for _, refused := range []string{"gzip;q=0", "identity", "br"} {
		if a := w.get(path, "Accept-Encoding", refused); a.Header.Get("Content-Encoding") != "" {
			t.Errorf("gzip for %q", refused)
		}
	}
	for _, same := range []string{tag, `"other", ` + tag, "W/" + tag, "*"} {
		a := w.get(path, "Accept-Encoding", "gzip", "If-None-Match", same)
		if a.StatusCode != 304 || len(a.body) != 0 || a.Header.Get("ETag") != tag || a.Header.Get("Cache-Control") == "" {
			t.Errorf("If-None-Match %s: %d %v", same, a.StatusCode, a.Header)
		}
	}
	if a := w.get(path, "Accept-Encoding", "gzip", "If-None-Match", `"other"`); a.StatusCode != 200 {
		t.Errorf("another tag: %d", a.StatusCode)
	}
	if head := w.do("HEAD", path, "Accept-Encoding", "gzip"); head.StatusCode != 200 || head.Header.Get("ETag") != tag || head.Header.Get("Content-Length") != packed.Header.Get("Content-Length") {
		t.Errorf("HEAD: %d %v", head.StatusCode, head.Header)
	}
	empty := w.get(tileOver(10, 10, 10))
	if empty.StatusCode != 204 || len(empty.body) != 0 || empty.Header.Get("ETag") == "" {
		t.Errorf("an empty tile: %d %v", empty.StatusCode, empty.Header)
	}
	old := w.get(path + "?at=2001-01-01")
	if old.StatusCode != 200 || !bytes.Contains(old.body, []byte("旧安乡")) || bytes.Contains(old.body, []byte("安文街道")) {
		t.Error("the tile of 2001 does not show the divisions of 2001")
	}
}

func TestHowLongATileMayBeKept(t *testing.T) {
	w := newWorld(t)
	path := tileOver(120.05, 29.05, 10)
	caching := func(query string) string { return w.get(path + query).Header.Get("Cache-Control") }
	for query, want := range map[string]string{"": "no-cache", "?v=0": "no-cache", "?v=2": "no-cache", "?v=x": "no-cache", "?at=2001-01-01": "no-cache", "?at=2001-01-01&v=1": "public, max-age=86400, immutable"} {
		if got := caching(query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	// Without a date the address means today, so it means something else tomorrow.
	var seconds int
	if _, err := fmt.Sscanf(caching("?v=1"), "public, max-age=%d, immutable", &seconds); err != nil || seconds < 1 || seconds > 86400 {
		t.Errorf("%q: %v", caching("?v=1"), err)
	}
	before := w.get(path).Header.Get("ETag")
	u := w.src.units[11]
	u.Name = "新安街道"
	if err := w.atlas.WaitFor(t.Context(), w.src.put(u)); err != nil {
		t.Fatal(err)
	}
	if got := w.get(path).Header.Get("ETag"); got == before {
		t.Error("a changed tile keeps its tag")
	}
	if got := caching("?v=1"); got != "no-cache" {
		t.Errorf("an old version: %q", got)
	}
	var tj tiles.TileJSON
	w.json(w.get("/tiles/divisions.json"), &tj)
	if want := w.URL + "/tiles/divisions/{z}/{x}/{y}.mvt?v=2"; tj.Tiles[0] != want {
		t.Errorf("TileJSON names %q, want %q", tj.Tiles[0], want)
	}
}

func TestUntilMidnight(t *testing.T) {
	for text, want := range map[string]int{"2026-11-24T15:59:59Z": 1, "2026-11-24T16:00:00Z": 86400, "2026-11-24T15:59:59.9Z": 1, "2026-11-24T00:00:00+08:00": 86400} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := untilMidnight(at); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestTileJSON(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ReviewNumber = "浙金S(2026)1号" })
	a := w.ok(w.get("/tiles/divisions.json?at=2001-01-01"), typeJSON)
	var tj tiles.TileJSON
	w.json(a, &tj)
	first, last := w.atlas.Snapshot().ZoomRange()
	if tj.TileJSON != "3.0.0" || tj.MinZoom != int(first) || tj.MaxZoom != int(last) || tj.Scheme != "xyz" || len(tj.VectorLayers) != 3 || tj.Bounds != [4]float64{-180, 29, 180, 67} {
		t.Errorf("%+v", tj)
	}
	if a.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("Cache-Control %q", a.Header.Get("Cache-Control"))
	}
	if !strings.Contains(tj.Attribution, "审图号：浙金S(2026)1号") || !strings.Contains(tj.Attribution, "演示数据") {
		t.Errorf("attribution %q", tj.Attribution)
	}
	u, err := url.Parse(tj.Tiles[0])
	if err != nil || u.Query().Get("at") != "2001-01-01" || u.Query().Get("v") != "1" {
		t.Errorf("tiles %q", tj.Tiles[0])
	}
	x, y := tileAt(orb.Point{120.05, 29.05}, 10)
	tile := w.get(strings.NewReplacer("{z}", "10", "{x}", itoa(int(x)), "{y}", itoa(int(y))).Replace(tj.Tiles[0]))
	if tile.StatusCode != 200 || !bytes.Contains(tile.body, []byte("旧安乡")) {
		t.Errorf("%s: %d", tile.url, tile.StatusCode)
	}
	// Nothing on record yet.
	e := newWorldOf(t, nil)
	e.json(e.ok(e.get("/tiles/divisions.json"), typeJSON), &tj)
	if tj.Bounds != [4]float64{-180, -85.0511287798066, 180, 85.0511287798066} {
		t.Errorf("bounds of nothing: %v", tj.Bounds)
	}
	if a := e.get("/tiles/divisions/0/0/0.mvt"); a.StatusCode != 204 {
		t.Errorf("a tile of nothing: %d", a.StatusCode)
	}
}

func TestStyle(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.BaseURL = "https://map.example" })
	var style struct {
		Version int
		Center  []float64
		Layers  []map[string]any
		Sources map[string]struct {
			Type, URL        string
			Tiles            []string
			MinZoom, MaxZoom int
		}
	}
	w.json(w.ok(w.get("/styles/atlas.json"), typeJSON), &style)
	src := style.Sources["divisions"]
	if style.Version != 8 || len(style.Layers) != 1 || src.URL != "" || src.MaxZoom < 10 || len(src.Tiles) != 1 || src.Tiles[0] != "https://map.example/tiles/divisions/{z}/{x}/{y}.mvt" {
		t.Errorf("%+v", style)
	}
}

func TestTileAtAgreesWithBounds(t *testing.T) {
	for z := range uint8(17) {
		for _, p := range []orb.Point{{120.05, 29.05}, {-179.9, 80}, {0.1, -0.1}, {179.99, -85}} {
			x, y := tileAt(p, z)
			west, south, east, north := tiles.Coord{Z: z, X: x, Y: y}.Bounds()
			if p[0] < west || p[0] > east || p[1] < south || p[1] > north {
				t.Errorf("%v at zoom %d: %d/%d is %v %v %v %v", p, z, x, y, west, south, east, north)
			}
		}
	}
}

func TestReadsWithoutTheDatabase(t *testing.T) {
	w := newWorld(t)
	w.src.setAway(true)
	eventually(t, "the atlas to notice", func() bool { return w.atlas.Health().Degraded })
	for _, path := range []string{"/ogc", "/ogc/collections/divisions/items", "/ogc/collections/divisions/items/11", tileOver(120.05, 29.05, 10), "/tiles/divisions.json", "/api/v1/status", "/api/v1/search?q=安", "/styles/atlas.json"} {
		a := w.get(path)
		age, err := strconv.Atoi(a.Header.Get("Age"))
		if a.StatusCode != 200 || err != nil || age < 0 || !strings.HasPrefix(a.Header.Get("Warning"), "110 ") {
			t.Errorf("%s: %d Age %q Warning %q", path, a.StatusCode, a.Header.Get("Age"), a.Header.Get("Warning"))
		}
	}
	ready := w.get("/readyz")
	if ready.StatusCode != 200 || !strings.Contains(string(ready.body), `"status":"degraded"`) {
		t.Errorf("%d %s", ready.StatusCode, ready.body)
	}
	if a := w.get("/healthz"); a.StatusCode != 200 || !strings.Contains(string(a.body), `"ok"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if page := w.get("/ogc?f=html"); !strings.Contains(string(page.body), "数据库暂时离线") {
		t.Error("the page does not say that the database is away")
	}
	w.src.setAway(false)
	eventually(t, "the atlas to recover", func() bool { return !w.atlas.Health().Degraded })
	if a := w.get("/readyz"); !strings.Contains(string(a.body), `"status":"ready"`) {
		t.Errorf("%s", a.body)
	}
	if a := w.get("/ogc"); a.Header.Get("Age") != "" || a.Header.Get("Warning") != "" {
		t.Errorf("%v", a.Header)
	}
}
