package atlas

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"

	"yutu/geo/division"
	"yutu/tiles"
	"yutu/tiles/index"
)

func tileOf(p orb.Point, z uint8) tiles.Coord {
	n := float64(uint32(1) << z)
	y := (1 - math.Asinh(math.Tan(p[1]*math.Pi/180))/math.Pi) / 2
	return tiles.Coord{Z: z, X: uint32((p[0] + 180) / 360 * n), Y: uint32(y * n)}
}

func unzip(t testing.TB, b []byte) []byte {
	t.Helper()
	if b == nil {
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestTileIsTheIndexesTileCompressed(t *testing.T) {
	units := newLattice(1, 6, 6, 2).units(3)
	a := open(t, newShelf(units), Options{})
	b := open(t, newShelf(units), Options{})
	full := 0
	for _, z := range []uint8{0, 8, 10, 12, 14} {
		for _, c := range tilesOver(orb.Bound{Min: orb.Point{119.9, 28.9}, Max: orb.Point{120.2, 29.2}}, z, 200) {
			raw, err := a.Snapshot().ix.Tile(nil, c, 5)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // computed, then cached
				got, err := a.Tile(t.Context(), c, 5)
				if err != nil {
					t.Fatal(err)
				}
				if got.Empty != (len(raw) == 0) || !got.Empty && !bytes.Equal(unzip(t, got.Gzip), raw) {
					t.Fatalf("tile %v is not the index's tile", c)
				}
				other, err := b.Tile(t.Context(), c, 77)
				if err != nil {
					t.Fatal(err)
				}
				if other.ETag != got.ETag || len(got.ETag) != 18 || got.ETag[0] != '"' {
					t.Fatalf("tile %v: tags %s and %s on two nodes", c, got.ETag, other.ETag)
				}
				if !got.Empty {
					full++
				}
			}
		}
	}
	if full == 0 {
		t.Error("all tiles were empty")
	}
}

func TestTileErrors(t *testing.T) {
	a := open(t, newShelf(nil), Options{})
	_, last := a.Snapshot().ZoomRange()
	for _, c := range []tiles.Coord{{Z: last + 1}, {Z: 40, X: 1, Y: 1}, {Z: 3, X: 8}, {Z: 3, Y: 8}} {
		if _, err := a.Tile(t.Context(), c, 0); !errors.Is(err, ErrZoom) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if got, err := a.Tile(t.Context(), tiles.Coord{Z: 5, X: 3, Y: 3}, 0); err != nil || !got.Empty || got.ETag == "" || got.Gzip != nil {
		t.Errorf("a tile of an empty atlas: %+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Tile(ctx, tiles.Coord{}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// All days on which the same map is in force share one entry, and a tile whose unit ends shows it until that day.
func TestTileDatesShareEntries(t *testing.T) {
	units := newLattice(1, 4, 4, 1).units(2)
	end := day(t, "2020-01-01")
	units[2].Valid.To = end
	a := open(t, newShelf(units), Options{})
	c := tileOf(units[2].Label, 14)
	get := func(at division.Date) Tile {
		tile, err := a.Tile(t.Context(), c, at)
		if err != nil {
			t.Fatal(err)
		}
		return tile
	}
	old, now := get(end-1), get(end)
	if old.ETag == now.ETag {
		t.Error("the end of a unit cannot be seen")
	}
	if &get(division.Past).Gzip[0] != &old.Gzip[0] || &get(end - 5000).Gzip[0] != &old.Gzip[0] || &get(end + 5000).Gzip[0] != &now.Gzip[0] {
		t.Error("days of one stretch do not share the entry")
	}
	if got := get(division.Future); !got.Empty {
		t.Error("something is in force at the end of time")
	}
}

// A writer renames, moves and dates villages while readers ask for tiles: when no swap came between, a tile shows what
// the reader's snapshot holds, however slow other readers were.
func TestNoStaleTile(t *testing.T) {
	l := newLattice(1, 4, 4, 1)
	units := l.units(2)
	src := newShelf(units)
	a := open(t, src, Options{CacheBytes: 1 << 20})
	var villages []division.Unit
	var places []orb.Point
	for _, u := range units {
		if u.Level == division.Village {
			villages = append(villages, u)
			places = append(places, u.Label)
		}
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 9))
			for !stop.Load() {
				p := places[r.IntN(len(places))]
				for _, z := range []uint8{11, 14, 16} {
					c := tileOf(p, z)
					s1 := a.Snapshot()
					got, err := a.Tile(t.Context(), c, 5)
					if err != nil {
						t.Error(err)
						return
					}
					s2 := a.Snapshot()
					// The tile must be that of a snapshot between the two; most often they are the same one.
					if s1 != s2 {
						continue
					}
					want, err := render(s1, c, s1.interval(5))
					if err != nil {
						t.Error(err)
						return
					}
					if got.ETag != want.ETag && contents(unzip(t, got.Gzip), true) != contents(unzip(t, want.Gzip), true) {
						t.Errorf("tile %v is stale at sequence %d", c, s1.seq)
						return
					}
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 300 {
		v := &villages[r.IntN(len(villages))]
		switch i % 4 {
		case 0:
			v.Geom = newLattice(uint64(i), 4, 4, 1).units(2)[v.ID-1].Geom
		case 1: // stretches of dates come and go
			v.Valid = division.Range{From: division.Date(r.IntN(10)), To: division.Future}
		default:
			v.Name = v.Name[:len("第1镇")] + string(rune('一'+i)) + "村"
		}
		wait(t, a, src.put(nil, *v))
	}
	stop.Store(true)
	wg.Wait()
}

// The slow reader, step by step: it computes from an old snapshot, the change is followed, and only then it stores.
func TestSlowReaderCannotPoisonTheCache(t *testing.T) {
	units := newLattice(1, 2, 2, 1).units(2)
	src := newShelf(units)
	a := open(t, src, Options{})
	v := units[2]
	c := tileOf(v.Label, 14)
	old := a.Snapshot()
	slow, err := render(old, c, old.interval(5))
	if err != nil {
		t.Fatal(err)
	}
	v.Name = "新名村"
	wait(t, a, src.put(nil, v))
	e := &tileEntry{tile: slow}
	e.gen.Store(old.log.gen)
	a.tiles.lru.Set(tileKey{c, old.interval(5)}, e)
	got, err := a.Tile(t.Context(), c, 5)
	if err != nil {
		t.Fatal(err)
	}
	if got.ETag == slow.ETag || !bytes.Contains(unzip(t, got.Gzip), []byte("新名村")) {
		t.Error("the stale tile was served")
	}
}

// A change leaves the tiles that it does not touch in the cache.
func TestUntouchedTilesStayCached(t *testing.T) {
	units := newLattice(1, 8, 8, 1).units(4)
	src := newShelf(units)
	a := open(t, src, Options{})
	far, near := tileOf(units[len(units)-1].Label, 16), tileOf(units[2].Label, 16)
	get := func(c tiles.Coord) *byte {
		tile, err := a.Tile(t.Context(), c, 5)
		if err != nil {
			t.Fatal(err)
		}
		return &tile.Gzip[0]
	}
	f, n := get(far), get(near)
	v := units[2]
	v.Name = "新名村"
	events, cancel := a.Subscribe(4)
	defer cancel()
	wait(t, a, src.put(nil, v))
	if e := <-events; e.Reset || e.Seq != 1 || !covers(e.Touched, near) || covers(e.Touched, far) {
		t.Errorf("event %+v", e)
	}
	if get(far) != f {
		t.Error("an untouched tile was computed again")
	}
	if get(near) == n {
		t.Error("a touched tile was not")
	}
}

func covers(ranges []index.Touched, c tiles.Coord) bool {
	return newTouchLog(0).with(ranges).touchedSince(0, c)
}

func TestTouchLogForgetsSafely(t *testing.T) {
	c := tiles.Coord{Z: 1, X: 1, Y: 1}
	hit := []index.Touched{{Z: 1, X0: 1, Y0: 0, X1: 1, Y1: 1}}
	miss := []index.Touched{{Z: 1, X0: 0, Y0: 0, X1: 0, Y1: 1}, {Z: 2, X0: 0, Y0: 0, X1: 3, Y1: 3}}
	l := newTouchLog(10)
	if l.touchedSince(10, c) || !l.touchedSince(9, c) {
		t.Error("a new log vouches for its own generation alone")
	}
	l = l.with(hit)
	sibling := l.with(hit)
	l = l.with(miss)
	if !l.touchedSince(10, c) || l.touchedSince(11, c) || l.touchedSince(12, c) || !sibling.touchedSince(11, c) {
		t.Error("touches are not told apart")
	}
	for range 3 * maxTouches {
		l = l.with(miss)
		if len(l.past) > maxTouches {
			t.Fatalf("%d touches kept", len(l.past))
		}
	}
	if !l.touchedSince(11, c) || l.touchedSince(l.gen-10, c) || !l.touchedSince(l.floor-1, c) || l.touchedSince(l.floor, c) {
		t.Errorf("after forgetting: generation %d, floor %d", l.gen, l.floor)
	}
}
