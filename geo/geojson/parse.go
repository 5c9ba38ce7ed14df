package geojson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// parser reads values from a text that is wholly in memory. It is strict: what it takes is JSON.
type parser struct {
	b        []byte
	i        int
	off      int64 // of b[0] in the input
	maxDepth int

	ordinates int               // the most seen
	keys      map[string]string // names met before, so that a file has each in memory once
	arena     []orb.Point       // where the positions of the present feature are put, one allocation for all
}

// on turns the parser to another text.
func (p *parser) on(b []byte, off int64) *parser {
	p.b, p.i, p.off, p.arena = b, 0, off, nil
	return p
}

func (p *parser) fail(zh, en string, args ...any) error {
	return failAt(p.off+int64(p.i), zh, en, args...)
}

// peek passes over white space and returns the byte after it, 0 at the end.
func (p *parser) peek() byte {
	for ; p.i < len(p.b); p.i++ {
		if c := p.b[p.i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

func (p *parser) done() error {
	if p.peek(); p.i < len(p.b) {
		return p.fail("此处有多余的内容 %q", "there is something too much here: %q", p.b[p.i])
	}
	return nil
}

// list reads what stands between brackets, element by element; open is [ or {.
func (p *parser) list(open byte, depth int, element func() error) error {
	if depth >= p.maxDepth {
		return p.fail("嵌套超过 %d 层", "nested more than %d deep", p.maxDepth)
	}
	if p.peek() != open || p.i == len(p.b) {
		return p.fail("此处应为 %q", "%q is expected here", open)
	}
	p.i++
	closing := open + 2 // ] and } stand two behind their opening in ASCII
	if p.peek() == closing {
		p.i++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch p.peek() {
		case ',':
			p.i++
		case closing:
			p.i++
			return nil
		default:
			return p.fail("此处应为逗号或 %q", "a comma or %q is expected here", closing)
		}
	}
}

// object reads the members of an object; value must take the value of the key.
func (p *parser) object(depth int, value func(key string) error) error {
	return p.list('{', depth, func() error {
		if p.peek() != '"' {
			return p.fail("此处应为成员名", "the name of a member is expected here")
		}
		key, err := p.key()
		if err != nil {
			return err
		}
		if p.peek() != ':' {
			return p.fail("此处应为冒号", "a colon is expected here")
		}
		p.i++
		p.peek()
		return value(key)
	})
}

// key reads a string that probably has been met before.
func (p *parser) key() (string, error) {
	const mostKeys, longestKey = 4096, 64
	rest := p.b[p.i+1:]
	if end := bytes.IndexByte(rest[:min(len(rest), longestKey)], '"'); end >= 0 {
		if k, ok := p.keys[string(rest[:end])]; ok {
			p.i += end + 2
			return k, nil
		}
	}
	start := p.i
	k, err := p.str()
	if raw := p.b[start:p.i]; err == nil && len(p.keys) < mostKeys && len(raw) == len(k)+2 && len(k) <= longestKey {
		if p.keys == nil {
			p.keys = map[string]string{}
		}
		p.keys[k] = k
	}
	return k, err
}

func (p *parser) literal(word string) bool {
	if bytes.HasPrefix(p.b[p.i:], []byte(word)) {
		p.i += len(word)
		return true
	}
	return false
}

// null takes the word null if it stands here.
func (p *parser) null() bool { p.peek(); return p.literal("null") }

// skip checks any value and passes over it.
func (p *parser) skip(depth int) error {
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth, func(string) error { return p.skip(depth + 1) })
	case c == '[':
		return p.list('[', depth, func() error { return p.skip(depth + 1) })
	case c == '"':
		_, err := p.quoted()
		return err
	case c == '-' || c >= '0' && c <= '9':
		_, err := p.number()
		return err
	case p.literal("true"), p.literal("false"), p.literal("null"):
		return nil
	}
	return p.notAValue()
}

func (p *parser) notAValue() error {
	for _, word := range []string{"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "undefined", "None"} {
		if bytes.HasPrefix(p.b[p.i:], []byte(word)) {
			return p.fail("JSON 中不允许 %s；缺少的值应写 null", "%s is not allowed in JSON; write null for what is missing", word)
		}
	}
	if p.i >= len(p.b) {
		return p.fail("缺少值", "a value is missing")
	}
	return p.fail("此处 %q 不是 JSON 的值", "%q begins no value of JSON", p.b[p.i])
}

// number takes a number in the grammar of RFC 8259, clause 6, and returns its text.
func (p *parser) number() ([]byte, error) {
	start := p.i
	digits := func() bool {
		from := p.i
		for p.i < len(p.b) && p.b[p.i]-'0' <= 9 {
			p.i++
		}
		return p.i > from
	}
	at := func(c byte) bool { return p.i < len(p.b) && p.b[p.i] == c }
	if at('-') {
		p.i++
	}
	ok := true
	if at('0') {
		p.i++
	} else {
		ok = digits()
	}
	if ok && at('.') {
		p.i++
		ok = digits()
	}
	if ok && (at('e') || at('E')) {
		p.i++
		if at('+') || at('-') {
			p.i++
		}
		ok = digits()
	}
	if !ok || p.i < len(p.b) && numeric(p.b[p.i]) {
		p.i = start
		if c := p.b[start]; c == '-' && start+1 < len(p.b) && p.b[start+1] > '9' {
			return nil, p.notAValue()
		}
		return nil, p.fail("此处的数字写法不对", "this is not how a number is written")
	}
	return p.b[start:p.i], nil
}

func numeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '+' || c == '-'
}

// quoted takes a string and returns what stands between the quotes, escapes and all, checked.
func (p *parser) quoted() ([]byte, error) {
	start := p.i + 1
	ascii := true
	for i := start; i < len(p.b); i++ {
		switch c := p.b[i]; {
		case c == '"':
			raw := p.b[start:i]
			if !ascii && !utf8.Valid(raw) {
				p.i = start + firstInvalid(raw)
				return nil, p.fail("文字不是 UTF-8 编码（可能是 GBK），请另存为 UTF-8", "the text is not in UTF-8, perhaps in GBK; save the file as UTF-8")
			}
			p.i = i + 1
			return raw, nil
		case c == '\\':
			n := escape(p.b[i:])
			if n == 0 {
				p.i = i
				return nil, p.fail("字符串中的转义写法不对", "this escape in a string is not allowed")
			}
			i += n - 1
		case c < ' ':
			p.i = i
			return nil, p.fail("字符串中有控制字符 %#x", "a string contains the control character %#x", c)
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	p.i = len(p.b)
	return nil, p.fail("缺少右引号", "a closing quote is missing")
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

// escape returns the length of the escape that b begins with, 0 if it is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads \uXXXX.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// str reads a string.
func (p *parser) str() (string, error) {
	if p.peek() != '"' {
		return "", p.fail("此处应为字符串", "a string is expected here")
	}
	raw, err := p.quoted()
	if err != nil || bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), err
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		switch c := raw[i+1]; c {
		case 'u':
			r, _ := hex4(raw[i:])
			i += 6
			if utf16.IsSurrogate(r) {
				low, ok := hex4(raw[i:])
				if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
					i += 6
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		default:
			out = append(out, c)
		}
		i += 2
	}
	return string(out), nil
}

// value reads any value as Property.Value has it.
func (p *parser) value(depth int) (any, error) {
	switch c := p.peek(); {
	case c == '"':
		return p.str()
	case c == '{' || c == '[':
		start := p.i
		if err := p.skip(depth); err != nil {
			return nil, err
		}
		return json.RawMessage(bytes.Clone(p.b[start:p.i])), nil
	case c == '-' || c >= '0' && c <= '9':
		n, err := p.number()
		return json.Number(n), err
	case p.literal("true"):
		return true, nil
	case p.literal("false"):
		return false, nil
	case p.literal("null"):
		return nil, nil
	}
	return nil, p.notAValue()
}

func (p *parser) feature() (Feature, error) {
	var f Feature
	var typ string
	start := p.i
	if p.peek() != '{' {
		return f, p.fail("要素应为对象", "a feature must be an object")
	}
	err := p.object(0, func(key string) (err error) {
		switch key {
		case "type":
			typ, err = p.str()
		case "geometry":
			f.Geometry, err = p.geometry(1)
		case "properties":
			f.Properties, err = p.properties(1)
		case "id":
			f.ID, err = p.id()
		default:
			err = p.skip(1)
		}
		return err
	})
	if err != nil {
		return f, err
	}
	if err := p.done(); err != nil {
		return f, err
	}
	if typ != "Feature" {
		p.i = start
		return f, p.fail(`要素的 type 应为 "Feature"，却是 %q`, `the type of a feature must be "Feature", not %q`, short(typ))
	}
	return f, nil
}

func (p *parser) id() (any, error) {
	v, err := p.value(1)
	switch v.(type) {
	case string, json.Number, nil:
		return v, err
	}
	return nil, p.fail("要素的 id 应为字符串或数字", "the id of a feature must be a string or a number")
}

func (p *parser) properties(depth int) ([]Property, error) {
	if p.null() {
		return nil, nil
	}
	if p.peek() != '{' {
		return nil, p.fail("properties 应为对象或 null", "properties must be an object or null")
	}
	var out []Property
	err := p.object(depth, func(key string) error {
		v, err := p.value(depth + 1)
		if out == nil {
			out = make([]Property, 0, 8)
		}
		out = append(out, Property{key, v})
		return err
	})
	return out, err
}

// crs returns the name in a crs member (GeoJSON 2008, clause 3), or its text where it is of another form.
func (p *parser) crs() (string, error) {
	start := p.i
	if err := p.skip(0); err != nil {
		return "", err
	}
	raw := bytes.TrimSpace(p.b[start:p.i])
	if string(raw) == "null" {
		return "", nil
	}
	var c struct {
		Type       string `json:"type"`
		Properties struct {
			Name string `json:"name"`
			Code int    `json:"code"`
		} `json:"properties"`
	}
	if json.Unmarshal(raw, &c) == nil {
		switch {
		case c.Properties.Name != "":
			return c.Properties.Name, nil
		case c.Type == "EPSG" && c.Properties.Code > 0: // GDAL before 1.8
			return "EPSG:" + strconv.Itoa(c.Properties.Code), nil
		}
	}
	return short(string(raw)), nil
}
