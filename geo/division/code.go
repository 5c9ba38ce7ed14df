package division

import (
	"fmt"
	"strings"
)

// Code is a 12-digit division code: 2 province, 2 prefecture, 2 county (GB/T 2260), 3 township, 3 village
// (县级以下行政区划代码编制规则, 统计用区划代码), for example "330727001000". The empty Code means none.
type Code string

// Level is the rank of a division in the five-level system, 1 (province) to 5 (village); 0 is unknown.
type Level uint8

const (
	Province   Level = 1 + iota // 省、自治区、直辖市
	Prefecture                  // 地级市、地区、自治州、盟
	County                      // 县、市辖区、县级市
	Township                    // 乡、镇、街道
	Village                     // 村民委员会、居民委员会
)

// Levels lists all levels from the top.
var Levels = [...]Level{Province, Prefecture, County, Township, Village}

var levelNames = [...]string{"", "province", "prefecture", "county", "township", "village"}

// String returns the English name of the level in lower case, or "" when unknown.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return ""
}

// ParseLevel reads String's form, the digits 1–5, and the usual Chinese words; ok is false for anything else.
func ParseLevel(s string) (Level, bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "province", "1", "省", "省级":
		return Province, true
	case "prefecture", "2", "city", "市", "地级", "市级", "地市级":
		return Prefecture, true
	case "county", "3", "县", "区县", "县级", "区", "district":
		return County, true
	case "township", "town", "4", "乡镇", "乡", "镇", "街道", "乡级", "乡镇级":
		return Township, true
	case "village", "5", "村", "村级", "社区", "行政村":
		return Village, true
	}
	return 0, false
}

// Digits returns how many leading digits of a code of this level carry meaning: 2, 4, 6, 9 or 12.
func (l Level) Digits() int { return [...]int{0, 2, 4, 6, 9, 12}[l] }

// ParseCode reads 2, 4, 6, 9 or 12 digits and pads to twelve. Surrounding spaces and a trailing ".0" or ".00…",
// which spreadsheets leave on numbers, are dropped.
func ParseCode(s string) (Code, error) {
	t := strings.TrimSpace(s)
	if head, tail, ok := strings.Cut(t, "."); ok && strings.Trim(tail, "0") == "" {
		t = head
	}
	for i := range len(t) {
		if t[i] < '0' || t[i] > '9' {
			return "", fmt.Errorf("division code %q: only digits are allowed", s)
		}
	}
	switch len(t) {
	case 2, 4, 6, 9, 12:
	default:
		return "", fmt.Errorf("division code %q: has %d digits, not 2, 4, 6, 9 or 12", s, len(t))
	}
	if t[:2] == "00" {
		return "", fmt.Errorf("division code %q: there is no province 00", s)
	}
	return Code(t + strings.Repeat("0", 12-len(t))), nil
}

// Level returns the level that the pattern of zeros implies; 0 for an empty or malformed code.
func (c Code) Level() Level {
	if len(c) != 12 {
		return 0
	}
	switch {
	case c[9:] != "000":
		return Village
	case c[6:9] != "000":
		return Township
	case c[4:6] != "00":
		return County
	case c[2:4] != "00":
		return Prefecture
	default:
		return Province
	}
}

// Short returns the digits that carry meaning at the code's own level: "330727" for "330727000000".
func (c Code) Short() string { return string(c[:c.Level().Digits()]) }

// Parent returns the code one level up by the digits, and false at the top or for a malformed code.
func (c Code) Parent() (Code, bool) {
	l := c.Level()
	if l <= Province {
		return "", false
	}
	d := (l - 1).Digits()
	return c[:d] + Code(strings.Repeat("0", 12-d)), true
}

// Within reports whether c equals or lies below the unit p by the digits of p's own level.
func (c Code) Within(p Code) bool { return strings.HasPrefix(string(c), p.Short()) }
