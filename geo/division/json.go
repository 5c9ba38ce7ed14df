package division

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/geojson"
)

// MarshalJSON writes YYYY-MM-DD, or null for Past and Future.
func (d Date) MarshalJSON() ([]byte, error) {
	if s := d.String(); s != "" {
		return []byte(`"` + s + `"`), nil
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads what ParseDate reads, as a string. null leaves the date as it is.
func (d *Date) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a date is a string YYYY-MM-DD, not %s", cut(string(b)))
	}
	v, err := ParseDate(s)
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// MarshalJSON writes a GeoJSON LineString, or null for none.
func (l Line) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("null"), nil
	}
	return geojson.AppendGeometry(nil, orb.LineString(l)), nil
}

// UnmarshalJSON reads a GeoJSON LineString, or null, and puts it on the grid of crs.Quantum.
func (l *Line) UnmarshalJSON(b []byte) error {
	g, err := readGeometry(b)
	if err != nil || g == nil {
		*l = nil
		return err
	}
	ls, ok := g.(orb.LineString)
	if !ok {
		return fmt.Errorf("a line is a GeoJSON LineString, not a %s", g.GeoJSONType())
	}
	out := make(Line, len(ls))
	for i, p := range ls {
		if !onEarth(p) {
			return fmt.Errorf("position %d of the line, %v, is not lon, lat in degrees", i+1, p)
		}
		out[i] = crs.Snap(p)
	}
	*l = out
	return nil
}

// MarshalJSON writes a GeoJSON MultiPolygon, or null for none.
func (a Area) MarshalJSON() ([]byte, error) {
	if len(a) == 0 {
		return []byte("null"), nil
	}
	return geojson.AppendGeometry(nil, orb.MultiPolygon(a)), nil
}

// UnmarshalJSON reads a GeoJSON Polygon or MultiPolygon, or null, and puts it on the grid of crs.Quantum.
func (a *Area) UnmarshalJSON(b []byte) error {
	g, err := readGeometry(b)
	if err != nil || g == nil {
		*a = nil
		return err
	}
	var mp orb.MultiPolygon
	switch g := g.(type) {
	case orb.Polygon:
		mp = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		mp = g
	default:
		return fmt.Errorf("an area is a GeoJSON Polygon or MultiPolygon, not a %s", g.GeoJSONType())
	}
	for _, poly := range mp {
		for _, ring := range poly {
			for i, p := range ring {
				if !onEarth(p) {
					return fmt.Errorf("position %v is not lon, lat in degrees", p)
				}
				ring[i] = crs.Snap(p)
			}
		}
	}
	*a = Area(mp)
	return nil
}

// onEarth is false for NaN too.
func onEarth(p orb.Point) bool {
	return math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90
}

// readGeometry reads one bare geometry; nil for null.
func readGeometry(b []byte) (orb.Geometry, error) {
	if string(bytes.TrimSpace(b)) == "null" {
		return nil, nil
	}
	var g orb.Geometry
	n := 0
	_, err := geojson.Read(bytes.NewReader(b), geojson.Limits{MaxFeatureBytes: MaxRequestBytes}, func(f geojson.Feature) error {
		g = f.Geometry
		n++
		return nil
	})
	if err != nil {
		return nil, err
	}
	if n != 1 || g == nil {
		return nil, errors.New("exactly one geometry is expected")
	}
	return g, nil
}

// MaxRequestBytes bounds the text of a request: an area of half a million vertices.
const MaxRequestBytes = 16 << 20

// limits of lists in a request, far beyond what any approval names, so that a hostile one costs little.
const (
	maxListed   = 10_000
	maxTextRune = 2_000
)

// DecodeRequest reads the JSON of a request strictly: an unknown member is refused, since a misspelt one would otherwise be left
// out in silence. The refusals say what is wrong with the text itself; whether the event can be, Apply says.
func DecodeRequest(b []byte) (Request, []Refusal) {
	bad := func(field, zh, en string) (Request, []Refusal) {
		return Request{}, []Refusal{refusal("request-malformed", field, geo.Text{ZH: zh, EN: en})}
	}
	if len(b) > MaxRequestBytes {
		return bad("", "请求过大。", "The request is too large.")
	}
	var r Request
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		field := ""
		var t *json.UnmarshalTypeError
		if errors.As(err, &t) {
			field = t.Field
		}
		msg := strings.TrimPrefix(err.Error(), "json: ")
		return bad(field, "无法读取请求："+cut(msg)+"。", "The request cannot be read: "+cut(msg)+".")
	}
	if _, err := dec.Token(); err != io.EOF {
		return bad("", "请求之后还有内容。", "There is something after the request.")
	}
	for field, n := range map[string]int{"units": len(r.Units), "results": len(r.Results), "members": len(r.Members),
		"children": len(r.Children), "population_shares": len(r.PopulationShares), "line": len(r.Line)} {
		if n > maxListed {
			return bad(field, fmt.Sprintf("%s 多于 %d 项。", field, maxListed), fmt.Sprintf("%s has more than %d entries.", field, maxListed))
		}
	}
	texts := map[string]*string{"note": &r.Note, "document.number": &r.Document.Number, "document.issuer": &r.Document.Issuer,
		"document.title": &r.Document.Title}
	for i := range r.Results {
		at := fmt.Sprintf("results.%d.", i)
		texts[at+"name"], texts[at+"type"] = &r.Results[i].Name, &r.Results[i].Type
	}
	for field, s := range texts {
		*s = strings.TrimSpace(*s)
		if len([]rune(*s)) > maxTextRune || strings.ContainsRune(*s, 0) {
			return bad(field, "文字过长或含有不可见字符。", "The text is too long or holds a null character.")
		}
	}
	return r, r.normalise()
}

// normalise pads codes to twelve digits.
func (r *Request) normalise() (out []Refusal) {
	one := func(field string, c *Code) {
		if *c == "" {
			return
		}
		v, err := ParseCode(string(*c))
		if err != nil {
			out = append(out, refusal("code-malformed", field, geo.Text{
				ZH: fmt.Sprintf("%q 不是区划代码：应为 2、4、6、9 或 12 位数字。", cut(string(*c))),
				EN: fmt.Sprintf("%q is not a division code: it has 2, 4, 6, 9 or 12 digits.", cut(string(*c))),
			}))
			return
		}
		*c = v
	}
	for i := range r.Units {
		one(fmt.Sprintf("units.%d", i), &r.Units[i])
	}
	for i := range r.Members {
		one(fmt.Sprintf("members.%d", i), &r.Members[i])
	}
	for i := range r.Results {
		one(fmt.Sprintf("results.%d.code", i), &r.Results[i].Code)
		one(fmt.Sprintf("results.%d.parent", i), &r.Results[i].Parent)
	}
	one("to", &r.To)
	for i := range r.Children {
		one(fmt.Sprintf("children.%d.code", i), &r.Children[i].Code)
		one(fmt.Sprintf("children.%d.new_code", i), &r.Children[i].NewCode)
	}
	return out
}

// refusal is an error about a member of the request.
func refusal(rule, field string, message geo.Text) Refusal {
	return Refusal{Finding: geo.Finding{Rule: rule, Severity: geo.Error, Message: message}, Field: field}
}

// cut shortens what is quoted from input.
func cut(s string) string {
	const most = 120
	if rs := []rune(s); len(rs) > most {
		return string(rs[:most]) + "…"
	}
	return s
}
