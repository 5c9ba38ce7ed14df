package crs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrAngle is the kind of error of a text that is no angle in degrees, minutes and seconds.
var ErrAngle = errors.New("malformed angle")

// Axis says which coordinate an angle was written for.
type Axis uint8

// The axes: E, W, 东经, 西经 make a longitude, N, S, 北纬, 南纬 a latitude; without them nothing is known.
const (
	AnyAxis Axis = iota
	LonAxis
	LatAxis
)

// longestAngle bounds what is read; the longest sensible writing has some 40 characters.
const longestAngle = 120

// ParseAngle reads an angle as Chinese registers write it and returns degrees, west and south negative, with the axis that the
// writing names. It reads, each with or without E W N S or 东经 西经 北纬 南纬 before or behind it, or a sign:
//
//	120°26′15.3″  120度26分15.3秒  120°26'15.3"  120-26-15.3  120:26:15.3  120 26 15.3
//	74°40′21″.09  74°40′21″09  26′.255           the decimals behind the mark of their unit
//	1202615.3                                    packed: at least five digits before the point, the last four minutes and seconds
//	120.4376  120.4376°  120°26.255′             decimal degrees and minutes
//
// and all of it in full-width characters and with the marks that typists put for ′ and ″. Only the last part may have decimals; minutes
// and seconds must be below 60, longitudes within ±180° and latitudes within ±90°. A number alone is packed where it is beyond 180, so that
// 120.2615 is 120 degrees and 2,615 ten-thousandths: the writing D.MMSS cannot be told from decimal degrees and is not read.
// The result is the float64 nearest to the written angle within 2 ulp. The error is of the kind ErrAngle.
func ParseAngle(s string) (deg float64, axis Axis, err error) {
	if len(s) > longestAngle {
		return 0, 0, refuse(ErrAngle, "角度过长（%d 字节）", "the angle is too long (%d bytes)", len(s))
	}
	body, axis, negative, ok := takeHemisphere(foldAngle(s))
	if !ok {
		return 0, 0, notAngle(s, "半球标志互相矛盾", "its hemispheres contradict each other")
	}
	parts, why := angleParts(body)
	if why != nil {
		return 0, 0, notAngle(s, why.Text.ZH, why.Text.EN)
	}
	d, m, sec := parts[0], parts[1], parts[2]
	if m >= 60 || sec >= 60 {
		return 0, 0, notAngle(s, "分和秒必须小于 60", "minutes and seconds must be below 60")
	}
	deg = d
	if m != 0 || sec != 0 {
		deg = (d*3600 + m*60 + sec) / 3600
	}
	limit := 180.0
	if axis == LatAxis {
		limit = 90
	}
	if !(deg <= limit) {
		return 0, 0, notAngle(s, fmt.Sprintf("超出 ±%v°", limit), fmt.Sprintf("it is beyond ±%v°", limit))
	}
	if negative {
		deg = 0 - deg // no −0
	}
	return deg, axis, nil
}

func notAngle(s, zh, en string) error {
	return refuse(ErrAngle,
		"%[1]q 不是经纬度角值：%[2]s。请写作 120°26′15.3″、120度26分15.3秒、1202615.3 或十进制度",
		"%[1]q is no angle: %[3]s. Write 120°26′15.3″, 120度26分15.3秒, 1202615.3 or decimal degrees", s, zh, en)
}

// The marks of degrees, minutes and seconds after folding.
const (
	degreeMark = '°'
	minuteMark = '′'
	secondMark = '″'
)

// foldAngle brings the many ways to type an angle to one: half-width, upper case, the three marks, points and minus signs.
func foldAngle(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= '！' && r <= '～' { // U+FF01 to U+FF5E are ASCII in full width
			r -= '！' - '!'
		}
		switch r {
		case 'º', '˚', '゜', '度', '⁰', '∘', '。': // 。 stands in for the raised ring in old typescripts
			r = degreeMark
		case '\'', '’', '‘', '`', '´', 'ʹ', '＇', '分', '‵', '‛':
			r = minuteMark
		case '"', '”', '“', 'ʺ', '〃', '秒', '‶', '‟', '„':
			r = secondMark
		case '−', '–', '—', '‐', '‑', '﹣', '﹘':
			r = '-'
		case '．', '﹒', '·':
			r = '.'
		case '：', '︰':
			r = ':'
		case '\u00a0', '\u2002', '\u2003', '\u2009', '\u202f', '\u3000', '\t':
			r = ' '
		}
		b.WriteRune(r)
	}
	t := strings.ToUpper(strings.TrimSpace(b.String()))
	// Two minute marks, typed or printed, are a second mark.
	return strings.ReplaceAll(t, string(minuteMark)+string(minuteMark), string(secondMark))
}

var hemispheres = []struct {
	mark     string
	axis     Axis
	negative bool
}{
	{"东经", LonAxis, false}, {"東經", LonAxis, false}, {"西经", LonAxis, true}, {"西經", LonAxis, true},
	{"北纬", LatAxis, false}, {"北緯", LatAxis, false}, {"南纬", LatAxis, true}, {"南緯", LatAxis, true},
	{"E", LonAxis, false}, {"W", LonAxis, true}, {"N", LatAxis, false}, {"S", LatAxis, true},
	{"经度", LonAxis, false}, {"纬度", LatAxis, false}, {"经", LonAxis, false}, {"纬", LatAxis, false},
}

// takeHemisphere takes the letter or words and the sign off an angle. Both a letter and a sign, or two letters, contradict.
func takeHemisphere(s string) (body string, axis Axis, negative, ok bool) {
	// foldAngle has made 经度 to 经°.
	s = strings.NewReplacer("经°", "经", "纬°", "纬").Replace(s)
	found := false
	for _, h := range hemispheres {
		rest, before := strings.CutPrefix(s, h.mark)
		if !before {
			if rest, before = strings.CutSuffix(s, h.mark); !before {
				continue
			}
		}
		if found {
			return "", 0, false, false
		}
		found, axis, negative = true, h.axis, h.negative
		s = strings.Trim(rest, " :")
	}
	switch {
	case strings.HasPrefix(s, "-"):
		if found {
			return "", 0, false, false
		}
		return strings.TrimSpace(s[1:]), axis, true, true
	case strings.HasPrefix(s, "+"):
		return strings.TrimSpace(s[1:]), axis, negative, !found
	}
	return s, axis, negative, true
}

var (
	errNoNumber = refuse(ErrAngle, "没有数字", "it has no number")
	errMarks    = refuse(ErrAngle, "度、分、秒的符号次序不对", "its marks stand in no order of degrees, minutes and seconds")
	errDecimals = refuse(ErrAngle, "只有最后一部分可以带小数", "only its last part may have decimals")
	errDigits   = refuse(ErrAngle, "含有不能识别的字符", "it has characters that mean nothing here")
	errPacked   = refuse(ErrAngle, "数值太大，又不是度分秒连写", "the number is too large for degrees and not packed degrees, minutes and seconds")
)

// angleParts cuts a folded angle without sign into degrees, minutes and seconds.
func angleParts(s string) (parts [3]float64, why *Error) {
	if s == "" {
		return parts, errNoNumber
	}
	if strings.ContainsRune(s, degreeMark) || strings.ContainsRune(s, minuteMark) || strings.ContainsRune(s, secondMark) {
		return markedParts(s)
	}
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ':' || r == '-' })
	if len(fields) > 3 || len(fields) == 0 || strings.Count(s, "-")+strings.Count(s, ":") > len(fields)-1 {
		return parts, errDigits
	}
	for i, f := range fields {
		v, decimals, ok := plainNumber(f)
		if !ok {
			return parts, errDigits
		}
		if decimals && i < len(fields)-1 {
			return parts, errDecimals
		}
		parts[i] = v
	}
	if len(fields) == 1 && parts[0] > 180 {
		return packedParts(fields[0])
	}
	return parts, nil
}

// packedParts cuts DDDMMSS.s.
func packedParts(s string) (parts [3]float64, why *Error) {
	whole, fraction, _ := strings.Cut(s, ".")
	if n := len(whole); n >= 5 && n <= 7 {
		for i, text := range []string{whole[:n-4], whole[n-4 : n-2], whole[n-2:] + "." + fraction} {
			v, _, ok := plainNumber(text)
			if !ok {
				return parts, errDigits
			}
			parts[i] = v
		}
		return parts, nil
	}
	return parts, errPacked
}

// markedParts reads numbers each followed by the mark of its unit; the last may lack it, and its decimals may stand behind it.
func markedParts(s string) (parts [3]float64, why *Error) {
	const marks = "°′″"
	next := 0 // the first unit that may still come
	last := -1
	decimals := false
	for rest := s; rest != ""; {
		rest = strings.TrimLeft(rest, " ")
		i := strings.IndexAny(rest, marks)
		number, unit := rest, next
		if i < 0 {
			rest = ""
			if last < 0 || next > 2 {
				return parts, errMarks
			}
		} else {
			number = rest[:i]
			r, size := utf8.DecodeRuneInString(rest[i:])
			unit = map[rune]int{degreeMark: 0, minuteMark: 1, secondMark: 2}[r]
			rest = rest[i+size:]
		}
		number = strings.TrimSpace(number)
		if unit < next {
			return parts, errMarks
		}
		// 21″.09 and 21″09: what follows the last mark are decimals of its unit.
		if tail := strings.TrimPrefix(strings.TrimSpace(rest), "."); i >= 0 && tail != "" && !strings.ContainsAny(tail, marks) &&
			(unit == 2 || strings.HasPrefix(strings.TrimSpace(rest), ".")) && !strings.Contains(number, ".") {
			number, rest = number+"."+tail, ""
		}
		v, fraction, ok := plainNumber(number)
		switch {
		case number == "":
			return parts, errNoNumber
		case !ok:
			return parts, errDigits
		case decimals:
			return parts, errDecimals
		}
		parts[unit], decimals, last, next = v, fraction, unit, unit+1
	}
	return parts, nil
}

// plainNumber reads digits with at most one point between or behind them; nothing else that ParseFloat would take.
func plainNumber(s string) (v float64, decimals, ok bool) {
	digits := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case c == '.' && !decimals && digits:
			decimals = true
		default:
			return 0, false, false
		}
	}
	if !digits {
		return 0, false, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, decimals, err == nil
}

// ParsePosition reads longitude and latitude, each as ParseAngle does, with a comma (also ，、;；/) or, where there is none, a
// space between: "东经120°26′15.3″，北纬29°03′26.1″". Letters or words decide which is which; without any the longitude comes first, as everywhere
// in data. It refuses two longitudes and two latitudes.
func ParsePosition(s string) (lon, lat float64, err error) {
	if len(s) > 2*longestAngle {
		return 0, 0, refuse(ErrAngle, "坐标过长（%d 字节）", "the position is too long (%d bytes)", len(s))
	}
	s = strings.Trim(strings.TrimSpace(s), "()（）[]【】")
	halves := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",，、;；/／", r) })
	if len(halves) == 1 {
		halves = halvesOf(s)
	}
	if len(halves) != 2 {
		return 0, 0, refuse(ErrAngle, "%q 不是一对经纬度，请在经度与纬度之间写逗号", "%q is no pair of longitude and latitude: write a comma between the two", s)
	}
	first, a, err := ParseAngle(halves[0])
	if err != nil {
		return 0, 0, err
	}
	second, b, err := ParseAngle(halves[1])
	if err != nil {
		return 0, 0, err
	}
	if a != AnyAxis && a == b {
		return 0, 0, refuse(ErrAngle, "%q 中的两个角值同为经度或同为纬度", "both angles of %q are of the same axis", s)
	}
	if a == LatAxis || b == LonAxis {
		first, second = second, first
	}
	if math.Abs(second) > 90 {
		return 0, 0, refuse(ErrAngle, "%q 的纬度超出 ±90°：没有 E、N 等标志时，经度在前", "the latitude of %q is beyond ±90°: without letters the longitude comes first", s)
	}
	return first, second, nil
}

// halvesOf cuts a position without a comma: before its second word, beside its first letter, or at its only space.
func halvesOf(s string) []string {
	s = foldAngle(s)
	for _, word := range []string{"北纬", "南纬", "东经", "西经", "北緯", "南緯", "東經", "西經"} {
		if i := strings.LastIndex(s, word); i > 0 {
			return []string{s[:i], s[i:]}
		}
	}
	const letters = "NSEW"
	switch first, last := strings.IndexAny(s, letters), strings.LastIndexAny(s, letters); {
	case first < 0 || first == last:
		return strings.Fields(s)
	case first == 0:
		return []string{s[:last], s[last:]}
	default: // 120°26′15″E 29°03′26″N
		return []string{s[:first+1], s[first+1:]}
	}
}

// AngleStyle is a way to write an angle; the zero value is Marks.
type AngleStyle uint8

// The styles, of 120.437583333° with one decimal.
const (
	Marks       AngleStyle = iota // 120°26′15.3″
	PointBehind                   // 120°26′15″.3, as agreements of the 1960s print it
	Han                           // 120度26分15.3秒
	Packed                        // 1202615.3
)

// FormatAngle writes an angle in degrees with the given decimals of the second (0 to 9), rounded half away from zero, never with 60 seconds.
// The axis adds 东经, 西经, 北纬 or 南纬 before it (E, W, N, S with Marks and PointBehind when latin is set); without an axis a negative angle has a minus.
// Six decimals keep a position on the grid of Quantum. A value that is not finite or beyond ±360 gives "".
func FormatAngle(deg float64, axis Axis, style AngleStyle, decimals int, latin bool) string {
	if !(math.Abs(deg) <= 360) {
		return ""
	}
	decimals = min(max(decimals, 0), 9)
	scale := math.Pow10(decimals)
	// 360° in 10⁻⁹ seconds are 1.3e15, below 2⁵³.
	units := int64(math.Round(math.Abs(deg) * 3600 * scale))
	perSecond := int64(scale)
	fraction, seconds := units%perSecond, units/perSecond
	d, m, s := seconds/3600, seconds/60%60, seconds%60
	tail := ""
	if decimals > 0 {
		tail = fmt.Sprintf(".%0*d", decimals, fraction)
	}
	var body string
	switch style {
	case PointBehind:
		body = fmt.Sprintf("%d°%02d′%02d″%s", d, m, s, tail)
	case Han:
		body = fmt.Sprintf("%d度%02d分%02d%s秒", d, m, s, tail)
	case Packed:
		body = fmt.Sprintf("%d%02d%02d%s", d, m, s, tail)
	default:
		body = fmt.Sprintf("%d°%02d′%02d%s″", d, m, s, tail)
	}
	negative := deg < 0 && units > 0
	words := [3][2]string{{"", "-"}, {"东经", "西经"}, {"北纬", "南纬"}}
	if latin {
		words = [3][2]string{{"", "-"}, {"E", "W"}, {"N", "S"}}
	}
	side := 0
	if negative {
		side = 1
	}
	return words[min(axis, LatAxis)][side] + body
}
