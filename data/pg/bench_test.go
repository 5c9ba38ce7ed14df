package pg_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

// province is as many villages, with as many vertices, as a province has: 24,000 and 4.5 million.
func province() []division.Unit {
	const n, vertices = 24000, 188
	rng := rand.New(rand.NewPCG(1, 2))
	grid := func(v float64) float64 { return math.Round(v*1e9) / 1e9 }
	us := make([]division.Unit, n)
	for i := range us {
		code := codeOf(i)
		x, y := 118+float64(i%160)*0.03, 27+float64(i/160)*0.03
		r := make(orb.Ring, 0, vertices+1)
		for j := range vertices {
			s, c := math.Sincos(2 * math.Pi * float64(j) / vertices)
			d := 0.012 + 0.002*rng.Float64()
			r = append(r, orb.Point{grid(x + d*c), grid(y + d*s)})
		}
		r = append(r, r[0])
		us[i] = division.Unit{Code: code, Level: division.Village, Type: "村民委员会", Name: fmt.Sprintf("第%d村", i),
			Parent: code[:9] + "000", Valid: division.Always, Secrecy: division.Public, Source: "benchmark",
			CRSOriginal: "EPSG:4490", Geom: orb.MultiPolygon{{r}}, Label: orb.Point{x, y}}
	}
	return us
}

func BenchmarkImportProvince(b *testing.B) {
	us := province()
	for b.Loop() {
		b.StopTimer()
		s := pgtest.New(b)
		b.StartTimer()
		if r, err := s.ImportDivisions(b.Context(), pg.ImportRequest{Actor: "bench", File: "f"}, us); err != nil || r.Added != len(us) {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkWithProvince measures what is done with a province that is there already.
func BenchmarkWithProvince(b *testing.B) {
	us := province()
	s := pgtest.New(b)
	request := pg.ImportRequest{Actor: "bench", File: "f"}
	if _, err := s.ImportDivisions(b.Context(), request, us); err != nil {
		b.Fatal(err)
	}
	b.Run("EachDivision", func(b *testing.B) {
		for b.Loop() {
			n := 0
			if _, err := s.EachDivision(b.Context(), func(division.Unit) error { n++; return nil }); err != nil || n != len(us) {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("ImportUnchanged", func(b *testing.B) {
		for b.Loop() {
			if r, err := s.ImportDivisions(b.Context(), request, us); err != nil || r.Unchanged != len(us) {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("PutDivision", func(b *testing.B) {
		u, err := s.DivisionsByID(b.Context(), []int64{1})
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			u[0].Name = fmt.Sprintf("改名%d", i)
			if _, err := s.PutDivision(b.Context(), "bench", u[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
