package atlas

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"yutu/data/pgtest"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// mergedOn is the day on which a third of the townships of the province below merged their villages, two by two.
const mergedOn = division.Date(17_835) // 2018-10-31

// history is the province with its villages as they were before mergedOn (24,480) and as they are (about 21,000), without what tiles need.
var history = sync.OnceValue(func() *Snapshot {
	units := slices.Clone(province())
	l := newLattice(1, 9*16, 10*17, 46)
	merged := map[division.Code]int{}
	for p := range 9 {
		for c := range 10 {
			for n := 0; n < 16; n += 3 {
				town := division.Code(fmt.Sprintf("33%02d%02d%03d000", p+1, c+21, n+1))
				i0, j0 := p*16+n%4*4, c*17+n/4*5
				for i := i0; i < i0+4; i++ {
					for j := j0; j < min(j0+5, c*17+17); j += 2 {
						mp := orb.MultiPolygon{{l.ring(i, j, i+1, min(j+2, j0+5, c*17+17))}}
						merged[town]++
						units = append(units, division.Unit{
							ID: int64(len(units) + 1), Code: town[:9] + division.Code(fmt.Sprintf("%03d", 400+merged[town])), Parent: town, Level: division.Village, Name: "并村", Type: "村民委员会",
							Valid: division.Range{From: mergedOn, To: division.Future}, Secrecy: division.Public, Source: "bench", Synthetic: true, Geom: mp, Label: crs.Snap(centre(mp)),
						})
					}
				}
			}
		}
	}
	for i := range units {
		if u := &units[i]; u.Level == division.Village && u.Valid == division.Always && merged[u.Parent] > 0 {
			u.Valid.To = mergedOn
		}
	}
	s, err := assemble(context.Background(), 1, itemsOf(units), newBook(nil), 1, false)
	if err != nil {
		panic(err)
	}
	return s
})

// BenchmarkLocateBesidePostGIS finds the units of random points on one core, through the locator and, in the same run, through
// PostGIS with ST_Covers and its GiST index over the same units: the whole chain, and the villages alone.
func BenchmarkLocateBesidePostGIS(b *testing.B) {
	ctx := b.Context()
	s := history()
	conn, err := pgx.Connect(ctx, pgtest.URL(b))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	run := func(sql string, args ...any) {
		if _, err := conn.Exec(ctx, sql, args...); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	run(`CREATE UNLOGGED TABLE raw (id bigint, level smallint, first int, last int, wkb bytea)`)
	var items []*Item
	for _, level := range s.trees[1:] {
		level.Scan(func(_, _ [2]float64, it *Item) bool { items = append(items, it); return true })
	}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"raw"}, []string{"id", "level", "first", "last", "wkb"}, pgx.CopyFromSlice(len(items), func(i int) ([]any, error) {
		u := &items[i].Unit
		shape, err := wkb.Marshal(u.Geom)
		return []any{u.ID, int16(u.Level), max(int32(u.Valid.From), -1e6), min(int32(u.Valid.To), 1e6), shape}, err
	})); err != nil {
		b.Fatal(err)
	}
	run(`CREATE UNLOGGED TABLE unit (id bigint, level smallint, valid int4range, geom geometry(MultiPolygon, 4490))`)
	run(`ALTER TABLE unit ALTER geom SET STORAGE EXTERNAL`) // as the product's own table: nothing to unpack
	run(`INSERT INTO unit SELECT id, level, int4range(first, last), ST_GeomFromWKB(wkb, 4490) FROM raw`)
	run(`CREATE INDEX ON unit USING gist (geom)`)
	run(`ANALYZE unit`)
	run(`SET max_parallel_workers_per_gather = 0`)
	run(`SET jit = off`)

	r := rand.New(rand.NewPCG(1, 1))
	pts := make([]orb.Point, 1<<18)
	for i := range pts {
		pts[i] = crs.Snap(somewhere(r))
	}
	const few = 2000
	run(`CREATE TEMP TABLE point (i int, geom geometry(Point, 4490))`)
	for i, p := range pts[:few] {
		run(`INSERT INTO point VALUES ($1, ST_SetSRID(ST_MakePoint($2, $3), 4490))`, i, p[0], p[1])
	}
	run(`ANALYZE point`)
	for name, at := range map[string]division.Date{"today": division.Today(), "past": mergedOn - 1} {
		b.Run(name, func(b *testing.B) {
			// What both find must be the same before their times mean anything.
			theirs := func(levels string) (time.Duration, int) {
				var n int
				began := time.Now()
				if err := conn.QueryRow(ctx, `SELECT count(*) FROM point p JOIN unit u ON ST_Covers(u.geom, p.geom) WHERE u.valid @> $1::int AND u.level `+levels, int32(at)).Scan(&n); err != nil {
					b.Fatal(err)
				}
				return time.Since(began), n
			}
			theirs(">= 1") // warm
			chain, n := theirs(">= 1")
			villages, _ := theirs("= 5")
			l := s.Locator(at)
			found := 0
			for _, p := range pts[:few] {
				found += len(l.Locate(p).Chain)
			}
			if found != n {
				b.Fatalf("%d units found, PostGIS %d", found, n)
			}
			i := 0
			for b.Loop() {
				l.Locate(pts[i&(len(pts)-1)])
				i++
			}
			perSecond := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perSecond, "points/s")
			b.ReportMetric(few/chain.Seconds(), "PostGIS-points/s")
			b.ReportMetric(perSecond*chain.Seconds()/few, "×ST_Covers")
			b.ReportMetric(perSecond*villages.Seconds()/few, "×ST_Covers-villages")
		})
	}
}
