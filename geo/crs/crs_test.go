package crs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]CRS{
		"EPSG:4490": CGCS2000, "4490": CGCS2000, " epsg:4490 ": CGCS2000, "CGCS2000": CGCS2000, "cgcs 2000": CGCS2000,
		"urn:ogc:def:crs:EPSG::4549": {4549}, "urn:ogc:def:crs:EPSG:8.9:4549": {4549}, "urn:x-ogc:def:crs:EPSG:4549": {4549},
		"http://www.opengis.net/def/crs/EPSG/0/4490": CGCS2000, "https://www.opengis.net/def/crs/EPSG/0/4528": {4528},
		"[EPSG:3857]": WebMercator, "<http://www.opengis.net/def/crs/EPSG/0/4490>": CGCS2000,
		"CRS84": WGS84, "OGC:CRS84": WGS84, "urn:ogc:def:crs:OGC:1.3:CRS84": WGS84, "urn:ogc:def:crs:OGC::CRS84": WGS84,
		"http://www.opengis.net/def/crs/OGC/1.3/CRS84": WGS84, "WGS 84": WGS84, "WGS-84": WGS84, "EPSG:4326": WGS84,
		"GCJ02": GCJ02, "gcj-02": GCJ02, "GCJ_02": GCJ02, "BD09": BD09, "bd-09": BD09, "4491": {4491}, "4554": {4554},
	} {
		if got, err := Parse(s); got != want || err != nil {
			t.Errorf("%q: %v %v", s, got, err)
		}
		if got, err := Parse(want.String()); got != want || err != nil {
			t.Errorf("%v does not come back: %v %v", want, got, err)
		}
	}
	for s, says := range map[string]string{
		"": "not supported", "EPSG:": "not supported", "4555": "New Beijing", "EPSG:2385": "Xi'an 1980", "EPSG:4214": "local transformation",
		"EPSG:32651": "not supported", "-4490": "not supported", "+4490": "not supported", "4490.0": "not supported", "99999999999999999999": "not supported",
		"urn:ogc:def:crs:EPSG": "not supported", "http://www.opengis.net/def/crs/EPSG/0/": "not supported", "urn:ogc:def:crs:OGC:1.3:CRS27": "not supported",
		strings.Repeat("4", 5000): "too long",
	} {
		var e *Error
		got, err := Parse(s)
		if !errors.Is(err, ErrUnsupported) || !errors.As(err, &e) || !strings.Contains(err.Error(), says) || e.Localized().ZH == "" || got != (CRS{}) {
			t.Errorf("%.50q: %v %v", s, got, err)
		}
	}
}

func TestWhatASystemSaysOfItself(t *testing.T) {
	for _, c := range []struct {
		c                   CRS
		name                string
		epsg                int
		projected, latFirst bool
	}{
		{CGCS2000, "EPSG:4490", 4490, false, true},
		{WGS84, "EPSG:4326", 4326, false, true},
		{WebMercator, "EPSG:3857", 3857, true, false},
		{CRS{4549}, "EPSG:4549", 4549, true, true},
		{GCJ02, "GCJ02", 0, false, false},
		{BD09, "BD09", 0, false, false},
		{CRS{}, "", 0, false, false},
	} {
		if c.c.String() != c.name || c.c.EPSG() != c.epsg || c.c.Projected() != c.projected || c.c.LatFirst() != c.latFirst {
			t.Errorf("%v", c)
		}
	}
}

func TestOutOfRange(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	gk := CRS{4549}
	for _, c := range []CRS{CGCS2000, WGS84, WebMercator, gk, GCJ02, BD09} {
		for _, p := range []orb.Point{{nan, 30}, {120, nan}, {inf, 30}, {120, -inf}, {1e300, 1e300}} {
			if _, err := c.ToLonLat(p[0], p[1]); !errors.Is(err, ErrOutOfRange) {
				t.Errorf("%s takes %v", c, p)
			}
			if _, _, err := c.FromLonLat(p); !errors.Is(err, ErrOutOfRange) {
				t.Errorf("%s gives %v", c, p)
			}
		}
	}
	for _, c := range []struct {
		c    CRS
		x, y float64
	}{
		{CGCS2000, 29, 120}, {CGCS2000, 543395, 3215702}, {WGS84, 180.1, 0}, {gk, 40543395, 3215702}, {gk, 543395, -100}, {gk, 543395, 7e6},
		{gk, 2.3e6, 3e6}, {WebMercator, 2.1e7, 0}, {WebMercator, 0, -2.1e7},
	} {
		if p, err := c.c.ToLonLat(c.x, c.y); !errors.Is(err, ErrOutOfRange) || !strings.Contains(err.Error(), strconv.FormatFloat(c.x, 'f', -1, 64)) {
			t.Errorf("%v: %v %v", c, p, err)
		}
	}
	for _, c := range []struct {
		c CRS
		p orb.Point
	}{{gk, orb.Point{104, 30}}, {gk, orb.Point{120, -1}}, {gk, orb.Point{120, 61}}, {WebMercator, orb.Point{0, 86}}} {
		if _, _, err := c.c.FromLonLat(c.p); !errors.Is(err, ErrOutOfRange) || strings.Contains(err.Error(), "%!") {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := (CRS{}).ToLonLat(120, 29); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	if _, _, err := (CRS{}).FromLonLat(orb.Point{120, 29}); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

func TestRoundTrip(t *testing.T) {
	all := []CRS{CGCS2000, WGS84, WebMercator, GCJ02, BD09}
	for id := firstZoneEPSG; id <= lastZoneEPSG; id++ {
		all = append(all, CRS{int16(id)})
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(all).Draw(t, "crs")
		cm, reach := 104.0, 31.0
		if z, ok := c.zone(); ok {
			cm, reach = z.cm, 6
		}
		p := orb.Point{cm + rapid.Float64Range(-reach, reach).Draw(t, "dlon"), rapid.Float64Range(3, 54).Draw(t, "lat")}
		x, y, err := c.FromLonLat(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := c.ToLonLat(x, y)
		if err != nil || math.Abs(back[0]-p[0]) > 2e-12 || math.Abs(back[1]-p[1]) > 2e-12 {
			t.Fatalf("%s: %.13f → %v %v → %.13f %v", c, p, x, y, back, err)
		}
	})
}

// A Gauss-Kruger zone is symmetric about its meridian, and its neighbour sees the same degrees 3° on.
func TestZoneProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dl, lat := rapid.Float64Range(0, 15).Draw(t, "dlon"), rapid.Float64Range(0, 60).Draw(t, "lat")
		a, b := CRS{4549}, CRS{4548}
		x1, y1, err1 := a.FromLonLat(orb.Point{120 + dl, lat})
		x2, y2, err2 := a.FromLonLat(orb.Point{120 - dl, lat})
		x3, y3, err3 := b.FromLonLat(orb.Point{117 + dl, lat})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Skip(err) // 120 + 15 rounds beyond 15
		}
		if math.Abs(x1+x2-1e6) > 1e-7 || math.Abs(y1-y2) > 1e-7 || math.Abs(x1-x3) > 1e-7 || math.Abs(y1-y3) > 1e-7 {
			t.Fatalf("%v %v, %v %v, %v %v", x1, y1, x2, y2, x3, y3)
		}
	})
}

func TestSnap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Float64Range(-180, 180), rapid.Float64Range(-1, 1), rapid.Float64Range(-4.6e7, 4.6e7)).Draw(t, "v")
		s := Snap(orb.Point{v, -v})
		if math.Abs(s[0]-v) > Quantum/2+math.Abs(v)*3e-16 || s[1] != -s[0] {
			t.Fatalf("%v is moved to %v", v, s)
		}
		if Snap(s) != s {
			t.Fatal("a second snap moves it on")
		}
		if math.Abs(v) <= 180 {
			read, err := strconv.ParseFloat(fmt.Sprintf("%.9f", s[0]), 64)
			if err != nil || math.Float64bits(read+0) != math.Float64bits(s[0]) {
				t.Fatalf("%.9f is not %v", s[0], s[0])
			}
		}
	})
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e17, -1e300} {
		if got := snap(v); math.Float64bits(got) != math.Float64bits(v) {
			t.Errorf("%v becomes %v", v, got)
		}
	}
	if math.Signbit(snap(-1e-12)) || math.Signbit(snap(math.Copysign(0, -1))) {
		t.Error("−0 stays")
	}
}

func TestInChina(t *testing.T) {
	if !InChina(orb.Point{120.45, 29.05}) || !InChina(orb.Point{112.3, 3.8}) || InChina(orb.Point{29, 120}) || InChina(orb.Point{0, 0}) || InChina(orb.Point{math.NaN(), 30}) {
		t.Error("InChina")
	}
}

func TestShiftInPanan(t *testing.T) {
	// 501.8–547.7 m was measured on a million points with two independent programs.
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(120.2, 120.8).Draw(t, "lon"), rapid.Float64Range(28.8, 29.3).Draw(t, "lat")}
		g := ToGCJ02(p)
		m := math.Hypot((g.Lon-p[0])*math.Cos(p[1]*degree), g.Lat-p[1]) * degree * semiMajorAxisM
		if m < 498 || m > 551 {
			t.Fatalf("%v is shifted by %v m", p, m)
		}
		if got := g.BD09().GCJ02(); math.Abs(got.Lon-g.Lon) > 1e-12 || math.Abs(got.Lat-g.Lat) > 1e-12 {
			t.Fatalf("BD-09 there and back: %v %v", g, got)
		}
	})
}

// Errors carry the sentence for people; the program prints it by this method.
var _ interface{ Localized() geo.Text } = (*Error)(nil)

func FuzzParse(f *testing.F) {
	f.Add("urn:ogc:def:crs:EPSG::4549")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := Parse(s); (err == nil) != (c.String() != "") {
			t.Errorf("%v %v", c, err)
		}
	})
}

func FuzzConvert(f *testing.F) {
	f.Add(int16(4549), 543395.0429, 3215702.1983)
	f.Add(int16(-1), 137.8347, 55.8271)
	f.Fuzz(func(t *testing.T, id int16, x, y float64) {
		c := CRS{id}
		p, err := c.ToLonLat(x, y)
		if err == nil && !inDegrees(p[0], p[1]) && !(c == GCJ02 || c == BD09) {
			t.Errorf("%v: %v %v is at %v", c, x, y, p)
		}
		if err == nil && math.IsNaN(p[0]+p[1]) {
			t.Errorf("%v: %v %v is at %v", c, x, y, p)
		}
		if _, _, err := c.FromLonLat(orb.Point{x, y}); err != nil && strings.Contains(err.Error(), "%!") {
			t.Error(err)
		}
	})
}

func BenchmarkToLonLat(b *testing.B) {
	for _, name := range []string{"EPSG:4549", "EPSG:3857", "EPSG:4490", "GCJ02", "BD09"} {
		c, err := Parse(name)
		if err != nil {
			b.Fatal(err)
		}
		x, y, err := c.FromLonLat(orb.Point{120.4456, 29.0573})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := c.ToLonLat(x, y); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFromLonLat(b *testing.B) {
	for b.Loop() {
		if _, _, err := (CRS{4549}).FromLonLat(orb.Point{120.4456, 29.0573}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSnap(b *testing.B) {
	for b.Loop() {
		Snap(orb.Point{120.44561234567891, 29.0573123456789})
	}
}
