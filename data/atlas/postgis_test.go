package atlas

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// stored is a database that holds the units, opened by the store and by plain SQL.
func stored(t testing.TB, units []division.Unit) (*pg.Store, *pgx.Conn) {
	t.Helper()
	url := pgtest.URL(t)
	store, err := pg.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if len(units) > 0 {
		load(t, store, units)
	}
	return store, conn
}

func load(t testing.TB, store *pg.Store, units []division.Unit) int64 {
	t.Helper()
	units = slices.Clone(units)
	for i := range units {
		units[i].ID = 0
	}
	r, err := store.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "test.geojson"}, units)
	if err != nil {
		t.Fatal(err)
	}
	return r.Seq
}

func column[T any](t testing.TB, conn *pgx.Conn, sql string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func point(p orb.Point) string {
	return fmt.Sprintf("ST_SetSRID(ST_MakePoint(%.9f, %.9f), 4490)", p[0], p[1])
}

// holed is a lattice in which one township has a hole, filled by an enclave of two parts that belongs to another.
func holed() []division.Unit {
	units := newLattice(21, 9, 9, 4).units(3)
	hole := orb.Ring{{120.03, 29.03}, {120.03, 29.033}, {120.033, 29.033}, {120.033, 29.03}, {120.03, 29.03}}
	back := slices.Clone(hole)
	slices.Reverse(back)
	for i := range units {
		switch u := &units[i]; u.Code {
		case "330727001000":
			u.Geom = orb.MultiPolygon{append(slices.Clone(u.Geom[0]), hole)}
		case "330727002000":
			u.Geom = append(slices.Clone(u.Geom), orb.Polygon{back})
		}
	}
	return units
}

func TestQueryAgreesWithPostGIS(t *testing.T) {
	store, conn := stored(t, holed())
	a := open(t, store, Options{})
	s := a.Snapshot()
	r := rand.New(rand.NewPCG(8, 8))
	vertices := holed()[0].Geom[0][0]
	for n := range 400 {
		p := orb.Point{119.98 + r.Float64()*0.24, 28.98 + r.Float64()*0.24}
		if n%3 == 0 {
			p = vertices[r.IntN(len(vertices))]
		}
		if n%5 == 0 {
			p = orb.Point{120.029 + r.Float64()*0.005, 29.029 + r.Float64()*0.005}
		}
		size := []float64{0, 0.0003, 0.01, 0.3}
		b := orb.Bound{Min: crs.Snap(p), Max: crs.Snap(orb.Point{p[0] + size[r.IntN(4)], p[1] + size[r.IntN(4)]})}
		got := []int64{}
		for _, it := range s.Query(Query{BBox: []orb.Bound{b}}).Units {
			got = append(got, it.Unit.ID)
		}
		// ST_Envelope makes a point or a line of a box without area; as a polygon such a box is invalid.
		want := column[int64](t, conn, "SELECT id FROM division WHERE ST_Intersects(geom, ST_Envelope(ST_MakeLine("+
			point(b.Min)+", "+point(b.Max)+"))) ORDER BY id")
		if !slices.Equal(got, want) {
			t.Errorf("box %v: %v, PostGIS %v", b, got, want)
		}
	}
}

func TestLocateAgreesWithPostGIS(t *testing.T) {
	units := holed()
	store, conn := stored(t, units)
	a := open(t, store, Options{})
	s := a.Snapshot()
	r := rand.New(rand.NewPCG(9, 9))
	for n := range 500 {
		p := orb.Point{119.99 + r.Float64()*0.2, 28.99 + r.Float64()*0.2}
		switch n % 4 {
		case 0:
			ring := units[r.IntN(len(units))].Geom[0][0]
			p = ring[r.IntN(len(ring))]
		case 1:
			p = orb.Point{120.029 + r.Float64()*0.005, 29.029 + r.Float64()*0.005}
		}
		p = crs.Snap(p)
		// By code alone the levels agree here: the enclave's codes apart, smaller villages lie in smaller townships.
		want := column[string](t, conn, "SELECT coalesce(min(code)::text, '') FROM division WHERE ST_Covers(geom, "+point(p)+") AND level = 5")
		chain := s.Locate(p, division.Today())
		var got *Item
		if len(chain) > 0 && chain[len(chain)-1].Unit.Level == division.Village {
			got = chain[len(chain)-1]
		}
		covering := column[int64](t, conn, "SELECT id FROM division WHERE ST_Covers(geom, "+point(p)+")")
		for _, it := range chain {
			if !slices.Contains(covering, it.Unit.ID) {
				t.Errorf("%v: %s does not cover the point in PostGIS", p, it.Unit.Code)
			}
		}
		switch {
		case len(chain) == 0 && len(covering) > 0, got == nil && len(covering) == 3:
			t.Errorf("%v: %v, PostGIS finds %d", p, codesOf(chain), len(covering))
		case got != nil && string(got.Unit.Code) != want[0]:
			t.Errorf("%v: %s, PostGIS %s", p, got.Unit.Code, want[0])
		}
	}
}

func TestBorderDistanceAgreesWithPostGIS(t *testing.T) {
	store, conn := stored(t, holed())
	a := open(t, store, Options{})
	k := a.Snapshot().Known(division.Today())
	r := rand.New(rand.NewPCG(10, 10))
	for n := range 120 {
		spread := []float64{0.2, 1}[n%2]
		p := crs.Snap(orb.Point{120.09 + (r.Float64()-0.5)*spread, 29.09 + (r.Float64()-0.5)*spread})
		want := column[float64](t, conn, "SELECT min(ST_Distance(ST_Boundary(geom)::geography, "+point(p)+"::geography)) FROM division")[0]
		got, ok := k.BorderDistanceM(p)
		if !ok || math.Abs(got-want) > 0.01+want*1e-3 {
			t.Errorf("%v: %.3f m, PostGIS %.3f m", p, got, want)
		}
	}
}

// The bytes served are the geometry stored, to the last digit.
func TestGeometryJSONAgreesWithPostGIS(t *testing.T) {
	store, conn := stored(t, holed())
	a := open(t, store, Options{})
	for _, it := range a.Snapshot().Query(Query{}).Units {
		same := column[bool](t, conn, "SELECT ST_OrderingEquals(ST_Normalize(geom), ST_Normalize(ST_SetSRID(ST_GeomFromGeoJSON($1), 4490))) FROM division WHERE id = $2",
			string(it.GeometryJSON()), it.Unit.ID)
		if len(same) != 1 || !same[0] {
			t.Errorf("%s: the JSON is not the geometry", it.Unit.Code)
		}
		area := column[float64](t, conn, "SELECT ST_Area(geom::geography) FROM division WHERE id = $1", it.Unit.ID)[0]
		if math.Abs(it.AreaM2()-area) > area*1e-6 {
			t.Errorf("%s: %v m², PostGIS %v m²", it.Unit.Code, it.AreaM2(), area)
		}
	}
}
