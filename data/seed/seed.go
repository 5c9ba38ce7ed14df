// Package seed holds tables of codes, names and figures as data, each row with its source. Nothing in it is computed.
// The tables are part of the program: a row that cannot be read is a mistake of the house, and the tests find it.
package seed

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"yutu/geo/division"
)

//go:embed *.csv
var files embed.FS

// County is the county that the demonstration is modelled on.
type County struct {
	Code       division.Code
	Name, Type string
	AreaKM2    float64
	Population int
	// CentreLon, CentreLat are degrees, CGCS2000: where the invented county is put.
	CentreLon, CentreLat float64
	SummitM              int // metres above the sea
	// TownshipChange and VillageChange are the first days of today's townships and villages.
	TownshipChange, VillageChange division.Date
}

// Township is one township code of the county, of today or of before.
type Township struct {
	Code       division.Code
	Name, Type string
	// Into is the code that it was merged into on TownshipChange; empty for a township of today.
	Into division.Code
	// Villages and Communities count the village and residents' committees after VillageChange; for a former township
	// only Communities is set, those that lay in it.
	Villages, Communities int
	// VillagesBefore counts all committees before VillageChange; 0 for a township that did not exist before TownshipChange.
	VillagesBefore int
	AreaKM2        float64
	// XKM, YKM place its seat east and north of the county's centre, in kilometres: invented.
	XKM, YKM float64
	Source   string
}

// Neighbour is a county that borders on the county.
type Neighbour struct {
	Code       division.Code
	Name, Type string
	XKM, YKM   float64 // as for Township
	Source     string
}

// Approval is what is known of the document behind the changes of one date; empty fields are not known.
type Approval struct {
	Number, Issuer, Title string
	// Note says what is missing or assumed.
	Note   string
	Source string
}

// CodeRange says which serial numbers of a level belong to a type of unit, and with which generic part its names end.
type CodeRange struct {
	Level         division.Level
	Type, Generic string
	From, To      int
	Source        string
}

// AgeBand is the share of one band of five years in the whole population, in percent.
type AgeBand struct {
	Age             int // first year; the last band is open
	MalePermyriad   int // hundredths of a percent
	FemalePermyriad int
	Source          string
}

// Province is the frame of the invented province.
type Province struct {
	Code                                       division.Code
	Name, Type                                 string
	AreaKM2                                    float64
	Prefectures, Counties, Townships, Villages int
	CentreLon, CentreLat                       float64 // degrees, CGCS2000
}

// Tables are all tables of the package. They are shared: do not change them.
type Tables struct {
	County     County
	Province   Province
	Townships  []Township
	Neighbours []Neighbour
	// TownshipApproval and VillageApproval belong to the County's dates of the same names.
	TownshipApproval, VillageApproval Approval
	Codes                             []CodeRange
	Ages                              []AgeBand
	// Names are building parts of invented names by their kind: prefix, stem, tail, community, river, summit, town.
	Names map[string][]string
}

// Demo returns the tables of the demonstration county. The error is a mistake in a table.
var Demo = sync.OnceValues(load)

func load() (*Tables, error) {
	t := &Tables{Names: map[string][]string{}}
	facts, province := map[string]string{}, map[string]string{}
	rows := []struct {
		file string
		row  func(r record)
	}{
		{"county.csv", func(r record) { facts[r.text("key")] = r.text("value") }},
		{"province.csv", func(r record) { province[r.text("key")] = r.text("value") }},
		{"townships.csv", func(r record) {
			t.Townships = append(t.Townships, Township{
				Code: r.code("code"), Name: r.text("name"), Type: r.text("type"), Into: division.Code(r.text("into")),
				Villages: r.int("villages"), Communities: r.int("communities"), VillagesBefore: r.int("villages_before"),
				AreaKM2: r.float("area_km2"), XKM: r.float("x_km"), YKM: r.float("y_km"), Source: r.text("source"),
			})
		}},
		{"neighbours.csv", func(r record) {
			t.Neighbours = append(t.Neighbours, Neighbour{
				Code: r.code("code"), Name: r.text("name"), Type: r.text("type"),
				XKM: r.float("x_km"), YKM: r.float("y_km"), Source: r.text("source"),
			})
		}},
		{"changes.csv", func(r record) {
			a := Approval{Number: r.text("number"), Issuer: r.text("issuer"), Title: r.text("title"), Note: r.text("note"), Source: r.text("source")}
			switch key := r.text("key"); key {
			case "township_change":
				t.TownshipApproval = a
			case "village_change":
				t.VillageApproval = a
			default:
				r.fail("key", fmt.Errorf("%q is no change of the county", key))
			}
		}},
		{"codes.csv", func(r record) {
			t.Codes = append(t.Codes, CodeRange{
				Level: division.Level(r.int("level")), Type: r.text("type"), Generic: r.text("generic"),
				From: r.int("from"), To: r.int("to"), Source: r.text("source"),
			})
		}},
		{"ages.csv", func(r record) {
			t.Ages = append(t.Ages, AgeBand{
				Age: r.int("age"), MalePermyriad: r.hundredths("male"), FemalePermyriad: r.hundredths("female"),
				Source: r.text("source"),
			})
		}},
		{"names.csv", func(r record) { t.Names[r.text("part")] = strings.Fields(r.text("values")) }},
	}
	for _, x := range rows {
		if err := each(x.file, x.row); err != nil {
			return nil, err
		}
	}
	var err error
	f := record{file: "county.csv", err: &err, get: func(k string) (string, bool) { v, ok := facts[k]; return v, ok }}
	t.County = County{
		Code: f.code("code"), Name: f.text("name"), Type: f.text("type"), AreaKM2: f.float("area_km2"), Population: f.int("population"),
		CentreLon: f.float("centre_lon"), CentreLat: f.float("centre_lat"), SummitM: f.int("height_max_m"),
		TownshipChange: f.date("township_change"), VillageChange: f.date("village_change"),
	}
	p := record{file: "province.csv", err: &err, get: func(k string) (string, bool) { v, ok := province[k]; return v, ok }}
	t.Province = Province{
		Code: p.code("code"), Name: p.text("name"), Type: p.text("type"), AreaKM2: p.float("area_km2"),
		Prefectures: p.int("prefectures"), Counties: p.int("counties"), Townships: p.int("townships"), Villages: p.int("villages"),
		CentreLon: p.float("centre_lon"), CentreLat: p.float("centre_lat"),
	}
	return t, err
}

// CodeRanges returns which serial numbers belong to which type of unit, as the decision on an event takes them.
func CodeRanges() ([]division.CodeRange, error) {
	t, err := Demo()
	if err != nil {
		return nil, err
	}
	out := make([]division.CodeRange, len(t.Codes))
	for i, c := range t.Codes {
		out[i] = division.CodeRange{Level: c.Level, Type: c.Type, Generic: c.Generic, From: c.From, To: c.To}
	}
	return out, nil
}

// record reads the fields of one row and keeps the first mistake.
type record struct {
	file string
	line int
	err  *error
	get  func(column string) (string, bool)
}

func each(file string, row func(record)) error {
	b, err := files.ReadFile(file)
	if err != nil {
		return err
	}
	all, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for i, fields := range all[1:] {
		row(record{file: file, line: i + 2, err: &err, get: func(column string) (string, bool) {
			for k, name := range all[0] {
				if name == column {
					return fields[k], true
				}
			}
			return "", false
		}})
	}
	return err
}

func (r record) fail(column string, err error) {
	if *r.err == nil && err != nil {
		*r.err = fmt.Errorf("%s line %d, %s: %w", r.file, r.line, column, err)
	}
}

func (r record) text(column string) string {
	s, ok := r.get(column)
	if !ok {
		r.fail(column, fmt.Errorf("there is no such column"))
	}
	return s
}

func (r record) int(column string) int {
	v, err := strconv.Atoi(r.text(column))
	r.fail(column, err)
	return v
}

func (r record) float(column string) float64 {
	v, err := strconv.ParseFloat(r.text(column), 64)
	r.fail(column, err)
	return v
}

// hundredths reads a decimal number with exactly two places, so that shares can be added without rounding.
func (r record) hundredths(column string) int {
	whole, part, _ := strings.Cut(r.text(column), ".")
	if len(part) != 2 {
		r.fail(column, fmt.Errorf("%q must have two decimal places", r.text(column)))
		return 0
	}
	v, err := strconv.Atoi(whole + part)
	r.fail(column, err)
	return v
}

func (r record) code(column string) division.Code {
	c, err := division.ParseCode(r.text(column))
	r.fail(column, err)
	return c
}

func (r record) date(column string) division.Date {
	d, err := division.ParseDate(r.text(column))
	r.fail(column, err)
	return d
}
