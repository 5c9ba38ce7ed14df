package crs

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/paulmach/orb"
)

func TestParseAngle(t *testing.T) {
	dms := func(d, m, s float64) float64 { return (d*3600 + m*60 + s) / 3600 }
	a := dms(120, 26, 15.3)
	for s, want := range map[string]struct {
		deg  float64
		axis Axis
	}{
		"120°26′15.3″": {a, 0}, "120度26分15.3秒": {a, 0}, `120°26'15.3"`: {a, 0}, "120º26’15.3”": {a, 0}, "120° 26′ 15.3″": {a, 0}, "120°26′15.3": {a, 0},
		"120°26'15.3''": {a, 0}, "120°26′15.3′′": {a, 0}, "１２０°２６′１５．３″": {a, 0}, "120-26-15.3": {a, 0}, "120:26:15.3": {a, 0}, "120 26 15.3": {a, 0}, "120：26：15.3": {a, 0},
		"1202615.3": {a, 0}, "E1202615.3": {a, LonAxis}, "1202615.3E": {a, LonAxis}, "Ｅ120°26′15.3″": {a, LonAxis}, "120°26′15.3″ E": {a, LonAxis}, "e 120°26′15.3″": {a, LonAxis},
		"东经120°26′15.3″": {a, LonAxis}, "东经：120度26分15.3秒": {a, LonAxis}, "經度": {}, "西经120°26′15.3″": {-a, LonAxis}, "W120°26′15.3″": {-a, LonAxis}, "-120°26′15.3″": {-a, 0}, "−120 26 15.3": {-a, 0},
		"经度120°26′15.3″": {a, LonAxis}, "纬度29°03′26.1″": {dms(29, 3, 26.1), LatAxis},
		"北纬29°03′26.1″": {dms(29, 3, 26.1), LatAxis}, "S29°03′26.1″": {-dms(29, 3, 26.1), LatAxis}, "290326.1": {dms(29, 3, 26.1), 0}, "290326.1N": {dms(29, 3, 26.1), LatAxis},
		"74°40′21″.09": {dms(74, 40, 21.09), 0}, "74°40′21″09": {dms(74, 40, 21.09), 0}, "74°40′21\".09": {dms(74, 40, 21.09), 0}, "74°40′.5": {dms(74, 40.5, 0), 0}, "74°.5": {74.5, 0},
		"120°26.255′": {a, 0}, "120.4376": {120.4376, 0}, "120.4376°": {120.4376, 0}, "+120.4376": {120.4376, 0}, "E120.4376": {120.4376, LonAxis}, "120度": {120, 0}, "0": {0, 0}, "-0": {0, 0},
		"120°15″": {dms(120, 0, 15), 0}, "180": {180, 0}, "180°00′00″W": {-180, LonAxis}, "N90": {90, LatAxis}, "53000": {5.5, 0}, "120.": {120, 0}, "26′15″": {dms(0, 26, 15), 0},
	} {
		got, axis, err := ParseAngle(s)
		if s == "經度" {
			if err == nil {
				t.Errorf("%q is %v", s, got)
			}
			continue
		}
		if err != nil || got != want.deg || axis != want.axis || math.Signbit(got) != (want.deg < 0) {
			t.Errorf("%q: %.15v %v %v, want %.15v %v", s, got, axis, err, want.deg, want.axis)
		}
	}
	for s, says := range map[string]string{
		"": "no number", "°": "no number", "E": "no number", "120°60′00″": "below 60", "120°26′60″": "below 60", "1206000": "below 60", "181": "not packed", "180.1": "not packed", "1815": "not packed",
		"12026153": "not packed", "N91": "±90", "W180°00′01″": "±180", "东经120°26′15″W": "contradict", "E-120": "contradict", "E120N": "contradict", "26′120°": "order", "15″26′": "order",
		"120.5°26′": "decimals", "120°26.5′15″": "decimals", "120.5 26": "decimals", "1e2": "mean nothing", "0x10": "mean nothing", "NaN": "mean nothing", "Inf": "mean nothing", "1_000": "mean nothing",
		"120 26 15 3": "mean nothing", "120--26": "mean nothing", "120°26′1.5.3″": "mean nothing", "120°26′15″3°": "order", "-": "no number", "一百二十度": "mean nothing", "120°26′15.3″.4": "order",
		strings.Repeat("1", 200): "too long",
	} {
		got, _, err := ParseAngle(s)
		var e *Error
		if !errors.Is(err, ErrAngle) || !errors.As(err, &e) || !strings.Contains(err.Error(), says) || e.Localized().ZH == "" || strings.Contains(err.Error(), "%!") {
			t.Errorf("%q: %v, %v, want %q", s, got, err, says)
		}
	}
}

func TestFormatAngle(t *testing.T) {
	for _, c := range []struct {
		deg      float64
		axis     Axis
		style    AngleStyle
		decimals int
		latin    bool
		want     string
	}{
		{120.437583333333, AnyAxis, Marks, 1, false, "120°26′15.3″"}, {120.437583333333, LonAxis, Marks, 1, false, "东经120°26′15.3″"}, {-120.437583333333, LonAxis, Marks, 1, true, "W120°26′15.3″"},
		{29.057250, LatAxis, Han, 1, false, "北纬29度03分26.1秒"}, {74.672525, AnyAxis, PointBehind, 2, false, "74°40′21″.09"}, {120.437583333333, AnyAxis, Packed, 1, false, "1202615.3"},
		{29.057250, LatAxis, Packed, 0, true, "N290326"}, {-1e-12, AnyAxis, Marks, 3, false, "0°00′00.000″"}, {-0.5, AnyAxis, Marks, 0, false, "-0°30′00″"},
		{119.999999999, AnyAxis, Marks, 2, false, "120°00′00.00″"}, {29.9999, AnyAxis, Marks, 0, false, "30°00′00″"}, {120, LonAxis, Marks, -3, false, "东经120°00′00″"},
		{math.NaN(), AnyAxis, Marks, 2, false, ""}, {math.Inf(1), AnyAxis, Marks, 2, false, ""}, {361, AnyAxis, Marks, 2, false, ""},
	} {
		if got := FormatAngle(c.deg, c.axis, c.style, c.decimals, c.latin); got != c.want {
			t.Errorf("%v: %q, want %q", c.deg, got, c.want)
		}
	}
}

// What is written is read back: within half a unit of the last decimal, and with six decimals as the same point of the grid.
func TestAngleRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		axis := rapid.SampledFrom([]Axis{AnyAxis, LonAxis, LatAxis}).Draw(t, "axis")
		limit := 180.0
		if axis == LatAxis {
			limit = 90
		}
		deg := snap(rapid.Float64Range(-limit, limit).Draw(t, "deg"))
		style := rapid.SampledFrom([]AngleStyle{Marks, PointBehind, Han, Packed}).Draw(t, "style")
		decimals := rapid.IntRange(0, 9).Draw(t, "decimals")
		if style == Packed && math.Abs(deg) < 1 {
			t.Skip("packed numbers below a degree are too short to be told from degrees")
		}
		s := FormatAngle(deg, axis, style, decimals, rapid.Bool().Draw(t, "latin"))
		got, gotAxis, err := ParseAngle(s)
		if err != nil || gotAxis != axis || math.Abs(got-deg) > (0.5000001*math.Pow10(-decimals)+1e-10)/3600 {
			t.Fatalf("%v → %q → %.12f %v %v", deg, s, got, gotAxis, err)
		}
		if decimals >= 6 && snap(got) != deg {
			t.Fatalf("%v → %q → %.12f is another point of the grid", deg, s, got)
		}
	})
}

func TestParsePosition(t *testing.T) {
	want := orb.Point{120.4375, 29.0575}
	for _, s := range []string{
		"东经120°26′15″，北纬29°03′27″", "北纬29°03′27″，东经120°26′15″", "(东经120°26′15″，北纬29°03′27″)", "东经120°26′15″北纬29°03′27″", "北纬29度03分27秒 东经120度26分15秒",
		"120°26′15″,29°03′27″", "120°26′15″E 29°03′27″N", "29°03′27″N 120°26′15″E", "29°03′27″N120°26′15″E", "N290327 E1202615", "1202615 290327", "120.4375,29.0575", "120.4375 29.0575", "E120.4375、N29.0575",
	} {
		lon, lat, err := ParsePosition(s)
		if err != nil || math.Abs(lon-want[0]) > 1e-13 || math.Abs(lat-want[1]) > 1e-13 {
			t.Errorf("%q: %v %v %v", s, lon, lat, err)
		}
	}
	for _, s := range []string{"", "120", "E120,E121", "N29 N30", "29.05,120.43", "a,b", "120,29,3", "东经120°26′15″", strings.Repeat("1,", 400)} {
		if lon, lat, err := ParsePosition(s); !errors.Is(err, ErrAngle) {
			t.Errorf("%q: %v %v %v", s, lon, lat, err)
		}
	}
}

func FuzzParseAngle(f *testing.F) {
	for _, s := range []string{"120°26′15.3″", "74°40′21″.09", "E1202615.3", "北纬29度03分26.1秒", "-0.5", "１２０：２６：１５", "26′.255", "\xff°", "经度", "。"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		deg, axis, err := ParseAngle(s)
		if err != nil {
			if !errors.Is(err, ErrAngle) || deg != 0 {
				t.Errorf("%q: %v %v", s, deg, err)
			}
			return
		}
		if !(math.Abs(deg) <= 180) || axis == LatAxis && math.Abs(deg) > 90 {
			t.Errorf("%q is %v", s, deg)
		}
		again, _, err := ParseAngle(FormatAngle(deg, axis, Marks, 9, false))
		if err != nil || math.Abs(again-deg) > 3e-13 {
			t.Errorf("%q is %v, written and read %v %v", s, deg, again, err)
		}
		ParsePosition(s + "," + s)
		ParsePosition(s)
	})
}
