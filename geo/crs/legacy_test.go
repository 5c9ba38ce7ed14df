package crs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// Made-up parameters of the size that districts have; no authority's.
var madeUp = Helmert{DXM: 15.8, DYM: -154.4, DZM: -82.3, RXArcsec: 1.31, RYArcsec: -2.72, RZArcsec: 3.94, ScalePPM: -4.21, Convention: CoordinateFrame}

// cct runs a pipeline of PROJ over rows of three numbers.
func cct(t testing.TB, pipeline string, rows [][3]float64) [][3]float64 {
	t.Helper()
	var in strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&in, "%.14f %.14f %.9f 0\n", r[0], r[1], r[2])
	}
	cmd := exec.Command("cct", append([]string{"-d", "13"}, strings.Fields(pipeline)...)...)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cct (Debian package proj-bin): %v", err)
	}
	var got [][3]float64
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		f := strings.Fields(sc.Text())
		var r [3]float64
		for i := range r {
			if r[i], err = strconv.ParseFloat(f[i], 64); err != nil {
				t.Fatalf("cct wrote %q", sc.Text())
			}
		}
		got = append(got, r)
	}
	if len(got) != len(rows) {
		t.Fatalf("cct answered %d of %d", len(got), len(rows))
	}
	return got
}

func TestSevenParametersAgainstPROJ(t *testing.T) {
	const seed = 20261126
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	worst := 0.0
	for n := range 12 {
		h := madeUp
		if n > 0 {
			u := func(span float64) float64 { return span * (2*r.Float64() - 1) }
			h = Helmert{u(300), u(300), u(300), u(8), u(8), u(8), u(20), PositionVector, false}
		}
		h.Convention = []Convention{CoordinateFrame, PositionVector}[n%2]
		legacy, ellps := Beijing1954, "krass"
		if n%4 > 1 {
			legacy, ellps = Xian1980, "IAU76"
		}
		s, err := legacy.With(h)
		if err != nil {
			t.Fatal(err)
		}
		var in [][3]float64
		for range 1000 {
			in = append(in, [3]float64{73 + 63*r.Float64(), 3 + 51*r.Float64(), 0})
		}
		pipeline := fmt.Sprintf("+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=%s"+
			" +step +proj=helmert +x=%v +y=%v +z=%v +rx=%v +ry=%v +rz=%v +s=%v +convention=%s +step +inv +proj=cart +ellps=GRS80 +step +proj=unitconvert +xy_in=rad +xy_out=deg",
			ellps, h.DXM, h.DYM, h.DZM, h.RXArcsec, h.RYArcsec, h.RZArcsec, h.ScalePPM, strings.ReplaceAll(h.Convention.String(), "-", "_"))
		for i, want := range cct(t, pipeline, in) {
			p := s.LonLat(LegacyPoint{in[i][0], in[i][1]})
			d := math.Max(math.Abs(p[0]-want[0]), math.Abs(p[1]-want[1]))
			if worst = math.Max(worst, d); d > 1e-12 {
				t.Fatalf("%+v %v: %.13f, PROJ %.13f", h, in[i], p, want)
			}
		}
	}
	t.Logf("worst difference %.2g°", worst)
}

// The zones of the old datums, and the whole way from their metres to degrees of CGCS2000, as PROJ says.
func TestLegacyZonesAgainstPROJ(t *testing.T) {
	r := rand.New(rand.NewPCG(20261126, 2))
	for _, row := range legacyZones {
		for _, n := range []int{row.first, row.first + 7, row.last} {
			l, err := ParseLegacy(fmt.Sprintf("EPSG:%d", row.epsg+n-row.first))
			if err != nil || l.Datum() != row.datum || !l.Projected() {
				t.Fatal(l, err)
			}
			z, _ := l.zone()
			var pts [][2]float64
			for range 40 {
				pts = append(pts, [2]float64{z.cm + 6*r.Float64() - 3, 3 + 51*r.Float64()})
			}
			var in strings.Builder
			for _, p := range pts {
				fmt.Fprintf(&in, "%.14f %.14f\n", p[1], p[0])
			}
			cmd := exec.Command("cs2cs", "-f", "%.9f", row.datum.String(), l.String())
			cmd.Stdin = strings.NewReader(in.String())
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("cs2cs (Debian package proj-bin): %v", err)
			}
			for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
				f := strings.Fields(line)
				north, _ := strconv.ParseFloat(f[0], 64)
				east, _ := strconv.ParseFloat(f[1], 64)
				x, y, err := l.Coordinates(LegacyPoint{pts[i][0], pts[i][1]})
				if err != nil || math.Abs(x-east) > 1e-7 || math.Abs(y-north) > 1e-7 {
					t.Fatalf("%s %v: %.9f %.9f %v, PROJ %s", l, pts[i], x, y, err, line)
				}
			}
		}
	}
}

func TestLegacyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, v float64) float64 { return rapid.Float64Range(-v, v).Draw(t, name) }
		h := Helmert{
			DXM: span("dx", 3000), DYM: span("dy", 3000), DZM: span("dz", 3000), RXArcsec: span("rx", 60), RYArcsec: span("ry", 60), RZArcsec: span("rz", 60),
			ScalePPM: span("s", 100), Convention: rapid.SampledFrom([]Convention{PositionVector, CoordinateFrame}).Draw(t, "convention"), FromCGCS2000: rapid.Bool().Draw(t, "from"),
		}
		row := rapid.SampledFrom(legacyZones).Draw(t, "row")
		l := Legacy{int16(row.epsg + rapid.IntRange(0, row.last-row.first).Draw(t, "zone"))}
		if rapid.Bool().Draw(t, "degrees") {
			l = l.Datum()
		}
		s, err := l.With(h)
		if err != nil {
			t.Skip(err) // a scale drawn at 1 ppm
		}
		cm := 105.0
		if z, ok := l.zone(); ok {
			cm = z.cm
		}
		p := orb.Point{cm + span("dlon", 3), rapid.Float64Range(4, 53).Draw(t, "lat")}
		x, y, err := s.FromLonLat(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.ToLonLat(x, y)
		if err != nil || math.Abs(back[0]-p[0]) > 1e-12 || math.Abs(back[1]-p[1]) > 1e-12 {
			t.Fatalf("%s %+v: %.13f → %v %v → %.13f %v", l, h, p, x, y, back, err)
		}
	})
}

// The wrong convention, or the wrong direction, is far off: the reason why both must be named.
func TestConventionMatters(t *testing.T) {
	right, _ := Beijing1954.With(madeUp)
	h := madeUp
	h.Convention = PositionVector
	wrong, _ := Beijing1954.With(h)
	p := LegacyPoint{120.45, 29.05}
	if a, b := right.LonLat(p), wrong.LonLat(p); math.Hypot(a[0]-b[0], a[1]-b[1])*1.1e5 < 10 {
		t.Errorf("%v %v", a, b)
	}
	h.Convention = NoConvention
	if _, err := Beijing1954.With(h); !errors.Is(err, ErrParameters) {
		t.Error(err)
	}
	// Rotations with the other sign in the other convention are the same.
	h = madeUp
	h.Convention, h.RXArcsec, h.RYArcsec, h.RZArcsec = PositionVector, -h.RXArcsec, -h.RYArcsec, -h.RZArcsec
	same, _ := Beijing1954.With(h)
	if a, b := right.LonLat(p), same.LonLat(p); a != b {
		t.Errorf("%v %v", a, b)
	}
}

func TestHelmertValidate(t *testing.T) {
	for _, c := range []struct {
		change func(*Helmert)
		says   string
	}{
		{func(h *Helmert) { h.DXM = math.NaN() }, "dx"}, {func(h *Helmert) { h.DZM = 1e6 }, "dz"}, {func(h *Helmert) { h.RYArcsec = 500 }, "ry"}, {func(h *Helmert) { h.ScalePPM = math.Inf(1) }, "s="},
		{func(h *Helmert) { h.ScalePPM = 1.0000042 }, "factor"}, {func(h *Helmert) { h.ScalePPM = 1 }, "factor"}, {func(h *Helmert) { h.Convention = 7 }, "convention"},
	} {
		h := madeUp
		c.change(&h)
		if err := h.Validate(); !errors.Is(err, ErrParameters) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "%!") {
			t.Errorf("%+v: %v", h, err)
		}
	}
	if err := (Helmert{DXM: 15, DYM: -150, DZM: -90}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestReadSeven(t *testing.T) {
	const js = `{"dx":15.8,"dy":-154.4,"dz":-82.3,"rx":1.31,"ry":-2.72,"rz":3.94,"s":-4.21,"convention":"coordinate-frame","source":"made up"}`
	for _, file := range []string{
		js, "\ufeff" + js, strings.Replace(js, "coordinate-frame", "9607", 1),
		"dx,dy,dz,rx,ry,rz,s,convention\n15.8,-154.4,-82.3,1.31,-2.72,3.94,-4.21,布尔莎\n",
		"S,convention,dx,dy,dz,rx,ry,rz,direction\r\n-4.21,coordinate_frame,15.8,-154.4,-82.3,1.31,-2.72,3.94,to-cgcs2000\r\n",
	} {
		if h, err := ReadSeven(strings.NewReader(file)); err != nil || h != madeUp {
			t.Errorf("%s: %+v %v", file, h, err)
		}
	}
	if h, err := ReadSeven(strings.NewReader(strings.Replace(js, `"source"`, `"direction":"from-cgcs2000","source"`, 1))); err != nil || !h.FromCGCS2000 {
		t.Error(h, err)
	}
	for file, says := range map[string]string{
		"": "must be JSON", "{": "JSON", `{"dx":1}`: "lacks dy", strings.Replace(js, "rz", "rq", 1): "JSON", strings.Replace(js, "coordinate-frame", "x", 1): "convention",
		strings.Replace(js, `"convention":"coordinate-frame",`, "", 1): "not named", "dx,dy\n1,2\n3,4\n": "must be JSON", "dx,foo\n1,2\n": "foo", "dx,dy\n1,b\n": "not a number",
		strings.Repeat(" ", 1<<17): "too large", strings.Replace(js, `"source"`, `"direction":"up","source"`, 1): "direction",
	} {
		if h, err := ReadSeven(strings.NewReader(file)); !errors.Is(err, ErrParameters) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %+v %v, want %q", file, h, err, says)
		}
	}
	if h, err := ParseSeven("15.8, -154.4,-82.3,1.31,-2.72,3.94,-4.21"); err != nil || h.ScalePPM != -4.21 || h.DXM != 15.8 {
		t.Error(h, err)
	}
	for _, s := range []string{"", "1,2", "1,2,3,4,5,6,x"} {
		if _, err := ParseSeven(s); !errors.Is(err, ErrParameters) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestParseLegacy(t *testing.T) {
	for s, want := range map[string]Legacy{
		"EPSG:4214": Beijing1954, "4610": Xian1980, "北京54": Beijing1954, "1954年北京坐标系": Beijing1954, "Xi'an 1980": Xian1980, "xian_80": Xian1980, "西安80": Xian1980,
		"EPSG:2437": {2437}, "urn:ogc:def:crs:EPSG::2385": {2385}, "http://www.opengis.net/def/crs/EPSG/0/21420": {21420}, "21463": {21463},
	} {
		got, err := ParseLegacy(s)
		if err != nil || got != want {
			t.Errorf("%q: %v %v", s, got, err)
		}
		if back, err := ParseLegacy(got.String()); err != nil || back != got {
			t.Errorf("%q: %v %v", s, back, err)
		}
	}
	for _, s := range []string{"", "4490", "EPSG:4549", "2326", "2391", "2400", "2443", "21412", "21424", "21452", "foo:4214", "99999", "-1", strings.Repeat("4", 300)} {
		if got, err := ParseLegacy(s); !errors.Is(err, ErrUnsupported) || got != (Legacy{}) {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	for _, err := range []error{
		func() error { _, err := (Legacy{2437}).Degrees(40543395, 3e6); return err }(), func() error { _, err := Beijing1954.Degrees(500000, 3e6); return err }(),
		func() error { _, _, err := (Legacy{2437}).Coordinates(LegacyPoint{80, 29}); return err }(), func() error { _, _, err := (Shifted{}).FromLonLat(orb.Point{120, 29}); return err }(),
		func() error { _, err := (Shifted{}).ToLonLat(120, 29); return err }(),
	} {
		if !errors.Is(err, ErrOutOfRange) && !errors.Is(err, ErrUnsupported) || strings.Contains(err.Error(), "%!") {
			t.Error(err)
		}
	}
}
