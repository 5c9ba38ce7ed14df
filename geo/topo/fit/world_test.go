package fit_test

import (
	"context"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"yutu/data/synth"
	"yutu/geo/division"
	"yutu/geo/topo/fit"
)

// county is the synthetic county, made once; nothing changes it.
var county = sync.OnceValues(func() (*synth.World, error) {
	return synth.Generate(context.Background(), synth.Options{Seed: 1})
})

func areasOf(units []division.Unit) []fit.Area {
	out := make([]fit.Area, len(units))
	for i := range units {
		u := &units[i]
		out[i] = fit.Area{Name: string(u.Code) + " " + u.Name, Code: string(u.Code), Parent: string(u.Parent), Rank: uint8(u.Level),
			From: int32(u.Valid.From), To: int32(u.Valid.To), Geom: u.Geom}
	}
	return out
}

func TestTheSyntheticCountyIsClean(t *testing.T) {
	w, err := county()
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range []string{"1950-01-01", "2010-06-01", "2026-11-01"} {
		d, err := division.ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		areas := areasOf(w.Units)
		r, err := fit.Check(context.Background(), areas, fit.Options{Day: int32(d)})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d areas, %d vertices, %d arcs, %d faces", day, r.Areas, r.Vertices, r.Arcs, r.Faces)
		for _, f := range r.Findings(areas) {
			if f.Severity > 0 {
				t.Errorf("%s: %+v", day, f)
			}
		}
	}
}

// BenchmarkProvince is the whole province, 24,000 villages and all above them: topology built and checked.
func BenchmarkProvince(b *testing.B) {
	if os.Getenv("YUTU_LARGE") == "" {
		b.Skip("the province takes a minute to make; YUTU_LARGE=1 makes it")
	}
	w, err := synth.Generate(context.Background(), synth.Options{Size: synth.ProvinceSize, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	areas := areasOf(w.Units)
	w = nil
	runtime.GC()
	for b.Loop() {
		start := time.Now()
		r, err := fit.Check(context.Background(), areas, fit.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/check")
		b.ReportMetric(float64(r.Vertices), "vertices")
		b.ReportMetric(float64(r.Areas), "areas")
		for _, f := range r.Findings(areas) {
			if f.Severity > 0 {
				b.Fatalf("%+v", f)
			}
		}
	}
}
