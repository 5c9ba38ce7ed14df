package index

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"

	"yutu/tiles/mvt"
)

// world is a square country of n by n villages whose borders are rough lines of segs segments each, shared vertex
// for vertex by the levels above: blocks of 4 (townships), 16 (counties), 48 villages a side (prefectures), and all
// (the province). west, south and size are in degrees.
type world struct {
	n, segs           int
	west, south, size float64
	seed              uint64
	// cols[i][j] runs from node (i, j) north to (i, j+1), rows[i][j] from (i, j) east to (i+1, j).
	cols, rows [][]orb.LineString
}

func nano(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*1e9) / 1e9, math.Round(p[1]*1e9) / 1e9}
}

func newWorld(n, segs int, size float64, seed uint64) *world {
	w := &world{n: n, segs: segs, west: 119, south: 28, size: size, seed: seed}
	r := rand.New(rand.NewPCG(seed, 1))
	step := size / float64(n)
	nodes := make([][]orb.Point, n+1)
	for i := range nodes {
		nodes[i] = make([]orb.Point, n+1)
		for j := range nodes[i] {
			nodes[i][j] = nano(orb.Point{
				w.west + (float64(i)+0.4*(r.Float64()-0.5))*step,
				w.south + (float64(j)+0.4*(r.Float64()-0.5))*step,
			})
		}
	}
	for i := range n + 1 {
		w.cols, w.rows = append(w.cols, make([]orb.LineString, n+1)), append(w.rows, make([]orb.LineString, n+1))
		for j := range n + 1 {
			if j < n {
				w.cols[i][j] = rough(r, nodes[i][j], nodes[i][j+1], segs)
			}
			if i < n {
				w.rows[i][j] = rough(r, nodes[i][j], nodes[i+1][j], segs)
			}
		}
	}
	return w
}

// rough is a line of n segments whose every half is bent again.
func rough(r *rand.Rand, a, b orb.Point, n int) orb.LineString {
	out := make(orb.LineString, n+1)
	out[0], out[n] = a, b
	var bend func(i, j int)
	bend = func(i, j int) {
		if j-i < 2 {
			return
		}
		k := (i + j) / 2
		p, q, f := out[i], out[j], float64(k-i)/float64(j-i)
		d := 0.25 * (r.Float64() - 0.5)
		out[k] = nano(orb.Point{p[0] + f*(q[0]-p[0]) - d*(q[1]-p[1]), p[1] + f*(q[1]-p[1]) + d*(q[0]-p[0])})
		bend(i, k)
		bend(k, j)
	}
	bend(0, n)
	return out
}

// block is the outline of the villages [i0, i1) × [j0, j1), counter-clockwise.
func (w *world) block(i0, j0, i1, j1 int) orb.Ring {
	var out orb.Ring
	add := func(l orb.LineString, reversed bool) {
		for k := range len(l) - 1 {
			if reversed {
				k = len(l) - 1 - k
			}
			out = append(out, l[k])
		}
	}
	for i := i0; i < i1; i++ {
		add(w.rows[i][j0], false)
	}
	for j := j0; j < j1; j++ {
		add(w.cols[i1][j], false)
	}
	for i := i1 - 1; i >= i0; i-- {
		add(w.rows[i][j1], true)
	}
	for j := j1 - 1; j >= j0; j-- {
		add(w.cols[i0][j], true)
	}
	return append(out, out[0])
}

const (
	past   = math.MinInt32
	future = math.MaxInt32
)

// unit is a feature of the world; the id is made of rank and place, so that it stays the same.
func (w *world) unit(rank uint8, side, i, j int) Feature {
	id := int64(rank)<<40 | int64(i)<<20 | int64(j) + 1
	ring := w.block(i, j, min(i+side, w.n), min(j+side, w.n))
	b := ring.Bound()
	key := fmt.Sprintf("%d-%03d-%03d", rank, i, j)
	return Feature{
		ID: id, Rank: rank, From: past, To: future, Key: key,
		Props: []mvt.Prop{
			{Key: "code", Value: key}, {Key: "name", Value: "名" + key}, {Key: "level", Value: int64(rank)},
			{Key: "type", Value: [...]string{"", "省", "市", "县", "镇", "村"}[rank]}, {Key: "parent", Value: fmt.Sprint(rank-1, i/4, j/4)}, {Key: "synthetic", Value: true},
		},
		Geom: orb.MultiPolygon{{ring}}, Label: nano(b.Center()),
	}
}

var sides = [...]int{0, 1 << 30, 48, 16, 4, 1}

func (w *world) features() []Feature {
	var out []Feature
	for rank := uint8(1); rank <= 5; rank++ {
		side := min(sides[rank], w.n)
		for i := 0; i < w.n; i += side {
			for j := 0; j < w.n; j += side {
				out = append(out, w.unit(rank, side, i, j))
			}
		}
	}
	return out
}

// province has 23,716 villages with 4.5 million vertices on 93,000 km².
func province() *world { return newWorld(154, 48, 2.9, 7) }

func county() *world { return newWorld(16, 24, 0.32, 7) }
