package pg_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

// todayInTests is the present day of every test here.
var todayInTests = day("2026-11-24")

func TestMain(m *testing.M) {
	pg.SetToday(todayInTests)
	pgtest.Main(m)
}

func day(s string) division.Date {
	switch s {
	case "past":
		return division.Past
	case "future":
		return division.Future
	}
	d, err := division.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func dates(from, to string) division.Range { return division.Range{From: day(from), To: day(to)} }

// unit is a valid unit with an area of its own for each name.
func unit(code division.Code, name string) division.Unit {
	h := 0.0
	for i, r := range name {
		h += float64(r) * float64(i+1)
	}
	x, y := 120+math.Mod(h, 97)/100, 28.5+math.Mod(h, 89)/100
	parent, _ := code.Parent()
	return division.Unit{
		Code: code, Level: code.Level(), Type: "镇", Name: name, Parent: parent, Valid: division.Always,
		Secrecy: division.Public, Source: "test", CRSOriginal: "EPSG:4549",
		Geom: orb.MultiPolygon{
			{ring(x, y, 0.01), hole(x+0.002, y+0.002, 0.002)},
			{ring(x+0.1, y, 0.005)},
		},
		Label: orb.Point{x + 0.001, y + 0.001},
	}
}

func ring(x, y, d float64) orb.Ring {
	return orb.Ring{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}
}

func hole(x, y, d float64) orb.Ring {
	r := ring(x, y, d)
	slices.Reverse(r)
	return r
}

func valid(u division.Unit, from, to string) division.Unit {
	u.Valid = dates(from, to)
	return u
}

func synthetic(u division.Unit) division.Unit {
	u.Synthetic = true
	return u
}

// all returns everything on record.
func all(t testing.TB, s *pg.Store) ([]division.Unit, int64) {
	t.Helper()
	var us []division.Unit
	seq, err := s.EachDivision(t.Context(), func(u division.Unit) error {
		us = append(us, u)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return us, seq
}

// lines is what is on record, one short line each: id code name [from, to).
func lines(t testing.TB, s *pg.Store) []string {
	t.Helper()
	us, _ := all(t, s)
	var out []string
	for _, u := range us {
		out = append(out, line(u))
	}
	return out
}

func line(u division.Unit) string {
	return fmt.Sprintf("%s %s %s..%s", u.Code, u.Name, u.Valid.From, u.Valid.To)
}

func mustImport(t testing.TB, s *pg.Store, at *division.Date, us ...division.Unit) pg.ImportResult {
	t.Helper()
	r, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "f.geojson", At: at}, us)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// query returns the single value that sql selects.
func query[T any](t testing.TB, url, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func open(t testing.TB, url string) *pg.Store {
	t.Helper()
	s, err := pg.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

var nan = math.NaN()

// codeOf is the code of the i-th of many villages.
func codeOf(i int) division.Code { return division.Code(fmt.Sprintf("33%010d", 100000001+i)) }
