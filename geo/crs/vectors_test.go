package crs

import (
	"bufio"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// vectors reads the numbers of a table in testdata, without its head and its comments.
func vectors(t *testing.T, name string) (rows [][]float64) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var row []float64
		for field := range strings.FieldsSeq(sc.Text()) {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil {
				row = nil
				break
			}
			row = append(row, v)
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	if len(rows) < 5 {
		t.Fatalf("%s has only %d rows", name, len(rows))
	}
	return rows
}

func TestVectorsOfProjections(t *testing.T) {
	for _, v := range vectors(t, "vectors_crs.tsv") {
		c := CRS{int16(v[2])}
		x, y, err := c.FromLonLat(orb.Point{v[0], v[1]})
		if err != nil || math.Abs(x-v[4]) > 5.1e-5 || math.Abs(y-v[3]) > 5.1e-5 {
			t.Errorf("%v: %.4f %.4f %v", v, y, x, err)
		}
		p, err := c.ToLonLat(v[4], v[3])
		if err != nil || math.Abs(p[0]-v[0]) > 1e-9 || math.Abs(p[1]-v[1]) > 1e-9 {
			t.Errorf("%v: %.9f %v", v, p, err)
		}
	}
}

func TestVectorsOfShifts(t *testing.T) {
	for _, v := range vectors(t, "vectors_gcj.tsv") {
		p := orb.Point{v[1], v[0]}
		g, b := ToGCJ02(p), ToBD09(p)
		// The vectors have eight decimals: 1 mm.
		if math.Abs(g.Lon-v[3]) > 5.1e-9 || math.Abs(g.Lat-v[2]) > 5.1e-9 || math.Abs(b.Lon-v[5]) > 5.1e-9 || math.Abs(b.Lat-v[4]) > 5.1e-9 {
			t.Errorf("%v: %.9f %.9f", v, g, b)
		}
		for _, back := range []orb.Point{{GCJ02Point{v[3], v[2]}.LonLat()[0], GCJ02Point{v[3], v[2]}.LonLat()[1]}, BD09Point{v[5], v[4]}.LonLat()} {
			if math.Abs(back[0]-p[0]) > 1e-8 || math.Abs(back[1]-p[1]) > 1e-8 {
				t.Errorf("%v back: %.9f", v, back)
			}
		}
		m := math.Hypot((g.Lon-p[0])*math.Cos(p[1]*degree)*6378137, (g.Lat-p[1])*6350000) * degree
		if math.Abs(m-v[6]) > 4 {
			t.Errorf("%v: shifted by %.1f m", v, m)
		}
	}
}

// The inverses of both shifts over all of China, on a grid and at 10⁵ random points, with the nines of the formula's kinks (105° and 35°).
func TestShiftsComeBackWithinAMillimetre(t *testing.T) {
	const seed = 20261126
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	var pts []orb.Point
	for lon := 73.0; lon <= 136; lon += 0.5 {
		for lat := 3.0; lat <= 54; lat += 0.5 {
			pts = append(pts, orb.Point{lon, lat})
		}
	}
	for range 100_000 {
		pts = append(pts, orb.Point{73 + 63*r.Float64(), 3 + 51*r.Float64()})
	}
	for range 10_000 { // √|x| has a kink at 105°
		pts = append(pts, orb.Point{105 + 1e-3*r.NormFloat64(), 3 + 51*r.Float64()})
	}
	var worstGCJ, worstBD float64
	for _, p := range pts {
		off := func(q orb.Point) float64 {
			return math.Hypot((q[0]-p[0])*math.Cos(p[1]*degree), q[1]-p[1]) * degree * semiMajorAxisM
		}
		worstGCJ = max(worstGCJ, off(ToGCJ02(p).LonLat()))
		worstBD = max(worstBD, off(ToBD09(p).LonLat()))
	}
	t.Logf("worst of %d: GCJ-02 %.2g m, BD-09 %.2g m", len(pts), worstGCJ, worstBD)
	if !(worstGCJ <= 1e-3 && worstBD <= 1e-3) {
		t.Error("more than 1 mm")
	}
}
