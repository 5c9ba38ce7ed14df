package valid

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
)

// geosSays asks GEOS, the engine behind PostGIS's ST_IsValid, in one process.
func geosSays(t *testing.T, mps []orb.MultiPolygon) []bool {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "cases.csv"), filepath.Join(dir, "answers.csv")
	var b strings.Builder
	b.WriteString("id,WKT\n")
	for i, mp := range mps {
		fmt.Fprintf(&b, "%d,\"%s\"\n", i, wkt.MarshalString(mp))
	}
	if err := os.WriteFile(in, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	// GEOS names every fault on stderr.
	if msg, err := exec.Command("ogr2ogr", "-f", "CSV", out, in, "-dialect", "sqlite", "-sql",
		"SELECT CAST(id AS INTEGER) AS id, ST_IsValid(geometry) AS v FROM cases").CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr (Debian package gdal-bin): %v %.500s", err, msg)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != len(mps)+1 {
		t.Fatalf("GEOS answered %d of %d: %v", len(rows)-1, len(mps), err)
	}
	says := make([]bool, len(mps))
	for _, row := range rows[1:] {
		id, err := strconv.Atoi(row[0])
		if err != nil || id < 0 || id >= len(mps) || row[1] != "0" && row[1] != "1" {
			t.Fatalf("GEOS answered %q", row)
		}
		says[id] = row[1] == "1"
	}
	return says
}

// drawCase is some polygons of boxes, diamonds and scribbles on a small grid, where every way of touching is common.
func drawCase(r *rand.Rand) orb.MultiPolygon {
	size := 6 + r.IntN(5)
	draw := func() orb.Ring {
		x, y := float64(r.IntN(size)), float64(r.IntN(size))
		var v orb.Ring
		switch r.IntN(3) {
		case 0:
			w, h := float64(1+r.IntN(4)), float64(1+r.IntN(4))
			v = orb.Ring{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
		case 1:
			w := float64(1 + r.IntN(3))
			v = orb.Ring{{x - w, y}, {x, y - w}, {x + w, y}, {x, y + w}}
		default:
			s := 1 + r.IntN(size)
			for range 3 + r.IntN(4) {
				v = append(v, orb.Point{x + float64(r.IntN(s)), y + float64(r.IntN(s))})
			}
		}
		start := r.IntN(len(v))
		v = append(v[start:len(v):len(v)], v[:start]...)
		return append(v, v[0])
	}
	var mp orb.MultiPolygon
	for range 1 + r.IntN(3) {
		p := orb.Polygon{draw()}
		if r.IntN(2) == 0 {
			p[0] = box(0, 0, float64(size+4), float64(size+4))
		}
		for range r.IntN(4) {
			p = append(p, draw())
		}
		mp = append(mp, p)
	}
	return mp
}

func TestAgreesWithGEOS(t *testing.T) {
	const seed = 20261124
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	shell := box(0, 0, 12, 12)
	mps := []orb.MultiPolygon{
		// A hole in a hole, which it touches at its first vertex. simplefeatures 0.59.0 looks at that vertex only and calls it valid.
		{{shell, ringOf(1, 6, 4, 6, 4, 7, 1, 7, 1, 6), ringOf(0, 7, 3, 4, 6, 7, 3, 10, 0, 7)}},
	}
	for len(mps) < 10_000 {
		mps = append(mps, drawCase(r))
	}
	count := map[bool]int{}
	for i, want := range geosSays(t, mps) {
		found := Check(mps[i])
		got := true
		for _, v := range found {
			got = got && v.Rule == DuplicateVertex
		}
		if count[want]++; got != want {
			t.Errorf("%s: %v, GEOS says valid = %v", wkt.MarshalString(mps[i]), found, want)
		}
	}
	if count[true] < 500 || count[false] < 500 {
		t.Errorf("%d valid and %d invalid cases: too few of one kind", count[true], count[false])
	}
}
