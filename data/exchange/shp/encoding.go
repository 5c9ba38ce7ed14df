package shp

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"yutu/geo"
)

// decoder turns the bytes of one value into text.
type decoder struct{ enc encoding.Encoding } // nil: UTF-8

// text decodes b; clean is false when bytes were no text, which then appear as U+FFFD.
func (d decoder) text(b []byte) (s string, clean bool) {
	ascii := true
	for _, c := range b {
		if c >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return string(b), true
	}
	if d.enc == nil {
		return strings.ToValidUTF8(string(b), "\ufffd"), utf8.Valid(b)
	}
	out, err := d.enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd"), false
	}
	s = string(out)
	return s, !strings.ContainsRune(s, utf8.RuneError)
}

// survey is what all text of the table has to say about its encoding.
type survey struct {
	high      bool // any byte beyond ASCII
	notUTF8   bool
	notGB     bool
	han, rest int // characters beyond ASCII, if the text is read as UTF-8
}

func (s *survey) add(b []byte) {
	if (decoder{}).isASCII(b) {
		return
	}
	s.high = true
	if !s.notUTF8 {
		if !utf8.Valid(b) {
			s.notUTF8 = true
		} else {
			for _, r := range string(b) {
				switch {
				case r < 0x80:
				case unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef:
					s.han++
				default:
					s.rest++
				}
			}
		}
	}
	if !s.notGB {
		if _, clean := (decoder{simplifiedchinese.GB18030}).text(b); !clean {
			s.notGB = true
		}
	}
}

func (decoder) isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// looksUTF8 is true when every text is valid UTF-8 and most of it is Chinese. GBK text that happens to be valid
// UTF-8, such as 联通 (C1 AA CD A8), reads as letters of other scripts then.
func (s *survey) looksUTF8() bool { return s.high && !s.notUTF8 && s.han > s.rest }

type choice struct {
	decoder
	name    string
	kind    string // "" declared, "assumed", "contradicted", "unknown"
	claimed string
}

// chooseEncoding settles the encoding: the .cpg, else the language byte of the .dbf where it names a Chinese
// code page, else what the text says. A claim that the text disproves is not followed, and reported.
func chooseEncoding(cpg string, ldid byte, s survey) choice {
	utf8Choice := choice{name: "UTF-8"}
	gb := choice{decoder: decoder{simplifiedchinese.GB18030}, name: "GB18030"}
	guess := gb
	if s.looksUTF8() {
		guess = utf8Choice
	}
	guess.kind = "assumed"
	if !s.high {
		guess.kind = "" // nothing but ASCII: every encoding reads it alike
	}
	claim := strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.TrimPrefix(cpg, "\ufeff")))
	switch claim {
	case "utf8", "65001", "cp65001", "oem65001":
		if s.notUTF8 {
			guess.kind, guess.claimed = "contradicted", cpg
			return guess
		}
		return utf8Choice
	case "gbk", "gb2312", "gb18030", "936", "cp936", "ansi936", "oem936", "ms936", "windows936", "euccn", "54936", "cp54936":
		if s.notGB && s.looksUTF8() {
			guess.kind, guess.claimed = "contradicted", cpg
			return guess
		}
		return gb
	case "big5", "950", "cp950", "ansi950", "oem950", "big5hkscs":
		return choice{decoder: decoder{traditionalchinese.Big5}, name: "Big5"}
	case "":
	default:
		// Western code pages among them: GDAL and others write ISO-8859-1 where nobody told them better.
		if s.high {
			guess.kind, guess.claimed = "unknown", cpg
		}
		return guess
	}
	// Language driver ids (dBASE, FoxPro): 0x4d and 0x7a code page 936, 0x4f and 0x78 code page 950. The others
	// are what a program's author happened to have.
	switch ldid {
	case 0x4d, 0x7a:
		if s.notGB && s.looksUTF8() {
			guess.kind, guess.claimed = "contradicted", "LDID 0x4D (936)"
			return guess
		}
		return gb
	case 0x4f, 0x78:
		return choice{decoder: decoder{traditionalchinese.Big5}, name: "Big5"}
	}
	return guess
}

// finding says what was assumed, if anything was. dbf and cpg are names of files.
func (c choice) finding(dbf, cpg string) (geo.Finding, bool) {
	switch c.kind {
	case "assumed":
		return encodingAssumed(dbf, c.name), true
	case "contradicted":
		return encodingContradicted(dbf, c.claimed, c.name), true
	case "unknown":
		return encodingUnknown(cpg, c.claimed, c.name), true
	}
	return geo.Finding{}, false
}

// cutTail is how many bytes at the end of b may be the beginning of a character that was cut, when the
// encoding is not known yet: an incomplete UTF-8 sequence, or one lone lead byte.
func cutTail(b []byte) int {
	for n := 1; n <= 3 && n <= len(b); n++ {
		if c := b[len(b)-n]; c >= 0xc0 && !utf8.FullRune(b[len(b)-n:]) {
			return n
		} else if c < 0x80 {
			return 0
		}
	}
	return 0
}

// cutTailFor is how many bytes at the end of b must go so that what remains may be whole characters of d.
func cutTailFor(d decoder, b []byte) int {
	for n := 1; n <= 3 && n < len(b); n++ {
		if _, clean := d.text(b[:len(b)-n]); clean {
			return n
		}
	}
	return 0
}
