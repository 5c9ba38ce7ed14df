package api

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"yutu/data/atlas"
	"yutu/geo/division"
	"yutu/geo/geojson"
)

const (
	// usualLimit and maxLimit bound a page of items; openapi.json and the tests say the same.
	usualLimit = 100
	maxLimit   = 10_000
)

// itemParameters are those of a query besides f and lang.
var itemParameters = []string{"bbox", "bbox-crs", "crs", "datetime", "limit", "after", "code", "name", "level", "type", "parent", "within"}

// readQuery reads all that selects items.
func (p params) readQuery() (q atlas.Query, latFirst bool, err error) {
	if latFirst, err = p.crs("crs"); err != nil {
		return
	}
	bboxLatFirst, err := p.crs("bbox-crs")
	if err != nil {
		return
	}
	if s := p.get("bbox"); s != "" {
		if q.BBox, err = box(s, bboxLatFirst); err != nil {
			return
		}
	}
	days := division.Range{From: division.Today(), To: division.Today() + 1}
	if s := p.get("datetime"); s != "" {
		if days, err = period(s); err != nil {
			return
		}
	}
	q.From, q.To = days.From, days.To
	if q.Limit, err = p.whole("limit", 1, maxLimit, usualLimit); err != nil {
		return
	}
	if s := p.get("after"); s != "" {
		q.After, err = strconv.ParseInt(s, 36, 64)
		if err != nil || q.After <= 0 || strconv.FormatInt(q.After, 36) != s {
			err = badParameter("after", "参数 after 只能取自上一页的 next 链接", "the parameter after can only be taken from the next link of the page before")
			return
		}
	}
	if s := p.get("level"); s != "" {
		var ok bool
		if q.Level, ok = division.ParseLevel(s); !ok {
			err = badParameter("level", "“%s”不是级别，请写 province、prefecture、county、township、village 或 1 到 5",
				"%q is no level: write province, prefecture, county, township, village or 1 to 5", printable(s))
			return
		}
	}
	if q.Code, err = p.code("code"); err != nil {
		return
	}
	if q.Parent, err = p.code("parent"); err != nil {
		return
	}
	if q.Within, err = p.code("within"); err != nil {
		return
	}
	q.Name, q.Type = p.get("name"), p.get("type")
	return
}

// crs reads a parameter that names a reference system and tells its axis order.
func (p params) crs(name string) (latFirst bool, err error) {
	switch s := p.get(name); s {
	case "", crs84:
		return false, nil
	case crs4490:
		return true, nil
	default:
		return false, badParameter(name, "不支持“%s”，可用 %s 和 %s", "%q is not supported; use %s or %s", printable(s), crs84, crs4490)
	}
}

func crsURI(latFirst bool) string {
	if latFirst {
		return crs4490
	}
	return crs84
}

func (s *server) items(w http.ResponseWriter, r *http.Request) error {
	if err := s.knownCollection(r); err != nil {
		return err
	}
	// A form sends its empty fields too; a person gets the address without them, a program is told.
	if clean, changed := withoutEmpty(r); changed && wantsPage(r) {
		w.Header().Set("Location", s.root+clean)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	res, err := s.begin(w, r, []string{typeGeoJSON, typeJSON, typeHTML}, itemParameters...)
	if err != nil {
		return err
	}
	q, latFirst, err := res.params.readQuery()
	if err != nil {
		return err
	}
	if s.fresh(w, r, res.view, res.typ, res.lang.tag(), res.base, r.URL.RequestURI()) {
		return nil
	}
	page := res.view.Query(q)
	res.addSelf(typeGeoJSON)
	if page.Next > 0 {
		data := typeGeoJSON
		if res.html() {
			data = typeHTML
		}
		res.add(link{
			Href: res.self("after", strconv.FormatInt(page.Next, 36)), Rel: "next", Type: data,
			Title: res.lang.say("下一页", "Next page"),
		})
	}
	res.add(link{Href: res.base + "/ogc/collections/" + collectionID, Rel: "collection", Type: typeJSON, Title: res.lang.say("数据集说明", "The collection")})
	if res.html() {
		return s.itemsPage(res, q, page)
	}
	w.Header().Set("Content-Crs", "<"+crsURI(latFirst)+">")
	res.writeHead()
	if r.Method == http.MethodHead {
		return nil
	}
	streamItems(w, r, res, page, latFirst)
	return nil
}

// withoutEmpty returns the request's target without parameters that have no value.
func withoutEmpty(r *http.Request) (target string, changed bool) {
	if r.URL.RawQuery == "" {
		return "", false
	}
	q := r.URL.Query()
	for k, vs := range q {
		if len(vs) == 1 && vs[0] == "" {
			q.Del(k)
			changed = true
		}
	}
	target = r.URL.EscapedPath()
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	return target, changed
}

// streamItems writes the collection piece by piece: a page of 10,000 counties does not have to fit into memory twice. It
// stops when the client has gone; the connection is then not used again.
func streamItems(w http.ResponseWriter, r *http.Request, res *resource, page atlas.Page, latFirst bool) {
	out := newBody(w, r)
	defer out.Close()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	b := append((*buf)[:0], `{"type":"FeatureCollection","features":[`...)
	for i, it := range page.Units {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFeature(b, it, latFirst)
		b = append(b, '}')
		if len(b) >= flushAt {
			if _, err := out.Write(b); err != nil {
				return
			}
			b = b[:0]
		}
	}
	b = append(b, `],"numberMatched":`...)
	b = strconv.AppendInt(b, int64(page.Matched), 10)
	b = append(b, `,"numberReturned":`...)
	b = strconv.AppendInt(b, int64(len(page.Units)), 10)
	b = append(b, `,"timeStamp":"`...)
	b = time.Now().UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","synthetic":`...)
	b = strconv.AppendBool(b, anySynthetic(page.Units))
	b = append(b, `,"links":`...)
	b = appendLinks(b, res.links)
	b = append(b, '}')
	_, _ = out.Write(b)
	if cap(b) <= 8*flushAt {
		*buf = b
	}
}

func anySynthetic(items []*atlas.Item) bool {
	for _, it := range items {
		if it.Unit.Synthetic {
			return true
		}
	}
	return false
}

func appendLinks(b []byte, links []link) []byte {
	b = append(b, '[')
	for i, l := range links {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"href":`...)
		b = geojson.AppendString(b, l.Href)
		b = append(b, `,"rel":`...)
		b = geojson.AppendString(b, l.Rel)
		b = append(b, `,"type":`...)
		b = geojson.AppendString(b, l.Type)
		b = append(b, `,"title":`...)
		b = geojson.AppendString(b, l.Title)
		b = append(b, '}')
	}
	return append(b, ']')
}

// flushAt is the size of the pieces that a stream writes.
const flushAt = 64 << 10

var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 2*flushAt)
	return &b
}}

func (s *server) item(w http.ResponseWriter, r *http.Request) error {
	if err := s.knownCollection(r); err != nil {
		return err
	}
	res, err := s.begin(w, r, []string{typeGeoJSON, typeJSON, typeHTML}, "crs")
	if err != nil {
		return err
	}
	latFirst, err := res.params.crs("crs")
	if err != nil {
		return err
	}
	name := chi.URLParam(r, "feature")
	id, err := strconv.ParseInt(name, 10, 64)
	it, ok := res.view.ByID(id)
	if err != nil || !ok || strconv.FormatInt(id, 10) != name {
		return refuse(errNotFound, "没有编号为“%s”的区划；编号标识一个版本，导入可能已被撤销。可按代码查找：/ogc/collections/divisions/items?code=…",
			"there is no division with the id %q; an id stands for one version, whose import may have been undone. Look it up by code: /ogc/collections/divisions/items?code=…", printable(name))
	}
	if s.fresh(w, r, res.view, res.typ, res.lang.tag(), res.base, r.URL.RequestURI()) {
		return nil
	}
	res.addSelf(typeGeoJSON)
	res.add(link{Href: res.base + "/ogc/collections/" + collectionID, Rel: "collection", Type: typeJSON, Title: res.lang.say("数据集说明", "The collection")})
	if res.html() {
		return s.itemPage(res, it)
	}
	w.Header().Set("Content-Crs", "<"+crsURI(latFirst)+">")
	res.writeHead()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	b := appendFeature((*buf)[:0], it, latFirst)
	b = append(b, `,"links":`...)
	b = append(appendLinks(b, res.links), '}')
	writeBody(w, r, http.StatusOK, b)
	if cap(b) <= 8*flushAt {
		*buf = b
	}
	return nil
}

// levelWord names a level for a reader.
func levelWord(level division.Level, l lang) string {
	words := [...][2]string{{"未知级别", "unknown"}, {"省级", "province"}, {"地级", "prefecture"}, {"县级", "county"}, {"乡级", "township"}, {"村级", "village"}}
	if int(level) >= len(words) {
		level = 0
	}
	return words[level][l]
}
