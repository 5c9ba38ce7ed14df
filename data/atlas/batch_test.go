package atlas

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
)

func twoCounties(t testing.TB) *Snapshot {
	return mustBuild(t, []division.Unit{
		square(1, "330701000000", "", 120, 29, 121, 30), square(2, "330702000000", "", 121, 29, 122, 30),
		square(3, "330701001000", "330701000000", 120, 29, 121, 30),
	})
}

func TestBatchCSV(t *testing.T) {
	b := Batch{Snapshot: twoCounties(t), At: division.Today()}
	in := "\ufeffname,经度,Lat\r\n甲,120.5,29.5\n乙,121,29.5\n\"丙,\n丁\",121.5,29.5\n远,10,10\n度分秒,120°30′00″,29°30′00″\n连写,1203000.0,293000\n反,N29,29\n空,,\n坏,x,29\n大,1200,29\n短\n长,120.5,29.5,1,2\n引\"号,120.5,29.5\n末,120.5,29.5\n"
	var out bytes.Buffer
	tally, err := b.CSV(t.Context(), &out, strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	const none = ",,,,,,,,,,,"
	want := []string{
		"name,经度,Lat,province_code,province_name,prefecture_code,prefecture_name,county_code,county_name,township_code,township_name,village_code,village_name,on_border,error",
		"甲,120.5,29.5,,,,,330701000000,330701000000,330701001000,330701001000,,,,",
		"乙,121,29.5,,,,,330701000000,330701000000,330701001000,330701001000,,,330701000000 330702000000 330701001000,",
		"\"丙,", "丁\",121.5,29.5,,,,,330702000000,330702000000,,,,,,",
		"远,10,10" + none + ",",
		"度分秒,120°30′00″,29°30′00″,,,,,330701000000,330701000000,330701001000,330701001000,,,,",
		"连写,1203000.0,293000,,,,,330701000000,330701000000,330701001000,330701001000,,,,",
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, w := range want {
		if lines[i] != w {
			t.Errorf("line %d: %q, want %q", i, lines[i], w)
		}
	}
	for i, says := range []string{"标志", "角", "x", "1200", "角", "多 2 列", "CSV", ""} {
		line := lines[len(want)+i]
		if says != "" && (!strings.Contains(line, none) || !strings.Contains(line, says)) || says == "" && !strings.HasSuffix(line, "330701001000,,,,") {
			t.Errorf("%q, want the reason %q", line, says)
		}
	}
	if tally != (Tally{Rows: 14, Nowhere: 1, OnBorder: 1, Bad: 7}) {
		t.Errorf("%+v", tally)
	}
	for in, says := range map[string]string{"": "empty", "a,b\n1,2\n": "lacks", "\"a\n": "header", "lon,lat\n1,\"" + strings.Repeat("x", 2*MaxRowBytes): "longer"} {
		b := Batch{Snapshot: twoCounties(t)}
		if _, err := b.CSV(t.Context(), io.Discard, strings.NewReader(in)); err == nil || !errors.Is(err, ErrBatch) && !errors.Is(err, ErrRowTooLong) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v", in, err)
		}
	}
}

func TestBatchNDJSON(t *testing.T) {
	b := Batch{Snapshot: twoCounties(t), At: division.Today(), System: crs.WGS84, Say: func(t geo.Text) string { return t.EN }}
	in := `{"id":1,"lon":120.5,"lat":29.5}
 {"lat":29.5, "lon":121.0 }

{"x":"120°30′","y":"29°30′","name":"甲}"}
{}
[1,2]
{"lon":1
{"lon":true,"lat":1}
{"lon":120,"lat":29,"divisions":1}
{"lng":10,"latitude":1e1}
`
	want := `{"id":1,"lon":120.5,"lat":29.5,"divisions":[{"level":"county","code":"330701000000","name":"330701000000"},{"level":"township","code":"330701001000","name":"330701001000"}]}
{"lat":29.5, "lon":121.0 ,"divisions":[{"level":"county","code":"330701000000","name":"330701000000","on_border":[{"level":"county","code":"330701000000","name":"330701000000"},{"level":"county","code":"330702000000","name":"330702000000"}],"border":true},{"level":"township","code":"330701001000","name":"330701001000","on_border":[{"level":"township","code":"330701001000","name":"330701001000"}],"border":true}]}
{"x":"120°30′","y":"29°30′","name":"甲}","divisions":[{"level":"county","code":"330701000000","name":"330701000000"},{"level":"township","code":"330701001000","name":"330701001000"}]}
{"error":"the object lacks the members lon and lat"}
{"error":"the line is not a JSON object"}
{"error":"the line is not valid JSON: unexpected end of JSON input"}
{"lon":true,"lat":1,"error":"lon and lat must be numbers or text"}
{"lon":120,"lat":29,"divisions":1,"error":"the object has a member divisions or error already: rename it first"}
{"lng":10,"latitude":1e1,"divisions":[]}
`
	var out bytes.Buffer
	tally, err := b.NDJSON(t.Context(), &out, strings.NewReader(in))
	if err != nil || out.String() != want || tally != (Tally{Rows: 9, Nowhere: 1, OnBorder: 1, Bad: 5}) {
		t.Errorf("%v %+v\n%s", err, tally, out.String())
	}
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%q is not JSON", line)
		}
	}
	long := Batch{Snapshot: twoCounties(t)}
	if _, err := long.NDJSON(t.Context(), io.Discard, strings.NewReader(`{"a":"`+strings.Repeat("x", MaxRowBytes)+`"}`)); !errors.Is(err, ErrRowTooLong) {
		t.Error(err)
	}
}

// rows is an input of any length that is never in memory as a whole.
type rows struct {
	n       int
	rest    []byte
	watched bool // look at the heap now and then
	most    uint64
}

func (r *rows) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n--
		r.rest = fmt.Appendf(nil, "%d,%.9f,29.5\n", r.n, 120+float64(r.n%2000)/1000)
		if r.watched && r.n%20000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			r.most = max(r.most, m.HeapAlloc)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestBatchTakesNoMoreMemoryForMoreRows(t *testing.T) {
	b := Batch{Snapshot: twoCounties(t), At: division.Today()}
	b.Snapshot.Locator(b.At)
	in := &rows{n: 200_000, watched: true}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tally, err := b.CSV(t.Context(), io.Discard, io.MultiReader(strings.NewReader("id,lon,lat\n"), in))
	if err != nil || tally.Rows != 200_000 || tally.OnBorder != 200 || tally.Bad != 0 {
		t.Fatalf("%+v %v", tally, err)
	}
	if grown := int64(in.most) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

func TestBatchEndsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := Batch{Snapshot: twoCounties(t), Progress: func(int) error { cancel(); return nil }}
	if tally, err := b.CSV(ctx, io.Discard, io.MultiReader(strings.NewReader("id,lon,lat\n"), &rows{n: 100_000})); !errors.Is(err, context.Canceled) || tally.Rows > progressRows {
		t.Errorf("%+v %v", tally, err)
	}
	enough := errors.New("enough")
	b = Batch{Snapshot: twoCounties(t), Progress: func(rows int) error { return enough }}
	if _, err := b.CSV(t.Context(), io.Discard, io.MultiReader(strings.NewReader("id,lon,lat\n"), &rows{n: 100_000})); !errors.Is(err, enough) {
		t.Error(err)
	}
}

func FuzzBatch(f *testing.F) {
	f.Add("lon,lat\n120,29\n", true)
	f.Add("{\"lon\":120,\"lat\":\"29\"}\n{}", false)
	f.Fuzz(func(t *testing.T, s string, table bool) {
		b := Batch{Snapshot: twoCounties(t), At: division.Today()}
		var out bytes.Buffer
		if table {
			_, _ = b.CSV(t.Context(), &out, strings.NewReader(s))
			return
		}
		if _, err := b.NDJSON(t.Context(), &out, strings.NewReader(s)); err == nil {
			for line := range strings.Lines(out.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("%q gives %q", s, line)
				}
			}
		}
	})
}

func BenchmarkBatch(b *testing.B) {
	s := provinceSnapshot()
	s.Locator(0)
	b.Run("csv", func(b *testing.B) {
		for b.Loop() {
			batch := Batch{Snapshot: s}
			if _, err := batch.CSV(b.Context(), io.Discard, io.MultiReader(strings.NewReader("id,lon,lat\n"), &rows{n: 100_000})); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(1e5*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
