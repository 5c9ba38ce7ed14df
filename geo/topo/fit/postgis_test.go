package fit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"yutu/data/pgtest"
	"yutu/geo/crs"
	"yutu/geo/division"
	"yutu/geo/geojson"
	"yutu/geo/topo/fit"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type pairM2 map[[2]int]float64

// postgis asks an independent engine for the overlaps of all pairs and for the holes of the union, in square metres on the
// ellipsoid.
func postgis(t *testing.T, areas []fit.Area) (overlaps pairM2, holes []float64) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `CREATE TEMP TABLE area (id int, g geometry)`); err != nil {
		t.Fatal(err)
	}
	for i := range areas {
		b, err := wkb.Marshal(areas[i].Geom)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, `INSERT INTO area VALUES ($1, ST_MakeValid(ST_GeomFromWKB($2, 4326)))`, i, b); err != nil {
			t.Fatal(err)
		}
	}
	overlaps = pairM2{}
	rows, err := conn.Query(ctx, `SELECT a.id, b.id, ST_Area(ST_CollectionExtract(ST_Intersection(a.g, b.g), 3)::geography) FROM area a JOIN area b ON a.id < b.id AND a.g && b.g`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var a, b int
		var m2 float64
		if err := rows.Scan(&a, &b, &m2); err != nil {
			t.Fatal(err)
		}
		if m2 > 0 {
			overlaps[[2]int{a, b}] = m2
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	rows, err = conn.Query(ctx, `WITH u AS (SELECT (ST_Dump(ST_Union(g))).geom AS g FROM area),
		r AS (SELECT (ST_DumpRings(g)).* FROM u)
		SELECT ST_Area(geom::geography) FROM r WHERE path[1] > 0 ORDER BY 1 DESC`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var m2 float64
		if err := rows.Scan(&m2); err != nil {
			t.Fatal(err)
		}
		holes = append(holes, m2)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return overlaps, holes
}

// faintM2 is the size below which the engines may differ: PostGIS computes crossings in floating point, Yutu on a grid of
// 0.1 mm, which a border of some kilometres turns into parts of a square metre.
const faintM2 = 0.5

// compare holds what is found against PostGIS and tells how much there was.
func compare(t *testing.T, areas []fit.Area) (overlapping, holes int) {
	t.Helper()
	r, err := fit.Check(context.Background(), areas, fit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, wantHoles := postgis(t, areas)
	got := pairM2{}
	var gotHoles []float64
	sum := func(list []float64) (s float64) {
		for _, v := range list {
			s += v
		}
		return s
	}
	for _, x := range r.Conflicts {
		switch x.Kind {
		case fit.Overlap:
			got[[2]int{x.Areas[0], x.Areas[1]}] += x.AreaM2
		case fit.Gap, fit.Hole:
			gotHoles = append(gotHoles, x.AreaM2)
		}
	}
	differ := func(a, b float64) bool { return math.Abs(a-b) > 0.01*max(a, b) && max(a, b) > faintM2 }
	for k, m2 := range want {
		if differ(m2, got[k]) {
			t.Errorf("%s and %s overlap by %v m², PostGIS says %v", areas[k[0]].Name, areas[k[1]].Name, got[k], m2)
		}
		if m2 > faintM2 {
			overlapping++
		}
	}
	for k, m2 := range got {
		if differ(m2, want[k]) {
			t.Errorf("%s and %s overlap by %v m², PostGIS says %v", areas[k[0]].Name, areas[k[1]].Name, m2, want[k])
		}
	}
	big := func(list []float64) (out []float64) {
		for _, v := range list {
			if v > faintM2 {
				out = append(out, v)
			}
		}
		return out
	}
	if differ(sum(gotHoles), sum(wantHoles)) {
		t.Errorf("gaps and holes of %v m², PostGIS says %v", sum(gotHoles), sum(wantHoles))
	}
	a, b := big(gotHoles), big(wantHoles)
	if diff := len(a) - len(b); diff > len(b)/50+1 || -diff > len(b)/50+1 {
		t.Errorf("%d gaps and holes, PostGIS says %d", len(a), len(b))
	}
	t.Logf("%d areas: %d pairs overlap by more than %v m² (%v m² in all), %d gaps and holes (%v m²)", len(areas), overlapping, faintM2, total(got), len(a), sum(gotHoles))
	return overlapping, len(a)
}

func total(p pairM2) (s float64) {
	for _, v := range p {
		s += v
	}
	return s
}

// thinned leaves out every third vertex, from another one on for every i, of rings that have twelve.
func thinned(mp orb.MultiPolygon, i int) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(mp))
	for j, poly := range mp {
		out[j] = make(orb.Polygon, len(poly))
		for k, r := range poly {
			if len(r) < 13 {
				out[j][k] = r
				continue
			}
			var thin orb.Ring
			for n, p := range r[:len(r)-1] {
				if (n+i)%3 != 0 {
					thin = append(thin, p)
				}
			}
			out[j][k] = append(thin, thin[0])
		}
	}
	return out
}

// TestNeighboursFromAMapServiceAgainstPostGIS makes what map services hand out: GCJ-02, six decimals, every county thinned
// for itself. A shift alone keeps neighbours together; the thinning does not.
func TestNeighboursFromAMapServiceAgainstPostGIS(t *testing.T) {
	w, err := county()
	if err != nil {
		t.Fatal(err)
	}
	var counties []division.Unit
	for _, u := range w.Units {
		if u.Level == division.County && u.Valid.Contains(division.Today()) {
			counties = append(counties, u)
		}
	}
	areas := areasOf(counties)
	for i := range areas {
		areas[i].Parent = ""
		areas[i].Geom = thinned(areas[i].Geom, i)
		for _, poly := range areas[i].Geom {
			for _, r := range poly {
				for k, p := range r {
					q := crs.ToGCJ02(p)
					r[k] = orb.Point{math.Round(q.Lon*1e6) / 1e6, math.Round(q.Lat*1e6) / 1e6}
				}
			}
		}
	}
	overlapping, holes := compare(t, areas)
	if overlapping < 6 || holes < 50 {
		t.Errorf("%d overlapping pairs and %d gaps: too little to compare", overlapping, holes)
	}
	r, err := fit.Check(context.Background(), areas, fit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	by := pairM2{}
	for _, x := range r.Conflicts {
		if x.Kind == fit.Overlap {
			by[[2]int{x.Areas[0], x.Areas[1]}] += x.AreaM2
		}
	}
	usual := 0
	for k, m2 := range by {
		if m2 >= 3600 && m2 < 120_000 {
			usual++
		}
		t.Logf("%s / %s: %.0f m²", areas[k[0]].Name, areas[k[1]].Name, m2)
	}
	if usual < 6 {
		t.Errorf("%d pairs overlap by what such files have, 3,600 to 101,000 m²", usual)
	}
	m, err := fit.Mend(context.Background(), areas, fit.RepairOptions{ToleranceM: 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("mended within 30 m: overlaps %d → %d, gaps %d → %d, near %d → %d; %d vertices moved, %d put in, p50 %.2f, p95 %.2f, max %.2f m",
		m.Before.Count(fit.Overlap), m.After.Count(fit.Overlap), m.Before.Count(fit.Gap), m.After.Count(fit.Gap), m.Before.Count(fit.Near), m.After.Count(fit.Near),
		m.Moved, m.Inserted, m.P50M, m.P95M, m.MaxM)
	if m.After.Count(fit.Overlap)*20 > m.Before.Count(fit.Overlap) || m.After.Count(fit.Gap)*20 > m.Before.Count(fit.Gap) {
		t.Error("less than 95 % was mended")
	}
}

// TestRealMeshesAgainstPostGIS reads the real meshes outside of the product, where they are; see YUTU_REAL_DATA.
func TestRealMeshesAgainstPostGIS(t *testing.T) {
	dir := os.Getenv("YUTU_REAL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	for _, name := range []string{"aosta.geojson", "luxembourg-communes.geojson", "austria-2016.json"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, "coverages", name))
			if errors.Is(err, fs.ErrNotExist) {
				t.Skipf("no real data: %v (YUTU_REAL_DATA says where they are)", err)
			} else if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var areas []fit.Area
			_, err = geojson.Read(f, geojson.Limits{}, func(x geojson.Feature) error {
				var mp orb.MultiPolygon
				switch g := x.Geometry.(type) {
				case orb.Polygon:
					mp = orb.MultiPolygon{g}
				case orb.MultiPolygon:
					mp = g
				default:
					return nil
				}
				for _, poly := range mp {
					for _, r := range poly {
						for i := range r {
							r[i] = crs.Snap(r[i])
						}
					}
				}
				areas = append(areas, fit.Area{Name: fmt.Sprint("record ", x.Record), Rank: 1, From: math.MinInt32, To: math.MaxInt32, Geom: mp})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if overlapping, holes := compare(t, areas); overlapping > 0 || holes > 0 {
				t.Errorf("a clean mesh has %d overlaps and %d gaps", overlapping, holes)
			}
			r, err := fit.Check(context.Background(), areas, fit.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range fit.Kinds() {
				if n := r.Count(k); n > 0 {
					t.Logf("%s: %d", k, n)
				}
			}
			// The same real borders, no longer shared: every area loses vertices of its own choice.
			for i := range areas {
				areas[i].Geom = thinned(areas[i].Geom, i)
			}
			if overlapping, holes := compare(t, areas); overlapping < 20 || holes < 20 {
				t.Errorf("thinned, %d pairs overlap and there are %d gaps: too little to compare", overlapping, holes)
			}
		})
	}
}
