package mvt

import (
	"encoding/binary"
	"math"
)

// Prop is one attribute of a feature. Value is a string, bool, int64 or float64.
type Prop struct {
	Key   string
	Value any
}

// Word is an entry of a layer's dictionary of keys or of values, encoded once and used in many tiles.
type Word struct {
	enc  string
	hash uint64
}

// Len is the number of bytes that the word takes in memory.
func (w *Word) Len() int { return len(w.enc) }

// KeyWord is the name of an attribute.
func KeyWord(key string) Word { return Word{key, hash(key)} }

// ValueWord is the value of an attribute; ok is false for types other than string, bool, int64, int, float64.
// Negative integers are written as sint64, others as uint64: the shortest forms.
func ValueWord(v any) (w Word, ok bool) {
	var b []byte
	switch v := v.(type) {
	case string:
		return StringWord(v), true
	case bool:
		b = []byte{7 << 3, 0}
		if v {
			b[1] = 1
		}
	case int:
		return ValueWord(int64(v))
	case int64:
		if v < 0 {
			b = binary.AppendUvarint([]byte{6 << 3}, uint64(v)<<1^uint64(v>>63))
		} else {
			b = binary.AppendUvarint([]byte{5 << 3}, uint64(v))
		}
	case float64:
		b = binary.LittleEndian.AppendUint64([]byte{3<<3 | 1}, math.Float64bits(v))
	default:
		return Word{}, false
	}
	return Word{string(b), hash(string(b))}, true
}

// StringWord is a value that is text.
func StringWord(s string) Word {
	b := make([]byte, 0, len(s)+4)
	b = append(binary.AppendUvarint(append(b, 1<<3|2), uint64(len(s))), s...)
	return Word{string(b), hash(string(b))}
}

// hash is FNV-1a with a final mix.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h ^ h>>32
}

// dict numbers the words of one layer in the order of their first use.
type dict struct {
	words []*Word
	table []uint32 // index + 1, open addressing, length a power of two
}

func (d *dict) reset() {
	d.words = d.words[:0]
	clear(d.table)
}

func (d *dict) index(w *Word) uint64 {
	if 2*(len(d.words)+1) > len(d.table) {
		d.grow()
	}
	mask := uint64(len(d.table) - 1)
	i := w.hash & mask
	for d.table[i] != 0 {
		if o := d.words[d.table[i]-1]; o == w || o.hash == w.hash && o.enc == w.enc {
			return uint64(d.table[i] - 1)
		}
		i = (i + 1) & mask
	}
	d.words = append(d.words, w)
	d.table[i] = uint32(len(d.words))
	return uint64(len(d.words) - 1)
}

func (d *dict) grow() {
	d.table = make([]uint32, max(16, 2*len(d.table)))
	mask := uint64(len(d.table) - 1)
	for n, w := range d.words {
		i := w.hash & mask
		for d.table[i] != 0 {
			i = (i + 1) & mask
		}
		d.table[i] = uint32(n + 1)
	}
}
