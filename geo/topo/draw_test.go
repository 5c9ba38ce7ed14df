package topo

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// sheet turns a drawing into areas: every character is a cell, equal characters are one area, a dot is nobody's.
// The corner of cells (0, 0), upper left, is at lon 120, lat 30; a cell is size degrees wide and high. The sides of
// cells are rough lines of segs segments, the same for all who share them, or straight ones if segs is 1.
type sheet struct {
	size  float64
	segs  int
	rough float64
	seed  uint64
}

var plain = sheet{size: 0.01, segs: 1}

func (s sheet) corner(x, y int) orb.Point {
	r := rand.New(rand.NewPCG(s.seed, uint64(x*1000+y)))
	f := func(v int) float64 { return (float64(v) + s.rough*(r.Float64()-0.5)) * s.size }
	return orb.Point{math.Round((120+f(x))*nano) / nano, math.Round((30-f(y))*nano) / nano}
}

// side is the line from one corner to a neighbouring one.
func (s sheet) side(x0, y0, x1, y1 int) orb.LineString {
	if x1 < x0 || y1 < y0 {
		l := s.side(x1, y1, x0, y0)
		l.Reverse()
		return l
	}
	r := rand.New(rand.NewPCG(s.seed+1, uint64((x0*1000+y0)*2+x1-x0)))
	out := make(orb.LineString, s.segs+1)
	out[0], out[s.segs] = s.corner(x0, y0), s.corner(x1, y1)
	var bend func(i, j int)
	bend = func(i, j int) {
		if j-i < 2 {
			return
		}
		k := (i + j) / 2
		p, q, f := out[i], out[j], float64(k-i)/float64(j-i)
		d := s.rough * (r.Float64() - 0.5)
		out[k] = orb.Point{
			math.Round((p[0]+f*(q[0]-p[0])-d*(q[1]-p[1]))*nano) / nano,
			math.Round((p[1]+f*(q[1]-p[1])+d*(q[0]-p[0]))*nano) / nano,
		}
		bend(i, k)
		bend(k, j)
	}
	bend(0, s.segs)
	return out
}

func cellAt(rows []string, x, y int) byte {
	if y < 0 || y >= len(rows) || x < 0 || x >= len(rows[y]) {
		return '.'
	}
	return rows[y][x]
}

// area traces the outlines of the cells for which in holds; outlines touch at corners but do not cross.
func (s sheet) area(rows []string, in func(byte) bool) orb.MultiPolygon {
	type corner struct{ x, y int }
	next := map[corner][]corner{} // sides with the area on the right
	var order []corner
	add := func(a, b corner) {
		if len(next[a]) == 0 {
			order = append(order, a)
		}
		next[a] = append(next[a], b)
	}
	has := func(x, y int) bool { c := cellAt(rows, x, y); return c != '.' && in(c) }
	for y := range rows {
		for x := range rows[y] {
			if !has(x, y) {
				continue
			}
			if !has(x, y-1) {
				add(corner{x, y}, corner{x + 1, y})
			}
			if !has(x+1, y) {
				add(corner{x + 1, y}, corner{x + 1, y + 1})
			}
			if !has(x, y+1) {
				add(corner{x + 1, y + 1}, corner{x, y + 1})
			}
			if !has(x-1, y) {
				add(corner{x, y + 1}, corner{x, y})
			}
		}
	}
	var shells, holes []orb.Ring
	for _, start := range order {
		for len(next[start]) > 0 {
			var ring orb.Ring
			at, from := start, corner{}
			turned := 0
			for {
				choices := next[at]
				k := 0
				if len(choices) == 2 && len(ring) > 0 {
					// Where two cells touch at a corner, turn right: stay at the same cell.
					dx, dy := at.x-from.x, at.y-from.y
					if choices[1].x-at.x == -dy && choices[1].y-at.y == dx {
						k = 1
					}
				}
				to := choices[k]
				next[at] = slices.Delete(slices.Clone(choices), k, k+1)
				l := s.side(at.x, at.y, to.x, to.y)
				ring = append(ring, l[:len(l)-1]...)
				turned += at.x*to.y - to.x*at.y
				if from, at = at, to; at == start {
					break
				}
			}
			ring = append(ring, ring[0])
			if turned > 0 {
				shells = append(shells, ring)
			} else {
				holes = append(holes, ring)
			}
		}
	}
	var mp orb.MultiPolygon
	for _, r := range shells {
		mp = append(mp, orb.Polygon{r})
	}
	for _, h := range holes {
		for i, r := range shells {
			if orbInside(h, r) {
				mp[i] = append(mp[i], h)
				break
			}
		}
	}
	return mp
}

// orbInside reports whether the middle of a hole's first side lies in the ring; outlines only touch at corners.
func orbInside(h, ring orb.Ring) bool {
	p := orb.Point{(h[0][0] + h[1][0]) / 2, (h[0][1] + h[1][1]) / 2}
	in := false
	for i := range len(ring) - 1 {
		a, b := ring[i], ring[i+1]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
			in = !in
		}
	}
	return in
}

const (
	past   = math.MinInt32
	future = math.MaxInt32
)

// shapes makes an area of rank 5 of each character; its id is the character, its tag too.
func (s sheet) shapes(drawing string) []Shape {
	rows := strings.Fields(drawing)
	seen := map[byte]bool{'.': true}
	var out []Shape
	for _, row := range rows {
		for i := range len(row) {
			if c := row[i]; !seen[c] {
				seen[c] = true
				out = append(out, Shape{ID: int64(c), Rank: 5, From: past, To: future, Tag: string(c),
					Geom: s.area(rows, func(o byte) bool { return o == c })})
			}
		}
	}
	return out
}

var testOptions = Options{MinZoom: 8, MaxZoom: 16, ExactZoom: 16}

func mesh(t testing.TB, shapes []Shape) *Mesh {
	t.Helper()
	m, err := NewMesh(context.Background(), testOptions, shapes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
