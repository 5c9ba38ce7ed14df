package index

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"yutu/tiles"
)

// all reads every tile of the index, empty ones left out.
func all(t testing.TB, ix *Index, at int32, zooms ...uint8) map[tiles.Coord][]byte {
	t.Helper()
	out := map[tiles.Coord][]byte{}
	for _, z := range zooms {
		for _, c := range tilesOf(ix, z) {
			b, err := ix.Tile(nil, c, at)
			if err != nil {
				t.Fatal(err)
			}
			if len(b) > 0 {
				out[c] = b
			}
		}
	}
	return out
}

// picture is what a tile shows, apart from the order of features and of rings and from where rings begin.
func picture(t testing.TB, b []byte) []string {
	t.Helper()
	d, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for name, l := range d {
		for _, f := range l.features {
			var parts []string
			for _, p := range f.paths {
				if f.kind == 2 {
					// How a line is strung together, and from which end, is not what it shows.
					for i := 1; i < len(p); i++ {
						parts = append(parts, fmt.Sprint(p[i-1], p[i]))
					}
					continue
				}
				least := 0
				for i := range p {
					if p[i].X < p[least].X || p[i].X == p[least].X && p[i].Y < p[least].Y {
						least = i
					}
				}
				parts = append(parts, fmt.Sprint(append(slices.Clone(p[least:]), p[:least]...)))
			}
			slices.Sort(parts)
			out = append(out, fmt.Sprint(name, f.id, f.props, parts))
		}
	}
	slices.Sort(out)
	return out
}

// change alters a world of villages: the border between two villages gets another course, a village goes, or two
// become one; the levels above follow.
func change(r *rand.Rand, w *world, fs map[int64]Feature) (remove []int64, add []Feature) {
	i, j := 1+r.IntN(w.n-2), 1+r.IntN(w.n-2)
	switch r.IntN(4) {
	case 0: // only the name
		f := w.unit(5, 1, i, j)
		f.Props[1].Value = fmt.Sprint("renamed", r.IntN(1000))
		if _, ok := fs[f.ID]; ok {
			remove = append(remove, f.ID)
		}
		add = append(add, f)
	case 1: // gone
		f := w.unit(5, 1, i, j)
		if _, ok := fs[f.ID]; ok {
			remove = append(remove, f.ID)
		}
	default:
		c := w.cols[i][j]
		w.cols[i][j] = rough(r, c[0], c[len(c)-1], 1+r.IntN(2*w.segs))
		for rank := uint8(1); rank <= 5; rank++ {
			side := min(sides[rank], w.n)
			for _, x := range []int{(i - 1) / side * side, i / side * side} {
				f := w.unit(rank, side, x, j/side*side)
				if _, ok := fs[f.ID]; ok && !slices.Contains(remove, f.ID) {
					remove, add = append(remove, f.ID), append(add, f)
				}
			}
		}
	}
	for _, id := range remove {
		delete(fs, id)
	}
	for _, f := range add {
		fs[f.ID] = f
	}
	return remove, add
}

// After any sequence of changes the tiles show what those of an index built anew show, and every tile that differs
// from before is in a range reported as touched.
func TestReplaceShowsWhatRebuildShows(t *testing.T) {
	zooms := []uint8{6, 7, 8, 9, 10, 11, 12, 13, 14}
	r := rand.New(rand.NewPCG(11, 11))
	w := newWorld(8, 12, 0.16, 3)
	fs := map[int64]Feature{}
	for _, f := range w.features() {
		fs[f.ID] = f
	}
	list := func() []Feature {
		var out []Feature
		for _, f := range fs {
			out = append(out, f)
		}
		slices.SortFunc(out, func(a, b Feature) int { return int(a.ID - b.ID) })
		return out
	}
	ix := build(list())
	before := all(t, ix, 0, zooms...)
	differences := 0
	for step := range 12 {
		remove, add := change(r, w, fs)
		next, touched, err := ix.Replace(remove, add)
		if err != nil {
			t.Fatal(err)
		}
		for c, b := range all(t, ix, 0, zooms...) {
			if !bytes.Equal(b, before[c]) {
				t.Fatalf("step %d: tile %v of the index before has changed", step, c)
			}
		}
		after, rebuilt := all(t, next, 0, zooms...), all(t, build(list()), 0, zooms...)
		for _, z := range zooms {
			for _, c := range tilesOf(ix, z) {
				was, is := picture(t, before[c]), picture(t, after[c])
				hit := slices.ContainsFunc(touched, func(r Touched) bool {
					return r.Z == z && r.X0 <= c.X && c.X <= r.X1 && r.Y0 <= c.Y && c.Y <= r.Y1
				})
				if !hit && !bytes.Equal(before[c], after[c]) && !slices.Equal(was, is) {
					t.Fatalf("step %d: tile %v has changed but is not reported", step, c)
				}
				if want := picture(t, rebuilt[c]); !slices.Equal(is, want) {
					// A border keeps vertices that it needed next to one that is gone.
					differences++
					if len(is) != len(want) {
						t.Fatalf("step %d: tile %v shows %d things, rebuilt %d", step, c, len(is), len(want))
					}
				}
			}
		}
		ix, before = next, after
	}
	if differences > 60 {
		t.Errorf("%d tiles differ from those of an index built anew", differences)
	}
	t.Logf("%d tiles with extra vertices", differences)
}

// A village's change at the deepest zoom touches the tiles around it, not the county.
func TestTouchedIsExact(t *testing.T) {
	w := county()
	ix := small()
	f := w.unit(5, 1, 7, 7)
	_, touched, err := ix.Replace([]int64{f.ID}, []Feature{f})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint8]uint64{}
	for _, r := range touched {
		if r.X1 < r.X0 || r.Y1 < r.Y0 || r.X1 >= 1<<r.Z || r.Y1 >= 1<<r.Z {
			t.Errorf("range %+v", r)
		}
		seen[r.Z] += uint64(r.X1-r.X0+1) * uint64(r.Y1-r.Y0+1)
	}
	for z := uint8(0); z <= 16; z++ {
		if n := seen[z]; (n == 0) != (z < 11) || n > 8*8 {
			t.Errorf("zoom %d: %d tiles touched", z, n)
		}
	}
}

func TestReplaceRefuses(t *testing.T) {
	ix := small()
	f := county().unit(5, 1, 3, 3)
	if next, _, err := ix.Replace([]int64{999}, nil); err == nil || next != nil {
		t.Error("removing what is not there: no error")
	}
	if next, _, err := ix.Replace(nil, []Feature{f}); err == nil || next != nil {
		t.Error("adding an id that is there: no error")
	}
	if next, _, err := ix.Replace([]int64{f.ID, f.ID}, nil); err == nil || next != nil {
		t.Error("removing twice: no error")
	}
}

// Many ranges become fewer without losing a tile.
func TestCompact(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{1, 10, 3000} {
		var rs []Touched
		for range n {
			x, y := r.Uint32N(60000), r.Uint32N(60000)
			rs = append(rs, Touched{16, x, y, x + r.Uint32N(9), y + r.Uint32N(9)})
		}
		in := slices.Clone(rs)
		out := compact(rs)
		if len(out) > maxRanges || n < maxRanges && len(out) != n {
			t.Errorf("%d ranges become %d", n, len(out))
		}
		for _, r := range in {
			if !slices.ContainsFunc(out, func(o Touched) bool {
				return o.Z == 16 && o.X0 <= r.X0 && o.Y0 <= r.Y0 && o.X1 >= r.X1 && o.Y1 >= r.Y1
			}) {
				t.Fatalf("%v is lost", r)
			}
		}
	}
}

// Readers of one index do not notice that others are made from it.
func TestReadersAndChanges(t *testing.T) {
	w := newWorld(8, 12, 0.16, 3)
	ix := build(w.features())
	want := all(t, ix, 0, 9, 12)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for range 5 {
				if n%2 == 0 {
					for c, b := range want {
						if got, err := ix.Tile(nil, c, 0); err != nil || !bytes.Equal(got, b) {
							t.Errorf("tile %v has changed: %v", c, err)
						}
					}
					continue
				}
				f := w.unit(5, 1, n, n)
				next, _, err := ix.Replace([]int64{f.ID}, []Feature{f})
				if err != nil {
					t.Error(err)
					continue
				}
				for c := range want {
					if _, err := next.Tile(nil, c, 0); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// Whatever the rings are like, a tile keeps to the specification.
func FuzzTile(f *testing.F) {
	f.Add(uint64(1), uint8(5), uint8(3), true)
	f.Add(uint64(2), uint8(40), uint8(9), false)
	f.Fuzz(func(t *testing.T, seed uint64, n, zoom uint8, lattice bool) {
		r := rand.New(rand.NewPCG(seed, 2))
		var fs []Feature
		for i := range int(n%12) + 1 {
			var mp orb.MultiPolygon
			for range 1 + r.IntN(3) {
				var p orb.Polygon
				for range 1 + r.IntN(3) {
					var ring orb.Ring
					for range r.IntN(12) {
						pt := orb.Point{120 + r.NormFloat64()*0.02, 30 + r.NormFloat64()*0.02}
						if lattice {
							// Few different positions: shared vertices, overlaps, spikes.
							pt = orb.Point{120 + float64(r.IntN(5))*0.01, 30 + float64(r.IntN(5))*0.01}
						}
						ring = append(ring, nano(pt))
					}
					p = append(p, ring)
				}
				mp = append(mp, p)
			}
			fs = append(fs, Feature{ID: int64(i + 1), Rank: uint8(1 + r.IntN(5)), From: past, To: int32(r.IntN(3)), Key: fmt.Sprint(i), Geom: mp})
		}
		ix, err := Build(context.Background(), Config{}, fs)
		if err != nil {
			t.Fatal(err)
		}
		z := zoom % 17
		list := tilesOf(ix, z)
		for range min(8, len(list)) {
			mustTile(t, ix, list[r.IntN(len(list))], 0)
		}
		next, _, err := ix.Replace([]int64{1}, fs[:1])
		if err != nil {
			t.Fatal(err)
		}
		for range min(4, len(list)) {
			mustTile(t, next, list[r.IntN(len(list))], 1)
		}
	})
}
