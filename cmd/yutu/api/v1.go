package api

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/paulmach/orb"

	"yutu/data/atlas"
	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// summary is a unit in a list. Codes have twelve digits; positions are lon, lat in degrees, CGCS2000.
type summary struct {
	ID          int64         `json:"id"`
	Code        division.Code `json:"code"`
	Name        string        `json:"name"`
	Level       string        `json:"level"`
	LevelNumber int           `json:"level_number"`
	Type        string        `json:"type"`
	Parent      division.Code `json:"parent"`
	// BBox is west, south, east, north, and Label a point inside; both null without geometry.
	BBox      *[4]float64 `json:"bbox"`
	Label     *[2]float64 `json:"label"`
	Synthetic bool        `json:"synthetic"`
}

func summarize(it *atlas.Item) summary {
	u := &it.Unit
	s := summary{
		ID: u.ID, Code: u.Code, Name: u.Name, Level: u.Level.String(), LevelNumber: int(u.Level), Type: u.Type, Parent: u.Parent, Synthetic: u.Synthetic,
	}
	if len(u.Geom) > 0 && !it.Bounds.IsEmpty() {
		b := boundArray(it.Bounds)
		s.BBox = &b
		if u.Label != (orb.Point{}) {
			l := [2]float64(u.Label)
			s.Label = &l
		}
	}
	return s
}

func summarizeAll(items []*atlas.Item) []summary {
	out := make([]summary, len(items))
	for i, it := range items {
		out[i] = summarize(it)
	}
	return out
}

// optionalDay is null for an open end.
func optionalDay(d division.Date) *string {
	if d == division.Past || d == division.Future {
		return nil
	}
	s := d.String()
	return &s
}

type statusDoc struct {
	Version       string         `json:"version"`
	Seq           int64          `json:"seq"`
	Date          string         `json:"date"`
	Degraded      bool           `json:"degraded"`
	DegradedSince *time.Time     `json:"degraded_since"`
	Synthetic     bool           `json:"synthetic"`
	Public        bool           `json:"public"`
	ReviewNumber  string         `json:"review_number"`
	Bounds        *[4]float64    `json:"bounds"`
	Counts        map[string]int `json:"counts"`
	// Top are the units without one above them, at most maxTop.
	Top []summary `json:"top"`
}

// maxTop bounds a document that every event stream repeats: a file of villages alone has thousands of topmost units.
const maxTop = 100

func (s *server) statusAt(at division.Date) statusDoc {
	st := s.Atlas.Snapshot().Stats(at)
	health := s.Atlas.Health()
	doc := statusDoc{
		Version: s.Version, Seq: st.Seq, Date: at.String(), Degraded: health.Degraded, Synthetic: st.Synthetic,
		Public: s.Public, ReviewNumber: s.ReviewNumber, Counts: map[string]int{}, Top: summarizeAll(st.Top[:min(len(st.Top), maxTop)]),
	}
	if health.Degraded {
		since := health.Since.UTC().Truncate(time.Second)
		doc.DegradedSince = &since
	}
	for _, level := range division.Levels {
		doc.Counts[level.String()] = st.Counts[level]
	}
	if st.Bounds.Min[0] <= st.Bounds.Max[0] && st.Bounds.Min[1] <= st.Bounds.Max[1] {
		b := boundArray(st.Bounds)
		doc.Bounds = &b
	}
	return doc
}

func (s *server) status(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "at")
	if err != nil {
		return err
	}
	at, err := p.day("at")
	if err != nil {
		return err
	}
	return s.plain(w, r, s.statusAt(at))
}

type divisionDoc struct {
	summary
	ValidFrom   *string      `json:"valid_from"`
	ValidTo     *string      `json:"valid_to"`
	Source      string       `json:"source"`
	CRSOriginal string       `json:"crs_original"`
	AreaKM2     float64      `json:"area_km2"`
	AreaNote    geo.Text     `json:"area_note"`
	Chain       []summary    `json:"chain"`
	Children    []summary    `json:"children"`
	Versions    []versionDoc `json:"versions"`
}

type versionDoc struct {
	ValidFrom *string `json:"valid_from"`
	ValidTo   *string `json:"valid_to"`
	Name      string  `json:"name"`
}

// areaNote goes with every computed area: the official figure is another one.
var areaNote = geo.Text{
	ZH: "按 2000 国家大地坐标系椭球面由边界计算，仅供参考，不是法定面积。",
	EN: "Computed from the border on the CGCS2000 ellipsoid; for orientation only, not the official area.",
}

func (s *server) division(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "at")
	if err != nil {
		return err
	}
	at, err := p.day("at")
	if err != nil {
		return err
	}
	text := chi.URLParam(r, "code")
	code, err := readCode(text)
	if err != nil {
		return refuse(errPath, "“%s”不是区划代码，请写 2、4、6、9 或 12 位数字", "%q is no division code: write 2, 4, 6, 9 or 12 digits", printable(text))
	}
	v := s.view()
	versions := v.Versions(code)
	it, ok := v.ByCode(code, at)
	switch {
	case len(versions) == 0:
		return refuse(errNotFound, "没有代码为 %s 的区划，请用 /api/v1/search 按名称查找", "there is no division with the code %s; look it up by name with /api/v1/search", code)
	case !ok:
		last := versions[len(versions)-1]
		return refuse(errNotFound, "%[1]s（%[2]s）在 %[3]s 不存在，最近的版本：%[4]s 至 %[5]s",
			"%[1]s (%[2]s) does not exist on %[3]s; its latest version: %[4]s to %[5]s", code, last.Unit.Name, at,
			orElse(last.Unit.Valid.From.String(), "…"), orElse(last.Unit.Valid.To.String(), "…"))
	}
	u := &it.Unit
	doc := divisionDoc{
		summary: summarize(it), ValidFrom: optionalDay(u.Valid.From), ValidTo: optionalDay(u.Valid.To), Source: u.Source, CRSOriginal: u.CRSOriginal,
		AreaKM2: math.Round(it.AreaM2()) / 1e6, AreaNote: areaNote,
		Chain: summarizeAll(v.Chain(code, at)), Children: summarizeAll(v.Children(code, at)), Versions: []versionDoc{},
	}
	for _, old := range versions {
		doc.Versions = append(doc.Versions, versionDoc{optionalDay(old.Unit.Valid.From), optionalDay(old.Unit.Valid.To), old.Unit.Name})
	}
	return s.json(w, r, v, doc, "division", string(code), at.String())
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

type searchDoc struct {
	Query string      `json:"query"`
	Items []searchHit `json:"items"`
}

type searchHit struct {
	summary
	// Path is the names from the top down to the unit itself.
	Path   string  `json:"path"`
	Former bool    `json:"former"`
	Score  float64 `json:"score"`
}

// maxHits bounds a search; a list that long is a query for items.
const maxHits = 100

func (s *server) search(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "q", "at", "limit")
	if err != nil {
		return err
	}
	at, err := p.day("at")
	if err != nil {
		return err
	}
	limit, err := p.whole("limit", 1, maxHits, atlas.DefaultHits)
	if err != nil {
		return err
	}
	q := p.get("q")
	if strings.TrimSpace(q) == "" {
		return badParameter("q", "请用参数 q 给出要查找的名称或代码", "give the name or code to look for in the parameter q")
	}
	v := s.view()
	doc := searchDoc{Query: q, Items: []searchHit{}}
	for _, hit := range v.Search(q, at, limit) {
		// A unit that is gone stood below those of its own last day.
		day := at
		if u := hit.Item.Unit.Valid; !u.Contains(day) {
			day = u.To - 1
		}
		var path []string
		for _, above := range v.Chain(hit.Item.Unit.Code, day) {
			path = append(path, above.Unit.Name)
		}
		doc.Items = append(doc.Items, searchHit{
			summarize(hit.Item), strings.Join(append(path, hit.Item.Unit.Name), " · "), hit.Former, math.Round(hit.Score*1e4) / 1e4,
		})
	}
	return s.json(w, r, v, doc, "search", q, at.String(), itoa(limit))
}

type locateDoc struct {
	// Position is lon, lat in degrees, CGCS2000, into which the given one was converted.
	Position [2]float64 `json:"position"`
	CRS      string     `json:"crs"`
	Date     string     `json:"date"`
	// Items is the chain of units that hold the position, from the top; empty where there are none.
	Items []summary `json:"items"`
}

func (s *server) locate(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "lon", "lat", "crs", "at")
	if err != nil {
		return err
	}
	at, err := p.day("at")
	if err != nil {
		return err
	}
	var xy [2]float64
	for i, name := range []string{"lon", "lat"} {
		text := p.get(name)
		v, ok := number(text)
		if text == "" {
			return badParameter(name, "请给出参数 lon 和 lat（投影坐标时为东坐标和北坐标）", "give the parameters lon and lat (easting and northing of a projected system)")
		}
		if !ok {
			return badParameter(name, "“%s”不是数", "%q is not a number", printable(text))
		}
		xy[i] = v
	}
	system := crs.CGCS2000
	if name := p.get("crs"); name != "" {
		if system, err = crs.Parse(name); err != nil {
			return ofParameter("crs", err)
		}
	}
	position, err := system.ToLonLat(xy[0], xy[1])
	if err != nil {
		return ofParameter("lon", err)
	}
	position = crs.Snap(position)
	v := s.view()
	doc := locateDoc{Position: [2]float64(position), CRS: system.String(), Date: at.String(), Items: summarizeAll(v.Locate(position, at))}
	return s.json(w, r, v, doc, "locate", r.URL.RawQuery, at.String())
}

// ofParameter names the parameter to which a worded error of another room belongs.
func ofParameter(name string, err error) error {
	var worded interface{ Localized() geo.Text }
	if errors.As(err, &worded) {
		return &refusal{kind: err, parameter: name, text: worded.Localized()}
	}
	return err
}
