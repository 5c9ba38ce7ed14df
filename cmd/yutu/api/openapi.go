package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// openapiJSON describes every route; the addresses of the servers are filled in by the one who answers. Its first
// server is /ogc, where clients of the standard look for /conformance and /collections; paths beside it name
// their own.
//
//go:embed openapi.json
var openapiJSON []byte

//go:embed openapi_components.json
var componentsJSON []byte

// The parts of the description that have a file of their own: paths and schemas.
//
//go:embed openapi_history.json
var historyJSON []byte

func readOpenAPI(version string) (map[string]any, error) {
	var doc map[string]any
	if err := json.Unmarshal(openapiJSON, &doc); err != nil {
		return nil, fmt.Errorf("api: openapi.json: %w", err)
	}
	var components map[string]any
	if err := json.Unmarshal(componentsJSON, &components); err != nil {
		return nil, fmt.Errorf("api: openapi_components.json: %w", err)
	}
	doc["components"] = components
	for name, text := range map[string][]byte{"openapi_history.json": historyJSON} {
		var part map[string]any
		if err := json.Unmarshal(text, &part); err != nil {
			return nil, fmt.Errorf("api: %s: %w", name, err)
		}
		maps.Copy(object(doc["paths"]), object(part["paths"]))
		maps.Copy(object(components["schemas"]), object(part["schemas"]))
	}
	object(doc["info"])["version"] = orElse(version, "0")
	return doc, nil
}

// openapiFor is the description with absolute addresses.
func (s *server) openapiFor(base string) map[string]any {
	doc := make(map[string]any, len(s.openapi))
	for k, v := range s.openapi {
		doc[k] = v
	}
	doc["servers"] = []any{map[string]any{"url": base + "/ogc"}}
	paths := map[string]any{}
	for path, item := range s.openapi["paths"].(map[string]any) {
		item := item.(map[string]any)
		if _, own := item["servers"]; own {
			moved := maps.Clone(item)
			moved["servers"] = []any{map[string]any{"url": base}}
			paths[path] = moved
			continue
		}
		paths[path] = item
	}
	doc["paths"] = paths
	return doc
}

func (s *server) apiDocument(w http.ResponseWriter, r *http.Request) error {
	res, err := s.begin(w, r, []string{typeOpenAPI, typeJSON, typeHTML})
	if err != nil {
		return err
	}
	res.addSelf(typeOpenAPI)
	doc := s.openapiFor(res.base)
	data := map[string]any{"Title": res.lang.say("接口说明", "API")}
	if res.html() {
		data["Groups"] = s.operations(res.lang)
	}
	return s.answer(res, doc, "api", data)
}

// operation is one route as the page about the interface shows it.
type operation struct {
	Method, Path, Summary string
	Parameters            []operationParameter
}

type operationParameter struct {
	Name, Where, Description string
	Required                 bool
}

type operationGroup struct {
	Title      string
	Operations []operation
}

// operations reads the description for the page; texts hold both languages with a middle dot between.
func (s *server) operations(l lang) []operationGroup {
	var out []operationGroup
	tags := list(s.openapi["tags"])
	paths := object(s.openapi["paths"])
	components := object(object(s.openapi["components"])["parameters"])
	names := make([]string, 0, len(paths))
	for path := range paths {
		names = append(names, path)
	}
	slices.Sort(names)
	for _, tag := range tags {
		tag := object(tag)
		group := operationGroup{Title: half(text(tag["description"]), l)}
		for _, path := range names {
			item := object(paths[path])
			full := path
			if _, own := item["servers"]; !own {
				full = strings.TrimSuffix("/ogc"+path, "/")
			}
			for _, method := range []string{"get", "post", "put", "patch", "delete"} {
				described := object(item[method])
				if in := list(described["tags"]); len(in) == 0 || in[0] != tag["name"] {
					continue
				}
				op := operation{Method: strings.ToUpper(method), Path: full, Summary: half(text(described["summary"]), l)}
				op.Parameters = operationParameters(described, components, l)
				group.Operations = append(group.Operations, op)
			}
		}
		if len(group.Operations) > 0 {
			out = append(out, group)
		}
	}
	return out
}

func operationParameters(described, components map[string]any, l lang) (out []operationParameter) {
	for _, p := range list(described["parameters"]) {
		p := object(p)
		if ref := text(p["$ref"]); ref != "" {
			p = object(components[ref[strings.LastIndexByte(ref, '/')+1:]])
		}
		required, _ := p["required"].(bool)
		out = append(out, operationParameter{
			Name: text(p["name"]), Where: text(p["in"]), Description: half(text(p["description"]), l), Required: required,
		})
	}
	return out
}

// half takes the Chinese half of "中文 · English" or the English one.
func half(s string, l lang) string {
	head, tail, both := strings.Cut(s, "·")
	if !both {
		return s
	}
	return strings.TrimSpace(l.say(head, tail))
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }
func list(v any) []any            { l, _ := v.([]any); return l }
func text(v any) string           { s, _ := v.(string); return s }
