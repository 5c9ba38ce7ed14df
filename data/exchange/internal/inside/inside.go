// Package inside answers, for many points and one ring, on which side of the ring a point lies. It is planar
// and knows no units: whatever the coordinates mean, both must mean the same.
package inside

import "github.com/paulmach/orb"

// Side is where a point lies with respect to a ring.
type Side uint8

const (
	Out Side = iota
	On
	In
)

// fan is the number of edges in a leaf and of children in a node: neighbouring edges of a border lie close
// together, so that a box over sixteen of them is small.
const fan = 16

type box struct{ minY, maxY, maxX float64 }

// Ring is a ring with boxes over its runs of edges. The ring given to New must not change afterwards.
type Ring struct {
	// Work counts the edges that Locate has looked at, for callers that must bound it. A border that a hostile
	// hand drew as a comb makes every question cost all of its edges.
	Work int64

	pts    orb.Ring
	levels [][]box
}

// New indexes a ring in O(n). A ring that is not closed is taken as closed; non-finite coordinates make every
// answer about them Out, nothing worse.
func New(r orb.Ring) *Ring {
	if n := len(r); n > 1 && r[0] == r[n-1] {
		r = r[:n-1]
	}
	x := &Ring{pts: r}
	if len(r) <= fan {
		return x
	}
	leaves := make([]box, 0, (len(r)+fan-1)/fan)
	for i := 0; i < len(r); i += fan {
		b := box{r[i][1], r[i][1], r[i][0]}
		// The last edge of a run ends at the first vertex of the next.
		for j := i + 1; j <= min(i+fan, len(r)); j++ {
			p := r[j%len(r)]
			b = box{min(b.minY, p[1]), max(b.maxY, p[1]), max(b.maxX, p[0])}
		}
		leaves = append(leaves, b)
	}
	for level := leaves; ; {
		x.levels = append(x.levels, level)
		if len(level) <= fan {
			return x
		}
		up := make([]box, 0, (len(level)+fan-1)/fan)
		for i := 0; i < len(level); i += fan {
			b := level[i]
			for _, c := range level[i+1 : min(i+fan, len(level))] {
				b = box{min(b.minY, c.minY), max(b.maxY, c.maxY), max(b.maxX, c.maxX)}
			}
			up = append(up, b)
		}
		level = up
	}
}

// Locate returns on which side of the ring p lies, by the even-odd rule. On is exact only where the arithmetic
// is: a point is On when the cross product with an edge is zero. Not safe for concurrent use, because of Work.
func (x *Ring) Locate(p orb.Point) Side {
	odd, on := false, false
	if len(x.levels) == 0 {
		x.edges(0, len(x.pts), p, &odd, &on)
	} else {
		top := len(x.levels) - 1
		for i := range x.levels[top] {
			x.node(top, i, p, &odd, &on)
		}
	}
	switch {
	case on:
		return On
	case odd:
		return In
	}
	return Out
}

func (x *Ring) node(level, i int, p orb.Point, odd, on *bool) {
	if b := x.levels[level][i]; p[1] < b.minY || p[1] > b.maxY || p[0] > b.maxX || *on {
		return
	}
	if level == 0 {
		x.edges(i*fan, min((i+1)*fan, len(x.pts)), p, odd, on)
		return
	}
	for c := i * fan; c < min((i+1)*fan, len(x.levels[level-1])); c++ {
		x.node(level-1, c, p, odd, on)
	}
}

// edges counts the edges [from, to) that a ray from p towards growing x crosses.
func (x *Ring) edges(from, to int, p orb.Point, odd, on *bool) {
	x.Work += int64(to - from)
	for i := from; i < to; i++ {
		a := x.pts[i]
		b := x.pts[0]
		if i+1 < len(x.pts) {
			b = x.pts[i+1]
		}
		// Differences with p first: they are exact for what lies near, which is where it matters.
		ax, ay, bx, by := a[0]-p[0], a[1]-p[1], b[0]-p[0], b[1]-p[1]
		if (ay > 0 && by > 0) || (ay < 0 && by < 0) || (ax < 0 && bx < 0) {
			continue
		}
		cross := ax*by - bx*ay
		if cross == 0 && (ax <= 0 || bx <= 0) && (ay != 0 || by != 0 || ax*bx <= 0) {
			*on = true
			return
		}
		if (ay > 0) != (by > 0) && (cross > 0) == (by > ay) {
			*odd = !*odd
		}
	}
}
