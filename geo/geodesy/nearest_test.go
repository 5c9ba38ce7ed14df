package geodesy

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// densified finds the nearest place by brute force: thousand points on every segment, and again thousand around the nearest.
func densified(p orb.Point, line orb.LineString) (distM float64, at orb.Point) {
	distM = math.Inf(1)
	const n = 1000
	for i := 1; i < len(line); i++ {
		lengthM, bearingDeg, _ := Inverse(line[i-1], line[i])
		from, to := 0.0, lengthM
		for range 4 { // 1,000 km, 2 km, 4 m, 8 mm
			var bestS float64
			best := math.Inf(1)
			for k := range n + 1 {
				s := from + (to-from)*float64(k)/n
				q, _ := Direct(line[i-1], bearingDeg, s)
				if d := DistanceM(p, q); d < best {
					best, bestS = d, s
				}
			}
			if best < distM {
				distM, at = best, Destination(line[i-1], bearingDeg, bestS)
			}
			step := (to - from) / n
			from, to = max(bestS-step, 0), min(bestS+step, lengthM)
		}
	}
	return distM, at
}

func TestNearestAgainstDensification(t *testing.T) {
	const seed = 20261126
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var worstM, worstFootM float64
	for i := range 120 {
		p := orb.Point{80 + 50*r.Float64(), 5 + 47*r.Float64()}
		// Segments and distances from a metre to 1,000 km.
		reachM, awayM := math.Pow(10, 6*r.Float64()), math.Pow(10, 6*r.Float64())
		at := Destination(p, 360*r.Float64(), awayM)
		line := orb.LineString{at}
		for range 1 + i%4 {
			at = Destination(at, 360*r.Float64(), reachM*(0.2+0.8*r.Float64()))
			line = append(line, at)
		}
		got := Nearest(p, line)
		want, foot := densified(p, line)
		worstM = max(worstM, got.DistM-want)
		// The sampled foot is some mm off where the distance hardly changes along the line: compare where it does.
		worstFootM = max(worstFootM, DistanceM(got.Point, foot)/math.Sqrt(max(want, 1)))
		if got.DistM < want-1e-3*math.Min(1, reachM) && DistanceM(p, got.Point) < got.DistM-1e-9 {
			t.Errorf("%v %v: %v is nearer than any place sampled (%v)", p, line, got, want)
		}
		if d := DistanceM(p, got.Point); math.Abs(d-got.DistM) > 1e-8 {
			t.Errorf("%v: the foot is %v m away, not %v", p, d, got.DistM)
		}
		// It lies on the line, where it says.
		part := append(orb.LineString{}, line[:got.Segment+1]...)
		if l := LengthM(append(part, got.Point)); math.Abs(l-got.AlongM) > MaxErrorM {
			t.Errorf("%v: %v m along, but %v m by the vertices", p, got.AlongM, l)
		}
		if d := DistanceM(line[got.Segment], got.Point) + DistanceM(got.Point, line[got.Segment+1]) - DistanceM(line[got.Segment], line[got.Segment+1]); d > 1e-7 {
			t.Errorf("%v: the foot lies beside segment %d by a detour of %v m", p, got.Segment, d)
		}
	}
	t.Logf("longest over the densified: %.2g m; feet apart %.2g m·m^-½", worstM, worstFootM)
	if worstM > MaxErrorM {
		t.Errorf("%v m farther than a sampled place", worstM)
	}
}

// At the foot inside a segment the two lines are at right angles; the place found is within MaxErrorM of where they are.
func TestFootIsPerpendicular(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := orb.Point{rapid.Float64Range(75, 130).Draw(t, "lon"), rapid.Float64Range(5, 50).Draw(t, "lat")}
		bearingDeg, lengthM := rapid.Float64Range(0, 360).Draw(t, "bearing"), math.Pow(10, rapid.Float64Range(1, 6).Draw(t, "log length"))
		s, awayM := rapid.Float64Range(0.01, 0.99).Draw(t, "s")*lengthM, math.Pow(10, rapid.Float64Range(0, 6).Draw(t, "log away"))
		x, forward := Direct(a, bearingDeg, s)
		p := Destination(x, forward+90, awayM)
		got := Nearest(p, orb.LineString{a, Destination(a, bearingDeg, lengthM)})
		// The segment's end is rounded to 2 nm, which turns a short one: that moves the foot of a far point, and it is no error.
		if turnedM := 3e-9 / lengthM * awayM; math.Abs(got.AlongM-s) > MaxErrorM+turnedM || math.Abs(got.DistM-awayM) > MaxErrorM {
			t.Fatalf("%v m along and %v m away, want %v and %v", got.AlongM, got.DistM, s, awayM)
		}
	})
}

// The bound that passes over segments is safe, and what is passed over changes nothing.
func TestNearestPassesOverNothingNearer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		spread := math.Pow(10, rapid.Float64Range(-4, 1).Draw(t, "log spread"))
		draw := func() orb.Point {
			return orb.Point{110 + spread*rapid.Float64Range(-1, 1).Draw(t, "x"), 30 + spread*rapid.Float64Range(-1, 1).Draw(t, "y")}
		}
		line := orb.LineString{draw()}
		for range n {
			line = append(line, draw())
		}
		p := draw()
		got := Nearest(p, line)
		at := geocentric(p)
		best := math.Inf(1)
		for i := 1; i < len(line); i++ {
			f, _ := nearestOnSegment(p, line[i-1], line[i])
			best = min(best, f.DistM)
			if least := leastM(at, geocentric(line[i-1]), geocentric(line[i])); least > f.DistM {
				t.Fatalf("segment %d: at least %v m, but %v m", i-1, least, f.DistM)
			}
		}
		if got.DistM != best {
			t.Fatalf("%v, but %v by looking at every segment", got.DistM, best)
		}
	})
}

func TestNearestOfLittle(t *testing.T) {
	p, q := orb.Point{120, 29}, orb.Point{120.1, 29}
	if f := Nearest(p, nil); f.Segment != -1 || !math.IsNaN(f.DistM) {
		t.Error(f)
	}
	if f := Nearest(p, orb.LineString{q}); f.Segment != 0 || f.Point != q || f.DistM != DistanceM(p, q) {
		t.Error(f)
	}
	if f := Nearest(p, orb.LineString{q, q, q}); f.Segment != 0 || f.Point != q || f.AlongM != 0 {
		t.Error(f)
	}
	if f := Nearest(q, orb.LineString{p, q, {120.1, 29.1}}); f.DistM != 0 || f.Point != q || f.Segment != 0 || math.Abs(f.AlongM-DistanceM(p, q)) > 1e-9 {
		t.Error(f)
	}
	// Across ±180° and round a pole.
	if f := Nearest(orb.Point{179.9, 10}, orb.LineString{{-179.8, 9}, {-179.8, 11}}); math.Abs(f.DistM-DistanceM(orb.Point{179.9, 10}, f.Point)) > 1e-9 || math.Abs(f.Point[0]+179.8) > 1e-9 {
		t.Error(f)
	}
}

func BenchmarkNearest(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	line := orb.LineString{{120.4, 29}}
	for range 10_000 {
		line = append(line, Destination(line[len(line)-1], 40+30*r.NormFloat64(), 30))
	}
	p := Destination(line[5000], 130, 800)
	for b.Loop() {
		Nearest(p, line)
	}
}
