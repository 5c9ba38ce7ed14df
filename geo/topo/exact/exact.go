// Package exact decides on which side of a line a point of an integer grid lies. Every answer is exact: topology that
// is decided with rounding errors contradicts itself.
package exact

import (
	"cmp"
	"math/bits"
)

// Orient is the sign of the area of the triangle a b c: 1 counter-clockwise (c lies to the left of the line from a to
// b, with x to the right and y up), −1 clockwise, 0 on one line. Coordinates stay within ±2^52.
func Orient(ax, ay, bx, by, cx, cy int64) int {
	return CompareProducts(bx-ax, cy-ay, by-ay, cx-ax)
}

// CompareProducts is the sign of a·b − c·d. The factors stay within ±2^53, so that a double holds each of them exactly
// and the products come out within one part in 2^52 of the truth; 128 bits decide the rest.
func CompareProducts(a, b, c, d int64) int {
	l, r := float64(a)*float64(b), float64(c)*float64(d)
	diff := l - r
	if bound := (abs(l) + abs(r)) * 0x1p-51; diff > bound {
		return 1
	} else if diff < -bound {
		return -1
	}
	lh, ll := mul(a, b)
	rh, rl := mul(c, d)
	return cmp.Or(cmp.Compare(lh, rh), cmp.Compare(ll, rl))
}

// mul is the signed 128-bit product in two's complement.
func mul(a, b int64) (hi int64, lo uint64) {
	h, l := bits.Mul64(uint64(a), uint64(b))
	if a < 0 {
		h -= uint64(b)
	}
	if b < 0 {
		h -= uint64(a)
	}
	return int64(h), l
}

func abs(f float64) float64 {
	if f < 0 {
		return -f
	}
	return f
}
