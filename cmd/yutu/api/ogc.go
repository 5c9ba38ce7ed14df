package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/division"
)

// link is a web link (RFC 8288) as the OGC resources carry it in body and header.
type link struct {
	Href      string `json:"href"`
	Rel       string `json:"rel"`
	Type      string `json:"type,omitempty"`
	Title     string `json:"title,omitempty"`
	Hreflang  string `json:"hreflang,omitempty"`
	Templated bool   `json:"templated,omitempty"`
}

const (
	relConformance = "http://www.opengis.net/def/rel/ogc/1.0/conformance"
	relData        = "http://www.opengis.net/def/rel/ogc/1.0/data"
	relQueryables  = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
	relTilesets    = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
	relScheme      = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"

	// crs84 and crs4490 are the reference systems of answers: lon, lat and lat, lon of one and the same datum to within its
	// accuracy.
	crs84   = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	crs4490 = "http://www.opengis.net/def/crs/EPSG/0/4490"
)

// conformsTo lists what the tests of this package hold the service to.
var conformsTo = []string{
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
}

// resource is what the handlers of the OGC resources have in common: who asks, for what, in which form.
type resource struct {
	w      http.ResponseWriter
	r      *http.Request
	view   *view
	params params
	lang   lang
	// typ is the media type of the answer, base the address of the service.
	typ, base string
	links     []link
}

// begin checks parameters and form of a request. Every OGC resource knows f and lang besides its own parameters.
func (s *server) begin(w http.ResponseWriter, r *http.Request, offers []string, known ...string) (*resource, error) {
	h := w.Header()
	h["Vary"] = []string{"Accept, Accept-Language, Accept-Encoding"}
	h["Access-Control-Expose-Headers"] = exposed
	p, err := readParams(r, append(known, "f", "lang")...)
	if err != nil {
		return nil, err
	}
	if l := p.get("lang"); l != "" && l != "zh" && l != "en" {
		return nil, badParameter("lang", "参数 lang 只能是 zh 或 en", "the parameter lang is zh or en")
	}
	typ, err := represent(r, p.get("f"), offers...)
	if err != nil {
		return nil, err
	}
	res := &resource{w: w, r: r, view: s.view(), params: p, lang: language(r), typ: typ, base: s.base(r)}
	h.Set("Content-Language", res.lang.tag())
	return res, nil
}

// html reports whether the answer is a page.
func (res *resource) html() bool { return res.typ == typeHTML }

// self is the address of the request; with f and lang replaced where given.
func (res *resource) self(change ...string) string {
	q := url.Values{}
	for k, v := range res.params.values {
		q[k] = v
	}
	for i := 0; i+1 < len(change); i += 2 {
		if change[i+1] == "" {
			q.Del(change[i])
		} else {
			q.Set(change[i], change[i+1])
		}
	}
	u := res.base + res.r.URL.EscapedPath()
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	return u
}

func (res *resource) add(l ...link) { res.links = append(res.links, l...) }

// addSelf adds the links to this answer and to its other form. data is the media type that is not HTML.
func (res *resource) addSelf(data string) {
	asData := link{Href: res.self("f", "json"), Rel: "alternate", Type: data, Title: res.lang.say("JSON 格式", "This document as JSON")}
	asPage := link{Href: res.self("f", "html"), Rel: "alternate", Type: typeHTML, Title: res.lang.say("网页", "This document as HTML")}
	if res.html() {
		asPage.Rel, asPage.Title = "self", res.lang.say("本页", "This document")
		res.add(asPage, asData)
	} else {
		asData.Rel, asData.Title = "self", res.lang.say("本文档", "This document")
		res.add(asData, asPage)
	}
}

// writeHead writes the headers that all forms share; the links of the body stand in Link as well.
func (res *resource) writeHead() {
	h := res.w.Header()
	typ := res.typ
	if typ == typeHTML {
		typ = "text/html; charset=utf-8"
	}
	h.Set("Content-Type", typ)
	for _, l := range res.links {
		if l.Templated {
			continue // Link has no templates
		}
		h.Add("Link", headerLink(l))
	}
}

// headerLink writes a link as RFC 8288 has it. Titles would need an encoding of their own (RFC 8187) and are left out.
func headerLink(l link) string {
	var b strings.Builder
	b.WriteString("<" + l.Href + `>; rel="` + l.Rel + `"`)
	if l.Type != "" {
		b.WriteString(`; type="` + l.Type + `"`)
	}
	return b.String()
}

// answer sends the document, as JSON or by the page.
func (s *server) answer(res *resource, doc any, page string, data map[string]any) error {
	if s.fresh(res.w, res.r, res.view, res.typ, res.lang.tag(), res.base, res.r.URL.RequestURI()) {
		return nil
	}
	if res.html() {
		return s.page(res, page, data)
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	res.writeHead()
	writeBody(res.w, res.r, http.StatusOK, body)
	return nil
}

// collectionID is the one collection so far.
const collectionID = "divisions"

func (s *server) landing(w http.ResponseWriter, r *http.Request) error {
	res, err := s.begin(w, r, []string{typeJSON, typeHTML})
	if err != nil {
		return err
	}
	l := res.lang
	res.addSelf(typeJSON)
	res.add(
		link{Href: res.base + "/ogc/api", Rel: "service-desc", Type: typeOpenAPI, Title: l.say("接口定义（OpenAPI 3.0）", "The API definition (OpenAPI 3.0)")},
		link{Href: res.base + "/ogc/api?f=html", Rel: "service-doc", Type: typeHTML, Title: l.say("接口说明", "The API documentation")},
		link{Href: res.base + "/ogc/conformance", Rel: "conformance", Type: typeJSON, Title: l.say("符合的标准", "Conformance classes")},
		link{Href: res.base + "/ogc/conformance", Rel: relConformance, Type: typeJSON, Title: l.say("符合的标准", "Conformance classes")},
		link{Href: res.base + "/ogc/collections", Rel: "data", Type: typeJSON, Title: l.say("数据集", "The collections")},
		link{Href: res.base + "/ogc/collections", Rel: relData, Type: typeJSON, Title: l.say("数据集", "The collections")},
		link{Href: res.base + "/tiles/divisions.json", Rel: "describedby", Type: typeJSON, Title: l.say("矢量瓦片（TileJSON）", "Vector tiles (TileJSON)")},
	)
	title := l.say("舆图数据服务", "Yutu data service")
	doc := map[string]any{
		"title":       title,
		"description": labelled(l.of(introduction), res),
		"links":       res.links,
	}
	if s.ReviewNumber != "" {
		doc["attribution"] = reviewNote(s.ReviewNumber).ZH
	}
	return s.answer(res, doc, "landing", map[string]any{"Title": title, "Intro": l.of(introduction)})
}

var introduction = geo.Text{
	ZH: "行政区划的边界、名称与代码，按日期可查；供桌面地理信息系统和其他业务系统直接读取。",
	EN: "Borders, names and codes of administrative divisions, as of any date, for desktop GIS and other systems to read directly.",
}

// labelled adds to a description what the data must not be taken for.
func labelled(text string, res *resource) string {
	if note := syntheticNote(res.view); note.ZH != "" {
		text += res.lang.say("", " ") + res.lang.of(note)
	}
	return text
}

// syntheticNote is the label that demonstration data carry wherever they go; empty when there are none.
func syntheticNote(v *view) geo.Text {
	if !v.all().synthetic {
		return geo.Text{}
	}
	return geo.Text{
		ZH: "演示数据：由程序虚构，不是真实的行政区划，不得作为依据。",
		EN: "Demonstration data: made up by a program. These are not the real divisions and must not be relied on.",
	}
}

func reviewNote(number string) geo.Text {
	return geo.Text{ZH: "审图号：" + number, EN: "Map review number: " + number}
}

func (s *server) conformance(w http.ResponseWriter, r *http.Request) error {
	res, err := s.begin(w, r, []string{typeJSON, typeHTML})
	if err != nil {
		return err
	}
	res.addSelf(typeJSON)
	return s.answer(res, map[string]any{"conformsTo": conformsTo, "links": res.links}, "conformance",
		map[string]any{"Title": res.lang.say("符合的标准", "Conformance classes"), "Classes": conformsTo})
}

// collectionDoc is the description of the collection.
type collectionDoc struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Attribution string         `json:"attribution,omitempty"`
	Synthetic   bool           `json:"synthetic"`
	Links       []link         `json:"links"`
	Extent      map[string]any `json:"extent,omitempty"`
	ItemType    string         `json:"itemType"`
	CRS         []string       `json:"crs"`
	StorageCRS  string         `json:"storageCrs"`
}

// describeCollection describes the divisions; self tells whether the links of the document itself are wanted too.
func (s *server) describeCollection(res *resource, own []link) collectionDoc {
	l, e := res.lang, res.view.all()
	at := res.base + "/ogc/collections/" + collectionID
	doc := collectionDoc{
		ID:    collectionID,
		Title: l.say("行政区划", "Administrative divisions"),
		Description: l.say("省、市、县、乡、村五级行政区划的各个版本。不给 datetime 时返回今天有效的版本，datetime=../.. 返回全部版本。坐标为 2000 国家大地坐标系。",
			"Administrative divisions of five levels, from province to village, in all their versions. Without datetime the versions in force today are returned, datetime=../.. returns all. Positions are in CGCS2000."),
		Synthetic: e.synthetic,
		ItemType:  "feature", CRS: []string{crs84, crs4490}, StorageCRS: crs4490,
		Links: append(own,
			link{Href: at + "/items", Rel: "items", Type: typeGeoJSON, Title: l.say("全部区划（GeoJSON）", "The divisions as GeoJSON")},
			link{Href: at + "/items?f=html", Rel: "items", Type: typeHTML, Title: l.say("全部区划（网页）", "The divisions as HTML")},
			link{Href: at + "/queryables", Rel: relQueryables, Type: typeSchema, Title: l.say("可查询的属性", "Queryables")},
			link{Href: at + "/tiles", Rel: relTilesets, Type: typeJSON, Title: l.say("矢量瓦片集", "Vector tilesets")},
			link{Href: res.base + "/tiles/divisions.json", Rel: "describedby", Type: typeJSON, Title: l.say("矢量瓦片（TileJSON）", "Vector tiles (TileJSON)")},
		),
		Extent: map[string]any{},
	}
	doc.Description = labelled(doc.Description, res)
	if s.ReviewNumber != "" {
		doc.Attribution = reviewNote(s.ReviewNumber).ZH
	}
	if e.hasBounds {
		doc.Extent["spatial"] = map[string]any{"bbox": [][4]float64{boundArray(e.bounds)}, "crs": crs84}
	}
	if e.count > 0 {
		end := func(d division.Date) any {
			if d == division.Past || d == division.Future {
				return nil
			}
			return d.String() + "T00:00:00Z"
		}
		doc.Extent["temporal"] = map[string]any{
			"interval": [][2]any{{end(e.valid.From), end(e.valid.To)}},
			"trs":      "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
		}
	}
	return doc
}

func boundArray(b orb.Bound) [4]float64 {
	return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
}

func (s *server) collections(w http.ResponseWriter, r *http.Request) error {
	res, err := s.begin(w, r, []string{typeJSON, typeHTML})
	if err != nil {
		return err
	}
	res.addSelf(typeJSON)
	at := res.base + "/ogc/collections/" + collectionID
	one := s.describeCollection(res, []link{
		{Href: at + "?f=json", Rel: "self", Type: typeJSON, Title: res.lang.say("数据集说明", "The collection")},
		{Href: at + "?f=html", Rel: "alternate", Type: typeHTML, Title: res.lang.say("数据集说明（网页）", "The collection as HTML")},
	})
	return s.answer(res, map[string]any{"links": res.links, "collections": []collectionDoc{one}, "crs": []string{crs84, crs4490}}, "collections",
		map[string]any{"Title": res.lang.say("数据集", "Collections"), "Collections": []collectionDoc{one}})
}

func (s *server) collection(w http.ResponseWriter, r *http.Request) error {
	if err := s.knownCollection(r); err != nil {
		return err
	}
	res, err := s.begin(w, r, []string{typeJSON, typeHTML})
	if err != nil {
		return err
	}
	res.addSelf(typeJSON)
	doc := s.describeCollection(res, res.links)
	res.links = doc.Links
	return s.answer(res, doc, "collection", map[string]any{"Title": doc.Title, "Collection": doc, "Extent": res.view.all().page(res.lang)})
}

func (s *server) knownCollection(r *http.Request) error {
	if id := chi.URLParam(r, "collection"); id != collectionID {
		return refuse(errNotFound, "没有名为“%s”的数据集，现有：divisions", "there is no collection named %q; there is: divisions", printable(id))
	}
	return nil
}
