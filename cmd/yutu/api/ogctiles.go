package api

import (
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/paulmach/orb"

	"yutu/data/atlas"
	"yutu/geo/division"
	"yutu/tiles"
)

const (
	matrixSetID  = "WebMercatorQuad"
	matrixSetURI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
	mercatorURI  = "http://www.opengis.net/def/crs/EPSG/0/3857"
)

// matrixLimits is the part of one zoom in which there may be tiles (OGC Two Dimensional Tile Matrix Set, 6.3).
type matrixLimits struct {
	TileMatrix string `json:"tileMatrix"`
	MinTileRow uint32 `json:"minTileRow"`
	MaxTileRow uint32 `json:"maxTileRow"`
	MinTileCol uint32 `json:"minTileCol"`
	MaxTileCol uint32 `json:"maxTileCol"`
}

// describeTileset is the tileset's metadata; short leaves out what only the tileset's own resource says.
func (s *server) describeTileset(res *resource, own []link, short bool) map[string]any {
	l := res.lang
	at := res.base + "/ogc/collections/" + collectionID + "/tiles/" + matrixSetID
	doc := map[string]any{
		"title":            l.say("行政区划矢量瓦片", "Vector tiles of the divisions"),
		"dataType":         "vector",
		"crs":              mercatorURI,
		"tileMatrixSetId":  matrixSetID,
		"tileMatrixSetURI": matrixSetURI,
		"links": append(own,
			link{Href: matrixSetURI, Rel: relScheme, Type: typeJSON, Title: "WebMercatorQuad"},
			link{Href: at + "/{tileMatrix}/{tileRow}/{tileCol}", Rel: "item", Type: typeMVT, Templated: true, Title: l.say("瓦片", "Tiles")},
			link{Href: res.base + "/tiles/divisions.json", Rel: "describedby", Type: typeJSON, Title: "TileJSON 3.0"},
		),
		"tileMatrixSetLimits": s.limits(res.view),
	}
	if note := syntheticNote(res.view); note.ZH != "" {
		doc["description"] = l.of(note)
	}
	if short {
		return doc
	}
	var layers []map[string]any
	tj := s.describeTiles(res.r, res.view, l, "", false)
	for _, vl := range tj.VectorLayers {
		properties := map[string]any{}
		for name, kind := range vl.Fields {
			properties[name] = map[string]any{"type": strings.ToLower(kind)}
		}
		layers = append(layers, map[string]any{
			"id": vl.ID, "description": vl.Description, "dataType": "vector", "minTileMatrix": itoa(vl.MinZoom), "maxTileMatrix": itoa(vl.MaxZoom),
			"propertiesSchema": map[string]any{"type": "object", "properties": properties},
		})
	}
	doc["layers"] = layers
	if e := res.view.all(); e.hasBounds {
		doc["boundingBox"] = map[string]any{"lowerLeft": e.bounds.Min, "upperRight": e.bounds.Max, "crs": crs84}
	}
	return doc
}

// limits is computed from the box of all versions; of an empty atlas it is the tile in the corner of each zoom.
func (s *server) limits(v *view) []matrixLimits {
	e := v.all()
	first, last := v.ZoomRange()
	var out []matrixLimits
	for z := first; z <= last; z++ {
		m := matrixLimits{TileMatrix: itoa(int(z))}
		if e.hasBounds {
			m.MinTileCol, m.MinTileRow = tileAt(orb.Point{e.bounds.Min[0], e.bounds.Max[1]}, z)
			m.MaxTileCol, m.MaxTileRow = tileAt(orb.Point{e.bounds.Max[0], e.bounds.Min[1]}, z)
		}
		out = append(out, m)
	}
	return out
}

// tileAt is column and row of the tile that holds the point, clamped to the pyramid.
func tileAt(p orb.Point, z uint8) (x, y uint32) {
	n := float64(uint32(1) << z)
	clamp := func(v float64) uint32 { return uint32(math.Max(0, math.Min(n-1, math.Floor(v)))) }
	lat := math.Max(-85.0511287798066, math.Min(85.0511287798066, p[1])) * math.Pi / 180
	return clamp((p[0] + 180) / 360 * n), clamp((1 - math.Asinh(math.Tan(lat))/math.Pi) / 2 * n)
}

func within(c tiles.Coord, limits []matrixLimits) bool {
	for _, m := range limits {
		if m.TileMatrix == itoa(int(c.Z)) {
			return m.MinTileCol <= c.X && c.X <= m.MaxTileCol && m.MinTileRow <= c.Y && c.Y <= m.MaxTileRow
		}
	}
	return false
}

func (s *server) tilesets(w http.ResponseWriter, r *http.Request) error {
	if err := s.knownCollection(r); err != nil {
		return err
	}
	res, err := s.begin(w, r, []string{typeJSON, typeHTML})
	if err != nil {
		return err
	}
	res.addSelf(typeJSON)
	at := res.base + "/ogc/collections/" + collectionID + "/tiles/" + matrixSetID
	set := s.describeTileset(res, []link{{Href: at, Rel: "self", Type: typeJSON, Title: res.lang.say("瓦片集说明", "The tileset")}}, true)
	return s.answer(res, map[string]any{"links": res.links, "tilesets": []any{set}}, "tiles",
		map[string]any{"Title": res.lang.say("矢量瓦片", "Vector tiles"), "Limits": s.limits(res.view), "TileJSON": s.describeTiles(r, res.view, res.lang, "", false)})
}

func (s *server) tileset(w http.ResponseWriter, r *http.Request) error {
	if err := s.knownMatrixSet(r); err != nil {
		return err
	}
	res, err := s.begin(w, r, []string{typeJSON, typeHTML})
	if err != nil {
		return err
	}
	res.addSelf(typeJSON)
	doc := s.describeTileset(res, res.links, false)
	res.links = doc["links"].([]link)
	return s.answer(res, doc, "tiles",
		map[string]any{"Title": res.lang.say("矢量瓦片", "Vector tiles"), "Limits": s.limits(res.view), "TileJSON": s.describeTiles(r, res.view, res.lang, "", false)})
}

func (s *server) knownMatrixSet(r *http.Request) error {
	if err := s.knownCollection(r); err != nil {
		return err
	}
	if id := chi.URLParam(r, "tileMatrixSet"); id != matrixSetID {
		return refuse(errNotFound, "没有名为“%s”的瓦片矩阵集，现有：WebMercatorQuad", "there is no tile matrix set named %q; there is: WebMercatorQuad", printable(id))
	}
	return nil
}

// ogcTile is the tile under the address of OGC API Tiles, which names the row before the column.
func (s *server) ogcTile(w http.ResponseWriter, r *http.Request) error {
	if err := s.knownMatrixSet(r); err != nil {
		return err
	}
	c, ok := tileAddress(chi.URLParam(r, "tileMatrix"), chi.URLParam(r, "tileCol"), chi.URLParam(r, "tileRow"))
	if !ok {
		return refuse(errPath, "瓦片地址须写成 …/tiles/WebMercatorQuad/级别/行/列，都是十进制整数",
			"a tile's address is …/tiles/WebMercatorQuad/zoom/row/column in plain decimal numbers")
	}
	p, err := readParams(r, "datetime", "at", "v", "f")
	if err != nil {
		return err
	}
	if f := p.get("f"); f != "" && f != "mvt" {
		return badParameter("f", "瓦片只有 mvt 格式", "tiles come as mvt only")
	}
	at, err := p.day("at")
	if err != nil {
		return err
	}
	if d := p.get("datetime"); d != "" {
		days, err := period(d)
		if err != nil {
			return err
		}
		// A map shows one day: of an interval its first, of one that is open at the start its last.
		switch {
		case days.From != division.Past:
			at = days.From
		case days.To != division.Future:
			at = days.To - 1
		}
	}
	// What the limits exclude does not exist for a client of this standard (OGC API Tiles, 7.1.7).
	if v := s.view(); c.Valid() && !within(c, s.limits(v)) {
		return fmt.Errorf("%w: %v lies beyond the limits", atlas.ErrZoom, c)
	}
	return s.sendTile(w, r, c, at, p.get("at")+p.get("datetime") != "", p.get("v"))
}
