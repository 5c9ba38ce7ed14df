// Package index answers vector tiles of areas from memory, at any zoom and for any day, and knows which tiles a
// change touches.
//
// A tile has three layers, named after Config.Layer L: L holds the areas as polygons; L_line each border once,
// with the highest rank it bounds and the keys of the areas of that rank to its left and right; L_label a point in
// each area at which its name can stand, in the one tile that contains the point.
//
// Borders less than a tile unit apart (a 4096th of the tile) can touch or cross after rounding to the tile's grid;
// those farther apart do not.
//
// What is drawn comes from topo.Mesh, one for each band of zooms, so that neighbours share their border exactly,
// and a low zoom does not carry the vertices of ranks it does not show. See Index.Displacement for what is lost.
package index

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"yutu/geo/topo"
	"yutu/tiles/mvt"
)

// Feature is one area with its attributes.
type Feature struct {
	// ID is the MVT feature id, > 0 and unique in an Index.
	ID int64
	// Rank orders the levels: 1 is the highest; at most topo.MaxRank.
	Rank uint8
	// From, To is the half-open range of days at which the feature exists.
	From, To int32
	// Key is what a border line calls its neighbour.
	Key string
	// Props are the attributes in the polygon and label layers, in this order.
	Props []mvt.Prop
	// Geom is lon, lat in degrees, CGCS2000, on the grid of 1e-9 degree. Rings may run either way. Latitudes beyond
	// ±85.0511° are drawn on the edge of the map.
	Geom orb.MultiPolygon
	// Label is a point inside Geom at which the name can stand; the zero Point asks for topo.LabelPoint.
	Label orb.Point
}

// Band is a range of zooms, both ends included, that shows the ranks 1 … MaxRank.
type Band struct{ MinZoom, MaxZoom, MaxRank uint8 }

// MaxZoom is the deepest zoom that a band may have. One deeper, products of coordinates would no longer fit 64 bits.
const MaxZoom = 17

// Config says what an Index shows at which zoom. Zero fields take the value of DefaultConfig.
type Config struct {
	// Layer is the name of the polygon layer; lines and labels are in Layer+"_line" and Layer+"_label".
	Layer string
	// Bands follow each other without gap or overlap, the last ends at MaxZoom at the deepest. The deepest zoom of
	// all shows every border unsimplified.
	Bands []Band
	// RankKey is the attribute of lines that holds the rank.
	RankKey string
	// LabelMinZoom[rank] is the first zoom at which labels of the rank are written, if the band shows the rank at
	// all; ranks beyond its end have labels wherever they are shown.
	LabelMinZoom []uint8
}

// DefaultConfig is the configuration for the five levels of administrative divisions of China, province to village.
// The labels begin at the zoom at which a typical unit of the level is about 60 pixels wide.
func DefaultConfig() Config {
	return Config{
		Layer:        "divisions",
		Bands:        []Band{{0, 7, 3}, {8, 10, 4}, {11, 16, 5}},
		RankKey:      "level",
		LabelMinZoom: []uint8{0, 2, 4, 6, 8, 12},
	}
}

// Index is immutable and safe for concurrent use.
type Index struct {
	cfg    Config
	layers [3]string
	rank   mvt.Word
	left   mvt.Word
	right  mvt.Word
	ranks  [topo.MaxRank + 1]mvt.Word
	bands  []band
}

type band struct {
	Band
	mesh *topo.Mesh
}

// entry is a feature as tiles show it; it is the Tag of its areas in all meshes.
type entry struct {
	id    int64
	key   mvt.Word // as a value
	label topo.Point
	attrs []attr
}

type attr struct {
	key   *mvt.Word
	value mvt.Word
}

// Build makes an Index. Errors: bands that do not follow each other, a feature with an id below 1 or used twice, a
// rank out of range, a position not on the earth; the message names the feature. Two goroutines or more share
// the work.
func Build(ctx context.Context, cfg Config, fs []Feature) (*Index, error) {
	def := DefaultConfig()
	if cfg.Layer == "" {
		cfg.Layer = def.Layer
	}
	if cfg.Bands == nil {
		cfg.Bands = def.Bands
	}
	if cfg.RankKey == "" {
		cfg.RankKey = def.RankKey
	}
	if cfg.LabelMinZoom == nil {
		cfg.LabelMinZoom = def.LabelMinZoom
	}
	if len(cfg.Bands) == 0 {
		return nil, errors.New("index: there must be at least one band of zooms")
	}
	for i, b := range cfg.Bands {
		if b.MinZoom > b.MaxZoom || b.MaxZoom > MaxZoom || b.MaxRank < 1 || b.MaxRank > topo.MaxRank ||
			i > 0 && b.MinZoom != cfg.Bands[i-1].MaxZoom+1 {
			return nil, fmt.Errorf("index: band %d (zooms %d–%d, ranks to %d) is out of range or does not follow the one before",
				i, b.MinZoom, b.MaxZoom, b.MaxRank)
		}
	}
	ix := &Index{
		cfg: cfg, layers: [3]string{cfg.Layer, cfg.Layer + "_line", cfg.Layer + "_label"},
		rank: mvt.KeyWord(cfg.RankKey), left: mvt.KeyWord("left"), right: mvt.KeyWord("right"),
		bands: make([]band, len(cfg.Bands)),
	}
	for i := range ix.ranks {
		ix.ranks[i], _ = mvt.ValueWord(i)
	}
	entries, err := newEntries(cfg, fs)
	if err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	for i, b := range cfg.Bands {
		g.Go(func() (err error) {
			ix.bands[i].Band = b
			ix.bands[i].mesh, err = topo.NewMesh(ctx, topo.Options{
				MinZoom: b.MinZoom, MaxZoom: b.MaxZoom, ExactZoom: ix.cfg.Bands[len(cfg.Bands)-1].MaxZoom,
			}, shapes(fs, entries, b.MaxRank))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return ix, nil
}

// shapes are the features that a band with ranks to maxRank shows.
func shapes(fs []Feature, entries []*entry, maxRank uint8) []topo.Shape {
	out := make([]topo.Shape, 0, len(fs))
	for i := range fs {
		if f := &fs[i]; f.Rank <= maxRank {
			out = append(out, topo.Shape{ID: f.ID, Rank: f.Rank, From: f.From, To: f.To, Geom: f.Geom, Tag: entries[i]})
		}
	}
	return out
}

// newEntries encodes the attributes; equal ones share their text.
func newEntries(cfg Config, fs []Feature) ([]*entry, error) {
	var shown uint8
	for _, b := range cfg.Bands {
		shown = max(shown, b.MaxRank)
	}
	keys, values := map[string]*mvt.Word{}, map[any]mvt.Word{}
	out := make([]*entry, len(fs))
	for i := range fs {
		f := &fs[i]
		if f.ID < 1 {
			return nil, fmt.Errorf("index: a feature has the id %d, want 1 or more", f.ID)
		}
		if f.Rank < 1 || f.Rank > shown {
			return nil, fmt.Errorf("index: feature %d has rank %d, want 1 to %d: no zoom shows others", f.ID, f.Rank, shown)
		}
		e := &entry{id: f.ID, key: mvt.StringWord(f.Key), attrs: make([]attr, 0, len(f.Props))}
		label := f.Label
		if label == (orb.Point{}) {
			label = topo.LabelPoint(f.Geom)
		}
		// Written so that NaN fails.
		if !(math.Abs(label[0]) <= 180 && math.Abs(label[1]) <= 90) {
			return nil, fmt.Errorf("index: feature %d has the label point %v, outside lon ±180°, lat ±90°", f.ID, label)
		}
		e.label = topo.World(label)
		for _, p := range f.Props {
			k := keys[p.Key]
			if k == nil {
				w := mvt.KeyWord(p.Key)
				k = &w
				keys[p.Key] = k
			}
			w, ok := mvt.ValueWord(p.Value)
			if !ok {
				continue
			}
			if v, ok := values[p.Value]; ok {
				w = v
			} else {
				values[p.Value] = w
			}
			e.attrs = append(e.attrs, attr{k, w})
		}
		out[i] = e
	}
	return out, nil
}

// MinZoom is the lowest zoom that has tiles.
func (ix *Index) MinZoom() uint8 { return ix.bands[0].MinZoom }

// MaxZoom is the deepest zoom that has tiles; it shows every border unsimplified.
func (ix *Index) MaxZoom() uint8 { return ix.bands[len(ix.bands)-1].MaxZoom }

// Bounds is a box in degrees around all features; empty (Bound.IsEmpty) when there are none.
func (ix *Index) Bounds() orb.Bound {
	out := orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}
	for i := range ix.bands {
		if b := ix.bands[i].mesh.Bounds(); !b.Empty() {
			// One cell more on each side: projecting has rounded.
			box := orb.Bound{
				Min: topo.LonLat(topo.Point{X: max(b.MinX-1, 0), Y: min(b.MaxY+1, 1<<topo.WorldBits)}),
				Max: topo.LonLat(topo.Point{X: min(b.MaxX+1, 1<<topo.WorldBits), Y: max(b.MinY-1, 0)}),
			}
			if out.IsEmpty() {
				out = box
			} else {
				out = out.Union(box)
			}
		}
	}
	return out
}

// MemBytes estimates the heap that the Index holds.
func (ix *Index) MemBytes() int64 {
	var n int64
	for i := range ix.bands {
		n += ix.bands[i].mesh.MemBytes()
	}
	last := ix.bands[len(ix.bands)-1].mesh
	all := topo.Box{MaxX: 1 << topo.WorldBits, MaxY: 1 << topo.WorldBits}
	for r := uint8(1); r <= topo.MaxRank; r++ {
		last.SearchAreas(r, all, func(_, _ [2]float64, slot int32) bool {
			e := last.Area(slot).Tag.(*entry)
			n += 100 + int64(e.key.Len())
			for _, a := range e.attrs {
				n += 40 + int64(a.value.Len())
			}
			return true
		})
	}
	return n
}

// Displacement says how far the borders shown at zoom z, which must be one of the Index's, lie from the true ones
// at most: in cells of the world grid (2^30 a side) and in metres on the ground. A tile's own grid adds up to
// 0.71 of its 4096 units a side.
func (ix *Index) Displacement(z uint8) (cells, metres float64) {
	return ix.band(z).mesh.Displacement(z)
}

func (ix *Index) band(z uint8) *band {
	for i := range ix.bands {
		if b := &ix.bands[i]; z >= b.MinZoom && z <= b.MaxZoom {
			return b
		}
	}
	return nil
}
