package crs

import (
	"strconv"
	"strings"
)

// A WKT text is a tree of KEYWORD[argument, …], an argument being a string, a number, a bare word or a tree again
// (OGC 01-009 and Esri's dialect of it: WKT1; ISO 19162: WKT2). The definition of a projected system is 2 KiB and 6 deep; the limits
// leave room and keep hostile text harmless.
const (
	maxWKTBytes = 64 << 10
	maxWKTDepth = 32
)

// wktNode is one KEYWORD[…], or a string, number or bare word when it has no brackets.
type wktNode struct {
	keyword string // upper case; "" for a string or a number
	text    string // of a string
	number  float64
	isNum   bool
	args    []*wktNode
}

type wktParser struct {
	s  string
	at int
}

func parseWKT(s string) (*wktNode, error) {
	if len(s) > maxWKTBytes {
		return nil, refuse(ErrSyntax, "坐标系定义过长（%d 字节，最多 %d）", "the definition of the CRS is too long (%d bytes, at most %d)", len(s), maxWKTBytes)
	}
	p := &wktParser{s: strings.TrimPrefix(s, "\ufeff")}
	n, err := p.node(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.s) {
		return nil, p.errorf("多余的内容", "unexpected text after the end")
	}
	return n, nil
}

func (p *wktParser) errorf(zh, en string) error {
	return refuse(ErrSyntax, "坐标系定义（WKT）第 %d 字节处%[2]s", "the definition of the CRS (WKT) is malformed at byte %[1]d: %[3]s", p.at+1, zh, en)
}

func (p *wktParser) space() {
	for p.at < len(p.s) && (p.s[p.at] <= ' ') { // NUL as well: some programs pad with it
		p.at++
	}
}

func (p *wktParser) node(depth int) (*wktNode, error) {
	if depth > maxWKTDepth {
		return nil, p.errorf("嵌套过深", "nested too deeply")
	}
	p.space()
	if p.at >= len(p.s) {
		return nil, p.errorf("缺少内容", "it ends too early")
	}
	if p.s[p.at] == '"' {
		return p.quoted()
	}
	start := p.at
	for p.at < len(p.s) && wktWord(p.s[p.at]) {
		p.at++
	}
	word := p.s[start:p.at]
	if word == "" {
		return nil, p.errorf("不是关键字、数字或字符串", "neither a keyword nor a number nor a string")
	}
	if v, err := strconv.ParseFloat(word, 64); err == nil && (word[0] < 'A') {
		return &wktNode{number: v, isNum: true}, nil
	}
	n := &wktNode{keyword: strings.ToUpper(word)}
	p.space()
	if p.at >= len(p.s) || p.s[p.at] != '[' && p.s[p.at] != '(' {
		return n, nil
	}
	closing := byte(']')
	if p.s[p.at] == '(' {
		closing = ')'
	}
	for first := true; ; first = false {
		p.at++ // over the bracket or the comma
		if p.space(); first && p.at < len(p.s) && p.s[p.at] == closing {
			p.at++
			return n, nil
		}
		arg, err := p.node(depth + 1)
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, arg)
		p.space()
		switch {
		case p.at >= len(p.s):
			return nil, p.errorf("缺少右括号", "a closing bracket is missing")
		case p.s[p.at] == closing:
			p.at++
			return n, nil
		case p.s[p.at] != ',':
			return nil, p.errorf("缺少逗号或右括号", "a comma or a closing bracket is missing")
		}
	}
}

// quoted reads a string, in which a doubled quote stands for one.
func (p *wktParser) quoted() (*wktNode, error) {
	var text strings.Builder
	for p.at++; ; p.at++ {
		end := strings.IndexByte(p.s[p.at:], '"')
		if end < 0 {
			return nil, p.errorf("缺少右引号", "a closing quote is missing")
		}
		text.WriteString(p.s[p.at : p.at+end])
		p.at += end + 1
		if p.at >= len(p.s) || p.s[p.at] != '"' {
			return &wktNode{text: text.String()}, nil
		}
		text.WriteByte('"')
	}
}

func wktWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '+' || c == '-' || c == '.'
}

// child returns the first argument with one of the keywords, or nil.
func (n *wktNode) child(keywords ...string) *wktNode {
	if n == nil {
		return nil
	}
	for _, a := range n.args {
		for _, k := range keywords {
			if a.keyword == k {
				return a
			}
		}
	}
	return nil
}

// name is the first argument if that is a string.
func (n *wktNode) name() string {
	if n == nil || len(n.args) == 0 {
		return ""
	}
	return n.args[0].text
}

// value is argument i if that is a number.
func (n *wktNode) value(i int) (float64, bool) {
	if n == nil || i >= len(n.args) || !n.args[i].isNum {
		return 0, false
	}
	return n.args[i].number, true
}

// epsg is the code in the node's own AUTHORITY["EPSG","4549"] or ID["EPSG",4549]; 0 where there is none. Esri's numbers for
// what the EPSG registry has too are translated.
func (n *wktNode) epsg() int {
	id := n.child("AUTHORITY", "ID")
	if id == nil || len(id.args) < 2 {
		return 0
	}
	code := int(min(max(id.args[1].number, 0), 1e6))
	if !id.args[1].isNum {
		code, _ = strconv.Atoi(strings.TrimSpace(id.args[1].text))
	}
	switch strings.ToUpper(id.name()) {
	case "EPSG":
		return max(code, 0)
	case "ESRI":
		if code == 102100 || code == 102113 {
			return 3857
		}
	case "OGC":
		if strings.EqualFold(id.args[1].text, "CRS84") {
			return 4326
		}
	}
	return 0
}
