package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"yutu/geo/division"
)

func TestStatus(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Public, c.ReviewNumber = true, "浙金S(2026)1号" })
	var s statusDoc
	a := w.ok(w.get("/api/v1/status"), typeJSON)
	w.json(a, &s)
	if s.Version != "1.2.3" || s.Seq != 1 || s.Date != division.Today().String() || s.Degraded || s.DegradedSince != nil || !s.Synthetic || !s.Public || s.ReviewNumber == "" {
		t.Errorf("%s", a.body)
	}
	if fmt.Sprint(s.Counts) != "map[county:3 prefecture:0 province:0 township:6 village:16]" || s.Bounds == nil || len(s.Top) != 3 || s.Top[0].Code != "330727000000" {
		t.Errorf("%s", a.body)
	}
	w.json(w.get("/api/v1/status?at=2001-01-01"), &s)
	if s.Date != "2001-01-01" || s.Counts["township"] != 5 {
		t.Errorf("in 2001: %+v", s)
	}
	e := newWorldOf(t, nil)
	a = e.ok(e.get("/api/v1/status"), typeJSON)
	if !strings.Contains(string(a.body), `"bounds":null`) || !strings.Contains(string(a.body), `"top":[]`) {
		t.Errorf("of nothing: %s", a.body)
	}
}

func TestDivision(t *testing.T) {
	w := newWorld(t)
	var d divisionDoc
	for _, path := range []string{"/api/v1/divisions/330727001000", "/api/v1/divisions/330727001"} {
		a := w.ok(w.get(path), typeJSON)
		w.json(a, &d)
		if d.ID != 11 || d.Name != "安文街道" || d.Level != "township" || d.LevelNumber != 4 || *d.ValidFrom != "2010-07-01" || d.ValidTo != nil || d.CRSOriginal != "EPSG:4490" ||
			len(d.Chain) != 1 || d.Chain[0].Name != "试验县" || len(d.Children) != 4 || len(d.Versions) != 2 || d.Versions[0].Name != "旧安乡" || *d.BBox != [4]float64{120, 29, 120.1, 29.1} {
			t.Errorf("%s", a.body)
		}
		// 0.1° by 0.1° at 29° north is about 9.74 by 11.08 km.
		if d.AreaKM2 < 107 || d.AreaKM2 > 109 || d.AreaNote.ZH == "" || d.AreaNote.EN == "" {
			t.Errorf("area %v %v", d.AreaKM2, d.AreaNote)
		}
	}
	w.json(w.get("/api/v1/divisions/330727001000?at=2001-01-01"), &d)
	if d.ID != 10 || d.Name != "旧安乡" || *d.ValidTo != "2010-07-01" {
		t.Errorf("%+v", d)
	}
	a := w.get("/api/v1/divisions/330727099000")
	if !strings.Contains(string(a.body), `"bbox":null`) || !strings.Contains(string(a.body), `"label":null`) || !strings.Contains(string(a.body), `"children":[]`) {
		t.Errorf("without geometry: %s", a.body)
	}
	if p := w.problem(t, w.get("/api/v1/divisions/330727004000"), 404, ""); !strings.Contains(p.Detail, "2018-01-01") {
		t.Errorf("of a unit that is gone: %+v", p)
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	var s searchDoc
	w.json(w.ok(w.get("/api/v1/search?q=%E5%AE%89%E6%96%87&limit=2"), typeJSON), &s)
	if s.Query != "安文" || len(s.Items) != 2 || s.Items[0].Name != "安文街道" || s.Items[0].Path != "试验县 · 安文街道" || s.Items[0].Former || s.Items[0].Score <= 0 || s.Items[0].Score > 1 {
		t.Errorf("%+v", s)
	}
	w.json(w.get("/api/v1/search?q=旧安乡"), &s)
	if len(s.Items) != 1 || !s.Items[0].Former || s.Items[0].Name != "安文街道" {
		t.Errorf("a former name: %+v", s)
	}
	w.json(w.get("/api/v1/search?q=胡宅乡"), &s)
	if len(s.Items) != 1 || !s.Items[0].Former || s.Items[0].Path != "试验县 · 胡宅乡" {
		t.Errorf("a unit that is gone: %+v", s)
	}
	a := w.get("/api/v1/search?q=无此地")
	if !strings.Contains(string(a.body), `"items":[]`) {
		t.Errorf("%s", a.body)
	}
}

func TestLocate(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string][]int64{
		"lon=120.01&lat=29.01":                   {1, 11, 110},
		"lon=120.01&lat=29.01&at=2001-01-01":     {1, 10},
		"lon=120.01&lat=29.01&crs=EPSG:4326":     {1, 11, 110},
		"lon=13359452&lat=3376500&crs=EPSG:3857": {1, 11},
		"lon=10&lat=10":                          {},
		"lon=120.0147&lat=29.0073&crs=GCJ02":     {1, 11, 110},
	} {
		var d locateDoc
		a := w.ok(w.get("/api/v1/locate?"+query), typeJSON)
		w.json(a, &d)
		got := []int64{}
		for _, it := range d.Items {
			got = append(got, it.ID)
		}
		if len(got) > len(want) {
			got = got[:len(want)]
		}
		if !slices.Equal(got, want) || d.Date == "" || d.CRS == "" {
			t.Errorf("%s: %s, want %v", query, a.body, want)
		}
	}
}

func TestReadiness(t *testing.T) {
	away := errors.New("dial tcp db.internal:5432: refused")
	calls := 0
	w := newWorld(t, func(c *Config) { c.Ping = func(context.Context) error { calls++; return away } })
	for range 5 {
		a := w.get("/readyz")
		var r readiness
		if err := json.Unmarshal(a.body, &r); err != nil || a.StatusCode != 200 || r.Status != "degraded" || strings.Contains(string(a.body), "internal") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if calls > 2 {
		t.Errorf("%d pings for 5 questions within a moment", calls)
	}
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.get("/ogc/collections/divisions/items/11")
	w.get("/ogc/collections/divisions/items/12")
	w.get("/never/heard/of")
	w.get(tileOver(120.05, 29.05, 10))
	w.do("BREW", "/ogc")
	body := string(w.get("/metrics").body)
	for _, line := range []string{
		`yutu_http_requests_total{method="GET",route="/ogc/collections/{collection}/items/{feature}",status="200"} 2`,
		`yutu_http_requests_total{method="GET",route="/tiles/divisions/*",status="200"} 1`,
		`yutu_http_requests_total{method="GET",route="none",status="404"} 1`, `method="other"`,
		`yutu_http_request_duration_seconds_count{route="/tiles/divisions/*"} 1`,
		"yutu_degraded 0", "yutu_snapshot_seq 1", "yutu_divisions " + itoa(len(drawn())-1), "go_goroutines",
	} {
		if !strings.Contains(body, line) {
			t.Errorf("no %s", line)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, "yutu_") && !strings.Contains(line, "bucket") {
				t.Log(line)
			}
		}
	}
}
