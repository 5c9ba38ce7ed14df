package api

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// villages is a county of n villages with 200 vertices each.
func villages(n int) []division.Unit {
	var out []division.Unit
	for i := range n {
		x, y := 120+0.02*float64(i%50), 29+0.02*float64(i/50)
		ring := make(orb.Ring, 0, 201)
		for k := range 200 {
			a := 2 * math.Pi * float64(k) / 200
			ring = append(ring, orb.Point{math.Round((x+0.009*math.Cos(a))*1e9) / 1e9, math.Round((y+0.009*math.Sin(a))*1e9) / 1e9})
		}
		ring = append(ring, ring[0])
		out = append(out, division.Unit{
			ID: int64(i + 1), Code: division.Code(fmt.Sprintf("330727%03d%03d", i/200+1, i%200+200)), Level: division.Village, Name: fmt.Sprintf("第%d村", i),
			Type: "村民委员会", Parent: division.Code(fmt.Sprintf("330727%03d000", i/200+1)), Valid: division.Always, Secrecy: division.Public, Source: "试验", Synthetic: true,
			Geom: orb.MultiPolygon{{ring}}, Label: orb.Point{x, y},
		})
	}
	return out
}

// sink is a ResponseWriter that costs nothing.
type sink struct {
	header http.Header
	status int
	n      int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.n += len(p); return len(p), nil }

func serveAll(b *testing.B, h http.Handler, want int, path string, headers ...string) {
	b.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		w := &sink{header: http.Header{}}
		h.ServeHTTP(w, r)
		if w.status != want && !(want == 200 && w.status == 0) {
			b.Fatalf("%s: %d", path, w.status)
		}
		n = w.n
	}
	b.ReportMetric(float64(n), "bytes/op")
}

func BenchmarkCachedTile(b *testing.B) {
	h, _, _ := newHandler(b, villages(1000))
	path := tileOver(120.3, 29.1, 11)
	b.Run("gzip", func(b *testing.B) { serveAll(b, h, 200, path, "Accept-Encoding", "gzip") })
	b.Run("dated", func(b *testing.B) { serveAll(b, h, 200, path+"?at=2020-01-01&v=1", "Accept-Encoding", "gzip") })
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b.Run("304", func(b *testing.B) {
		serveAll(b, h, 304, path, "Accept-Encoding", "gzip", "If-None-Match", w.Header().Get("ETag"))
	})
	b.Run("plain", func(b *testing.B) { serveAll(b, h, 200, path) })
}

func BenchmarkItems(b *testing.B) {
	h, _, _ := newHandler(b, villages(5000))
	const items = "/ogc/collections/divisions/items"
	for _, c := range []struct {
		name, query string
		per         int
		headers     []string
	}{
		{"page100", "?bbox=120.2,29.2,120.5,29.5&limit=100", 100, nil}, {"page100-gzip", "?bbox=120.2,29.2,120.5,29.5&limit=100", 100, []string{"Accept-Encoding", "gzip"}},
		{"page1000", "?limit=1000", 1000, nil}, {"deep", "?limit=100&after=3jc", 100, nil}, {"page100-4490", "?limit=100&crs=http://www.opengis.net/def/crs/EPSG/0/4490", 100, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			serveAll(b, h, 200, items+c.query, c.headers...)
			b.ReportMetric(float64(c.per)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
	b.Run("byid", func(b *testing.B) { serveAll(b, h, 200, items+"/1234") })
}

// BenchmarkOverHTTP has client and server on the same cores, as a user's proxy would see it.
func BenchmarkOverHTTP(b *testing.B) {
	h, _, _ := newHandler(b, villages(5000))
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	for _, c := range []struct {
		name, path string
		per        int
	}{
		{"tile", tileOver(120.3, 29.1, 11), 1}, {"items", "/ogc/collections/divisions/items?bbox=120.2,29.2,120.5,29.5&limit=100", 100},
		{"byid", "/ogc/collections/divisions/items/1234", 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					req, err := http.NewRequestWithContext(b.Context(), "GET", server.URL+c.path, nil)
					if err != nil {
						b.Error(err)
						return
					}
					if c.name == "tile" {
						req.Header.Set("Accept-Encoding", "gzip")
					}
					res, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					res.Body.Close()
					if res.StatusCode != 200 {
						b.Errorf("%s: %s", c.path, res.Status)
						return
					}
				}
			})
			b.ReportMetric(float64(c.per)*float64(b.N)/b.Elapsed().Seconds(), "things/s")
		})
	}
}
