package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"yutu/data/atlas"
	"yutu/geo/division"
	"yutu/tiles"
)

const tilePrefix = "/tiles/divisions/"

// Header values of the tile path, made once: a map asks for dozens of tiles a second.
var (
	mvtType      = []string{typeMVT}
	gzipEncoding = []string{"gzip"}
	varyEncoding = []string{"Accept-Encoding"}
	revalidate   = []string{"no-cache"}
	oneDay       = []string{"public, max-age=86400, immutable"}
)

// parseTile reads z/x/y.mvt in plain decimal. ok is false when the text has another shape; numbers too large for the
// grid come out as an address that is not valid.
func parseTile(s string) (c tiles.Coord, ok bool) {
	s, ok = strings.CutSuffix(s, ".mvt")
	if !ok {
		return c, false
	}
	zs, rest, ok1 := strings.Cut(s, "/")
	xs, ys, ok2 := strings.Cut(rest, "/")
	if !ok1 || !ok2 {
		return c, false
	}
	return tileAddress(zs, xs, ys)
}

func tileAddress(zs, xs, ys string) (c tiles.Coord, ok bool) {
	z, ok1 := tileNumber(zs)
	x, ok2 := tileNumber(xs)
	y, ok3 := tileNumber(ys)
	return tiles.Coord{Z: uint8(min(z, 255)), X: x, Y: y}, ok1 && ok2 && ok3
}

// tileNumber reads a decimal number without sign and leading zeros; one too large becomes the largest.
func tileNumber(s string) (uint32, bool) {
	if s == "" || len(s) > 20 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = min(n*10+uint64(s[i]-'0'), 1<<32-1)
	}
	return uint32(n), true
}

func (s *server) tile(w http.ResponseWriter, r *http.Request) error {
	c, ok := parseTile(strings.TrimPrefix(r.URL.Path, tilePrefix))
	if !ok {
		return refuse(errPath, "瓦片地址须写成 /tiles/divisions/级别/列/行.mvt，都是十进制整数", "a tile's address is /tiles/divisions/zoom/column/row.mvt in plain decimal numbers")
	}
	at, dated, version := division.Today(), false, ""
	if r.URL.RawQuery != "" {
		p, err := readParams(r, "at", "v")
		if err != nil {
			return err
		}
		if at, err = p.day("at"); err != nil {
			return err
		}
		dated, version = p.get("at") != "", p.get("v")
	}
	return s.sendTile(w, r, c, at, dated, version)
}

// sendTile answers with a tile. It may be kept without asking again only when the request names the content version
// that is current, and then for no longer than the day at which it is asked for stays the same day.
func (s *server) sendTile(w http.ResponseWriter, r *http.Request, c tiles.Coord, at division.Date, dated bool, version string) error {
	// The version is compared before the tile is taken, so that the tile is never older than what its address says.
	caching := revalidate
	if version != "" && version == strconv.FormatInt(s.Atlas.Snapshot().Seq(), 10) {
		if dated {
			caching = oneDay
		} else {
			caching = []string{fmt.Sprintf("public, max-age=%d, immutable", untilMidnight(time.Now()))}
		}
	}
	t, err := s.Atlas.Tile(r.Context(), c, at)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Cache-Control"] = caching
	h["Vary"] = varyEncoding
	packed := acceptsGzip(r)
	tag := t.ETag
	if !packed && !t.Empty {
		tag = strings.TrimSuffix(tag, `"`) + `-i"`
	}
	h["Etag"] = []string{tag}
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if t.Empty {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	h["Content-Type"] = mvtType
	if packed {
		h["Content-Encoding"] = gzipEncoding
		h["Content-Length"] = []string{strconv.Itoa(len(t.Gzip))}
		_, _ = w.Write(t.Gzip) // the client may have gone
		return nil
	}
	raw, err := unpack(t)
	if err != nil {
		return err
	}
	h["Content-Length"] = []string{strconv.Itoa(len(raw))}
	_, _ = w.Write(raw)
	return nil
}

func unpack(t atlas.Tile) ([]byte, error) {
	gz, err := gzip.NewReader(bytes.NewReader(t.Gzip))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(gz)
}

// untilMidnight is the number of seconds until the civil day in China ends, at least 1.
func untilMidnight(now time.Time) int {
	now = now.In(chinaTime)
	y, m, d := now.Date()
	return max(int(time.Date(y, m, d+1, 0, 0, 0, 0, chinaTime).Sub(now).Seconds()), 1)
}

// describeTiles is the TileJSON of the divisions. A tile's address carries the content version, unless it is for
// somebody who keeps the address longer than a page.
func (s *server) describeTiles(r *http.Request, v *view, l lang, at string, versioned bool) tiles.TileJSON {
	q := url.Values{}
	if at != "" {
		q.Set("at", at)
	}
	if versioned {
		q.Set("v", strconv.FormatInt(v.Seq(), 10))
	}
	address := s.base(r) + tilePrefix + "{z}/{x}/{y}.mvt"
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	first, last := v.ZoomRange()
	e := v.all()
	unit := map[string]string{
		"code": "String", "name": "String", "level": "Number", "type": "String", "parent": "String", "synthetic": "Boolean",
	}
	line := map[string]string{"level": "Number", "left": "String", "right": "String"}
	t := tiles.TileJSON{
		TileJSON: "3.0.0", Tiles: []string{address}, Scheme: "xyz",
		Name:    l.say("行政区划", "Administrative divisions"),
		Version: "1.0." + strconv.FormatInt(v.Seq(), 10),
		MinZoom: int(first), MaxZoom: int(last),
		Bounds: [4]float64{-180, -85.0511287798066, 180, 85.0511287798066},
		VectorLayers: []tiles.VectorLayer{
			{ID: "divisions", Fields: unit, MinZoom: int(first), MaxZoom: int(last), Description: l.say("区划的面", "Areas")},
			{ID: "divisions_line", Fields: line, MinZoom: int(first), MaxZoom: int(last), Description: l.say("边界，每段一次，level 为两侧最高级别", "Borders, each once; level is the highest that it bounds")},
			{ID: "divisions_label", Fields: unit, MinZoom: int(first), MaxZoom: int(last), Description: l.say("面内的注记点", "Points inside the areas, for labels")},
		},
	}
	var notes []string
	if e.synthetic {
		t.Description = l.of(syntheticNote(v))
		notes = append(notes, l.say("演示数据（虚构）", "Demonstration data (synthetic)"))
	}
	if s.ReviewNumber != "" {
		notes = append(notes, l.of(reviewNote(s.ReviewNumber)))
	}
	t.Attribution = strings.Join(notes, " · ")
	if e.hasBounds {
		t.Bounds = boundArray(e.bounds)
		c := e.bounds.Center()
		t.Center = [3]float64{c[0], c[1], float64(min(max(first, 9), last))}
	}
	return t
}

func (s *server) tileJSON(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "at")
	if err != nil {
		return err
	}
	if _, err := p.day("at"); err != nil {
		return err
	}
	l, v := language(r), s.view()
	w.Header().Set("Vary", "Accept-Language, Accept-Encoding")
	w.Header().Set("Content-Language", l.tag())
	return s.json(w, r, v, s.describeTiles(r, v, l, p.get("at"), true), "tilejson", l.tag(), s.base(r), p.get("at"))
}

// json sends a document made from v, or 304; variant is what it depends on besides v.
func (s *server) json(w http.ResponseWriter, r *http.Request, v *view, doc any, variant ...string) error {
	if s.fresh(w, r, v, variant...) {
		return nil
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeJSON)
	w.Header()["Access-Control-Expose-Headers"] = exposed
	writeBody(w, r, http.StatusOK, body)
	return nil
}

// styleJSON serves the style with its sources made absolute and spelled out, because QGIS reads styles but not TileJSON.
// The tile addresses in it carry no version: a project keeps a style for years.
func (s *server) styleJSON(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "at")
	if err != nil {
		return err
	}
	if _, err := p.day("at"); err != nil {
		return err
	}
	if s.style == nil {
		return errNotFound
	}
	l, v := language(r), s.view()
	tj := s.describeTiles(r, v, l, p.get("at"), false)
	out := make(map[string]any, len(s.style))
	for k, value := range s.style {
		out[k] = value
	}
	sources := map[string]any{}
	given, _ := s.style["sources"].(map[string]any)
	for name, value := range given {
		source, _ := value.(map[string]any)
		if address, _ := source["url"].(string); source["type"] == "vector" && strings.HasPrefix(address, "/tiles/divisions.json") {
			spelled := map[string]any{
				"type": "vector", "scheme": "xyz", "tiles": tj.Tiles, "minzoom": tj.MinZoom, "maxzoom": tj.MaxZoom, "bounds": tj.Bounds,
			}
			if tj.Attribution != "" {
				spelled["attribution"] = tj.Attribution
			}
			sources[name] = spelled
			continue
		}
		sources[name] = value
	}
	out["sources"] = sources
	if center := tj.Center; center != [3]float64{} {
		out["center"], out["zoom"] = center[:2], center[2]
	}
	w.Header().Set("Vary", "Accept-Language, Accept-Encoding")
	return s.json(w, r, v, out, "style", l.tag(), s.base(r), p.get("at"))
}
