package atlas

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
	"yutu/geo/division"
)

// province is 90 counties, 1,440 townships and 24,480 villages with 188 vertices each on one seamless mesh.
var province = sync.OnceValue(func() []division.Unit {
	const cols, rows = 9 * 16, 10 * 17
	l := newLattice(1, cols, rows, 46)
	var out []division.Unit
	add := func(code, parent division.Code, level division.Level, name, kind string, i0, j0, i1, j1 int) {
		mp := orb.MultiPolygon{{l.ring(i0, j0, i1, j1)}}
		out = append(out, division.Unit{
			ID: int64(len(out) + 1), Code: code, Parent: parent, Level: level, Name: name, Type: kind, Valid: division.Always,
			Secrecy: division.Public, Source: "bench", Synthetic: true, Geom: mp, Label: crs.Snap(centre(mp)),
		})
	}
	add("330000000000", "", division.Province, "试验省", "省", 0, 0, cols, rows)
	for p := range 9 {
		pref := division.Code(fmt.Sprintf("33%02d00000000", p+1))
		add(pref, "330000000000", division.Prefecture, fmt.Sprintf("第%d市", p+1), "地级市", p*16, 0, p*16+16, rows)
		for c := range 10 {
			county := pref[:4] + division.Code(fmt.Sprintf("%02d000000", c+21))
			add(county, pref, division.County, fmt.Sprintf("第%d市%d县", p+1, c+1), "县", p*16, c*17, p*16+16, c*17+17)
			for n := range 16 {
				town := county[:6] + division.Code(fmt.Sprintf("%03d000", n+1))
				i0, j0 := p*16+n%4*4, c*17+n/4*5
				i1, j1 := i0+4, min(j0+5, c*17+17)
				add(town, county, division.Township, fmt.Sprintf("%d县%d镇", c+1, n+1), "镇", i0, j0, i1, j1)
				v := 0
				for i := i0; i < i1; i++ {
					for j := j0; j < j1; j++ {
						v++
						add(town[:9]+division.Code(fmt.Sprintf("%03d", v+200)), town, division.Village, fmt.Sprintf("%d镇%d村", n+1, v), "村民委员会", i, j, i+1, j+1)
					}
				}
			}
		}
	}
	return out
})

var provinceSnapshot = sync.OnceValue(func() *Snapshot {
	s, err := build(context.Background(), 1, itemsOf(province()), newBook(nil), 1)
	if err != nil {
		panic(err)
	}
	return s
})

func somewhere(r *rand.Rand) orb.Point {
	return orb.Point{120.01 + r.Float64()*2.86, 29.01 + r.Float64()*3.38}
}

func BenchmarkItems(b *testing.B) {
	units := province()
	b.ResetTimer()
	for b.Loop() {
		itemsOf(units)
	}
}

func BenchmarkBuild(b *testing.B) {
	items := itemsOf(province())
	b.ResetTimer()
	var s *Snapshot
	for b.Loop() {
		var err error
		if s, err = build(context.Background(), 1, items, newBook(nil), 1); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MB-heap")
	b.ReportMetric(float64(s.ix.MemBytes())/(1<<20), "MB-index")
	runtime.KeepAlive(s)
}

// One change to one village: renamed, or given another shape.
func BenchmarkDerive(b *testing.B) {
	for _, c := range []string{"rename", "reshape"} {
		b.Run(c, func(b *testing.B) {
			s := provinceSnapshot()
			villages := s.Query(Query{Level: division.Village}).Units
			i := 0
			for b.Loop() {
				u := villages[(i*7919)%len(villages)].Unit
				u.Name += "新"
				if c == "reshape" {
					ring := append(orb.Ring(nil), u.Geom[0][0]...)
					k := len(ring) / 3
					ring[k] = crs.Snap(orb.Point{(ring[k][0] + 3*u.Label[0]) / 4, (ring[k][1] + 3*u.Label[1]) / 4})
					u.Geom = orb.MultiPolygon{{ring}}
				}
				if _, _, err := derive(s, 2, map[int64]*Item{u.ID: newItem(u)}, s.book); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkQuery(b *testing.B) {
	s := provinceSnapshot()
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name string
		q    func() Query
	}{
		{"all-page", func() Query { return Query{Limit: 10} }},
		{"all-last-page", func() Query { return Query{Limit: 10, After: 24000} }},
		{"level-count", func() Query { return Query{Level: division.Village, Limit: -1} }},
		{"within-name", func() Query { return Query{Within: "330121000000", Name: "3镇7村", Limit: 100} }},
		{"parent", func() Query { return Query{Parent: "330121003000", Limit: 100} }},
		{"small-box", func() Query {
			p := somewhere(r)
			return Query{BBox: []orb.Bound{{Min: p, Max: orb.Point{p[0] + 0.05, p[1] + 0.05}}}, Limit: 100}
		}},
		{"large-box", func() Query {
			p := somewhere(r)
			return Query{BBox: []orb.Bound{{Min: p, Max: orb.Point{p[0] + 1, p[1] + 1}}}, Limit: 100}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				s.Query(c.q())
			}
		})
	}
}

func BenchmarkLocate(b *testing.B) {
	s := provinceSnapshot()
	r := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		if len(s.Locate(somewhere(r), 0)) == 0 {
			b.Fatal("nowhere")
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	s := provinceSnapshot()
	for _, q := range []string{"村", "3镇7村", "没有这个名字", "3301"} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				s.Search(q, 0, 20)
			}
		})
	}
}

func BenchmarkStats(b *testing.B) {
	s := provinceSnapshot()
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			s.countAt(0)
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			s.Stats(0)
		}
	})
}

func BenchmarkBorderDistance(b *testing.B) {
	k := provinceSnapshot().Known(0)
	r := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		k.BorderDistanceM(somewhere(r))
	}
}

// Tiles at random, zooms 6 to 14: cut and compressed each time, and from the cache.
func BenchmarkTile(b *testing.B) {
	s := provinceSnapshot()
	a := newAtlas(newShelf(nil), Options{})
	a.snap.Store(s)
	r := rand.New(rand.NewPCG(1, 1))
	list := make([]orb.Point, 2000)
	for i := range list {
		list[i] = somewhere(r)
	}
	var n, size atomic.Int64
	b.Run("index-alone", func(b *testing.B) {
		var raw []byte
		for b.Loop() {
			i := int(n.Add(1))
			var err error
			if raw, err = s.ix.Tile(raw[:0], tileOf(list[i%len(list)], uint8(6+i%9)), 0); err != nil {
				b.Fatal(err)
			}
			size.Add(int64(len(raw)))
		}
		b.ReportMetric(float64(size.Load())/float64(n.Load()), "bytes/tile")
	})
	n.Store(0)
	size.Store(0)
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			i := int(n.Add(1))
			t, err := render(s, tileOf(list[i%len(list)], uint8(6+i%9)), 0)
			if err != nil {
				b.Fatal(err)
			}
			size.Add(int64(len(t.Gzip)))
		}
		b.ReportMetric(float64(size.Load())/float64(n.Load()), "bytes/tile")
	})
	b.Run("cached", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := int(n.Add(1))
				if _, err := a.Tile(context.Background(), tileOf(list[i%200], uint8(6+i%9)), 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
