package fit_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"yutu/data/pgtest"
	"yutu/data/synth"
	"yutu/geo/division"
	"yutu/geo/topo"
	"yutu/geo/topo/fit"
)

// What topo.Simplify leaves of a county's villages, by an independent engine: every one is valid, no two overlap, and
// together they leave no gap, at any zoom and by both rules.
func TestPostGISFindsNothingInSimplifiedVillages(t *testing.T) {
	w, err := county()
	if err != nil {
		t.Fatal(err)
	}
	var shapes []orb.MultiPolygon
	for _, u := range w.Units {
		if u.Level == division.Village && u.Valid.To == division.Future {
			shapes = append(shapes, u.Geom)
		}
	}
	conn, err := pgx.Connect(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `CREATE TEMP TABLE area (id int, g geometry)`); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		invalid, overlapping, holes int
		sum, union                  float64
	}
	ask := func(shapes []orb.MultiPolygon) (a answer) {
		var rows [][]any
		for i, s := range shapes {
			b, err := wkb.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, []any{i, b})
		}
		batch := &pgx.Batch{}
		batch.Queue(`TRUNCATE area`)
		for _, r := range rows {
			batch.Queue(`INSERT INTO area VALUES ($1, ST_GeomFromWKB($2, 4326))`, r...)
		}
		if err := conn.SendBatch(t.Context(), batch).Close(); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), `WITH u AS (SELECT ST_Union(g) AS g FROM area)
			SELECT (SELECT count(*) FROM area WHERE NOT ST_IsValid(g) OR ST_IsEmpty(g)),
				(SELECT count(*) FROM area a JOIN area b ON a.id < b.id AND a.g && b.g AND ST_Relate(a.g, b.g, '2********')),
				(SELECT sum(ST_NumInteriorRings(d.geom)) FROM u, ST_Dump(u.g) d),
				(SELECT sum(ST_Area(g)) FROM area), (SELECT ST_Area(g) FROM u)`).Scan(&a.invalid, &a.overlapping, &a.holes, &a.sum, &a.union); err != nil {
			t.Fatal(err)
		}
		return a
	}
	before := ask(shapes)
	c, err := topo.NewCoverage(t.Context(), shapes)
	if err != nil {
		t.Fatal(err)
	}
	zooms := []uint8{4, 8, 10, 11, 12, 13}
	var tolerances []float64
	for _, z := range zooms {
		tolerances = append(tolerances, topo.ToleranceAt(z, c.Middle()))
	}
	for _, m := range []topo.Method{topo.Visvalingam, topo.DouglasPeucker} {
		s, err := c.Simplify(t.Context(), m, tolerances)
		if err != nil {
			t.Fatal(err)
		}
		for level, z := range zooms {
			got := ask(s.Shapes(level))
			what := fmt.Sprintf("%s at zoom %d, %d vertices", m, z, s.Kept(level))
			if got.invalid != 0 || got.overlapping != 0 || got.holes != before.holes || math.Abs(got.sum-got.union) > 1e-12*got.sum {
				t.Errorf("%s: %+v, before it %+v", what, got, before)
			}
			t.Log(what)
		}
	}
}

// All villages of the province, for all zooms of a map and by both rules: the arrangement of what is left knows no
// overlap, no gap, no invalid polygon and no lost unit.
func TestTheProvinceSimplifiedFitsTogether(t *testing.T) {
	if os.Getenv("YUTU_LARGE") == "" {
		t.Skip("two minutes of work for the whole province: make test-large runs it")
	}
	w, err := synth.Generate(t.Context(), synth.Options{Size: synth.ProvinceSize, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var shapes []orb.MultiPolygon
	var areas []fit.Area
	for _, a := range areasOf(w.Units) {
		if a.Rank == uint8(division.Village) {
			a.Parent = ""
			areas, shapes = append(areas, a), append(shapes, a.Geom)
		}
	}
	w = nil
	count := func() map[fit.Kind]int {
		r, err := fit.Check(t.Context(), areas, fit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := map[fit.Kind]int{}
		for _, k := range []fit.Kind{fit.Invalid, fit.Overlap, fit.Gap, fit.Hole, fit.Junction} {
			out[k] = r.Count(k)
		}
		return out
	}
	before := count()
	c, err := topo.NewCoverage(t.Context(), shapes)
	if err != nil {
		t.Fatal(err)
	}
	var tolerances []float64
	for z := range uint8(15) {
		tolerances = append(tolerances, topo.ToleranceAt(z, c.Middle()))
	}
	for _, m := range []topo.Method{topo.Visvalingam, topo.DouglasPeucker} {
		s, err := c.Simplify(t.Context(), m, tolerances)
		if err != nil {
			t.Fatal(err)
		}
		for z := range tolerances {
			for i, shape := range s.Shapes(z) {
				if areas[i].Geom = shape; len(shape) != len(shapes[i]) {
					t.Errorf("%s at zoom %d: %s has %d parts, not %d", m, z, areas[i].Name, len(shape), len(shapes[i]))
				}
			}
			after := count()
			t.Logf("%s at zoom %d: %d vertices, %v", m, z, s.Kept(z), after)
			if !maps.Equal(before, after) {
				t.Errorf("%s at zoom %d: %v, before it %v", m, z, after, before)
			}
		}
	}
}
