package shp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Field is one column of the table.
type Field struct {
	Name string
	// Cut is true when the name fills the ten bytes a .dbf has for it, or as many as whole characters can, so that
	// the end may be missing.
	Cut      bool
	Type     byte // C text, N and F numbers, L logical, D date; others are read as text
	Length   int
	Decimals int
	offset   int
	rawName  []byte
}

// table reads the rows of a .dbf one after the other.
type table struct {
	name   string
	f      *os.File
	fields []Field
	// declared is what the header says, present what the length of the file allows.
	declared, present int64
	head, width       int64
	dec               decoder
	rows              *bufio.Reader
	row1              []byte
	deleted           int
	undecodable       int
	firstUndecodable  int
	firstCut, cut     int
}

// maxFields is far above the 255 that dBASE allows and keeps a header from costing more than 64 KiB.
const maxFields = 2047

func (r *reader) openTable(ctx context.Context, siblings map[string]string) error {
	path, ok := siblings[".dbf"]
	if !ok {
		r.add(noTable(r.shpName))
		return errGaveUp
	}
	f, size, err := r.open(path)
	if err != nil {
		return err
	}
	t := &table{name: filepath.Base(path), f: f}
	r.table = t
	if bad := t.readHeader(size); bad != "" {
		r.add(badTable(t.name, bad))
		return errGaveUp
	}
	if t.present < t.declared {
		r.add(tableCut(t.name, t.present, t.declared))
	}
	var cpg string
	cpgPath, hasCPG := siblings[".cpg"]
	if hasCPG {
		if cpg, err = readSmall(cpgPath); err != nil {
			return err
		}
	}
	s, err := t.survey(ctx)
	if err != nil {
		return err
	}
	var ldid [1]byte
	if _, err := f.ReadAt(ldid[:], 29); err != nil {
		return err
	}
	choice := chooseEncoding(cpg, ldid[0], s)
	t.dec = choice.decoder
	r.head.Encoding = choice.name
	if f, ok := choice.finding(t.name, filepath.Base(cpgPath)); ok {
		r.add(f)
	}
	for i := range t.fields {
		raw := t.fields[i].rawName
		name, clean := t.dec.text(raw)
		if !clean {
			name, _ = t.dec.text(raw[:len(raw)-cutTailFor(t.dec, raw)])
		}
		t.fields[i].Name = strings.TrimSpace(name)
	}
	r.head.Fields = t.fields
	t.rows = bufio.NewReaderSize(io.NewSectionReader(f, t.head, t.present*t.width), 256<<10)
	return nil
}

// readHeader reads header and field descriptors. bad says what is wrong with them.
func (t *table) readHeader(size int64) (bad string) {
	var h [32]byte
	if size < 33 {
		return fmt.Sprintf("%d bytes are not a table", size)
	}
	if _, err := t.f.ReadAt(h[:], 0); err != nil {
		return err.Error()
	}
	t.declared, t.head, t.width = int64(le32(h[4:])), int64(le16(h[8:])), int64(le16(h[10:]))
	if t.head < 33 || t.head > size || t.width < 1 {
		return fmt.Sprintf("header of %d bytes, rows of %d bytes in a file of %d bytes", t.head, t.width, size)
	}
	b := make([]byte, t.head-32)
	if _, err := t.f.ReadAt(b, 32); err != nil {
		return err.Error()
	}
	fields, end, bad := parseFields(b, true)
	if bad == "" && int64(end) > t.width {
		// The byte is no part of the length after all: dBASE keeps other things there.
		fields, end, bad = parseFields(b, false)
	}
	switch {
	case bad != "":
		return bad
	case len(fields) == 0:
		return "no columns"
	case int64(end) > t.width:
		return fmt.Sprintf("columns of %d bytes in rows of %d bytes", end, t.width)
	}
	t.fields = fields
	t.present = min(t.declared, (size-t.head)/t.width)
	return ""
}

// parseFields reads the descriptors of the columns and where the last one ends. Text columns beyond 255 bytes keep
// the high byte of their length where numbers have their decimals (Clipper, FoxPro, GDAL): long says to look there.
// Columns without width hold nothing and are left out.
func parseFields(b []byte, long bool) (fields []Field, end int, bad string) {
	end = 1 // after the deletion mark
	for len(b) >= 32 && b[0] != 0x0d {
		f := Field{Type: b[11], Length: int(b[16]), Decimals: int(b[17]), offset: end}
		if f.Type == 'C' {
			if long {
				f.Length |= int(b[17]) << 8
			}
			f.Decimals = 0
		}
		name, _, _ := bytes.Cut(b[:11], []byte{0})
		f.rawName = bytes.Clone(name)
		f.Cut = len(name) >= 10 || len(name) >= 8 && !(decoder{}).isASCII(name)
		end += f.Length
		if f.Length > 0 {
			fields = append(fields, f)
		}
		if len(fields) > maxFields {
			return nil, 0, fmt.Sprintf("more than %d columns", maxFields)
		}
		b = b[32:]
	}
	return fields, end, ""
}

// survey looks at all text of the table once, to settle the encoding.
func (t *table) survey(ctx context.Context) (survey, error) {
	var s survey
	for _, f := range t.fields {
		// A name cut at ten bytes may end in half a character: it says nothing against an encoding.
		if !f.Cut {
			s.add(f.rawName)
		}
	}
	rows := bufio.NewReaderSize(io.NewSectionReader(t.f, t.head, t.present*t.width), 256<<10)
	row := make([]byte, t.width)
	for n := int64(0); n < t.present; n++ {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return s, err
			}
		}
		if _, err := io.ReadFull(rows, row); err != nil {
			return s, err
		}
		for i := range t.fields {
			if f := &t.fields[i]; f.Type == 'C' {
				b := trimText(row[f.offset : f.offset+f.Length])
				if len(b) == f.Length {
					b = b[:len(b)-cutTail(b)]
				}
				s.add(b)
			}
		}
	}
	return s, nil
}

func trimText(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return bytes.TrimRight(b, " ")
}

// row returns the values of row n; ok is false past the end, nil values stand for a row marked as deleted.
// Rows are asked for in order, 1, 2, 3 …
func (t *table) row(n int) (values []string, ok bool, err error) {
	if int64(n) > t.present {
		return nil, false, nil
	}
	if t.row1 == nil {
		t.row1 = make([]byte, t.width)
	}
	if _, err := io.ReadFull(t.rows, t.row1); err != nil {
		return nil, false, err
	}
	if t.row1[0] == '*' {
		t.deleted++
		return nil, true, nil
	}
	values = make([]string, len(t.fields))
	for i := range t.fields {
		f := &t.fields[i]
		values[i] = t.value(f, t.row1[f.offset:f.offset+f.Length], n)
	}
	return values, true, nil
}

func (t *table) value(f *Field, b []byte, n int) string {
	switch f.Type {
	case 'N', 'F':
		s := strings.TrimSpace(string(trimText(b)))
		if strings.Trim(s, "*") == "" {
			return "" // stars fill a number that is too wide for its column, and ArcGIS's nulls
		}
		return s
	case 'L':
		switch string(bytes.TrimSpace(b)) {
		case "T", "t", "Y", "y":
			return "true"
		case "F", "f", "N", "n":
			return "false"
		}
		return ""
	case 'D':
		s := strings.TrimSpace(string(trimText(b)))
		if strings.Trim(s, "0") == "" {
			return ""
		}
		return s
	}
	raw := trimText(b)
	s, clean := t.dec.text(raw)
	if !clean && len(raw) == f.Length {
		// Many writers cut text at the width of the column, in the middle of a character.
		if short, ok := t.dec.text(raw[:len(raw)-cutTailFor(t.dec, raw)]); ok {
			if t.cut++; t.firstCut == 0 {
				t.firstCut = n
			}
			return strings.TrimSpace(short)
		}
	}
	if !clean {
		if t.undecodable++; t.firstUndecodable == 0 {
			t.firstUndecodable = n
		}
	}
	return strings.TrimSpace(s)
}

// compare reports what the table as a whole had to say once all shapes were read.
func (t *table) compare(r *reader, shapes int) {
	switch {
	case t.present < int64(shapes):
		r.add(tableShort(t.name, r.shpName, t.present, int64(shapes)))
	case t.declared > int64(shapes):
		r.add(shapesShort(t.name, r.shpName, t.declared, int64(shapes)))
	}
	if t.deleted > 0 {
		r.add(deletedRows(t.name, t.deleted))
	}
	if t.undecodable > 0 {
		r.add(undecodable(t.name, t.firstUndecodable, t.undecodable, r.head.Encoding))
	}
	if t.cut > 0 {
		r.add(cutText(t.name, t.firstCut, t.cut))
	}
}
