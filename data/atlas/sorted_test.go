package atlas

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Many changes leave the same sequence as a plain sorted list, and earlier sequences as they were.
func TestSortedEqualsAPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := map[int]bool{}
		for i := range rapid.SampledFrom([]int{0, 1, 300, 1500}).Draw(t, "size") {
			plain[i*3] = true
		}
		list := func() []int {
			out := []int{}
			for v := range plain {
				out = append(out, v)
			}
			slices.Sort(out)
			return out
		}
		s := newSorted(list())
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			old, before := s, flat(s)
			var gone, come []int
			start := rapid.IntRange(0, 4600).Draw(t, "start")
			for v := start; v < start+rapid.SampledFrom([]int{1, 40, 900}).Draw(t, "width"); v++ {
				switch {
				case plain[v] && v%2 == 0:
					gone = append(gone, v)
					delete(plain, v)
				case plain[v]: // replaced by itself
					gone, come = append(gone, v), append(come, v)
				case v%3 != 1:
					come = append(come, v)
					plain[v] = true
				}
			}
			slices.Reverse(gone)
			s = s.with(gone, come, cmp.Compare[int])
			if !slices.Equal(flat(old), before) {
				t.Fatal("the old sequence changed")
			}
			want := list()
			if !slices.Equal(flat(s), want) || s.len() != len(want) {
				t.Fatalf("got %v, want %v", flat(s), want)
			}
			for _, c := range s.chunks {
				if len(c) == 0 || len(c) > 2*chunkSize {
					t.Fatalf("chunk of %d", len(c))
				}
			}
			lo := rapid.IntRange(-5, 5000).Draw(t, "lo")
			hi := lo + rapid.SampledFrom([]int{0, 5, 2000}).Draw(t, "span")
			var some []int
			for _, v := range want {
				if lo <= v && v <= hi {
					some = append(some, v)
				}
			}
			got := s.where(func(v *int) int {
				switch {
				case *v < lo:
					return -1
				case *v > hi:
					return 1
				}
				return 0
			})
			if !slices.Equal(got, some) {
				t.Fatalf("from %d to %d: %v, want %v", lo, hi, got, some)
			}
		}
	})
}

func flat(s sorted[int]) []int { return slices.Concat(append([][]int{{}}, s.chunks...)...) }
