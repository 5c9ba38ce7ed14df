package geodesy

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// geod runs PROJ's geod on the CGCS2000 ellipsoid over many lines in one process.
func geod(t testing.TB, lines string, args ...string) [][]float64 {
	t.Helper()
	cmd := exec.Command("geod", append(args, "-f", "%.12f", "-F", "%.9f", "+a=6378137", "+rf=298.257222101")...)
	cmd.Stdin = strings.NewReader(lines)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("geod (Debian package proj-bin): %v", err)
	}
	var rows [][]float64
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		var row []float64
		for f := range strings.FieldsSeq(sc.Text()) {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatalf("geod wrote %q", sc.Text())
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows
}

// 10⁵ lines from 0.1 m to across the country, and some to the far side of the world: 0.1 mm is asked for, the two programs agree to
// nanometres.
func TestGeodesicsAgainstPROJ(t *testing.T) {
	const seed, lines, allowedM = 20261124, 100_000, 1e-7
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var pairs, starts strings.Builder
	ps := make([][2]orb.Point, 0, lines)
	for i := range lines {
		a := orb.Point{73 + 63*r.Float64(), 3 + 51*r.Float64()}
		reach := math.Pow(10, -6+8*r.Float64())
		b := orb.Point{a[0] + reach*(r.Float64()-0.5), min(max(a[1]+reach*(r.Float64()-0.5), -89), 89)}
		if i%50 == 0 {
			b = orb.Point{-180 + 360*r.Float64(), -90 + 180*r.Float64()}
		}
		ps = append(ps, [2]orb.Point{a, b})
		fmt.Fprintf(&pairs, "%.15f %.15f %.15f %.15f\n", a[1], a[0], b[1], b[0])
	}
	inverse := geod(t, pairs.String(), "-I")
	if len(inverse) != len(ps) {
		t.Fatalf("geod answered %d of %d", len(inverse), len(ps))
	}
	// A difference in direction, degrees, of a line, as metres across at its end or an eighth of the way round the world.
	acrossM := func(a, b, distM float64) float64 {
		return math.Abs(math.Remainder(a-b, 360)) * math.Pi / 180 * min(distM, 5e6)
	}
	var worstM, worstAcrossM, worstDirectM float64
	for i, row := range inverse {
		fmt.Fprintf(&starts, "%.15f %.15f %.12f %.9f\n", ps[i][0][1], ps[i][0][0], row[0], row[2])
		distM, there, arriving := Inverse(ps[i][0], ps[i][1])
		worstM = max(worstM, math.Abs(distM-row[2]), math.Abs(DistanceM(ps[i][0], ps[i][1])-row[2]))
		worstAcrossM = max(worstAcrossM, acrossM(there, row[0], distM), acrossM(arriving, row[1]+180, distM))
		if there < 0 || there >= 360 || arriving < 0 || arriving >= 360 {
			t.Errorf("%v: directions %v %v", ps[i], there, arriving)
		}
	}
	for i, row := range geod(t, starts.String()) {
		got, arriving := Direct(ps[i][0], inverse[i][0], inverse[i][2])
		dlon := math.Remainder(got[0]-row[1], 360) * math.Cos(got[1]*math.Pi/180)
		worstDirectM = max(worstDirectM, math.Hypot(dlon, got[1]-row[0])*math.Pi/180*SemiMajorAxisM)
		if math.Abs(got[1]) < 89.9 {
			worstAcrossM = max(worstAcrossM, acrossM(arriving, row[2]+180, inverse[i][2]))
		}
	}
	t.Logf("worst of %d: %.2g m in length, %.2g m in place, %.2g m across by direction", lines, worstM, worstDirectM, worstAcrossM)
	if !(worstM <= allowedM && worstDirectM <= 1e-6 && worstAcrossM <= 1e-5) {
		t.Error("too much")
	}
}

func TestAreaAgainstPROJ(t *testing.T) {
	// PROJ's planimeter is not in Debian; an equal-area projection of the same ellipsoid is exact for edges that are
	// straight in it, and 1" edges are straight enough everywhere.
	const n = 4000
	var in strings.Builder
	var ring orb.Ring
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * float64(i) / n)
		p := orb.Point{120.45 + 0.25*c*(1+0.3*math.Sin(9*2*math.Pi*float64(i)/n)), 29.05 + 0.2*s}
		ring = append(ring, p)
		fmt.Fprintf(&in, "%.12f %.12f\n", p[0], p[1])
	}
	cmd := exec.Command("proj", "-f", "%.9f", "+proj=laea", "+lon_0=120.45", "+lat_0=29.05", "+a=6378137", "+rf=298.257222101")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("proj (Debian package proj-bin): %v", err)
	}
	var xy [][2]float64
	for f := range strings.Lines(string(out)) {
		var p [2]float64
		if _, err := fmt.Sscan(f, &p[0], &p[1]); err != nil {
			t.Fatal(err)
		}
		xy = append(xy, p)
	}
	var want float64
	for i, a := range xy {
		b := xy[(i+1)%len(xy)]
		want += (a[0]*b[1] - b[0]*a[1]) / 2
	}
	got := AreaM2(orb.MultiPolygon{{ring}})
	if math.Abs(got-want) > 1e-8*want {
		t.Errorf("area %.3f m², equal-area projection %.3f m²", got, want)
	}
}

func TestWholeEllipsoid(t *testing.T) {
	// The area of the GRS80 ellipsoid, which CGCS2000 shares, is 510 065 621.7 km² (H. Moritz, Geodetic Reference System 1980:
	// R2, the radius of the sphere of the same surface, is 6 371 007.1810 m).
	const r2 = 6371007.1810
	octant := orb.MultiPolygon{{{{0, 0}, {90, 0}, {0, 90}, {0, 0}}}}
	if got, want := 8*AreaM2(octant), 4*math.Pi*r2*r2; math.Abs(got-want) > 2e-10*want {
		t.Errorf("whole ellipsoid %.0f m², want %.0f m²", got, want)
	}
	// The quarter meridian of GRS80 is 10 001 965.7293 m (Moritz).
	if got := DistanceM(orb.Point{0, 0}, orb.Point{0, 90}); math.Abs(got-10001965.7293) > 1e-4 {
		t.Errorf("quarter meridian %.4f m", got)
	}
}

func TestProperties(t *testing.T) {
	point := func(t *rapid.T, name string) orb.Point {
		return orb.Point{rapid.Float64Range(73, 136).Draw(t, name+" lon"), rapid.Float64Range(3, 54).Draw(t, name+" lat")}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := point(t, "a"), point(t, "b"), point(t, "c")
		ab := DistanceM(a, b)
		if ba := DistanceM(b, a); math.Abs(ab-ba) > 1e-8 {
			t.Fatalf("not symmetric: %v, %v", ab, ba)
		}
		if DistanceM(a, a) != 0 {
			t.Fatal("a position is away from itself")
		}
		if LengthM(orb.LineString{a, b, c}) < DistanceM(a, c)-1e-8 {
			t.Fatal("a detour is shorter")
		}
		distM, there, arriving := Inverse(a, b)
		if q, again := Direct(a, there, distM); distM != ab || DistanceM(q, b) > 1e-6 || distM > 1 && math.Abs(math.Remainder(again-arriving, 360)) > 1e-6 {
			t.Fatalf("inverse and direct: %v %v %v, %v %v", distM, there, arriving, q, again)
		}
		ring := orb.Ring{a, b, c, a}
		round := ab + DistanceM(b, c) + DistanceM(c, a)
		for _, mp := range []orb.MultiPolygon{{{ring}}, {{ring[:3]}}} {
			if got := PerimeterM(mp); math.Abs(got-round) > 1e-8 {
				t.Fatalf("perimeter %v, want %v", got, round)
			}
		}
		area := AreaM2(orb.MultiPolygon{{ring}})
		for _, same := range []orb.Ring{{c, b, a, c}, {b, c, a}, {a, a, b, c, c, a}} {
			if got := AreaM2(orb.MultiPolygon{{same}}); math.Abs(got-area) > 1e-3+1e-12*area {
				t.Fatalf("area depends on how the ring is written: %v, %v", got, area)
			}
		}
		if got := AreaM2(orb.MultiPolygon{{ring, ring}}); got != 0 {
			t.Fatalf("a hole as large as its shell leaves %v m²", got)
		}
	})
}

func TestNotAPosition(t *testing.T) {
	for _, p := range []orb.Point{{math.NaN(), 1}, {math.Inf(1), 1}, {120, math.NaN()}, {120, 90.0001}, {120, math.Inf(-1)}} {
		if !math.IsNaN(DistanceM(p, orb.Point{})) || !math.IsNaN(DistanceM(orb.Point{}, p)) ||
			!math.IsNaN(LengthM(orb.LineString{p, {}})) || !math.IsNaN(Destination(p, 0, 1)[0]) ||
			!math.IsNaN(PerimeterM(orb.MultiPolygon{{{p, {1, 1}, {2, 1}}}})) || !math.IsNaN(first(Inverse(p, orb.Point{}))) ||
			!math.IsNaN(DistanceToLineM(p, orb.LineString{{1, 1}, {2, 1}})) || !math.IsNaN(DistanceToLineM(orb.Point{}, orb.LineString{{1, 1}, p})) ||
			!math.IsNaN(AreaM2(orb.MultiPolygon{{{p, {1, 1}, {2, 1}}}})) {
			t.Errorf("%v was measured", p)
		}
	}
	if AreaM2(nil) != 0 || AreaM2(orb.MultiPolygon{{}, {{}}, {{{1, 1}, {2, 2}}}}) != 0 || LengthM(nil) != 0 || PerimeterM(orb.MultiPolygon{{}, {{}}, {{{1, 1}}}}) != 0 {
		t.Error("nothing has a measure")
	}
}

func first(v, _, _ float64) float64 { return v }

func TestKarneyReference(t *testing.T) {
	dir := os.Getenv("YUTU_REFERENCE_DATA")
	if dir == "" {
		t.Skip("YUTU_REFERENCE_DATA is not set: the GeographicLib test set is not at hand")
	}
	b, err := os.ReadFile(filepath.Join(dir, "crs", "geodesics-karney-50.dat"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var lat1, lon1, azi1, lat2, lon2, azi2, s12 float64
		if _, err := fmt.Sscan(line, &lat1, &lon1, &azi1, &lat2, &lon2, &azi2, &s12); err != nil {
			t.Fatal(err)
		}
		// The set is of WGS 84, whose flattening differs by 1.6e-11: at most 0.7 mm between antipodes.
		if got := DistanceM(orb.Point{lon1, lat1}, orb.Point{lon2, lat2}); math.Abs(got-s12) > 1e-3 {
			t.Errorf("%s got %.6f", line, got)
		}
	}
}

func BenchmarkDistanceM(b *testing.B) {
	p, q := orb.Point{120.45, 29.05}, orb.Point{120.4512, 29.0507}
	for b.Loop() {
		DistanceM(p, q)
	}
}

func BenchmarkAreaM2(b *testing.B) {
	var ring orb.Ring
	for i := range 1000 {
		s, c := math.Sincos(2 * math.Pi * float64(i) / 1000)
		ring = append(ring, orb.Point{120.45 + 0.1*c, 29.05 + 0.1*s})
	}
	mp := orb.MultiPolygon{{ring}}
	for b.Loop() {
		AreaM2(mp)
	}
}
