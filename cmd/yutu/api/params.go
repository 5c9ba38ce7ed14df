package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// params are the query parameters of a request, each known to the resource and given once.
type params struct{ values url.Values }

// readParams refuses parameters that are unknown, given twice, empty, or not text.
func readParams(r *http.Request, known ...string) (params, error) {
	if r.URL.RawQuery == "" {
		return params{}, nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return params{}, badParameter("", "查询部分的编码有误", "the query part of the address is not well encoded")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return params{}, badParameter(printable(name), "没有名为“%s”的参数，可用的参数：%s", "there is no parameter named %q; known are %s",
				printable(name), strings.Join(known, ", "))
		}
		vs := values[name]
		if len(vs) > 1 {
			return params{}, badParameter(name, "参数 %s 只能给一次", "the parameter %s can be given only once", name)
		}
		if vs[0] == "" {
			return params{}, badParameter(name, "参数 %s 没有值，请填写或去掉", "the parameter %s has no value: give one or leave it out", name)
		}
		if !utf8.ValidString(vs[0]) || strings.ContainsFunc(vs[0], func(c rune) bool { return c < 0x20 || c == 0x7f }) {
			return params{}, badParameter(name, "参数 %s 含有非法字符", "the parameter %s holds characters that are not allowed", name)
		}
	}
	return params{values}, nil
}

// printable is a hostile name as it may be shown.
func printable(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < 0x20 || c == 0x7f || c == utf8.RuneError {
			return '?'
		}
		return c
	}, s)
	if utf8.RuneCountInString(s) > 60 {
		return string([]rune(s)[:60]) + "…"
	}
	return s
}

func (p params) get(name string) string {
	if vs := p.values[name]; len(vs) > 0 {
		return vs[0]
	}
	return ""
}

// day reads a parameter of the form YYYY-MM-DD; today when it is absent.
func (p params) day(name string) (division.Date, error) {
	s := p.get(name)
	if s == "" {
		return division.Today(), nil
	}
	d, ok := parseDay(s)
	if !ok {
		return 0, badParameter(name, "“%s”不是日期，请写成 2026-01-31 的形式", "%q is not a date: write it like 2026-01-31", printable(s))
	}
	return d, nil
}

// whole reads a whole number of at least least; one above most counts as most, as OGC API Features 7.15.4 allows.
func (p params) whole(name string, least, most, usual int) (int, error) {
	s := p.get(name)
	if s == "" {
		return usual, nil
	}
	digits := strings.Trim(s, "0123456789") == ""
	n, err := strconv.Atoi(s)
	if err != nil && digits {
		return most, nil // too many digits for an int
	}
	if err != nil || !digits || n < least {
		return 0, badParameter(name, "“%[1]s”不可用，请写 %[2]d 到 %[3]d 的整数", "%[1]q will not do: write a whole number from %[2]d to %[3]d", printable(s), least, most)
	}
	return min(n, most), nil
}

// code reads a division code, short or of twelve digits; empty when it is absent.
func (p params) code(name string) (division.Code, error) {
	s := p.get(name)
	if s == "" {
		return "", nil
	}
	c, err := readCode(s)
	if err != nil {
		return "", badParameter(name, "“%s”不是区划代码，请写 2、4、6、9 或 12 位数字", "%q is no division code: write 2, 4, 6, 9 or 12 digits", printable(s))
	}
	return c, nil
}

// readCode is division.ParseCode without its patience for what spreadsheets leave behind.
func readCode(s string) (division.Code, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return "", fmt.Errorf("%q: not only digits", s)
	}
	return division.ParseCode(s)
}

// parseDay reads YYYY-MM-DD and nothing else.
func parseDay(s string) (division.Date, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || len(s) != len(time.DateOnly) {
		return 0, false
	}
	return division.DateOf(t), true
}

// number reads a plain decimal number; no hexadecimal, no infinity, no underscores.
func number(s string) (float64, bool) {
	if s == "" || len(s) > 40 || strings.Trim(s, "0123456789.+-eE") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// box reads four numbers, or six of which the heights are ignored, in the axis order of the reference system, as
// boxes in lon, lat: two when the box crosses the antimeridian.
func box(s string, latFirst bool) ([]orb.Bound, error) {
	bad := func(zh, en string, args ...any) ([]orb.Bound, error) {
		return nil, badParameter("bbox", zh, en, args...)
	}
	if strings.Count(s, ",") > 5 {
		return bad("bbox 须有 4 个数（西,南,东,北），或加上高度共 6 个", "bbox needs 4 numbers (west,south,east,north), or 6 with heights")
	}
	var v []float64
	for part := range strings.SplitSeq(s, ",") {
		n, ok := number(strings.TrimSpace(part))
		if !ok {
			return bad("bbox 中的“%s”不是数", "%q in bbox is not a number", printable(part))
		}
		v = append(v, n)
	}
	switch len(v) {
	case 4:
	case 6:
		if v[2] > v[5] {
			return bad("bbox 的下限高度 %v 大于上限 %v", "the lower height %v of bbox is above the upper %v", v[2], v[5])
		}
		v = []float64{v[0], v[1], v[3], v[4]}
	default:
		return bad("bbox 须有 4 个数（西,南,东,北），或加上高度共 6 个，这里有 %d 个", "bbox needs 4 numbers (west,south,east,north), or 6 with heights; here are %d", len(v))
	}
	if latFirst {
		v[0], v[1], v[2], v[3] = v[1], v[0], v[3], v[2]
	}
	west, south, east, north := v[0], v[1], v[2], v[3]
	if west < -180 || west > 180 || east < -180 || east > 180 || south < -90 || south > 90 || north < -90 || north > 90 {
		return bad("bbox 超出经纬度范围；这里要的是度，不是米", "bbox lies outside the range of longitude and latitude; it is in degrees, not metres")
	}
	if south > north {
		return bad("bbox 的南界 %v 高于北界 %v", "the south %v of bbox lies north of its north %v", south, north)
	}
	if west > east {
		return []orb.Bound{
			{Min: orb.Point{west, south}, Max: orb.Point{180, north}},
			{Min: orb.Point{-180, south}, Max: orb.Point{east, north}},
		}, nil
	}
	return []orb.Bound{{Min: orb.Point{west, south}, Max: orb.Point{east, north}}}, nil
}
