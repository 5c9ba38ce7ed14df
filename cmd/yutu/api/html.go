package api

import (
	"embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"yutu/data/atlas"
	"yutu/geo/division"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates, by language and name.
type pages struct {
	byName [2]map[string]*template.Template
}

// newPages parses the templates; they are part of the program, so a mistake in one is a mistake of the program.
func newPages() *pages {
	css, err := templateFiles.ReadFile("templates/style.css")
	if err != nil {
		panic(err)
	}
	p := &pages{}
	for _, l := range []lang{zh, en} {
		funcs := template.FuncMap{"say": l.say, "style": func() template.CSS { return template.CSS(css) }}
		layout := template.Must(template.New("layout.html").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html"))
		p.byName[l] = map[string]*template.Template{}
		entries, err := templateFiles.ReadDir("templates")
		if err != nil {
			panic(err)
		}
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), ".html"); ok && name != "layout" {
				p.byName[l][name] = template.Must(template.Must(layout.Clone()).ParseFS(templateFiles, "templates/"+e.Name()))
			}
		}
	}
	return p
}

// anchor is a titled address; without one it is where the reader is.
type anchor struct{ Title, Href string }

// page writes a page with what all pages have in common.
func (s *server) page(res *resource, name string, data map[string]any) error {
	l := res.lang
	keep := ""
	if given := res.params.get("lang"); given != "" {
		keep = "?lang=" + given
	}
	keepPage := "?f=html"
	if keep != "" {
		keepPage = keep + "&f=html"
	}
	all := map[string]any{
		"Links": res.links, "Root": s.root, "Base": res.base, "Keep": keep, "KeepPage": keepPage,
		"Other": s.local(res.self("lang", l.say("en", "zh"), "f", "html"), res), "JSON": s.local(res.self("f", "json", "lang", ""), res),
		"Crumbs": s.crumbs(res, fmt.Sprint(data["Title"]), keep),
	}
	if note := syntheticNote(res.view); note.ZH != "" {
		all["Synthetic"] = l.of(note)
	}
	for k, v := range data {
		all[k] = v
	}
	res.writeHead()
	return s.render(res.w, res.r, http.StatusOK, l, name, all)
}

// render writes the page from a buffer, so that a failure half way is still an answer of its own.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, l lang, name string, data map[string]any) error {
	asDocument(w.Header())
	data["Tag"], data["Date"] = l.tag(), division.Today().String()
	if s.ReviewNumber != "" {
		data["Review"] = l.of(reviewNote(s.ReviewNumber))
	}
	if health := s.Atlas.Health(); health.Degraded {
		data["Degraded"] = l.say("数据库暂时离线，所示为 ", "The database is away; shown is the state of ") + health.CheckedAt.In(chinaTime).Format("2006-01-02 15:04")
	}
	data["Map"] = (data["GeoJSON"] != nil) && s.files.byPath["assets/minimap.js"] != nil
	var out strings.Builder
	if err := s.pages.byName[l][name].Execute(&out, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	writeBody(w, r, status, []byte(out.String()))
	return nil
}

// local is an address of ours without scheme and host, which work wherever the page came from.
func (s *server) local(address string, res *resource) string {
	return s.root + strings.TrimPrefix(address, res.base)
}

// crumbs are the steps from the service's start to here.
func (s *server) crumbs(res *resource, title, keep string) []anchor {
	l := res.lang
	words := map[string]string{
		"/ogc": l.say("数据服务", "Data service"), "/ogc/collections": l.say("数据集", "Collections"),
		"/ogc/collections/divisions": l.say("行政区划", "Divisions"), "/ogc/collections/divisions/items": l.say("列表", "Items"),
		"/ogc/collections/divisions/tiles": l.say("矢量瓦片", "Vector tiles"),
	}
	var out []anchor
	for at := path.Dir(res.r.URL.Path); len(at) > 1; at = path.Dir(at) {
		if word := words[at]; word != "" {
			out = append(out, anchor{word, s.root + at + keep})
		}
	}
	if out == nil {
		return nil
	}
	slices.Reverse(out)
	return append(out, anchor{Title: orElse(words[res.r.URL.Path], title)})
}

// extentPage is an extent in the words of the page.
type extentPage struct {
	Count                    int
	HasBounds                bool
	West, South, East, North string
	From, To                 string
}

func (e *extent) page(l lang) extentPage {
	degrees := func(v float64) string { return strconv.FormatFloat(math.Round(v*1e5)/1e5, 'f', -1, 64) }
	return extentPage{
		Count: e.count, HasBounds: e.hasBounds,
		West: degrees(e.bounds.Min[0]), South: degrees(e.bounds.Min[1]), East: degrees(e.bounds.Max[0]), North: degrees(e.bounds.Max[1]),
		From: orElse(e.valid.From.String(), l.say("不限", "open")), To: orElse(e.valid.To.String(), l.say("至今", "today")),
	}
}

// itemRow is one line of the table of items.
type itemRow struct{ Href, Name, Code, Level, Type, Parent, From, To, Source string }

// maxMapped is the number of items up to which a list has a map.
const maxMapped = 500

// levelChoice is one entry of the filter by level.
type levelChoice struct {
	Value, Title string
	Chosen       bool
}

func (s *server) itemsPage(res *resource, q atlas.Query, page atlas.Page) error {
	l := res.lang
	keep := ""
	if given := res.params.get("lang"); given != "" {
		keep = "?lang=" + given
	}
	rows := make([]itemRow, len(page.Units))
	for i, it := range page.Units {
		u := &it.Unit
		rows[i] = itemRow{
			Href: s.root + "/ogc/collections/divisions/items/" + strconv.FormatInt(u.ID, 10) + keep,
			Name: orElse(u.Name, string(u.Code)), Code: string(u.Code), Level: levelWord(u.Level, l), Type: u.Type, Parent: string(u.Parent),
			From: orElse(u.Valid.From.String(), "—"), To: orElse(u.Valid.To.String(), l.say("至今", "present")), Source: u.Source,
		}
	}
	var levels []levelChoice
	for _, level := range division.Levels {
		levels = append(levels, levelChoice{level.String(), levelWord(level, l), q.Level == level})
	}
	caption := l.say(fmt.Sprintf("共 %d 个版本，本页 %d 个", page.Matched, len(rows)), fmt.Sprintf("%d versions, %d of them on this page", page.Matched, len(rows)))
	data := map[string]any{
		"Title": l.say("行政区划列表", "List of divisions"), "Rows": rows, "Levels": levels, "Caption": caption,
		"Name": res.params.get("name"), "Within": res.params.get("within"), "Datetime": res.params.get("datetime"),
		"Nothing": l.say("没有符合条件的区划。可以放宽条件，或换一个日期；数据库为空时，请先导入：yutu import divisions 文件",
			"No division matches. Ask for less, or another date; if the database is empty, import first: yutu import divisions FILE"),
	}
	// A longer list is for reading; its geometries would be many megabytes.
	if len(rows) > 0 && len(rows) <= maxMapped {
		data["GeoJSON"] = s.local(res.self("f", "json", "lang", ""), res)
	}
	for _, next := range res.links {
		if next.Rel == "next" {
			data["Next"] = s.local(next.Href, res)
		}
	}
	return s.page(res, "items", data)
}

// property is one line of the table of a unit.
type property struct{ Title, Value, Href string }

func (s *server) itemPage(res *resource, it *atlas.Item) error {
	l, u, v := res.lang, &it.Unit, res.view
	// The day at which to look around this version: today, or its last day.
	day := division.Today()
	if !u.Valid.Contains(day) {
		day = u.Valid.From
		if u.Valid.To <= division.Today() {
			day = u.Valid.To - 1
		}
	}
	keep := url.Values{}
	if given := res.params.get("lang"); given != "" {
		keep.Set("lang", given)
	}
	href := func(other *atlas.Item) string {
		a := s.root + "/ogc/collections/divisions/items/" + strconv.FormatInt(other.Unit.ID, 10)
		if len(keep) > 0 {
			a += "?" + keep.Encode()
		}
		return a
	}
	list := []property{
		{Title: l.say("代码", "Code"), Value: string(u.Code)},
		{Title: l.say("级别", "Level"), Value: levelWord(u.Level, l)},
		{Title: l.say("类别", "Kind"), Value: u.Type},
	}
	above := property{Title: l.say("上级", "Above"), Value: string(u.Parent)}
	if up, ok := v.ByCode(u.Parent, day); ok {
		above.Value, above.Href = up.Unit.Name+" "+string(u.Parent), href(up)
	}
	list = append(list, above,
		property{Title: l.say("生效日期", "In force from"), Value: orElse(u.Valid.From.String(), l.say("不详", "not recorded"))},
		property{Title: l.say("失效日期", "Until (not included)"), Value: orElse(u.Valid.To.String(), l.say("至今", "further notice"))},
		property{Title: l.say("面积（计算值）", "Area (computed)"), Value: strconv.FormatFloat(it.AreaM2()/1e6, 'f', 3, 64) + " km²" + l.say("，", "; ") + l.of(areaNote)},
		property{Title: l.say("来源", "Source"), Value: u.Source},
		property{Title: l.say("原坐标系", "Original reference system"), Value: u.CRSOriginal},
		property{Title: l.say("演示数据", "Demonstration data"), Value: l.say(map[bool]string{true: "是（虚构）", false: "否"}[u.Synthetic], map[bool]string{true: "yes (synthetic)", false: "no"}[u.Synthetic])},
	)
	var children, versions []anchor
	for _, c := range v.Children(u.Code, day) {
		children = append(children, anchor{orElse(c.Unit.Name, string(c.Unit.Code)), href(c)})
	}
	if all := v.Versions(u.Code); len(all) > 1 {
		for _, other := range all {
			a := anchor{Title: fmt.Sprintf("%s %s – %s", other.Unit.Name, orElse(other.Unit.Valid.From.String(), "…"), orElse(other.Unit.Valid.To.String(), "…"))}
			if other != it {
				a.Href = href(other)
			}
			versions = append(versions, a)
		}
	}
	data := map[string]any{
		"Title": orElse(u.Name, string(u.Code)), "Properties": list, "Children": children, "Versions": versions, "HasGeometry": len(u.Geom) > 0,
	}
	if len(u.Geom) > 0 {
		data["GeoJSON"] = s.local(res.self("f", "json", "lang", ""), res)
		if day != division.Today() {
			data["At"] = day.String() // its neighbours are those of its own time
		}
	}
	return s.page(res, "item", data)
}

// problemPage says a refusal to a person.
func (s *server) problemPage(w http.ResponseWriter, r *http.Request, p problem) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	l := language(r)
	title := p.Title
	if p.Parameter != "" {
		title += l.say("：", ": ") + p.Parameter
	}
	err := s.render(w, r, p.Status, l, "problem", map[string]any{
		"Title": title, "Detail": p.Detail, "Root": s.root, "Keep": "", "Other": s.root + "/ogc?lang=" + l.say("en", "zh"),
	})
	if err != nil {
		s.Log.Error("the page of a problem failed", "error", err)
	}
}

// notBuilt stands where the web app would.
func (s *server) notBuilt(w http.ResponseWriter, r *http.Request) error {
	l := language(r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return s.render(w, r, http.StatusOK, l, "notbuilt", map[string]any{
		"Title": l.say("网页地图尚未构建", "The web map has not been built"), "Root": s.root, "Keep": "", "Other": s.root + "/?lang=" + l.say("en", "zh"),
	})
}
