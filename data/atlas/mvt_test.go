package atlas

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// contents writes an uncompressed vector tile as text that says what a map shows and nothing else: the order of
// features and of their attributes, where a ring begins and how a line is cut in pieces make no difference. Without
// shapes it tells only which features there are.
func contents(tile []byte, shapes bool) string {
	var out []string
	fields(tile, func(n int, v uint64, layer []byte) {
		if n != 3 {
			return
		}
		var name string
		var keys, values []string
		fields(layer, func(n int, v uint64, b []byte) {
			switch n {
			case 1:
				name = string(b)
			case 3:
				keys = append(keys, string(b))
			case 4:
				fields(b, func(n int, v uint64, b []byte) {
					switch n {
					case 1:
						values = append(values, fmt.Sprintf("%q", b))
					default:
						values = append(values, fmt.Sprintf("%d:%d%x", n, v, b))
					}
				})
			}
		})
		// Lines are compared by their segments, since the same border may be cut in other pieces.
		lines := map[string][]string{}
		fields(layer, func(n int, v uint64, b []byte) {
			if n != 2 {
				return
			}
			var id, kind uint64
			var tags []string
			var geom string
			var segments []string
			fields(b, func(n int, v uint64, b []byte) {
				switch n {
				case 1:
					id = v
				case 2:
					for len(b) > 0 {
						k, n := binary.Uvarint(b)
						v, m := binary.Uvarint(b[n:])
						tags = append(tags, keys[k]+"="+values[v])
						b = b[n+m:]
					}
				case 3:
					kind = v
				case 4:
					geom, segments = geometry(b)
				}
			})
			slices.Sort(tags)
			head := fmt.Sprintf("%s %d %d %v", name, id, kind, tags)
			if kind == 2 {
				lines[head] = append(lines[head], segments...)
				return
			}
			if !shapes {
				geom = ""
			}
			out = append(out, head+" "+geom)
		})
		for head, segments := range lines {
			if !shapes {
				segments = nil
			}
			slices.Sort(segments)
			out = append(out, head+" "+strings.Join(segments, " "))
		}
	})
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// fields calls fn for each field of a protobuf message.
func fields(b []byte, fn func(n int, v uint64, b []byte)) {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		b = b[n:]
		switch key & 7 {
		case 0:
			v, n := binary.Uvarint(b)
			fn(int(key>>3), v, nil)
			b = b[n:]
		case 1:
			fn(int(key>>3), binary.LittleEndian.Uint64(b), nil)
			b = b[8:]
		case 2:
			l, n := binary.Uvarint(b)
			fn(int(key>>3), 0, b[n:n+int(l)])
			b = b[n+int(l):]
		case 5:
			fn(int(key>>3), uint64(binary.LittleEndian.Uint32(b)), nil)
			b = b[4:]
		}
	}
}

// geometry returns the rings, each from its smallest vertex on, sorted, and the segments, each from its smaller end.
func geometry(b []byte) (string, []string) {
	var x, y int64
	type pt [2]int64
	var paths [][]pt
	next := func() int64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return int64(v>>1) ^ -int64(v&1)
	}
	for len(b) > 0 {
		cmd, n := binary.Uvarint(b)
		b = b[n:]
		for range cmd >> 3 {
			switch cmd & 7 {
			case 1:
				x, y = x+next(), y+next()
				paths = append(paths, []pt{{x, y}})
			case 2:
				x, y = x+next(), y+next()
				paths[len(paths)-1] = append(paths[len(paths)-1], pt{x, y})
			}
		}
	}
	var rings, segments []string
	for _, p := range paths {
		for i := 1; i < len(p); i++ {
			a, b := p[i-1], p[i]
			if a[0] > b[0] || a[0] == b[0] && a[1] > b[1] {
				a, b = b, a
			}
			segments = append(segments, fmt.Sprint(a, b))
		}
		least, at := pt{math.MaxInt64, math.MaxInt64}, 0
		for i, q := range p {
			if q[0] < least[0] || q[0] == least[0] && q[1] < least[1] {
				least, at = q, i
			}
		}
		rings = append(rings, fmt.Sprint(append(slices.Clone(p[at:]), p[:at]...)))
	}
	slices.Sort(rings)
	return strings.Join(rings, ";"), segments
}
