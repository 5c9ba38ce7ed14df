package api

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

func TestContentNegotiation(t *testing.T) {
	w := newWorld(t)
	items, landing := "/ogc/collections/divisions/items", "/ogc"
	page := "text/html; charset=utf-8"
	for _, c := range []struct {
		path, accept string
		status       int
		typ          string
	}{
		{items, "", 200, typeGeoJSON}, {items, "*/*", 200, typeGeoJSON}, {items, "application/geo+json", 200, typeGeoJSON},
		{items, "application/json", 200, typeJSON}, {items, "application/*", 200, typeGeoJSON},
		{items, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200, page},
		{items, "text/html;q=0.4,application/json;q=0.5", 200, typeJSON}, {items, "application/geo+json;q=0,*/*", 200, typeJSON},
		{items, "application/geo+json, application/json;q=0.9, */*;q=0.1", 200, typeGeoJSON},
		{items, "image/png", 406, "application/problem+json"}, {items, "text/html;q=0", 406, "application/problem+json"},
		{items + "?f=json", "image/png", 200, typeGeoJSON}, {items + "?f=html", "application/json", 200, page},
		{landing, "application/geo+json", 406, "application/problem+json"}, {landing, "text/html", 200, page},
		{"/ogc/api", "application/vnd.oai.openapi+json;version=3.0", 200, typeOpenAPI}, {"/ogc/api", "application/json", 200, typeJSON},
		{"/ogc/api", "", 200, typeOpenAPI}, {"/ogc/api", "application/vnd.oai.openapi+json;version=9", 406, "application/problem+json"},
	} {
		a := w.get(c.path, "Accept", c.accept)
		if a.StatusCode != c.status || a.Header.Get("Content-Type") != c.typ {
			t.Errorf("%s Accept %q: %d %s, want %d %s", c.path, c.accept, a.StatusCode, a.Header.Get("Content-Type"), c.status, c.typ)
		}
		if !strings.Contains(a.Header.Get("Vary"), "Accept") {
			t.Errorf("%s Accept %q: Vary %q", c.path, c.accept, a.Header.Get("Vary"))
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/ogc", "/ogc/collections", "/ogc/api", "/ogc/collections/divisions/items?limit=3", "/ogc/collections/divisions/items/11",
		"/ogc/collections/divisions/items/11?f=html", "/tiles/divisions.json", "/styles/atlas.json", "/api/v1/divisions/330727"} {
		first := w.get(path)
		tag := first.Header.Get("ETag")
		if first.StatusCode != 200 || tag == "" {
			t.Fatalf("%s: %d, tag %q", path, first.StatusCode, tag)
		}
		if again := w.get(path, "If-None-Match", `"x", `+tag); again.StatusCode != 304 || len(again.body) != 0 {
			t.Errorf("%s: %d with its own tag", path, again.StatusCode)
		}
	}
	tag := w.get("/ogc/collections/divisions/items").Header.Get("ETag")
	for _, other := range []string{"?limit=7", "?f=html", "?lang=en", "?datetime=2001-01-01"} {
		if got := w.get("/ogc/collections/divisions/items" + other).Header.Get("ETag"); got == tag {
			t.Errorf("%s has the same tag", other)
		}
	}
	u := w.src.units[11]
	u.Name = "新安街道"
	if err := w.atlas.WaitFor(t.Context(), w.src.put(u)); err != nil {
		t.Fatal(err)
	}
	a := w.get("/ogc/collections/divisions/items", "If-None-Match", tag)
	if a.StatusCode != 200 || !strings.Contains(string(a.body), "新安街道") {
		t.Errorf("after a change: %d", a.StatusCode)
	}
}

func TestTilesets(t *testing.T) {
	w := newWorld(t)
	var collection jsonCollection
	w.json(w.get("/ogc/collections/divisions"), &collection)
	sets, ok := find(collection.Links, "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector", "")
	if !ok {
		t.Fatal("the collection links to no tilesets")
	}
	type tilesetDoc struct {
		TileMatrixSetID     string `json:"tileMatrixSetId"`
		Links               []jsonLink
		TileMatrixSetLimits []matrixLimits
	}
	var doc struct{ Tilesets []tilesetDoc }
	w.json(w.ok(w.get(sets.Href), typeJSON), &doc)
	self, _ := find(doc.Tilesets[0].Links, "self", typeJSON)
	var own tilesetDoc
	a := w.ok(w.get(self.Href), typeJSON)
	w.json(a, &own)
	checkLinks(t, a, own.Links, [2]string{"self", typeJSON}, [2]string{"item", typeMVT})
	if own.TileMatrixSetID != "WebMercatorQuad" || len(own.TileMatrixSetLimits) != len(doc.Tilesets[0].TileMatrixSetLimits) || len(own.TileMatrixSetLimits) < 10 {
		t.Errorf("%+v", own)
	}
	item, _ := find(own.Links, "item", "")
	address := func(z string, row, col uint32) string {
		return strings.NewReplacer("{tileMatrix}", z, "{tileRow}", strconv.Itoa(int(row)), "{tileCol}", strconv.Itoa(int(col))).Replace(item.Href)
	}
	for _, l := range own.TileMatrixSetLimits {
		for _, at := range [][2]uint32{{l.MinTileRow, l.MinTileCol}, {l.MaxTileRow, l.MaxTileCol}} {
			if a := w.get(address(l.TileMatrix, at[0], at[1])); a.StatusCode != 200 && a.StatusCode != 204 {
				t.Errorf("%s: %d", a.url, a.StatusCode)
			}
		}
		if a := w.get(address(l.TileMatrix, l.MaxTileRow+1, l.MaxTileCol)); a.StatusCode != 404 {
			t.Errorf("%s: %d", a.url, a.StatusCode)
		}
	}
	// Row before column: the same bytes as by the other address.
	x, y := tileAt(orb.Point{120.05, 29.05}, 10)
	one := w.get(address("10", y, x))
	two := w.get(fmt.Sprintf("/tiles/divisions/10/%d/%d.mvt", x, y))
	if one.StatusCode != 200 || string(one.body) != string(two.body) {
		t.Errorf("%s: %d; %s: %d", one.url, one.StatusCode, two.url, two.StatusCode)
	}
}

func TestHeadAndOptionsAndOrigins(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/ogc", "/ogc/collections/divisions/items?limit=2", "/ogc/collections/divisions/items/11", "/tiles/divisions.json", "/api/v1/status", "/"} {
		get, head := w.get(path), w.do("HEAD", path)
		if head.StatusCode != 200 || len(head.body) != 0 || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") || head.Header.Get("ETag") != get.Header.Get("ETag") {
			t.Errorf("HEAD %s: %d %v, GET %v", path, head.StatusCode, head.Header, get.Header)
		}
		o := w.do("OPTIONS", path, "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "GET")
		if o.StatusCode != 204 || o.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("OPTIONS %s: %d Allow %q", path, o.StatusCode, o.Header.Get("Allow"))
		}
		want := "*"
		if path == "/" {
			want = ""
		}
		if got := o.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("OPTIONS %s: origin %q", path, got)
		}
		if got := get.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("GET %s: origin %q", path, got)
		}
	}
}

func TestCompressedItems(t *testing.T) {
	w := newWorld(t)
	plain := w.get("/ogc/collections/divisions/items")
	req, _ := http.NewRequestWithContext(t.Context(), "GET", w.URL+"/ogc/collections/divisions/items", nil)
	res, err := http.DefaultClient.Do(req) // asks for gzip and unpacks
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var a, b jsonItems
	w.json(plain, &a)
	if err := json.NewDecoder(res.Body).Decode(&b); err != nil || !res.Uncompressed || !slices.Equal(ids(a.Features), ids(b.Features)) {
		t.Errorf("%v, compressed %v", err, res.Uncompressed)
	}
}

func TestBaseAddress(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.BaseURL = "https://map.example.gov.cn/yutu/" })
	var doc struct{ Links []jsonLink }
	w.json(w.get("/ogc"), &doc)
	for _, l := range doc.Links {
		if !strings.HasPrefix(l.Href, "https://map.example.gov.cn/yutu/ogc") && !strings.HasPrefix(l.Href, "https://map.example.gov.cn/yutu/tiles/") {
			t.Errorf("link %q", l.Href)
		}
	}
	if page := string(w.get("/ogc?f=html").body); !strings.Contains(page, `href="/yutu/ogc/collections`) || strings.Contains(page, `href="/ogc`) {
		t.Error("the page's links do not begin with the path of the base address")
	}
	// Nobody but a trusted proxy says where the service is.
	w = newWorld(t)
	w.json(w.get("/ogc", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https"), &doc)
	if !strings.HasPrefix(doc.Links[0].Href, w.URL) {
		t.Errorf("link %q", doc.Links[0].Href)
	}
	w = newWorld(t, func(c *Config) { c.TrustForwarded = true })
	w.json(w.get("/ogc", "X-Forwarded-Host", "map.example, inner", "X-Forwarded-Proto", "https"), &doc)
	if !strings.HasPrefix(doc.Links[0].Href, "https://map.example/ogc") {
		t.Errorf("link %q", doc.Links[0].Href)
	}
	if typ, _, err := mime.ParseMediaType(typeOpenAPI); err != nil || typ != "application/vnd.oai.openapi+json" {
		t.Error(typ, err)
	}
}
