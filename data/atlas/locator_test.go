package atlas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo/crs"
	"yutu/geo/division"
)

func sameLocated(a, b Located) bool {
	return slices.Equal(a.Chain, b.Chain) && slices.EqualFunc(a.Borders, b.Borders, func(x, y Border) bool {
		return x.Level == y.Level && slices.Equal(x.Units, y.Units)
	})
}

func (l Located) String() string {
	s := fmt.Sprint(codesOf(l.Chain))
	for _, b := range l.Borders {
		s += fmt.Sprintf(" %v on border of %v", b.Level, codesOf(b.Units))
	}
	return s
}

// around are points where a raster could go wrong: vertices, places on edges, the corners of cells and a quantum beside all of them.
func around(l *Locator, units []division.Unit, r *rand.Rand, n int) []orb.Point {
	var out []orb.Point
	beside := func(p orb.Point) {
		out = append(out, p, orb.Point{p[0] + float64(r.IntN(3)-1)*crs.Quantum, p[1] + float64(r.IntN(3)-1)*crs.Quantum})
	}
	for range n {
		u := units[r.IntN(len(units))]
		poly := u.Geom[r.IntN(len(u.Geom))]
		ring := poly[r.IntN(len(poly))]
		i := 1 + r.IntN(len(ring)-1)
		f := r.Float64()
		beside(ring[i])
		beside(orb.Point{ring[i-1][0] + f*(ring[i][0]-ring[i-1][0]), ring[i-1][1] + f*(ring[i][1]-ring[i-1][1])})
		if l.perX > 0 {
			beside(orb.Point{l.min[0] + float64(r.IntN(int(l.cols)+1))/l.perX, l.min[1] + float64(r.IntN(int(l.rows)+1))/l.perY})
		}
		out = append(out, orb.Point{l.min[0] + (l.max[0]-l.min[0])*(1.2*r.Float64()-0.1), l.min[1] + (l.max[1]-l.min[1])*(1.2*r.Float64()-0.1)})
	}
	return append(out, l.min, l.max, orb.Point{math.NaN(), 29}, orb.Point{500, 29}, orb.Point{120, math.Inf(1)})
}

func TestLocatorAnswersAsTheTreesDo(t *testing.T) {
	const seed = 20261126
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	old := square(500, "330727901000", "330727000000", 120.01, 29.01, 120.05, 29.05)
	old.Valid.To = day(t, "2000-01-01")
	bare := named(501, "330727902000", "无界镇", division.Always)
	bare.Geom = nil
	for name, units := range map[string][]division.Unit{
		"mesh":  newLattice(11, 9, 9, 3).units(3),
		"holes": holed(),
		"dates": append(newLattice(12, 6, 6, 5).units(3), old, bare),
		"one":   {square(1, "330701000000", "", 120, 29, 121, 30)},
		"tiny":  {square(1, "330701000000", "", 120, 29, 120.00000001, 29.00000002), square(2, "330702000000", "", 120.00000001, 29, 120.00000002, 29.00000002)},
		"far":   {square(1, "330701000000", "", 120, 29, 120.001, 29.001), square(2, "330702000000", "", -120, -29, -119, -28)},
		"no nesting": {
			square(1, "330000000000", "", 119, 28, 123, 31), square(2, "330100000000", "330000000000", 120, 29, 121, 30), square(3, "330003000000", "330000000000", 121, 29, 122, 30),
			square(4, "330100001000", "330100000000", 120.5, 29.5, 121.5, 29.8), square(5, "330003001000", "330003000000", 121.5, 29.5, 121.7, 29.8), square(6, "330003001200", "330003001000", 121.4, 29.4, 121.6, 29.6),
		},
	} {
		s := mustBuild(t, units)
		borders := 0
		for _, at := range []division.Date{day(t, "1999-12-31"), division.Today()} {
			l := s.Locator(at)
			if s.Locator(at) != l {
				t.Error("built twice")
			}
			withGeometry := slices.DeleteFunc(slices.Clone(units), func(u division.Unit) bool { return len(u.Geom) == 0 })
			for _, p := range around(l, withGeometry, r, 1500) {
				got, want := l.Locate(p), s.LocatePoint(p, at)
				if !sameLocated(got, want) {
					t.Fatalf("%s at %v: %.9f: %v, want %v", name, at, p, got, want)
				}
				if !slices.Equal(want.Chain, s.Locate(p, at)) {
					t.Fatalf("%s: two chains", name)
				}
				if len(got.Borders) > 0 {
					borders++
				}
			}
		}
		if borders == 0 {
			t.Errorf("%s: no point on a border was tried", name)
		}
	}
}

// Units that overlap, leave gaps, cross themselves and name parents that do not hold them.
func TestLocatorOnBadData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "units")
		var units []division.Unit
		for i := range n {
			level := rapid.IntRange(1, 5).Draw(t, "level")
			u := named(int64(i+1), division.Code(fmt.Sprintf("33%010d", i+1)), "甲", division.Always)
			u.Level = division.Level(level)
			if i > 0 {
				u.Parent = units[rapid.IntRange(0, i-1).Draw(t, "parent")].Code
			}
			var ring orb.Ring
			for range rapid.IntRange(3, 8).Draw(t, "vertices") {
				ring = append(ring, crs.Snap(orb.Point{
					120 + 0.001*float64(rapid.IntRange(0, 20).Draw(t, "x")), 29 + 0.001*float64(rapid.IntRange(0, 20).Draw(t, "y")),
				}))
			}
			u.Geom = orb.MultiPolygon{{append(ring, ring[0])}}
			units = append(units, u)
		}
		s, err := build(t.Context(), 1, itemsOf(units), newBook(nil), 1)
		if err != nil {
			t.Skip(err)
		}
		l := s.Locator(0)
		for range 60 {
			p := orb.Point{120 + 0.0005*float64(rapid.IntRange(-1, 41).Draw(t, "px")), 29 + 0.0005*float64(rapid.IntRange(-1, 41).Draw(t, "py"))}
			if got, want := l.Locate(p), s.LocatePoint(p, 0); !sameLocated(got, want) {
				t.Fatalf("%v: %v, want %v", p, got, want)
			}
		}
	})
}

// A point on a border belongs to both sides, at every level whose border it is.
func TestBordersNameAllSides(t *testing.T) {
	s := mustBuild(t, []division.Unit{
		square(1, "330701000000", "", 120, 29, 121, 30), square(2, "330702000000", "", 121, 29, 122, 30),
		square(3, "330701001000", "330701000000", 120, 29, 121, 29.5), square(4, "330701002000", "330701000000", 120, 29.5, 121, 30),
		square(5, "330702001000", "330702000000", 121, 29, 122, 30),
	})
	for _, c := range []struct {
		p    orb.Point
		want string
	}{
		{orb.Point{120.5, 29.2}, "[330701000000 330701001000]"},
		{orb.Point{120.5, 29.5}, "[330701000000 330701001000] township on border of [330701001000 330701002000]"},
		{orb.Point{121, 29.2}, "[330701000000 330701001000] county on border of [330701000000 330702000000] township on border of [330701001000 330702001000]"},
		{orb.Point{121, 29.5}, "[330701000000 330701001000] county on border of [330701000000 330702000000] township on border of [330701001000 330701002000 330702001000]"},
		{orb.Point{121, 29.500000001}, "[330701000000 330701002000] county on border of [330701000000 330702000000] township on border of [330701002000 330702001000]"},
		{orb.Point{121.000000001, 29.5}, "[330702000000 330702001000]"},
		{orb.Point{122, 29.5}, "[330702000000 330702001000] county on border of [330702000000] township on border of [330702001000]"},
		{orb.Point{122.000000001, 29.5}, "[]"},
	} {
		for name, got := range map[string]Located{"trees": s.LocatePoint(c.p, 0), "locator": s.Locator(0).Locate(c.p)} {
			if got.String() != c.want {
				t.Errorf("%s %v: %v, want %v", name, c.p, got, c.want)
			}
		}
		if got := s.LocatePoint(c.p, 0); len(got.At(division.Province)) != 0 {
			t.Errorf("%v: a border of provinces", c.p)
		}
	}
}

func TestLocatorsAreKeptByInterval(t *testing.T) {
	var units []division.Unit
	for i := range 6 {
		u := square(int64(i+1), division.Code(fmt.Sprintf("3307%02d000000", i+1)), "", 120+float64(i), 29, 121+float64(i), 30)
		u.Valid.From = day(t, fmt.Sprintf("20%02d-01-01", i))
		units = append(units, u)
	}
	s := mustBuild(t, units)
	if s.Locator(day(t, "2001-03-01")) != s.Locator(day(t, "2001-12-31")) || s.Locator(day(t, "2001-03-01")) == s.Locator(day(t, "2002-01-01")) {
		t.Error("one locator for days of one map, another for another")
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			at := day(t, fmt.Sprintf("20%02d-06-01", i%6))
			if got := s.Locator(at).Locate(orb.Point{120.5 + float64(i%6), 29.5}); len(got.Chain) != 1 {
				t.Errorf("%v: %v", at, got)
			}
			if i%6 < 5 {
				if got := s.Locator(at).Locate(orb.Point{121.5 + float64(i%6), 29.5}); len(got.Chain) != 0 {
					t.Errorf("%v, before its time: %v", at, got)
				}
			}
		})
	}
	wg.Wait()
	if n := len(s.memo.locators.kept); n > keptLocators {
		t.Errorf("%d are kept", n)
	}
	if got := mustBuild(t, nil).Locator(0).Locate(orb.Point{120, 29}); got.Chain != nil {
		t.Error(got)
	}
}

func BenchmarkLocator(b *testing.B) {
	s := provinceSnapshot()
	b.Run("build", func(b *testing.B) {
		var l *Locator
		for b.Loop() {
			l = s.newLocator(0)
		}
		b.ReportMetric(float64(4*len(l.cells)+32*len(l.lists)+8*len(l.refs))/(1<<20), "MB")
		mixed := 0
		for _, id := range l.cells {
			if l.lists[id].mixed {
				mixed++
			}
		}
		b.ReportMetric(100*float64(mixed)/float64(len(l.cells)), "%mixed")
	})
	b.Run("point", func(b *testing.B) {
		l := s.Locator(0)
		r := rand.New(rand.NewPCG(1, 1))
		pts := make([]orb.Point, 1<<16)
		for i := range pts {
			pts[i] = somewhere(r)
		}
		i := 0
		for b.Loop() {
			if len(l.Locate(pts[i&(1<<16-1)]).Chain) == 0 {
				b.Fatal("nowhere")
			}
			i++
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "points/s")
	})
}
