package api

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yutu/geo/division"
	"yutu/geo/geojson"
)

func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"2020-01-01", "2020-01-01T00:00:00Z", "../2020-01-01", "2020-01-01/P1Y2M3DT4H5M6.7S", "P1W/2020-01-01", "/", "", "2016-12-31T23:59:60Z", "9999-12-31/P99999Y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := period(s)
		if err != nil {
			var ref *refusal
			if !errors.As(err, &ref) || ref.parameter != "datetime" || ref.text.ZH == "" || ref.text.EN == "" || strings.Contains(ref.text.EN, "%!") {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if r.Empty() {
			t.Errorf("%q selects no day: %v", s, r)
		}
	})
}

func FuzzBox(f *testing.F) {
	for _, s := range []string{"1,2,3,4", "1,2,3,4,5,6", "177,65,-177,70", "-180,-90,180,90", "a,b,c,d", ",,,", "1e-400,0,0,0"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, latFirst bool) {
		bs, err := box(s, latFirst)
		if err != nil {
			var ref *refusal
			if !errors.As(err, &ref) || ref.parameter != "bbox" || strings.Contains(ref.text.EN+ref.text.ZH, "%!") {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if len(bs) < 1 || len(bs) > 2 {
			t.Fatalf("%q: %v", s, bs)
		}
		for _, b := range bs {
			if !(b.Min[0] >= -180 && b.Max[0] <= 180 && b.Min[0] <= b.Max[0] && b.Min[1] >= -90 && b.Max[1] <= 90 && b.Min[1] <= b.Max[1]) {
				t.Errorf("%q: %v", s, b)
			}
		}
	})
}

// Whatever stands in the query, the service answers 200 or a problem and never panics.
func FuzzItemsQuery(f *testing.F) {
	h, _, _ := newHandler(f, drawn())
	for _, s := range []string{"", "bbox=1,2,3,4&limit=3", "datetime=../..&f=html", "after=b&level=4&within=33", "%zz", "a=b;c", "limit=1&limit=2", "crs=x", "name=%00", "lang=en&f=html&limit=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/ogc/collections/divisions/items", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 200, 400, 414, 303:
		default:
			t.Errorf("%q: %d %s", query, w.Code, w.Body)
		}
	})
}

// Any path at all: no panic, no 500.
func FuzzPath(f *testing.F) {
	h, _, _ := newHandler(f, drawn())
	for _, s := range []string{"/", "/ogc/", "/tiles/divisions/1/2/3.mvt", "/tiles/divisions//1", "/ogc/collections/x/items/1", "/assets/../x", "/api/v1/divisions/33", "", "*", "/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if path == eventsRoute {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
	})
}

func FuzzAccept(f *testing.F) {
	for _, s := range []string{"", "*/*", "text/html;q=0.5,application/json", "a/b;q=2", ";;;", "text/*;q=0.1;level=1", strings.Repeat("a,", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		offer, ok := prefer(header, typeGeoJSON, typeJSON, typeHTML)
		if ok != (offer != "") {
			t.Errorf("%q: %q %v", header, offer, ok)
		}
		matches(header, `"x"`)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", header)
		r.Header.Set("Accept-Language", header)
		acceptsGzip(r)
		language(r)
	})
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]duration{
		"P1Y2M3DT4H5M6S": {1, 2, 3, 4*time.Hour + 5*time.Minute + 6*time.Second}, "P2W": {0, 0, 14, 0}, "PT0.5S": {0, 0, 0, time.Second / 2}, "p1d": {0, 0, 1, 0}, "P0D": {},
		"P1W2D": {0, 0, 9, 0},
	} {
		if got, ok := parseDuration(s); !ok || got != want {
			t.Errorf("%s: %+v %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "P", "PT", "P1", "1D", "P1H", "PT1D", "P1D1Y", "P-1D", "P1.5D", "PTT1H", "P1DT", "P100000D", "P1S"} {
		if got, ok := parseDuration(s); ok {
			t.Errorf("%s: %+v", s, got)
		}
	}
}

// An interval selects exactly the days from its first to its last, whatever their form.
func TestPeriodsAreTheirDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := division.Date(rapid.Int32Range(-100000, 100000).Draw(t, "a"))
		b := a + division.Date(rapid.Int32Range(0, 50000).Draw(t, "length"))
		form := func(d division.Date, name string) string {
			if rapid.Bool().Draw(t, name) {
				return d.String()
			}
			at := d.Time().Add(-8*time.Hour + time.Duration(rapid.IntRange(0, 86399).Draw(t, name+" second"))*time.Second)
			return at.In(time.FixedZone("", 3600*rapid.IntRange(-12, 14).Draw(t, name+" zone"))).Format(time.RFC3339)
		}
		got, err := period(form(a, "from") + "/" + form(b, "to"))
		if want := (division.Range{From: a, To: b + 1}); err != nil || got != want {
			t.Fatalf("%v %v, want %v", got, err, want)
		}
	})
}

func TestTurnedAxes(t *testing.T) {
	for _, u := range drawn() {
		if len(u.Geom) == 0 {
			continue
		}
		given := geojson.AppendGeometry(nil, u.Geom)
		for _, p := range u.Geom {
			for _, r := range p {
				for i := range r {
					r[i][0], r[i][1] = r[i][1], r[i][0]
				}
			}
		}
		// The turned geometry runs the other way round, so it is compared as text after turning back.
		turned := string(appendTurned(nil, given))
		if back := string(appendTurned(nil, []byte(turned))); back != string(given) || turned == string(given) && u.Geom[0][0][0][0] != u.Geom[0][0][0][1] {
			t.Errorf("%s\n%s", given, turned)
		}
	}
	for _, s := range []string{"", "[", "[1", "[1,", "[1,2", `{"a":[[]]}`, "[-1,2],[3,-4]"} {
		appendTurned(nil, []byte(s))
	}
	if got := string(appendTurned(nil, []byte(`{"coordinates":[[[[1.5,-2],[3,4]]]]}`))); got != `{"coordinates":[[[[-2,1.5],[4,3]]]]}` {
		t.Error(got)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{"a\x00b": "a?b", "界": "界", strings.Repeat("界", 61): strings.Repeat("界", 60) + "…", "\xff": "?"} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if _, err := url.ParseQuery("a;b"); err == nil {
		t.Error("semicolons are taken")
	}
}
