package geojson

import (
	"bytes"
	"fmt"
	"io"

	"github.com/paulmach/orb"
)

// Read reads a FeatureCollection, a Feature, a bare geometry, or a sequence of these, divided by line feeds or not at all
// (newline-delimited GeoJSON) or led in by record separators (RFC 8142); which it is shows from the content. Members may come in any
// order, foreign members are passed over, a byte order mark is allowed. Every feature is given to fn as soon as it is read, and
// may be kept; an error of fn stops the reading and is returned as it is, as are errors of r.
//
// Everything else that goes wrong is a *SyntaxError: text that is not JSON, not UTF-8 (a file in GBK, for example) or not GeoJSON,
// a feature beyond the limits, a file cut off. The features before it have been delivered by then. The header is valid up to the
// place of the error.
func Read(r io.Reader, lim Limits, fn func(Feature) error) (Header, error) {
	if lim.MaxFeatureBytes <= 0 {
		lim.MaxFeatureBytes = defaultFeatureBytes
	}
	if lim.MaxDepth <= 0 {
		lim.MaxDepth = defaultDepth
	}
	lim.MaxDepth = min(lim.MaxDepth, largestDepth)
	d := &reader{r: r, lim: lim, fn: fn, mark: -1, buf: make([]byte, 64<<10)}
	d.parser.maxDepth = lim.MaxDepth
	err := d.texts()
	if s, ok := err.(*SyntaxError); ok {
		s.Record = d.record + 1
	}
	d.header.Ordinates = d.parser.ordinates
	return d.header, err
}

// reader finds the values of the outer structure and keeps the text of one at a time in its buffer.
type reader struct {
	r   io.Reader
	lim Limits
	fn  func(Feature) error

	buf      []byte // buf[pos:end] is read and not yet used
	pos, end int
	mark     int   // start of the value that must stay in the buffer; −1 for none
	base     int64 // offset of buf[0] in the input
	err      error // of r, io.EOF included

	header Header
	record int // features delivered
	parser parser
	kept   [keptMembers]member
}

// The members of a lone feature or geometry, kept until its type is known.
const (
	keptGeometry = iota
	keptProperties
	keptID
	keptCoordinates
	keptGeometries
	keptMembers
)

var keptNames = map[string]int{
	"geometry": keptGeometry, "properties": keptProperties, "id": keptID, "coordinates": keptCoordinates, "geometries": keptGeometries,
}

type member struct {
	set  bool
	text []byte
	off  int64
}

// more reads on; false at the end of the input and on errors, which d.err holds then.
func (d *reader) more() bool {
	if d.err != nil {
		return false
	}
	keep := d.pos
	if d.mark >= 0 {
		keep = d.mark
	}
	if keep > 0 {
		copy(d.buf, d.buf[keep:d.end])
		d.base += int64(keep)
		d.pos -= keep
		d.end -= keep
		if d.mark >= 0 {
			d.mark = 0
		}
	}
	if d.end == len(d.buf) {
		d.buf = append(d.buf, make([]byte, len(d.buf))...)
	}
	for range 100 { // as bufio does, against readers that never progress
		n, err := d.r.Read(d.buf[d.end:])
		d.end += n
		d.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	d.err = io.ErrNoProgress
	return false
}

func (d *reader) fail(at int, zh, en string, args ...any) error {
	return failAt(d.base+int64(at), zh, en, args...)
}

func failAt(offset int64, zh, en string, args ...any) error {
	return &SyntaxError{Offset: offset, Msg: fmt.Sprintf(en, args...), MsgZH: fmt.Sprintf(zh, args...)}
}

// cut is the error for an input that ends before it should.
func (d *reader) cut() error {
	if d.err != nil && d.err != io.EOF {
		return d.err
	}
	return d.fail(d.end, "文件在此中断，内容不完整", "the file is cut off here")
}

// next passes over white space and returns the byte after it without taking it.
func (d *reader) next() (byte, error) {
	for {
		for ; d.pos < d.end; d.pos++ {
			if c := d.buf[d.pos]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
				return c, nil
			}
		}
		if !d.more() {
			return 0, d.cut()
		}
	}
}

// texts reads one JSON text after the other.
func (d *reader) texts() error {
	for first := true; ; first = false {
		c, err := d.next()
		for err == nil && c == 0x1e { // record separator, RFC 8142
			d.pos++
			c, err = d.next()
		}
		switch {
		case err != nil && d.err == io.EOF:
			if first {
				return d.fail(d.end, "文件是空的", "the file is empty")
			}
			return nil
		case err != nil:
			return err
		case first && c == 0xef && d.bom():
			d.pos += 3
			if c, err = d.next(); err != nil {
				return d.cut()
			}
			for c == 0x1e {
				d.pos++
				if c, err = d.next(); err != nil {
					return err
				}
			}
		case first && (c == 0xff || c == 0xfe):
			return d.fail(d.pos, "文件不是 UTF-8 编码（可能是 UTF-16），请另存为 UTF-8", "the file is not in UTF-8, perhaps in UTF-16; save it as UTF-8")
		}
		if c != '{' {
			return d.fail(d.pos, "不是 GeoJSON：此处应为 {，却是 %q", "this is not GeoJSON: { is expected here, not %q", c)
		}
		if err := d.text(); err != nil {
			return err
		}
	}
}

func (d *reader) bom() bool {
	for d.end-d.pos < 3 {
		if !d.more() {
			return false
		}
	}
	return bytes.HasPrefix(d.buf[d.pos:d.end], []byte("\xef\xbb\xbf"))
}

// capture takes the text of the next value, whole and contiguous, checking nothing but that brackets and quotes end. It stays
// valid until the next read.
func (d *reader) capture() (text []byte, off int64, err error) {
	if _, err := d.next(); err != nil {
		return nil, 0, err
	}
	d.mark = d.pos
	defer func() { d.mark = -1 }()
	depth, quoted, done, i := 0, false, false, d.pos
	for {
		// No further than the limit, so that the answer does not depend on how much was read at once.
		i, depth, quoted, done = scan(d.buf[:min(d.end, d.mark+d.lim.MaxFeatureBytes+1)], i, depth, d.lim.MaxDepth, quoted)
		if depth > d.lim.MaxDepth {
			return nil, 0, d.fail(i, "嵌套超过 %d 层", "nested more than %d deep", d.lim.MaxDepth)
		}
		if i-d.mark > d.lim.MaxFeatureBytes {
			return nil, 0, d.fail(d.mark, "一个要素超过 %d 字节", "a feature is longer than %d bytes", d.lim.MaxFeatureBytes)
		}
		if done {
			text, off = d.buf[d.mark:i], d.base+int64(d.mark)
			d.pos = i
			return text, off, nil
		}
		from := i - d.mark
		if !d.more() {
			return nil, 0, d.cut()
		}
		i = d.mark + from
	}
}

var structural = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true}

// scan runs over text from i. It stops behind the last bracket or quote of the value or before a byte that cannot belong to it, and
// then done is true, or where more text is needed or the depth is exceeded.
func scan(text []byte, i, depth, maxDepth int, quoted bool) (at, deep int, open, done bool) {
	for i < len(text) {
		if quoted {
			switch text[i] {
			case '\\':
				if i+1 == len(text) {
					return i, depth, true, false // to be looked at again with what follows it
				}
				i++
			case '"':
				quoted = false
				if depth == 0 {
					return i + 1, 0, false, true
				}
			}
			i++
			continue
		}
		// Between brackets only brackets and quotes count, and most of a file is digits.
		for depth > 0 && !structural[text[i]] {
			if i++; i == len(text) {
				return i, depth, false, false
			}
		}
		switch text[i] {
		case '"':
			quoted = true
		case '{', '[':
			if depth++; depth > maxDepth {
				return i, depth, false, false
			}
		case '}', ']':
			if depth == 0 {
				return i, 0, false, true
			}
			if depth--; depth == 0 {
				return i + 1, 0, false, true
			}
		case ',', ' ', '\n', '\r', '\t', ':':
			if depth == 0 {
				return i, 0, false, true
			}
		}
		i++
	}
	return i, depth, quoted, false
}

// key reads a member's name and the colon. end is true at the closing brace, which it takes.
func (d *reader) key(first bool) (key string, end bool, err error) {
	c, err := d.next()
	if err != nil {
		return "", false, err
	}
	if c == '}' {
		d.pos++
		return "", true, nil
	}
	if !first {
		if c != ',' {
			return "", false, d.fail(d.pos, "此处应为逗号或 }，却是 %q", "a comma or } is expected here, not %q", c)
		}
		d.pos++
		if c, err = d.next(); err != nil {
			return "", false, err
		}
	}
	if c != '"' {
		return "", false, d.fail(d.pos, "此处应为成员名，却是 %q", "the name of a member is expected here, not %q", c)
	}
	text, off, err := d.capture()
	if err != nil {
		return "", false, err
	}
	p := d.parser.on(text, off)
	if key, err = p.str(); err != nil {
		return "", false, err
	}
	if c, err = d.next(); err != nil {
		return "", false, err
	}
	if c != ':' {
		return "", false, d.fail(d.pos, "此处应为冒号，却是 %q", "a colon is expected here, not %q", c)
	}
	d.pos++
	return key, false, nil
}

// text reads one object of the outermost level.
func (d *reader) text() error {
	start := d.pos
	startOff := d.base + int64(start)
	d.pos++
	for i := range d.kept {
		d.kept[i].set = false
	}
	var typ string
	var hasFeatures bool
	for first := true; ; first = false {
		key, end, err := d.key(first)
		if err != nil {
			return err
		}
		if end {
			break
		}
		if key == "features" && (typ == "" || typ == "FeatureCollection") {
			hasFeatures = true
			if err := d.features(); err != nil {
				return err
			}
			continue
		}
		text, off, err := d.capture()
		if err != nil {
			return err
		}
		p := d.parser.on(text, off)
		if slot, ok := keptNames[key]; ok {
			m := &d.kept[slot]
			*m = member{true, append(m.text[:0], text...), off}
			continue
		}
		switch c := text[0:min(1, len(text))]; {
		case key == "type" && string(c) == `"`:
			typ, err = p.str()
		case key == "name" && string(c) == `"`:
			d.header.Name, err = p.str()
		case key == "crs":
			d.header.CRS, err = p.crs()
		default:
			err = p.skip(0)
		}
		if err == nil {
			err = p.done()
		}
		if err != nil {
			return err
		}
	}
	if typ == "FeatureCollection" || hasFeatures {
		switch {
		case typ != "FeatureCollection":
			return failAt(startOff, `有 features，但 type 不是 "FeatureCollection"`, `it has features, but its type is not "FeatureCollection"`)
		case !hasFeatures:
			return failAt(startOff, "FeatureCollection 没有 features", "a FeatureCollection has no features")
		}
		return d.checkKept()
	}
	return d.lone(typ, startOff)
}

// checkKept looks through members that turned out to be foreign.
func (d *reader) checkKept() error {
	for i := range d.kept {
		if m := &d.kept[i]; m.set {
			p := d.parser.on(m.text, m.off)
			if err := p.skip(0); err != nil {
				return err
			}
			if err := p.done(); err != nil {
				return err
			}
		}
	}
	return nil
}

// lone delivers a feature or geometry that stands by itself.
func (d *reader) lone(typ string, off int64) error {
	var f Feature
	read := func(slot int, fn func(p *parser) error) error {
		m := &d.kept[slot]
		if !m.set {
			return nil
		}
		m.set = false
		p := d.parser.on(m.text, m.off)
		if err := fn(p); err != nil {
			return err
		}
		return p.done()
	}
	var err error
	switch kind := kinds[typ]; {
	case typ == "Feature":
		err = read(keptGeometry, func(p *parser) (err error) { f.Geometry, err = p.geometry(0); return err })
		if err == nil {
			err = read(keptProperties, func(p *parser) (err error) { f.Properties, err = p.properties(0); return err })
		}
		if err == nil {
			err = read(keptID, func(p *parser) (err error) { f.ID, err = p.id(); return err })
		}
	case kind == geometryCollection && d.kept[keptGeometries].set:
		err = read(keptGeometries, func(p *parser) (err error) {
			var c orb.Collection
			c, err = p.geometries(0)
			f.Geometry = c
			return err
		})
	case kind != 0 && kind != geometryCollection && d.kept[keptCoordinates].set:
		err = read(keptCoordinates, func(p *parser) (err error) { f.Geometry, err = p.coordinates(kind, 0); return err })
	case kind != 0:
		err = failAt(off, "%s 没有坐标", "a %s has no coordinates", typ)
	case typ == "":
		err = failAt(off, "对象没有 type", "the object has no type")
	case typ == "Topology":
		err = failAt(off, "这是 TopoJSON，请先转换为 GeoJSON", "this is TopoJSON; convert it to GeoJSON first")
	default:
		err = failAt(off, "type %q 不是 GeoJSON 的类型", "the type %q is none of GeoJSON", short(typ))
	}
	if err == nil {
		err = d.checkKept()
	}
	if err != nil {
		return err
	}
	return d.deliver(f)
}

func (d *reader) deliver(f Feature) error {
	d.record++
	f.Record = d.record
	return d.fn(f)
}

// features reads the array of a FeatureCollection.
func (d *reader) features() error {
	a := &ahead{d: d}
	defer a.wait()
	outer := d.members(a.add)
	if a.ended {
		return outer
	}
	// What comes before an error of the structure is delivered, and its own errors come first.
	if err := a.finish(); err != nil {
		return err
	}
	return outer
}

// members finds the elements of an array of features.
func (d *reader) members(add func(text []byte, off int64) error) error {
	c, err := d.next()
	if err != nil {
		return err
	}
	if c != '[' {
		return d.fail(d.pos, "features 应为数组", "features must be an array")
	}
	d.pos++
	for first := true; ; first = false {
		if c, err = d.next(); err != nil {
			return err
		}
		if c == ']' {
			d.pos++
			return nil
		}
		if !first {
			if c != ',' {
				return d.fail(d.pos, "此处应为逗号或 ]，却是 %q", "a comma or ] is expected here, not %q", c)
			}
			d.pos++
		}
		text, off, err := d.capture()
		if err != nil {
			return err
		}
		if err := add(text, off); err != nil {
			return err
		}
	}
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
