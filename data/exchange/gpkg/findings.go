package gpkg

import (
	"fmt"
	"strings"

	"yutu/geo"
)

const basis = "OGC 12-128r19 GeoPackage 1.4"

func finding(sev geo.Severity, rule, file string, record int, zh, en, adviceZH, adviceEN string) geo.Finding {
	return geo.Finding{
		Rule: rule, Severity: sev, File: file, Record: record,
		Message: geo.Text{ZH: zh, EN: en}, Advice: geo.Text{ZH: adviceZH, EN: adviceEN}, Basis: basis,
	}
}

const (
	againZH = "请向提供单位重新索取完整的文件，或在 QGIS 中重新导出。"
	againEN = "Ask the supplier for a complete copy, or export it again from QGIS."
)

func fileTooLarge(file string, size, most int64) geo.Finding {
	return finding(geo.Error, "file-too-large", file, 0,
		fmt.Sprintf("文件 %d 字节，超过上限 %d 字节。", size, most),
		fmt.Sprintf("The file has %d bytes, more than the %d that are read.", size, most),
		"请按乡镇或级别分成几个文件导入。", "Split it by township or by level and import the parts.")
}

func inUse(file, side string) geo.Finding {
	return finding(geo.Error, "file-in-use", file, 0,
		fmt.Sprintf("文件有尚未并入的修改（存在 %s），可能正被其他程序打开。", side),
		fmt.Sprintf("The file has changes that are not part of it yet (%s exists); another program may have it open.", side),
		"请在 QGIS 等程序中保存并关闭该文件后重试。", "Save and close it in QGIS or wherever it is open, then try again.")
}

func damaged(file string, record int, err error) geo.Finding {
	return finding(geo.Error, "gpkg-damaged", file, record,
		fmt.Sprintf("数据库文件已损坏，读完第 %d 条记录后中断：%v。", record, err),
		fmt.Sprintf("The database is damaged; reading ended after record %d: %v.", record, err), againZH, againEN)
}

func notGeoPackage(file, table string) geo.Finding {
	return finding(geo.Error, "gpkg-not", file, 0,
		fmt.Sprintf("这是 SQLite 数据库，但不是 GeoPackage:缺少表 %s。", table),
		fmt.Sprintf("This is an SQLite database and not a GeoPackage: the table %s is missing.", table),
		"请在 QGIS 中导出为 GeoPackage。", "Export it as a GeoPackage from QGIS.")
}

func noSuchLayer(file, want string, have []string) geo.Finding {
	return finding(geo.Error, "layer-unknown", file, 0,
		fmt.Sprintf("没有图层 %q;现有图层：%s。", want, strings.Join(have, "、")),
		fmt.Sprintf("There is no layer %q; the file has: %s.", want, strings.Join(have, ", ")),
		"请改用现有图层的名称。", "Use the name of a layer that exists.")
}

func noPolygonLayer(file string, have []string) geo.Finding {
	return finding(geo.Error, "layer-none", file, 0,
		fmt.Sprintf("没有面图层；现有图层：%s。", strings.Join(have, "、")),
		fmt.Sprintf("There is no polygon layer; the file has: %s.", strings.Join(have, ", ")),
		"请选择含有行政区面图层的文件。", "Choose a file with a polygon layer of divisions.")
}

func severalLayers(file string, have []string) geo.Finding {
	return finding(geo.Error, "layer-choice", file, 0,
		fmt.Sprintf("有 %d 个面图层：%s;须指定一个。", len(have), strings.Join(have, "、")),
		fmt.Sprintf("There are %d polygon layers: %s; one must be named.", len(have), strings.Join(have, ", ")),
		fmt.Sprintf("请写作 %q，或加参数 --map layer=%s。", file+"#"+have[0], have[0]),
		fmt.Sprintf("Write %q, or add --map layer=%s.", file+"#"+have[0], have[0]))
}

func layerIsView(file, table string) geo.Finding {
	return finding(geo.Error, "layer-view", file, 0,
		fmt.Sprintf("图层 %q 不是普通数据表（视图或虚拟表），为安全起见不读取。", table),
		fmt.Sprintf("The layer %q is not an ordinary table but a view or a virtual table, which is not read for safety.", table),
		"请在 QGIS 中将该图层另存为新的 GeoPackage。", "Save the layer as a new GeoPackage from QGIS.")
}

func noGeometryColumn(file, table, column string) geo.Finding {
	return finding(geo.Error, "gpkg-damaged", file, 0,
		fmt.Sprintf("图层 %q 没有登记的几何列 %q。", table, column),
		fmt.Sprintf("The layer %q lacks its registered geometry column %q.", table, column), againZH, againEN)
}

func badGeometry(file string, record int, detail string) geo.Finding {
	return finding(geo.Error, "gpkg-geometry", file, record,
		fmt.Sprintf("第 %d 条记录的图形无法读取：%s。", record, detail),
		fmt.Sprintf("The geometry of record %d cannot be read: %s.", record, detail), againZH, againEN)
}

func textTooLong(file string, record int, column string, n int) geo.Finding {
	return finding(geo.Error, "text-too-long", file, record,
		fmt.Sprintf("第 %d 条记录的 %q 有 %d 字节，超过上限 %d 字节。", record, column, n, maxTextBytes),
		fmt.Sprintf("%q of record %d has %d bytes, more than the %d that are read.", column, record, n, maxTextBytes),
		"请删去该列或更正内容。", "Remove the column or correct the value.")
}

func moreThanFile(file string, record int) geo.Finding {
	return finding(geo.Error, "gpkg-damaged", file, record,
		fmt.Sprintf("到第 %d 条记录时，内容总量已超过文件长度：文件不是正常写成的。", record),
		fmt.Sprintf("With record %d the contents exceed the length of the file: it was not written in good faith.", record), againZH, againEN)
}

func undecodable(file string, record, n int) geo.Finding {
	return finding(geo.Error, "text-undecodable", file, record,
		fmt.Sprintf("第 %d 条记录起有 %d 处文字不是 UTF-8。", record, n),
		fmt.Sprintf("From record %d on %d values are not UTF-8.", record, n), againZH, againEN)
}
