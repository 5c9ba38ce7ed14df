package topo

import "math"

// nth is the value that stands at place k, from 0, when the values are sorted: two looks at each instead of sorting
// millions. They are not negative and no NaN, so that their bits are in the order of the numbers.
func nth(values []float32, k int) float32 {
	var upper, lower [1 << 16]int
	for _, v := range values {
		upper[math.Float32bits(v)>>16]++
	}
	find := func(counts *[1 << 16]int) uint32 {
		for i, n := range counts {
			if k < n {
				return uint32(i)
			}
			k -= n
		}
		panic("nth: no such place")
	}
	high := find(&upper)
	for _, v := range values {
		if b := math.Float32bits(v); b>>16 == high {
			lower[b&0xffff]++
		}
	}
	return math.Float32frombits(high<<16 | find(&lower))
}
