package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"yutu/data/exchange"
	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/division/crosswalk"
)

// tables bounds how many tables are worked on at once: each may take half a gigabyte for a moment.
type tables struct{ busy chan struct{} }

const (
	tablesAtOnce = 2
	// maxFieldBytes bounds the fields beside the file.
	maxFieldBytes = 64 << 10
)

// tableRefused is a table that gives nothing, with all reasons.
type tableRefused struct{ findings []geo.Finding }

func (e *tableRefused) Error() string       { return e.Localized().EN }
func (e *tableRefused) Unwrap() error       { return errTable }
func (e *tableRefused) Localized() geo.Text { return e.findings[0].Message }

// crosswalk turns an uploaded table keyed by units of one date into one keyed by those of another. It stores nothing.
func (s *server) crosswalk(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "format")
	if err != nil {
		return err
	}
	format := p.get("format")
	if format != "" && format != "json" && format != "file" {
		return badParameter("format", "format 应为 json 或 file", "format is json or file")
	}
	select {
	case s.tables.busy <- struct{}{}:
		defer func() { <-s.tables.busy }()
	default:
		return errTables
	}
	name, file, fields, err := readUpload(w, r)
	if err != nil {
		return err
	}
	o, choice, err := readCrosswalk(fields)
	if err != nil {
		return err
	}
	sheet, table, findings := exchange.ReadSheet(name, file, choice)
	if sheet == nil {
		return &tableRefused{findings}
	}
	if err := r.Context().Err(); err != nil {
		return err
	}
	result, more := crosswalk.Convert(s.view().decisions(), table, o)
	findings = append(findings, more...)
	if worst, _ := geo.Worst(findings); worst == geo.Error {
		return &tableRefused{findings}
	}
	if format == "json" {
		b, err := json.Marshal(result.Doc(findings))
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", typeJSON)
		writeBody(w, r, http.StatusOK, b)
		return nil
	}
	var out bytes.Buffer
	if err := sheet.WriteAnswer(&out, result, choice, o); err != nil {
		return err
	}
	h := w.Header()
	ext := ".csv"
	h.Set("Content-Type", "text/csv")
	if sheet.XLSX() {
		ext = ".xlsx"
		h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	}
	stem := strings.TrimSuffix(name, path.Ext(name)) + "-" + o.To.String()
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="crosswalk-%s%s"; filename*=UTF-8''%s`, o.To, ext, url.PathEscape(stem+ext)))
	h.Set("X-Content-Type-Options", "nosniff")
	writeBody(w, r, http.StatusOK, out.Bytes())
	return nil
}

// readUpload reads a form with one file of bounded size.
func readUpload(w http.ResponseWriter, r *http.Request) (name string, file []byte, fields map[string]string, err error) {
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != "multipart/form-data" {
		return "", nil, nil, refuse(errParameter, "请以 multipart/form-data 上传文件", "send the file as multipart/form-data")
	}
	r.Body = http.MaxBytesReader(w, r.Body, exchange.MaxSheetBytes+(1<<20))
	form, err := r.MultipartReader()
	if err != nil {
		return "", nil, nil, refuse(errParameter, "上传的内容不完整", "the upload is not complete")
	}
	fields = map[string]string{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, nil, uploadError(err)
		}
		field := part.FormName()
		most := int64(maxFieldBytes)
		if field == "file" {
			most = exchange.MaxSheetBytes
		}
		b, err := io.ReadAll(io.LimitReader(part, most+1))
		switch {
		case err != nil:
			return "", nil, nil, uploadError(err)
		case int64(len(b)) > most:
			return "", nil, nil, errTooLarge
		case field == "file" && file != nil:
			return "", nil, nil, badParameter("file", "一次只能上传一个文件", "only one file at a time")
		case field == "file":
			file, name = b, part.FileName()
			if file == nil {
				file = []byte{}
			}
			continue
		}
		if len(fields) >= 16 {
			return "", nil, nil, refuse(errParameter, "表单项过多", "the form has too many fields")
		}
		fields[field] = string(b)
	}
	if file == nil {
		return "", nil, nil, badParameter("file", "没有上传文件", "there is no file")
	}
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	if name = printable(name); name == "." || name == "/" {
		name = "table"
	}
	return name, file, fields, nil
}

func uploadError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errTooLarge
	}
	return refuse(errParameter, "上传的内容不完整", "the upload is not complete")
}

// readCrosswalk reads the fields of the form.
func readCrosswalk(fields map[string]string) (o crosswalk.Options, c exchange.SheetChoice, err error) {
	for name := range fields {
		switch name {
		case "from", "to", "level", "code_column", "columns", "weight", "name_column":
		default:
			return o, c, badParameter(printable(name), "没有名为“%s”的表单项", "there is no field named %q", printable(name))
		}
	}
	for name, day := range map[string]*division.Date{"from": &o.From, "to": &o.To} {
		if *day, err = division.ParseDate(strings.TrimSpace(fields[name])); err != nil {
			return o, c, badParameter(name, "日期 %s 应写作 YYYY-MM-DD", "the date %s must be written YYYY-MM-DD", name)
		}
	}
	var ok bool
	if o.Level, ok = division.ParseLevel(fields["level"]); !ok {
		return o, c, badParameter("level", "没有这个级别", "there is no such level")
	}
	switch fields["weight"] {
	case "", "population":
		o.ByPopulation = true
	case "area":
	default:
		return o, c, badParameter("weight", "weight 应为 population 或 area", "weight is population or area")
	}
	c.CodeColumn, c.NameColumn = strings.TrimSpace(fields["code_column"]), strings.TrimSpace(fields["name_column"])
	for name := range strings.SplitSeq(fields["columns"], ",") {
		if name = strings.TrimSpace(name); name != "" {
			c.Columns = append(c.Columns, name)
		}
	}
	return o, c, nil
}
