package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
	"yutu/geo/topo/valid"
)

// sheet is a square of n by n units with rough borders, in blocks of two by two below units of the rank above; every unit
// has its own copy of each vertex, moved by up to errM metres.
func sheet(seed uint64, n, segs int, errM float64) []Area {
	shape := rand.New(rand.NewPCG(seed, 1))
	bend := map[[4]int][]orb.Point{}
	corner := func(x, y int) orb.Point { return box(float64(10*x), float64(10*y), 0, 0)[0] }
	line := func(x0, y0, x1, y1 int) []orb.Point {
		k := [4]int{x0, y0, x1, y1}
		if l, ok := bend[k]; ok {
			return l
		}
		a, b := corner(x0, y0), corner(x1, y1)
		var l []orb.Point
		for i := range segs {
			f := float64(i) / float64(segs)
			d := 0.0
			if i > 0 {
				d = (shape.Float64() - 0.5) * 0.001
			}
			l = append(l, orb.Point{a[0] + f*(b[0]-a[0]) - d*(b[1]-a[1])/0.01, a[1] + f*(b[1]-a[1]) + d*(b[0]-a[0])/0.01})
		}
		l = append(l, b)
		bend[k] = l
		return l
	}
	noise := rand.New(rand.NewPCG(seed, 2))
	outline := func(x0, y0, x1, y1 int) orb.MultiPolygon {
		var r orb.Ring
		put := func(l []orb.Point, back bool) {
			for i := range len(l) - 1 {
				p := l[i]
				if back {
					p = l[len(l)-1-i]
				}
				r = append(r, geodesy.Destination(p, 360*noise.Float64(), errM*noise.Float64()))
			}
		}
		for x := x0; x < x1; x++ {
			put(line(x, y0, x+1, y0), false)
		}
		for y := y0; y < y1; y++ {
			put(line(x1, y, x1, y+1), false)
		}
		for x := x1 - 1; x >= x0; x-- {
			put(line(x, y1, x+1, y1), true)
		}
		for y := y1 - 1; y >= y0; y-- {
			put(line(x0, y, x0, y+1), true)
		}
		return orb.MultiPolygon{{append(r, r[0])}}
	}
	var out []Area
	for x := 0; x < n; x += 2 {
		for y := 0; y < n; y += 2 {
			p := fmt.Sprintf("P%d.%d", x, y)
			a := area(p, 1, "")
			a.Geom = outline(x, y, x+2, y+2)
			out = append(out, a)
			for i := range 4 {
				c := area(fmt.Sprintf("C%d.%d", x+i%2, y+i/2), 2, p)
				c.Geom = outline(x+i%2, y+i/2, x+i%2+1, y+i/2+1)
				out = append(out, c)
			}
		}
	}
	return out
}

func mend(t *testing.T, areas []Area, tol float64) *Repair {
	t.Helper()
	r, err := Mend(context.Background(), areas, RepairOptions{ToleranceM: tol})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMeshesWithErrorsFitTogetherAgain(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		n, segs, errM := 2*(1+r.IntN(3)), 1+r.IntN(8), math.Pow(10, r.Float64()*2-1.5)
		areas := sheet(seed, n, segs, errM)
		tol := 3 * errM
		got := mend(t, areas, tol)
		if broken(got.Before) == 0 {
			t.Fatalf("seed %d: nothing was wrong", seed)
		}
		for _, k := range []Kind{Invalid, Overlap, Gap, Uncovered, Outside, Junction} {
			if c := got.After.Count(k); c > 0 {
				t.Errorf("seed %d (%d×%d, %d segments, %.3f m): %d %s left of %d", seed, n, n, segs, errM, c, k, got.Before.Count(k))
			}
		}
		if got.MaxM > tol*1.001 || !(got.P50M <= got.P95M && got.P95M <= got.MaxM) || got.Moved == 0 || len(got.Kept) > 0 {
			t.Errorf("seed %d: p50 %v, p95 %v, max %v m with a tolerance of %v, %d moved, kept %v", seed, got.P50M, got.P95M, got.MaxM, tol, got.Moved, got.Kept)
		}
		for i, mp := range got.Geoms {
			if v := valid.Check(mp); len(v) > 0 || len(mp) == 0 {
				t.Errorf("seed %d: %s: %v", seed, areas[i].Name, v)
			}
			// What is the same is the very same; what moved stays about as large.
			before, after := geodesy.AreaM2(areas[i].Geom), geodesy.AreaM2(mp)
			if math.Abs(after-before) > 4*tol*planarLengthM(areas[i].Geom[0][0]) {
				t.Errorf("seed %d: %s was %v m² and is %v", seed, areas[i].Name, before, after)
			}
		}
		again := mend(t, withGeoms(areas, got.Geoms), tol)
		if len(again.Changes) > 0 && broken(got.After) == 0 {
			t.Errorf("seed %d: mended twice, %d areas change again", seed, len(again.Changes))
		}
	}
}

func withGeoms(areas []Area, geoms []orb.MultiPolygon) []Area {
	out := make([]Area, len(areas))
	for i := range areas {
		out[i] = areas[i]
		out[i].Geom = geoms[i]
	}
	return out
}

func TestACleanMeshStaysTheSame(t *testing.T) {
	areas := sheet(7, 4, 5, 0)
	for i := range areas {
		for _, r := range areas[i].Geom[0] {
			for k, p := range r {
				r[k] = orb.Point{math.Round(p[0]*1e9) / 1e9, math.Round(p[1]*1e9) / 1e9}
			}
		}
	}
	r := mend(t, areas, 50)
	if len(r.Changes) != 0 || r.Moved != 0 || r.MaxM != 0 {
		t.Errorf("%d changes, %d moved: %+v", len(r.Changes), r.Moved, r.Before.Conflicts)
	}
}

func TestWhatIsWiderThanTheToleranceStays(t *testing.T) {
	areas := []Area{area("A", 1, "", box(0, 0, 12, 10)), area("B", 1, "", box(10, 0, 20, 10))}
	r := mend(t, areas, 5)
	if r.After.Count(Overlap) != 1 || !sameGeom(r.Geoms[1], areas[1].Geom) && r.MaxM > 5 {
		t.Errorf("%d overlaps, max %v", r.After.Count(Overlap), r.MaxM)
	}
	if _, err := Mend(context.Background(), areas, RepairOptions{}); err != ErrTolerance {
		t.Errorf("a tolerance of 0: %v", err)
	}
}

func TestAUnitSmallerThanTheToleranceIsNotLost(t *testing.T) {
	areas := []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", box(4, 4, 4.01, 4.01)), area("C", 1, "", box(9.99, 0, 20, 10))}
	r := mend(t, areas, 20)
	for i, mp := range r.Geoms {
		if geodesy.AreaM2(mp) <= 0 || len(valid.Check(mp)) > 0 {
			t.Errorf("%s is lost: %v", areas[i].Name, mp)
		}
	}
}

func TestAJunctionGetsItsVertexAndNothingMoves(t *testing.T) {
	areas := []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", path(10, 0, 20, 0, 20, 10, 10, 10, 10, 3))}
	r := mend(t, areas, 1)
	if len(r.Changes) != 1 || r.Changes[0].Name != "A" || r.MaxM > 1e-4 || broken(r.After) > 0 || len(r.Geoms[0][0][0]) != 6 {
		t.Errorf("%+v %v", r.Changes, r.Geoms[0])
	}
}

// FuzzMend draws areas on a small grid, where every way of lying over each other is common.
func FuzzMend(f *testing.F) {
	f.Add([]byte{0, 0, 9, 0, 9, 9, 255, 3, 3, 12, 3, 12, 8, 255, 1, 1, 2, 9, 9, 1}, uint8(3))
	f.Add([]byte{0, 0, 8, 8, 8, 0, 0, 8}, uint8(200))
	f.Fuzz(func(t *testing.T, data []byte, tol uint8) {
		if len(data) > 200 {
			return
		}
		var areas []Area
		var r []float64
		end := func() {
			if len(r) >= 6 {
				a := area(fmt.Sprintf("A%d", len(areas)), uint8(1+len(areas)%2), "A0", path(r...))
				areas = append(areas, a)
			}
			r = nil
		}
		for i := 0; i+1 < len(data); i++ {
			if data[i] == 255 {
				end()
				continue
			}
			r = append(r, float64(data[i]%16)/100, float64(data[i+1]%16)/100)
			i++
		}
		end()
		got, err := Mend(context.Background(), areas, RepairOptions{ToleranceM: 0.1 + float64(tol)/50})
		if err != nil {
			t.Fatal(err)
		}
		if broken(got.After) > broken(got.Before) {
			t.Errorf("%d conflicts became %d", broken(got.Before), broken(got.After))
		}
		for i, mp := range got.Geoms {
			if sameGeom(mp, areas[i].Geom) {
				continue
			}
			if v := valid.Check(mp); len(v) > 0 || len(mp) == 0 {
				t.Errorf("%v became %v: %v", areas[i].Geom, mp, v)
			}
		}
	})
}
