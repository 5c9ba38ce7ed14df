package topo

import (
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// RoughSheet is a random drawing of areas in pieces and with holes, whose sides are so rough that their simplified
// forms cross, as far as the sides themselves do not.
func RoughSheet(seed uint64, segs int) []orb.MultiPolygon {
	r := rand.New(rand.NewPCG(seed, 3))
	rows := make([]string, 8)
	for y := range rows {
		row := make([]byte, 8)
		for x := range row {
			row[x] = "aaabbbccddefg."[r.IntN(14)]
		}
		rows[y] = string(row)
	}
	s := sheet{size: 0.01, segs: segs, rough: 0.45, seed: seed}
	var out []orb.MultiPolygon
	for _, c := range []byte("abcdefg") {
		if mp := s.area(rows, func(b byte) bool { return b == c }); len(mp) > 0 {
			if u, err := Union([]orb.MultiPolygon{mp}); err == nil {
				out = append(out, u)
			}
		}
	}
	return out
}
