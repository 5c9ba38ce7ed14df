package atlas

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/maypok86/otter/v2"

	"yutu/geo/division"
	"yutu/tiles"
	"yutu/tiles/index"
)

// ErrZoom means that a tile lies outside the pyramid or outside the zooms that are served.
var ErrZoom = errors.New("no such tile")

// Tile is one finished vector tile.
type Tile struct {
	// Gzip is the tile, gzip compressed; nil when Empty. The caller must not change it.
	Gzip []byte
	// ETag is a strong entity tag with its quotes, derived from Gzip alone: equal bytes have equal tags on all nodes
	// and across restarts. Empty tiles have one too.
	ETag  string
	Empty bool
}

// Tile returns the tile at c as of the day at, from the cache where it is still true. Errors: ErrZoom, ctx's error,
// and those of the index.
//
// How no stale tile is ever returned: an entry carries the generation of the snapshot that it was computed from. It
// counts only when it is of the reader's own generation, or when no change between the two touched the tile. So it does
// not matter when a slow reader stores what it computed from an older snapshot, and nothing has to be deleted.
func (a *Atlas) Tile(ctx context.Context, c tiles.Coord, at division.Date) (Tile, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Tile{}, err
		}
		s := a.snap.Load()
		if first, last := s.ZoomRange(); !c.Valid() || c.Z < first || c.Z > last {
			return Tile{}, fmt.Errorf("%w: %v (zooms %d to %d are served)", ErrZoom, c, first, last)
		}
		key := tileKey{c, s.interval(at)}
		if e, ok := a.tiles.lru.GetIfPresent(key); ok {
			gen := e.gen.Load()
			if gen > s.log.gen {
				// The atlas moved on since s was taken. The stretches of dates may have moved too, so the entry says
				// nothing about s: look again with the newer snapshot.
				continue
			}
			if !s.log.touchedSince(gen, c) {
				e.confirm(s.log.gen)
				return e.tile, nil
			}
		}
		t, err := render(s, c, key.from)
		if err != nil {
			return Tile{}, err
		}
		e := &tileEntry{tile: t}
		e.gen.Store(s.log.gen)
		a.tiles.lru.Set(key, e)
		return t, nil
	}
}

// render cuts and compresses one tile without the cache.
func render(s *Snapshot, c tiles.Coord, at division.Date) (Tile, error) {
	w := writers.Get().(*tileWriter)
	defer writers.Put(w)
	var err error
	if w.raw, err = s.ix.Tile(w.raw[:0], c, int32(at)); err != nil {
		return Tile{}, fmt.Errorf("tile %v: %w", c, err)
	}
	if len(w.raw) == 0 {
		return Tile{ETag: emptyTag, Empty: true}, nil
	}
	w.out.Reset()
	w.gz.Reset(&w.out)
	if _, err := w.gz.Write(w.raw); err != nil {
		return Tile{}, err
	}
	if err := w.gz.Close(); err != nil {
		return Tile{}, err
	}
	b := bytes.Clone(w.out.Bytes())
	return Tile{Gzip: b, ETag: entityTag(b)}, nil
}

type tileWriter struct {
	raw []byte
	out bytes.Buffer
	gz  *gzip.Writer
}

var writers = sync.Pool{New: func() any {
	gz, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return &tileWriter{gz: gz}
}}

var emptyTag = entityTag(nil)

func entityTag(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

type tileKey struct {
	c    tiles.Coord
	from division.Date // first day of the stretch in which nothing changes
}

type tileEntry struct {
	tile Tile
	gen  atomic.Uint64 // the latest generation for which the tile is known to be true
}

// confirm raises the generation, so that the next reader need not walk the changes again.
func (e *tileEntry) confirm(gen uint64) {
	for {
		old := e.gen.Load()
		if old >= gen || e.gen.CompareAndSwap(old, gen) {
			return
		}
	}
}

type tileCache struct {
	lru *otter.Cache[tileKey, *tileEntry]
}

// entryOverhead is what an entry occupies besides its bytes: key, entry, tag, and the cache's own node.
const entryOverhead = 256

func newTileCache(maxBytes int64) *tileCache {
	return &tileCache{otter.Must(&otter.Options[tileKey, *tileEntry]{
		MaximumWeight: uint64(maxBytes),
		Weigher:       func(_ tileKey, e *tileEntry) uint32 { return uint32(len(e.tile.Gzip)) + entryOverhead },
	})}
}

// touchLog remembers which tiles the latest generations touched. It is immutable.
type touchLog struct {
	gen   uint64 // of the snapshot
	floor uint64 // the oldest generation since which every touch is in past
	past  []touch
}

type touch struct {
	gen    uint64
	ranges []index.Touched
}

// maxTouches bounds the log: with 4,096 changes behind it a tile is better cut anew than looked up.
const maxTouches = 4096

func newTouchLog(gen uint64) touchLog { return touchLog{gen: gen, floor: gen} }

// with returns the log of the next generation, which touched the ranges.
func (l touchLog) with(ranges []index.Touched) touchLog {
	next := touchLog{gen: l.gen + 1, floor: l.floor}
	past := l.past
	if len(past) >= maxTouches {
		past = past[maxTouches/2:]
		next.floor = past[0].gen - 1
	}
	// The capacity is cut so that two snapshots derived from the same one cannot write over each other.
	next.past = append(past[:len(past):len(past)], touch{next.gen, ranges})
	return next
}

// touchedSince reports whether a generation after gen touched the tile, or may have.
func (l touchLog) touchedSince(gen uint64, c tiles.Coord) bool {
	if gen == l.gen {
		return false
	}
	if gen < l.floor {
		return true
	}
	for i := len(l.past) - 1; i >= 0 && l.past[i].gen > gen; i-- {
		for _, r := range l.past[i].ranges {
			if r.Z == c.Z && r.X0 <= c.X && c.X <= r.X1 && r.Y0 <= c.Y && c.Y <= r.Y1 {
				return true
			}
		}
	}
	return false
}
