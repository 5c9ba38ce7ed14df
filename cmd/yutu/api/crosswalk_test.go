package api

import (
	"bytes"
	"encoding/csv"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yutu/geo/division/crosswalk"
)

// upload sends a form with a file.
func (b *browser) upload(path, name string, file []byte, fields map[string]string) answer {
	b.m.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for k, v := range fields {
		if err := form.WriteField(k, v); err != nil {
			b.m.t.Fatal(err)
		}
	}
	if name != "" {
		w, err := form.CreateFormFile("file", name)
		if err != nil {
			b.m.t.Fatal(err)
		}
		if _, err := w.Write(file); err != nil {
			b.m.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.m.t.Fatal(err)
	}
	return b.do("POST", path, body.String(), "Content-Type", form.FormDataContentType())
}

func crosswalkFields(change ...string) map[string]string {
	f := map[string]string{"from": "2005-01-01", "to": "2020-01-01", "level": "township", "columns": "户数", "weight": "area"}
	for i := 0; i < len(change); i += 2 {
		f[change[i]] = change[i+1]
	}
	return f
}

// 001 goes on under another name, 003 stays, 004 ended and nothing on record followed.
const oldTable = "2005年统计表,,\n代码,乡镇,户数\n330727001,旧安乡,\"1,000\"\n330727003,玉山镇,20\n330727004,胡宅乡,3\n"

func TestCrosswalk(t *testing.T) {
	m := newMembers(t)
	b := m.as("viewer")
	a := b.upload("/api/v1/crosswalk?format=json", "户.csv", []byte(oldTable), crosswalkFields())
	m.want(a, 200, "")
	var doc crosswalk.Doc
	m.json(a, &doc)
	if len(doc.Rows) != 3 || doc.Rows[0].Name != "安文街道" || doc.Rows[0].Values["户数"] != "1000" || doc.Rows[0].Ways["户数"] != "exact" ||
		doc.Rows[2].Code != "" || doc.Rows[2].Values["户数"] != "3" || doc.Rows[2].Ways["户数"] != "unmatched" || doc.Totals["户数"].Out != "1023" {
		t.Errorf("%s", a.body)
	}
	// The same kind of file comes back, in the same encoding.
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(oldTable)
	if err != nil {
		t.Fatal(err)
	}
	a = b.upload("/api/v1/crosswalk", "户.csv", []byte(gbk), crosswalkFields())
	m.want(a, 200, "")
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(a.body)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(lines) != 4 || strings.Join(lines[1], "|") != "330727001000|安文街道|1000|整体 exact" || strings.Join(lines[3], "|") != "|未匹配|3|未匹配 unmatched" {
		t.Errorf("%q %v", lines, err)
	}
	if d := a.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") || !strings.Contains(d, "%E6%88%B7-2020-01-01.csv") {
		t.Error(d)
	}
	book := excelize.NewFile()
	for cell, v := range map[string]any{"A1": "区划代码", "B1": "户数", "A2": 330727001, "B2": 1000, "A3": 330727003, "B3": 20.5} {
		if err := book.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	a = b.upload("/api/v1/crosswalk", "户.xlsx", file.Bytes(), crosswalkFields())
	m.want(a, 200, "")
	back, err := excelize.OpenReader(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := back.GetRows("Sheet1")
	if err != nil || len(rows) != 3 || strings.Join(rows[2], "|") != "330727003000|玉山镇|20.5|整体 exact" {
		t.Errorf("%q %v", rows, err)
	}
	notes, err := back.GetRows("说明 notes")
	if err != nil || len(notes) < 5 || strings.Join(notes[3], "|") != "合计 total：户数|换算前 in 1020.5|换算后 out 1020.5" {
		t.Errorf("%q %v", notes, err)
	}
}

func TestCrosswalkOfBadTables(t *testing.T) {
	m := newMembers(t)
	b := m.as("viewer")
	const path = "/api/v1/crosswalk?format=json"
	m.want(m.stranger().upload(path, "a.csv", []byte(oldTable), crosswalkFields()), 401, "not-signed-in")
	a := b.upload(path, "a.csv", []byte("代码,户数\n330727001,1\n330727003,约20\n"), crosswalkFields())
	m.want(a, 422, "table-refused")
	if !strings.Contains(string(a.body), "not-numeric") || !strings.Contains(string(a.body), "第 3 行“户数”列") || strings.Contains(string(a.body), `"rows"`) {
		t.Errorf("%s", a.body)
	}
	for name, c := range map[string]struct {
		file   string
		fields map[string]string
		status int
		slug   string
	}{
		"no such column":  {oldTable, crosswalkFields("columns", "人数"), 422, "table-refused"},
		"no column":       {oldTable, crosswalkFields("columns", " , "), 422, "table-refused"},
		"no date":         {oldTable, crosswalkFields("from", "昨天"), 400, "invalid-parameter"},
		"no level":        {oldTable, crosswalkFields("level", "galaxy"), 400, "invalid-parameter"},
		"unknown field":   {oldTable, crosswalkFields("colums", "户数"), 400, "invalid-parameter"},
		"no weight":       {oldTable, crosswalkFields("weight", "luck"), 400, "invalid-parameter"},
		"empty":           {"", crosswalkFields(), 422, "table-refused"},
		"only a header":   {"代码,户数\n", crosswalkFields(), 422, "table-refused"},
		"no workbook":     {"PK\x03\x04" + strings.Repeat("x", 1000), crosswalkFields(), 422, "table-refused"},
		"an old workbook": {"\xD0\xCF\x11\xE0" + strings.Repeat("\x00", 1000), crosswalkFields(), 422, "table-refused"},
		"a picture":       {"\x89PNG\r\n\x1a\n\x00\x00\x00", crosswalkFields(), 422, "table-refused"},
		"a loose quote":   {"代码,户数\n330727001,\"1\n", crosswalkFields(), 422, "table-refused"},
		"a large field":   {oldTable, crosswalkFields("columns", strings.Repeat("户", 100_000)), 413, "body-too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.upload(path, "a.csv", []byte(c.file), c.fields)
			if a.StatusCode != c.status || !strings.Contains(string(a.body), c.slug) {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	}
	m.want(b.upload(path, "", nil, crosswalkFields()), 400, "invalid-parameter")
	m.want(b.do("POST", path, "x=1", "Content-Type", "application/x-www-form-urlencoded"), 400, "invalid-parameter")
	m.want(b.do("POST", path, "--x\r\nContent-Disp", "Content-Type", "multipart/form-data; boundary=x"), 400, "invalid-parameter")
	large := append([]byte(oldTable), bytes.Repeat([]byte(" "), 33<<20)...)
	m.want(b.upload(path, "a.csv", large, crosswalkFields()), 413, "body-too-large")
}
