package index

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/topo"
	"yutu/tiles"
	"yutu/tiles/mvt"
)

var small = sync.OnceValue(func() *Index { return build(county().features()) })

func build(fs []Feature) *Index {
	ix, err := Build(context.Background(), Config{}, fs)
	if err != nil {
		panic(err)
	}
	return ix
}

// tilesOf lists the tiles of a zoom that meet the bounds with their buffer, and one more on each side.
func tilesOf(ix *Index, z uint8) []tiles.Coord {
	b := ix.band(z).mesh.Bounds().At(z)
	last := int32(1)<<z - 1
	clamp := func(v int32) int32 { return max(0, min(last, v)) }
	var out []tiles.Coord
	for x := clamp(b.MinX>>12 - 1); x <= clamp(b.MaxX>>12+1); x++ {
		for y := clamp(b.MinY>>12 - 1); y <= clamp(b.MaxY>>12+1); y++ {
			out = append(out, tiles.Coord{Z: z, X: uint32(x), Y: uint32(y)})
		}
	}
	return out
}

func mustTile(t testing.TB, ix *Index, c tiles.Coord, at int32) decodedTile {
	t.Helper()
	b, err := ix.Tile(nil, c, at)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decode(b)
	if err != nil {
		t.Fatalf("tile %v: %v", c, err)
	}
	return d
}

type edge struct{ a, b mvt.Point }

func onCut(e edge) bool {
	return e.a.X == e.b.X && (e.a.X == cutLow || e.a.X == cutHigh) || e.a.Y == e.b.Y && (e.a.Y == cutLow || e.a.Y == cutHigh)
}

// Neighbours share their border exactly: within a tile every edge of a polygon is met by the reverse edge of
// exactly one other polygon of the level, and in a tile that the level fills the areas add up to the tile.
func TestNeighboursNeitherGapNorOverlap(t *testing.T) {
	ix := small()
	full := 0
	for z := uint8(7); z <= 14; z++ {
		for _, c := range tilesOf(ix, z) {
			d := mustTile(t, ix, c, 0)
			if d["divisions"] == nil {
				continue
			}
			outline := map[edge]bool{} // of the province
			byRank := map[int64]map[edge]int{}
			areas := map[int64]int64{}
			for _, f := range d["divisions"].features {
				rank := f.props["level"].(int64)
				if byRank[rank] == nil {
					byRank[rank] = map[edge]int{}
				}
				for _, r := range f.paths {
					areas[rank] += area2(r)
					for i, p := range r {
						e := edge{p, r[(i+1)%len(r)]}
						byRank[rank][e]++
						if rank == 1 {
							outline[e] = true
						}
					}
				}
			}
			for rank, edges := range byRank {
				for e, n := range edges {
					if n != 1 {
						t.Fatalf("tile %v rank %d: edge %v occurs %d times", c, rank, e, n)
					}
					if edges[edge{e.b, e.a}] != 1 && !onCut(e) && !outline[e] {
						t.Fatalf("tile %v rank %d: edge %v has no neighbour", c, rank, e)
					}
				}
				if areas[rank] != areas[1] {
					t.Fatalf("tile %v: areas of rank %d add up to %d, of rank 1 to %d", c, rank, areas[rank], areas[1])
				}
			}
			if areas[1] == 2*(cutHigh-cutLow)*(cutHigh-cutLow) {
				full++
			}
		}
	}
	if full == 0 {
		t.Error("no tile lies wholly inside")
	}
}

// Every border is a line exactly once, of the highest rank it bounds, and the keys beside it are right.
func TestEveryBorderIsOneLine(t *testing.T) {
	ix := small()
	for z := uint8(8); z <= 14; z++ {
		for _, c := range tilesOf(ix, z) {
			d := mustTile(t, ix, c, 0)
			want := map[edge]map[int64]string{} // directed edge → rank → key of the area on the right
			if d["divisions"] != nil {
				for _, f := range d["divisions"].features {
					for _, r := range f.paths {
						for i, p := range r {
							// Shells run clockwise on the screen: the area is on the right.
							e := edge{p, r[(i+1)%len(r)]}
							if !onCut(e) {
								if want[e] == nil {
									want[e] = map[int64]string{}
								}
								want[e][f.props["level"].(int64)] = f.props["code"].(string)
							}
						}
					}
				}
			}
			lines := map[edge]bool{}
			if l := d["divisions_line"]; l != nil {
				groups := map[string]bool{}
				for _, f := range l.features {
					rank, left, right := f.props["level"].(int64), f.props["left"], f.props["right"]
					if key := fmt.Sprint(rank, left, right); groups[key] {
						t.Fatalf("tile %v: two features for %s", c, key)
					} else {
						groups[key] = true
					}
					for _, p := range f.paths {
						for i := 1; i < len(p); i++ {
							e := edge{p[i-1], p[i]}
							r := edge{e.b, e.a}
							if lines[e] || lines[r] {
								t.Fatalf("tile %v: edge %v is drawn twice", c, e)
							}
							lines[e] = true
							if onCut(e) {
								continue
							}
							for higher := int64(1); higher < rank; higher++ {
								if want[e][higher] != want[r][higher] {
									t.Fatalf("tile %v: edge %v bounds rank %d, drawn as %d", c, e, higher, rank)
								}
							}
							if fmt.Sprint(orNil(want[r][rank]), orNil(want[e][rank])) != fmt.Sprint(left, right) {
								t.Fatalf("tile %v: edge %v of rank %d between %v and %v, want %v and %v", c, e, rank, left, right, want[r][rank], want[e][rank])
							}
						}
					}
				}
			}
			for e := range want {
				if !lines[e] && !lines[edge{e.b, e.a}] {
					t.Fatalf("tile %v: the border %v is not drawn", c, e)
				}
			}
		}
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// A label is in the one tile that contains it, from the zoom that the configuration names.
func TestLabelsStandInOneTile(t *testing.T) {
	w := county()
	fs := w.features()
	ix := small()
	for _, z := range []uint8{6, 9, 12, 13} {
		seen := map[string]int{}
		for _, c := range tilesOf(ix, z) {
			if l := mustTile(t, ix, c, 0)["divisions_label"]; l != nil {
				for _, f := range l.features {
					p := f.paths[0][0]
					if p.X < 0 || p.X >= 4096 || p.Y < 0 || p.Y >= 4096 {
						t.Fatalf("tile %v: label at %v", c, p)
					}
					seen[f.props["code"].(string)]++
				}
			}
		}
		for _, f := range fs {
			want := 0
			if z >= DefaultConfig().LabelMinZoom[f.Rank] {
				want = 1
			}
			if seen[f.Key] != want {
				t.Fatalf("zoom %d: %s has %d labels, want %d", z, f.Key, seen[f.Key], want)
			}
		}
	}
}

func box(x, y, w, h float64) orb.Ring {
	return orb.Ring{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}
}

// A village moved from one township to another on day 100: each day shows its own borders.
func TestTileOfADay(t *testing.T) {
	area := func(id int64, rank uint8, from, to int32, key string, r orb.Ring) Feature {
		return Feature{ID: id, Rank: rank, From: from, To: to, Key: key, Geom: orb.MultiPolygon{{r}},
			Props: []mvt.Prop{{Key: "code", Value: key}, {Key: "level", Value: int64(rank)}}}
	}
	// Villages a b c in a row; townships A = a b, B = c before day 100, A = a, B = b c after.
	ix := build([]Feature{
		area(1, 5, past, future, "a", box(120, 29, .01, .02)),
		area(2, 5, past, future, "b", box(120.01, 29, .01, .02)),
		area(3, 5, past, future, "c", box(120.02, 29, .01, .02)),
		area(4, 4, past, 100, "A", orb.Ring{{120, 29}, {120.01, 29}, {120.02, 29}, {120.02, 29.02}, {120.01, 29.02}, {120, 29.02}, {120, 29}}),
		area(5, 4, past, 100, "B", box(120.02, 29, .01, .02)),
		area(6, 4, 100, future, "A", box(120, 29, .01, .02)),
		area(7, 4, 100, future, "B", orb.Ring{{120.01, 29}, {120.02, 29}, {120.03, 29}, {120.03, 29.02}, {120.02, 29.02}, {120.01, 29.02}, {120.01, 29}}),
	})
	p := topo.World(orb.Point{120.015, 29.01})
	c := tiles.Coord{Z: 11, X: uint32(p.X >> (30 - 11)), Y: uint32(p.Y >> (30 - 11))}
	borders := func(at int32) map[string]int64 {
		out := map[string]int64{}
		for _, f := range mustTile(t, ix, c, at)["divisions_line"].features {
			out[fmt.Sprint(f.props["left"], " ", f.props["right"])] = f.props["level"].(int64)
		}
		return out
	}
	before, after := borders(99), borders(100)
	for name, got := range map[string]map[string]int64{
		"before": {"a b": before["a b"], "A B": before["A B"], "b c": before["b c"]},
		"after":  {"a b": after["b c"], "A B": after["A B"], "b c": after["a b"]},
	} {
		if got["a b"] != 5 || got["A B"] != 4 || got["b c"] != 0 {
			t.Errorf("%s: %v / %v", name, before, after)
		}
	}
	ids := map[uint64]bool{}
	for _, f := range mustTile(t, ix, c, 100)["divisions"].features {
		ids[f.id] = true
	}
	if ids[4] || ids[5] || !ids[6] || !ids[7] || len(ids) != 5 {
		t.Errorf("day 100 shows %v", ids)
	}
}

func TestTileErrors(t *testing.T) {
	ix := small()
	for _, c := range []tiles.Coord{{Z: 17}, {Z: 200, X: 9}, {Z: 3, X: 8}, {Z: 3, Y: 8}} {
		if b, err := ix.Tile([]byte("x"), c, 0); err == nil || string(b) != "x" {
			t.Errorf("%v: %q %v", c, b, err)
		}
	}
	if b, err := ix.Tile([]byte("x"), tiles.Coord{Z: 9}, 0); err != nil || string(b) != "x" {
		t.Errorf("an empty tile is %q %v", b, err)
	}
	empty := build(nil)
	if b, err := empty.Tile(nil, tiles.Coord{}, 0); err != nil || len(b) != 0 || !empty.Bounds().IsEmpty() {
		t.Errorf("an empty index has the tile %q %v and bounds %v", b, err, empty.Bounds())
	}
}

func TestBuildRefuses(t *testing.T) {
	good := Feature{ID: 1, Rank: 5, From: past, To: future, Geom: orb.MultiPolygon{{box(120, 29, 1, 1)}}}
	with := func(change func(*Feature)) []Feature { f := good; change(&f); return []Feature{f} }
	for name, fs := range map[string][]Feature{
		"id 0":      with(func(f *Feature) { f.ID = 0 }),
		"rank 0":    with(func(f *Feature) { f.Rank = 0 }),
		"rank 6":    with(func(f *Feature) { f.Rank = 6 }),
		"twice":     {good, good},
		"latitude":  with(func(f *Feature) { f.Geom = orb.MultiPolygon{{box(120, 89.5, 1, 1)}} }),
		"label":     with(func(f *Feature) { f.Label = orb.Point{math.Inf(1), 30} }),
		"longitude": with(func(f *Feature) { f.Geom = orb.MultiPolygon{{box(1e300, 0, 1, 1)}} }),
	} {
		if _, err := Build(context.Background(), Config{}, fs); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, bands := range map[string][]Band{
		"gap": {{0, 3, 5}, {5, 6, 5}}, "overlap": {{0, 3, 5}, {3, 6, 5}}, "backwards": {{4, 3, 5}}, "too deep": {{0, 18, 5}}, "no rank": {{0, 3, 0}}, "none": {},
	} {
		if _, err := Build(context.Background(), Config{Bands: bands}, nil); err == nil {
			t.Errorf("bands with %s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Build(ctx, Config{}, []Feature{good}); err == nil {
		t.Error("cancelled: no error")
	}
}

func TestBounds(t *testing.T) {
	ix := build([]Feature{{ID: 1, Rank: 5, From: past, To: future, Geom: orb.MultiPolygon{{box(120, 29, 1, 1)}}}})
	b, want := ix.Bounds(), orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{121, 30}}
	if !b.Contains(want.Min) || !b.Contains(want.Max) || b.Max[0]-b.Min[0] > 1.000002 || b.Max[1]-b.Min[1] > 1.000002 {
		t.Errorf("bounds %v", b)
	}
}
