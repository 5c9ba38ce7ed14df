package api

import (
	"net/http"
	"strconv"

	"yutu/geo/division"
)

func itoa(n int) string { return strconv.Itoa(n) }

// queryable is one property by which items can be asked for, as JSON Schema describes it.
type queryable struct {
	Name        string   `json:"-"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type,omitempty"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Enum        []string `json:"enum,omitempty"`
}

func listQueryables(l lang) []queryable {
	levels := make([]string, 0, len(division.Levels))
	for _, level := range division.Levels {
		levels = append(levels, level.String())
	}
	return []queryable{
		{Name: "code", Title: l.say("代码", "Code"), Description: l.say("12 位区划代码，可写短码", "division code of 12 digits, or its short form"), Type: "string", Pattern: codePattern},
		{Name: "name", Title: l.say("名称", "Name"), Description: l.say("标准名称，须完全一致", "standard name, compared exactly"), Type: "string"},
		{Name: "level", Title: l.say("级别", "Level"), Type: "string", Enum: levels},
		{Name: "type", Title: l.say("类别", "Kind"), Description: l.say("如镇、街道、村民委员会", "legal kind in Chinese, such as 镇 or 街道"), Type: "string"},
		{Name: "parent", Title: l.say("上级代码", "Code of the unit above"), Type: "string", Pattern: codePattern},
		{Name: "within", Title: l.say("所在区划", "Within"), Description: l.say("该代码的区划及其以下各级", "the unit of this code and all below it"), Type: "string", Pattern: codePattern},
	}
}

const codePattern = `^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$`

func (s *server) queryables(w http.ResponseWriter, r *http.Request) error {
	if err := s.knownCollection(r); err != nil {
		return err
	}
	res, err := s.begin(w, r, []string{typeSchema, typeJSON, typeHTML})
	if err != nil {
		return err
	}
	res.addSelf(typeSchema)
	list := listQueryables(res.lang)
	properties := map[string]any{"geometry": map[string]any{"title": res.lang.say("几何", "Geometry"), "format": "geometry-multipolygon"}}
	for _, q := range list {
		properties[q.Name] = q
	}
	doc := map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"$id":                  res.base + r.URL.EscapedPath(),
		"type":                 "object",
		"title":                res.lang.say("行政区划的可查询属性", "Queryables of the divisions"),
		"properties":           properties,
		"additionalProperties": false,
	}
	return s.answer(res, doc, "queryables", map[string]any{"Title": res.lang.say("可查询的属性", "Queryables"), "Queryables": list})
}
