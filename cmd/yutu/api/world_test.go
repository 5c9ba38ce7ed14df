package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/paulmach/orb"

	"yutu/data/atlas"
	"yutu/data/pg"
	"yutu/geo/division"
)

// shelf is an atlas.Source in memory; away makes it fail as a database that is gone.
type shelf struct {
	mu     sync.Mutex
	units  map[int64]division.Unit
	events []pg.EventRecord
	log    []pg.Change
	wakes  []func()
	away   bool
}

func (s *shelf) gone() error {
	if s.away {
		return pg.ErrUnavailable
	}
	return nil
}

func (s *shelf) setAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
	for _, w := range s.wakes {
		w()
	}
}

// put stores a unit and returns the log's new end.
func (s *shelf) put(u division.Unit) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units[u.ID] = u
	s.log = append(s.log, pg.Change{Seq: int64(len(s.log) + 1), Subject: "division", ID: u.ID, Time: time.Now()})
	for _, w := range s.wakes {
		w()
	}
	return int64(len(s.log))
}

func (s *shelf) EachDivision(_ context.Context, fn func(division.Unit) error) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return 0, pg.ErrUnavailable
	}
	var ids []int64
	for id := range s.units {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := fn(s.units[id]); err != nil {
			return 0, err
		}
	}
	return int64(len(s.log)), nil
}

func (s *shelf) DivisionsByID(_ context.Context, ids []int64) ([]division.Unit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []division.Unit
	for _, id := range ids {
		if u, ok := s.units[id]; ok {
			out = append(out, u)
		}
	}
	return out, s.gone()
}

func (s *shelf) Events(context.Context) ([]pg.EventRecord, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events), int64(len(s.log)), s.gone()
}

func (s *shelf) EventsByID(_ context.Context, ids []int64) ([]pg.EventRecord, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []pg.EventRecord
	for _, e := range s.events {
		if slices.Contains(ids, e.ID) {
			out = append(out, e)
		}
	}
	return out, s.gone()
}

func (s *shelf) ChangesAfter(_ context.Context, seq int64, limit int) ([]pg.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := min(int(seq), len(s.log))
	return slices.Clone(s.log[i:min(i+limit, len(s.log))]), s.gone()
}

func (s *shelf) LastSeq(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.log)), s.gone()
}

func (s *shelf) Listen(ctx context.Context, wake func()) error {
	s.mu.Lock()
	s.wakes = append(s.wakes, wake)
	s.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func cell(w, s, e, n float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}}
}

func mustDay(s string) division.Date {
	d, err := division.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

const hostileName = `<script>alert("界")</script>&'村`

// drawn is a small county of four townships with four villages each:
//
//	29.2 +---+---+   01 was renamed in 2010, 02 began in 2015, 04 ended in 2018 and its ground is 05 since.
//	     |02 |04→05  Ids 90 and 91 lie on both sides of the antimeridian, 92 has no geometry, 93 is secret,
//	29.1 +---+---+   94 has a hostile name.
//	     |01 |03 |
//	29.0 +---+---+
//	   120.0    120.2
func drawn() []division.Unit {
	var out []division.Unit
	add := func(id int64, code, parent division.Code, level division.Level, typ, name string, valid division.Range, g orb.MultiPolygon) {
		u := division.Unit{
			ID: id, Code: code, Parent: parent, Level: level, Type: typ, Name: name, Valid: valid, Secrecy: division.Public,
			Source: "试验", Synthetic: true, CRSOriginal: "EPSG:4490", Geom: g,
		}
		if len(g) > 0 {
			u.Label = g.Bound().Center()
		}
		out = append(out, u)
	}
	since := func(s string) division.Range { return division.Range{From: mustDay(s), To: division.Future} }
	add(1, "330727000000", "", division.County, "县", "试验县", division.Always, cell(120, 29, 120.2, 29.2))
	town := func(id int64, n string, typ, name string, valid division.Range, w, s float64) {
		code := division.Code("330727" + n + "000")
		add(id, code, "330727000000", division.Township, typ, name, valid, cell(w, s, w+0.1, s+0.1))
		for i := range 4 {
			x, y := w+0.05*float64(i%2), s+0.05*float64(i/2)
			add(id*10+int64(i), code[:9]+division.Code("20"+itoa(i)), code, division.Village, "村民委员会", name[:len(name)-3]+itoa(i)+"村", valid, cell(x, y, x+0.05, y+0.05))
		}
	}
	add(10, "330727001000", "330727000000", division.Township, "乡", "旧安乡", division.Range{From: mustDay("1990-01-01"), To: mustDay("2010-07-01")}, cell(120, 29, 120.1, 29.1))
	town(11, "001", "街道", "安文街道", since("2010-07-01"), 120, 29)
	town(12, "002", "镇", "尖山镇", since("2015-01-01"), 120, 29.1)
	town(13, "003", "镇", "玉山镇", division.Always, 120.1, 29)
	town(14, "004", "乡", "胡宅乡", division.Range{From: division.Past, To: mustDay("2018-01-01")}, 120.1, 29.1)
	town(15, "005", "镇", "方前镇", since("2018-01-01"), 120.1, 29.1)
	add(90, "990000000000", "", division.County, "县", "东岛", division.Always, cell(179, 66, 180, 67))
	add(91, "990001000000", "", division.County, "县", "西岛", division.Always, cell(-180, 66, -179, 67))
	add(92, "330727099000", "330727000000", division.Township, "镇", "无图镇", division.Always, nil)
	add(94, "330727098000", "330727000000", division.Township, "镇", hostileName, division.Always, cell(120.3, 29, 120.31, 29.01))
	secret := out[0]
	secret.ID, secret.Code, secret.Name, secret.Secrecy = 93, "330728000000", "机密县", division.Secret
	return append(out, secret)
}

// built is a web app of a few files.
var built = fstest.MapFS{
	"index.html":               {Data: []byte("<!doctype html><title>舆图</title>" + strings.Repeat(" ", 2000))},
	"favicon.svg":              {Data: []byte("<svg/>")},
	".gitkeep":                 {},
	"assets/index-Ab3_x-9Z.js": {Data: []byte("export {}" + strings.Repeat(";", 3000))},
	"assets/minimap.js":        {Data: []byte("// map")},
	"assets/minimap.css":       {Data: []byte("/* map */")},
}

var testStyle = []byte(`{"version":8,"sources":{"divisions":{"type":"vector","url":"/tiles/divisions.json"}},"layers":[{"id":"b","type":"background"}]}`)

type world struct {
	*httptest.Server
	t     testing.TB
	src   *shelf
	atlas *atlas.Atlas
}

// openAtlas follows src until the test ends.
func openAtlas(t testing.TB, src atlas.Source) *atlas.Atlas {
	t.Helper()
	a, err := atlas.Open(t.Context(), src, atlas.Options{Poll: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = a.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return a
}

func newHandler(t testing.TB, units []division.Unit, change ...func(*Config)) (http.Handler, *shelf, *atlas.Atlas) {
	t.Helper()
	src := &shelf{units: map[int64]division.Unit{}, log: []pg.Change{{Seq: 1, Subject: "other"}}}
	for _, u := range units {
		src.units[u.ID] = u
	}
	c := Config{Atlas: openAtlas(t, src), Files: built, Style: testStyle, Version: "1.2.3", Heartbeat: 20 * time.Millisecond}
	for _, f := range change {
		f(&c)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h, src, c.Atlas
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	return newWorldOf(t, drawn(), change...)
}

func newWorldOf(t testing.TB, units []division.Unit, change ...func(*Config)) *world {
	t.Helper()
	h, src, a := newHandler(t, units, change...)
	w := &world{httptest.NewServer(h), t, src, a}
	t.Cleanup(w.Close)
	return w
}

type answer struct {
	*http.Response
	body []byte
	url  string
}

// get asks without following redirects; headers come as pairs. Without Accept-Encoding nothing is compressed.
func (w *world) get(path string, headers ...string) answer { return w.do("GET", path, headers...) }

var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (w *world) do(method, path string, headers ...string) answer {
	w.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = w.URL + path
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s: %v", url, err)
	}
	return answer{res, body, url}
}

// ok fails the test unless the answer is 200 of the media type.
func (w *world) ok(a answer, typ string) answer {
	w.t.Helper()
	if got := a.Header.Get("Content-Type"); a.StatusCode != 200 || got != typ {
		w.t.Fatalf("%s: %d %s, want 200 %s\n%.500s", a.url, a.StatusCode, got, typ, a.body)
	}
	return a
}

// json decodes an answer into out.
func (w *world) json(a answer, out any) {
	w.t.Helper()
	if err := json.Unmarshal(a.body, out); err != nil {
		w.t.Fatalf("%s: %v\n%.500s", a.url, err, a.body)
	}
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestPublicModeNeedsAReviewNumber(t *testing.T) {
	src := &shelf{units: map[int64]division.Unit{}}
	a := openAtlas(t, src)
	for _, number := range []string{"", " "} {
		if _, err := New(Config{Atlas: a, Public: true, ReviewNumber: number}); !errors.Is(err, ErrNoReviewNumber) {
			t.Errorf("public mode with the number %q: %v", number, err)
		}
	}
	if _, err := New(Config{Atlas: a, Public: true, ReviewNumber: "浙金S(2026)1号"}); err != nil {
		t.Error(err)
	}
	for _, base := range []string{"map.example", "ftp://map.example", "http://", "http://u:p@map.example", "http://map.example/?a=b"} {
		if _, err := New(Config{Atlas: a, BaseURL: base}); err == nil {
			t.Errorf("the base address %q was taken", base)
		}
	}
	if _, err := New(Config{Atlas: a, Style: []byte("{")}); err == nil {
		t.Error("a style that is not JSON was taken")
	}
}

var quiet = slog.New(slog.DiscardHandler)
