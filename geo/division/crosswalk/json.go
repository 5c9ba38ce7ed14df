package crosswalk

import (
	"encoding/json"

	"yutu/geo"
	"yutu/geo/division"
)

// Doc is a Result as JSON says it. Figures are numbers written with all their decimals.
type Doc struct {
	Columns   []string          `json:"columns"`
	Rows      []DocRow          `json:"rows"`
	Totals    map[string]DocSum `json:"totals"`
	Unmatched []division.Code   `json:"unmatched"`
	Missing   []division.Code   `json:"missing"`
	Findings  []geo.Finding     `json:"findings"`
}

// DocRow is one unit; Code is empty for the unmatched.
type DocRow struct {
	Code   division.Code          `json:"code"`
	Name   string                 `json:"name"`
	Values map[string]json.Number `json:"values"`
	Ways   map[string]Way         `json:"ways"`
}

// DocSum is a Total.
type DocSum struct {
	In  json.Number `json:"in"`
	Out json.Number `json:"out"`
}

// Doc returns the result as JSON says it, with what is worth knowing beside it.
func (r Result) Doc(findings []geo.Finding) Doc {
	d := Doc{Columns: r.Columns, Rows: make([]DocRow, len(r.Rows)), Totals: map[string]DocSum{},
		Unmatched: append([]division.Code{}, r.Unmatched...), Missing: append([]division.Code{}, r.Missing...),
		Findings: append([]geo.Finding{}, findings...)}
	for i, row := range r.Rows {
		d.Rows[i] = DocRow{Code: row.Code, Name: row.Name, Values: map[string]json.Number{}, Ways: map[string]Way{}}
		for k, c := range r.Columns {
			d.Rows[i].Values[c], d.Rows[i].Ways[c] = json.Number(row.Values[k]), row.Ways[k]
		}
	}
	for k, c := range r.Columns {
		d.Totals[c] = DocSum{json.Number(r.Totals[k].In), json.Number(r.Totals[k].Out)}
	}
	return d
}
