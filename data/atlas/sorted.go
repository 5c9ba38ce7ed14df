package atlas

import (
	"slices"
	"sort"
)

// sorted is an immutable sorted sequence in chunks. A changed one shares all chunks with the old but those that the
// change falls into: copying flat tables of 25,000 units would make megabytes of garbage a change.
type sorted[T any] struct {
	chunks [][]T // none is empty
}

// chunkSize is the length of chunks at first; they are split at twice that.
const chunkSize = 256

// newSorted takes over all, which is sorted.
func newSorted[T any](all []T) sorted[T] {
	var s sorted[T]
	for c := range slices.Chunk(all, chunkSize) {
		s.chunks = append(s.chunks, slices.Clip(c))
	}
	return s
}

func (s sorted[T]) len() int {
	n := 0
	for _, c := range s.chunks {
		n += len(c)
	}
	return n
}

// search returns where the first element stands for which compare is not negative, and whether it is 0 there. compare
// grows along the sequence.
func (s sorted[T]) search(compare func(*T) int) (chunk, i int, found bool) {
	chunk = sort.Search(len(s.chunks), func(k int) bool { c := s.chunks[k]; return compare(&c[len(c)-1]) >= 0 })
	if chunk == len(s.chunks) {
		return chunk, 0, false
	}
	c := s.chunks[chunk]
	i = sort.Search(len(c), func(k int) bool { return compare(&c[k]) >= 0 })
	return chunk, i, compare(&c[i]) == 0
}

// where returns the stretch for which compare is 0. The caller must not change it.
func (s sorted[T]) where(compare func(*T) int) []T {
	chunk, i, found := s.search(compare)
	if !found {
		return nil
	}
	var out []T
	for ; chunk < len(s.chunks); chunk, i = chunk+1, 0 {
		c := s.chunks[chunk][i:]
		n := sort.Search(len(c), func(k int) bool { return compare(&c[k]) > 0 })
		if out == nil {
			out = c[:n:n] // most stretches lie in one chunk and need no copy
		} else {
			out = append(out, c[:n]...)
		}
		if n < len(c) {
			break
		}
	}
	return out
}

// with returns the sequence without the elements gone and with those in come; both are sorted in place. compare is
// the total order of the sequence. An element that stands in both is replaced.
func (s sorted[T]) with(gone, come []T, compare func(a, b T) int) sorted[T] {
	slices.SortFunc(gone, compare)
	slices.SortFunc(come, compare)
	var next sorted[T]
	next.chunks = make([][]T, 0, len(s.chunks)+1)
	for k, c := range s.chunks {
		g, w := len(gone), len(come)
		if k < len(s.chunks)-1 {
			last := c[len(c)-1]
			upTo := func(list []T) int {
				return sort.Search(len(list), func(i int) bool { return compare(list[i], last) > 0 })
			}
			g, w = upTo(gone), upTo(come)
		}
		if g+w == 0 {
			next.chunks = append(next.chunks, c)
			continue
		}
		merged := splice(c, gone[:g], come[:w], compare)
		gone, come = gone[g:], come[w:]
		if len(merged) <= 2*chunkSize {
			if len(merged) > 0 {
				next.chunks = append(next.chunks, merged)
			}
			continue
		}
		next.chunks = append(next.chunks, newSorted(merged).chunks...)
	}
	if len(s.chunks) == 0 {
		return newSorted(slices.Clone(come))
	}
	return next
}

// splice returns old, which is sorted, without gone and with come, as a new slice.
func splice[T any](old, gone, come []T, compare func(a, b T) int) []T {
	out := make([]T, 0, max(len(old)-len(gone), 0)+len(come))
	at := 0
	for len(gone) > 0 || len(come) > 0 {
		if len(come) == 0 || len(gone) > 0 && compare(gone[0], come[0]) <= 0 {
			i, found := slices.BinarySearchFunc(old[at:], gone[0], compare)
			out = append(out, old[at:at+i]...)
			at += i
			if found {
				at++
			}
			gone = gone[1:]
			continue
		}
		i, _ := slices.BinarySearchFunc(old[at:], come[0], compare)
		out = append(append(out, old[at:at+i]...), come[0])
		at += i
		come = come[1:]
	}
	return append(out, old[at:]...)
}
