package synth

import "math"

// mesh is a grid of hexagons with a point on top, in kilometres east and north of the middle of the grid. Every corner of a
// hexagon belongs to exactly three of them. Whatever is built of whole cells therefore has borders that meet in threes and
// never touch themselves: polygons are valid by construction, and neighbours share their corners.
//
// Cells are numbered row by row, corners 2·cell (north) and 2·cell+1 (south), edges 3·cell + direction (E, NE, NW).
type mesh struct {
	shift   uint // the number of columns is 1<<shift, so that a row's parity is one bit
	w, rows int
	s       float64 // distance of neighbouring centres in km
	x0, y0  float64 // of cell 0
	in      []bool  // the cells that exist; never the outermost two rings
	off     [2][6]int32
}

// Directions from a cell; the first three carry the numbers of the edges that the cell owns.
const (
	dirE = iota
	dirNE
	dirNW
	dirW
	dirSW
	dirSE
)

const (
	sqrt3 = 1.7320508075688772
	none  = int32(-1)
)

func newMesh(shift uint, rows int, spacingKM float64) *mesh {
	w := 1 << shift
	m := &mesh{shift: shift, w: w, rows: rows, s: spacingKM, in: make([]bool, w*rows)}
	m.x0 = -float64(w) * spacingKM / 2
	m.y0 = -float64(rows) * spacingKM * sqrt3 / 4
	iw := int32(w)
	m.off = [2][6]int32{{1, iw, iw - 1, -1, -iw - 1, -iw}, {1, iw + 1, iw, -1, -iw, -iw + 1}}
	return m
}

func (m *mesh) cells() int           { return m.w * m.rows }
func (m *mesh) cellKM2() float64     { return m.s * m.s * sqrt3 / 2 }
func (m *mesh) inner(c int) bool     { return m.depth(c) >= 2 }
func (m *mesh) parity(c int32) int32 { return c >> m.shift & 1 }

// depth is the number of rings of cells between a cell and the end of the grid.
func (m *mesh) depth(c int) int {
	i, j := c&(m.w-1), c>>m.shift
	return min(i, j, m.w-1-i, m.rows-1-j)
}

// nb is the neighbour of a cell in a direction; the cell must not lie at the rim of the grid.
func (m *mesh) nb(c int32, dir int) int32 { return c + m.off[m.parity(c)][dir] }

// edge is the number of the edge between a cell and its neighbour n in a direction.
func edge(c, n int32, dir int) int32 {
	if dir < 3 {
		return 3*c + int32(dir)
	}
	return 3*n + int32(dir) - 3
}

// ends returns an edge's corners and the cells on its left and right when one goes from the first corner to the second.
func (m *mesh) ends(e int32) (from, to, left, right int32) {
	c := e / 3
	switch e % 3 {
	case dirE:
		return 2 * m.nb(c, dirSE), 2*m.nb(c, dirNE) + 1, c, m.nb(c, dirE)
	case dirNE:
		return 2*m.nb(c, dirNE) + 1, 2 * c, c, m.nb(c, dirNE)
	default:
		return 2 * c, 2*m.nb(c, dirNW) + 1, c, m.nb(c, dirNW)
	}
}

// corner returns the three corners next to a corner together with the edges that lead there.
func (m *mesh) corner(v int32) (next, edges [3]int32) {
	c := v >> 1
	if v&1 == 0 {
		ne, nw := m.nb(c, dirNE), m.nb(c, dirNW)
		return [3]int32{2*ne + 1, 2*nw + 1, 2*m.nb(nw, dirNE) + 1}, [3]int32{3*c + dirNE, 3*c + dirNW, 3*nw + dirE}
	}
	se, sw := m.nb(c, dirSE), m.nb(c, dirSW)
	return [3]int32{2 * sw, 2 * se, 2 * m.nb(sw, dirSE)}, [3]int32{3*sw + dirNE, 3*se + dirNW, 3*sw + dirE}
}

// around returns the three cells that meet in a corner.
func (m *mesh) around(v int32) [3]int32 {
	c := v >> 1
	if v&1 == 0 {
		return [3]int32{c, m.nb(c, dirNE), m.nb(c, dirNW)}
	}
	return [3]int32{c, m.nb(c, dirSE), m.nb(c, dirSW)}
}

// corners returns the six corners of a cell.
func (m *mesh) corners(c int32) [6]int32 {
	return [6]int32{2 * c, 2*c + 1, 2*m.nb(c, dirNE) + 1, 2*m.nb(c, dirNW) + 1, 2 * m.nb(c, dirSE), 2 * m.nb(c, dirSW)}
}

// centre and cornerAt are positions in km. Each term is one product, so nothing can be fused.
func (m *mesh) centre(c int32) (x, y float64) {
	i, j := int(c)&(m.w-1), int(c)>>m.shift
	return m.x0 + float64(float64(2*i+j&1)*m.s/2), m.y0 + float64(float64(j)*m.s*sqrt3/2)
}

func (m *mesh) cornerAt(v int32) (x, y float64) {
	x, y = m.centre(v >> 1)
	if v&1 == 0 {
		return x, y + m.s/sqrt3
	}
	return x, y - m.s/sqrt3
}

// at returns the cell nearest to a position in km, or none outside the grid.
func (m *mesh) at(x, y float64) int32 {
	best, bestD := none, math.MaxFloat64
	j0 := int(math.Round((y - m.y0) / (m.s * sqrt3 / 2)))
	for j := j0 - 1; j <= j0+1; j++ {
		i0 := int(math.Round((x-m.x0)/m.s - float64(j&1)/2))
		if i0 < 0 || i0 >= m.w || j < 0 || j >= m.rows {
			continue
		}
		c := int32(j<<m.shift + i0)
		cx, cy := m.centre(c)
		if d := float64((cx-x)*(cx-x)) + float64((cy-y)*(cy-y)); d < bestD {
			best, bestD = c, d
		}
	}
	return best
}

// dist2 is the squared distance of two cells in units of a quarter of the squared spacing: an exact integer.
func (m *mesh) dist2(a, b int32) int64 {
	ia, ja := int64(a)&int64(m.w-1), int64(a)>>m.shift
	ib, jb := int64(b)&int64(m.w-1), int64(b)>>m.shift
	dx, dy := (2*ia+ja&1)-(2*ib+jb&1), ja-jb
	return dx*dx + 3*dy*dy
}

// eachCell calls do for every cell that exists, on all processors, in no fixed order.
func (m *mesh) eachCell(do func(c int32)) {
	inBlocks(m.cells(), func(c int) {
		if m.in[c] {
			do(int32(c))
		}
	})
}

// inBlocks calls do(0) … do(n−1) on all processors, in no fixed order.
func inBlocks(n int, do func(i int)) {
	const block = 1 << 14
	inParallel((n+block-1)/block, func() func(int) {
		return func(b int) {
			for i := b * block; i < min((b+1)*block, n); i++ {
				do(i)
			}
		}
	})
}
