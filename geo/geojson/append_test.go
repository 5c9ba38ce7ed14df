package geojson

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestAppendGeometry(t *testing.T) {
	cw := orb.Ring{{0, 0}, {0, 1}, {1, 1}, {1, 0}, {0, 0}}
	ccw := orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}
	const shell, hole = `[[0,0],[1,0],[1,1],[0,1],[0,0]]`, `[[0,0],[0,1],[1,1],[1,0],[0,0]]`
	for _, c := range []struct {
		g    orb.Geometry
		want string
	}{
		{nil, `null`},
		{orb.Point{120.5, -29.000000001}, `{"type":"Point","coordinates":[120.5,-29.000000001]}`},
		{orb.MultiPoint{{1, 2}}, `{"type":"MultiPoint","coordinates":[[1,2]]}`},
		{orb.LineString{{1, 2}, {3, 4}}, `{"type":"LineString","coordinates":[[1,2],[3,4]]}`},
		{orb.MultiLineString{{{1, 2}, {3, 4}}, {}}, `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[]]}`},
		{orb.Polygon{cw, ccw}, `{"type":"Polygon","coordinates":[` + shell + `,` + hole + `]}`},
		{orb.Polygon{ccw, cw}, `{"type":"Polygon","coordinates":[` + shell + `,` + hole + `]}`},
		{orb.Polygon{cw[:4]}, `{"type":"Polygon","coordinates":[` + shell + `]}`},
		{orb.MultiPolygon{{cw}, {}, {{}}}, `{"type":"MultiPolygon","coordinates":[[` + shell + `],[],[[]]]}`},
		{cw, `{"type":"Polygon","coordinates":[` + shell + `]}`},
		{orb.Bound{Max: orb.Point{1, 1}}, `{"type":"Polygon","coordinates":[` + shell + `]}`},
		{orb.Collection{orb.Point{1, 2}, nil}, `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},null]}`},
		{orb.Polygon{{{1, 1}}}, `{"type":"Polygon","coordinates":[[[1,1],[1,1]]]}`},
	} {
		if got := string(AppendGeometry([]byte("x"), c.g)); got != "x"+c.want {
			t.Errorf("%v: %s, want %s", c.g, got[1:], c.want)
		}
	}
	if cw[1] != (orb.Point{0, 1}) {
		t.Error("the geometry was changed")
	}
}

func TestAppendNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", -4e-10: "0", 1e-9: "0.000000001", -1e-9: "-0.000000001", 0.1 + 0.2: "0.3", 120: "120", 119.9999999996: "120",
		543395.0429: "543395.0429", 40543395.042852: "40543395.042852", 40543395.0428521234: "40543395.042852126", 1e21: "1000000000000000000000", -1e300: "-1" + strings.Repeat("0", 300),
		math.Inf(1): "null", 9007199.254740993: "9007199.254740993", 16777216.5: "16777216.5", 20037508.342789244: "20037508.342789244",
	} {
		got := string(AppendNumber(nil, v))
		if v == -1e300 {
			if f, err := strconv.ParseFloat(got, 64); err != nil || f != v {
				t.Errorf("%v: %s", v, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	if got := string(AppendNumber(nil, math.NaN())); got != "null" {
		t.Error(got)
	}
}

func checkNumber(t interface{ Fatalf(string, ...any) }, v float64) {
	text := string(AppendNumber(nil, v))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	if strings.ContainsAny(text, "eE+") || !json.Valid([]byte(text)) || strings.Contains(text, ".") && strings.HasSuffix(text, "0") {
		t.Fatalf("%v: %s", v, text)
	}
	if _, frac, ok := strings.Cut(text, "."); ok && len(frac) > 9 {
		t.Fatalf("%v: %s", v, text)
	}
	back, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(back-v) > 5.0001e-10+math.Abs(v)*2e-16 {
		t.Fatalf("%v: %s", v, text)
	}
	if again := string(AppendNumber(nil, back)); again != text {
		t.Fatalf("%s is read and written as %s", text, again)
	}
	// A value on the grid comes back bit by bit.
	if k := math.Round(v * 1e9); math.Abs(k) < 1<<53 && k/1e9 == v && back != v {
		t.Fatalf("%v comes back as %v", v, back)
	}
	p := parser{b: []byte(text)}
	if got, err := p.ordinate(); err != nil || got != back {
		t.Fatalf("%s is read as %v %v, strconv says %v", text, got, err, back)
	}
}

func TestNumbersComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Float64Range(-180, 180), rapid.Float64(), rapid.Float64Range(-5e7, 5e7)).Draw(t, "v")
		checkNumber(t, v)
		checkNumber(t, math.Round(v*1e9)/1e9)
	})
}

// The reader's numbers are those of strconv, to the bit.
func TestOrdinateAgainstStrconv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`-?(0|[1-9][0-9]{0,21})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?`),
			rapid.StringMatching(`-?[0-9.eE+-]{1,8}`),
		).Draw(t, "text")
		p := parser{b: []byte(text + ",")}
		var got float64
		err := p.fail("", "")
		if c := text[0]; c == '-' || c-'0' <= 9 {
			got, err = p.ordinate()
		}
		want, wantErr := strconv.ParseFloat(text, 64)
		if !json.Valid([]byte(text)) || wantErr != nil {
			if err == nil && p.i == len(text) {
				t.Fatalf("%s is taken as %v", text, got)
			}
			return
		}
		if err != nil || math.Float64bits(got) != math.Float64bits(want) || p.i != len(text) {
			t.Fatalf("%s: %v %v, strconv %v", text, got, err, want)
		}
	})
}

func FuzzNumber(f *testing.F) {
	f.Add(120.445612345)
	f.Fuzz(func(t *testing.T, v float64) { checkNumber(t, v) })
}

func FuzzString(f *testing.F) {
	f.Add("安文\u2028\x00\"\\\xff/\t𠮷")
	f.Fuzz(func(t *testing.T, s string) {
		text := AppendString(nil, s)
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && !strings.Contains(back, "\ufffd") {
			t.Fatalf("%q: %s %v", s, text, err)
		}
		p := parser{b: text}
		if own, err := p.str(); err != nil || own != back {
			t.Fatalf("%s: %q %v, encoding/json %q", text, own, err, back)
		}
	})
}

func TestGDALReadsIt(t *testing.T) {
	g := orb.Collection{
		orb.MultiPolygon{{{{120, 29}, {120, 30}, {121, 30}, {120, 29}}}}, squareGeom, orb.Point{1.000000001, 2}, orb.MultiPoint{{1, 2}},
		orb.LineString{{1, 2}, {3, 4}}, orb.MultiLineString{{{1, 2}, {3, 4}}},
	}
	out := []byte(`{"type":"FeatureCollection","features":[`)
	for i, part := range append(g, g) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"type":"Feature","properties":{"name":`...)
		out = AppendString(out, "安文\"街道\"\\𠮷\n")
		out = AppendGeometry(append(out, `},"geometry":`...), part)
		out = append(out, '}')
	}
	name := filepath.Join(t.TempDir(), "x.geojson")
	if err := os.WriteFile(name, append(out, "]}"...), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := exec.Command("ogrinfo", "-al", "-q", name).CombinedOutput()
	if err != nil {
		t.Fatalf("ogrinfo (Debian package gdal-bin): %v %s", err, got)
	}
	for _, want := range []string{
		"MULTIPOLYGON (((120 29,121 30,120 30,120 29)))", "POLYGON ((120 29,121 29,121 30,120 30,120 29))", "POINT (1.000000001 2.0)",
		"MULTIPOINT ((1 2))", "LINESTRING (1 2,3 4)", "MULTILINESTRING ((1 2,3 4))", "GEOMETRYCOLLECTION (MULTIPOLYGON", "安文\"街道\"\\𠮷",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("ogrinfo does not show %s:\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "arning") || strings.Count(string(got), "OGRFeature") != 7 {
		t.Errorf("%s", got)
	}
}

func BenchmarkAppendGeometry(b *testing.B) {
	ring := make(orb.Ring, 0, 10001)
	for i := range 10000 {
		s, c := math.Sincos(2 * math.Pi * float64(i) / 10000)
		ring = append(ring, orb.Point{math.Round((120.45+0.2*c)*1e9) / 1e9, math.Round((29.05+0.2*s)*1e9) / 1e9})
	}
	mp := orb.MultiPolygon{{append(ring, ring[0])}}
	dst := AppendGeometry(nil, mp)
	b.SetBytes(int64(len(dst)))
	for b.Loop() {
		dst = AppendGeometry(dst[:0], mp)
	}
}

// What AppendNumber is held against.
func BenchmarkNumber(b *testing.B) {
	b.Run("AppendNumber", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			buf = AppendNumber(buf[:0], 120.445612345)
		}
	})
	b.Run("strconv", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			buf = strconv.AppendFloat(buf[:0], 120.445612345, 'f', -1, 64)
		}
	})
}
