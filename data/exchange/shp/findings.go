package shp

import (
	"fmt"

	"yutu/geo"
)

// The rules of this package. Messages name the bytes, because the person who asks for a new copy of the file
// has to say what is missing.

const basis = "ESRI Shapefile Technical Description, 1998"

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

func tooShort(file string, size, need int64) geo.Finding {
	return finding(geo.Error, "shp-truncated", file, 0,
		fmt.Sprintf("文件只有 %d 字节，连 %d 字节的文件头都不完整。", size, need),
		fmt.Sprintf("%d bytes are less than the file header of %d bytes.", size, need), againZH, againEN)
}

func notShapefile(file string) geo.Finding {
	return finding(geo.Error, "shp-header", file, 0,
		"文件头不是 Shapefile 的文件头（文件代码不是 9994）。",
		"The header is not that of a Shapefile (file code is not 9994).", againZH, againEN)
}

func notPolygons(file, kind string) geo.Finding {
	return finding(geo.Error, "geometry-kind", file, 0,
		fmt.Sprintf("图形类型为 %s，行政区必须是面（Polygon）。", kind),
		fmt.Sprintf("The shapes are of type %s; divisions must be polygons.", kind),
		"请选择面图层；界线图层请按界线导入。", "Choose the polygon layer; a layer of lines is imported as lines.")
}

func truncated(file string, record int, declared, real int64) geo.Finding {
	return finding(geo.Error, "shp-truncated", file, record,
		fmt.Sprintf("文件头声明 %d 字节，实际只有 %d 字节：文件不完整。", declared, real),
		fmt.Sprintf("The header declares %d bytes and the file has %d: it is not complete.", declared, real), againZH, againEN)
}

func trailing(file string, declared, real int64) geo.Finding {
	return finding(geo.Warning, "shp-length", file, 0,
		fmt.Sprintf("文件头声明 %d 字节，实际有 %d 字节；多出的部分未读取。", declared, real),
		fmt.Sprintf("The header declares %d bytes and the file has %d; what is beyond was not read.", declared, real), againZH, againEN)
}

func cutRecord(file string, record int, at, end, size int64) geo.Finding {
	return finding(geo.Error, "shp-truncated", file, record,
		fmt.Sprintf("第 %d 条图形应占第 %d 至 %d 字节，而可读的只到第 %d 字节。", record, at, end, size),
		fmt.Sprintf("Shape %d should take bytes %d to %d, and only %d can be read.", record, at, end, size), againZH, againEN)
}

func overlapping(file string, record int) geo.Finding {
	return finding(geo.Error, "shx-damaged", file, record,
		fmt.Sprintf("索引（.shx）使各条图形相互重叠，到第 %d 条时已超过文件长度。", record),
		fmt.Sprintf("The index (.shx) makes shapes overlap: with shape %d they exceed the length of the file.", record),
		"请删除 .shx 后重试，或在 QGIS 中重新导出。", "Remove the .shx and try again, or export the file again from QGIS.")
}

func badShape(file string, record int, detail string) geo.Finding {
	return finding(geo.Error, "shp-record", file, record,
		fmt.Sprintf("第 %d 条图形已损坏：%s。", record, detail),
		fmt.Sprintf("Shape %d is damaged: %s.", record, detail), againZH, againEN)
}

func tooNested(file string, record int) geo.Finding {
	return finding(geo.Error, "geometry-too-complex", file, record,
		fmt.Sprintf("第 %d 条图形的环相互嵌套过多，无法判定面与洞。", record),
		fmt.Sprintf("The rings of shape %d lie in one another so often that areas and holes cannot be told apart.", record),
		"请在 QGIS 中用“修正几何图形”处理后重新导出。", "Use “Fix geometries” in QGIS and export again.")
}

func oddRing(file string, record int, o oddity) geo.Finding {
	zh, en := "在任何面之外，按面处理", "lies in no area and was taken as one"
	runsZH, runsEN := "洞", "a hole"
	if o.hole {
		zh, en, runsZH, runsEN = "在另一面之内，按洞处理", "lies in an area and was taken as a hole", "面", "an area"
	}
	return finding(geo.Warning, "ring-orientation", file, record,
		fmt.Sprintf("第 %d 条图形的第 %d 个环%s，但其走向是%s的走向（此图形共有 %d 个这样的环）。", record, o.ring, zh, runsZH, o.count),
		fmt.Sprintf("Ring %d of shape %d %s, though it runs like %s (%d such rings in this shape).", o.ring, record, en, runsEN, o.count),
		"请在地图上核对该处是面还是洞。", "Check on the map whether it is an area or a hole.")
}

func noIndex(shp string) geo.Finding {
	return finding(geo.Warning, "shx-missing", shp, 0,
		"缺少 .shx 索引文件；图形按在 .shp 中的次序读取，若文件曾被编辑，可能读到已删除的图形。",
		"The .shx index is missing; the shapes were read in the order of the .shp, which after editing may bring back deleted ones.",
		"请索取含 .shx 的完整文件，或核对记录数后接受此警告。", "Ask for the complete set of files, or check the number of records and accept the warning.")
}

func badIndex(file string, size int64) geo.Finding {
	return finding(geo.Warning, "shx-damaged", file, 0,
		fmt.Sprintf("索引文件已损坏（%d 字节，与其文件头不符）;图形按在 .shp 中的次序读取。", size),
		fmt.Sprintf("The index is damaged (%d bytes, not what its header says); the shapes were read in the order of the .shp.", size),
		againZH, againEN)
}

func noTable(shp string) geo.Finding {
	return finding(geo.Error, "dbf-missing", shp, 0,
		"缺少 .dbf 属性表：没有代码和名称。", "The .dbf table is missing: there are no codes and no names.",
		"请把同名的 .shp、.shx、.dbf、.prj 放在同一文件夹。", "Put .shp, .shx, .dbf and .prj of the same name into one folder.")
}

func badTable(file, detail string) geo.Finding {
	return finding(geo.Error, "dbf-header", file, 0,
		fmt.Sprintf("属性表的文件头已损坏：%s。", detail), fmt.Sprintf("The header of the table is damaged: %s.", detail), againZH, againEN)
}

func tableCut(file string, present, declared int64) geo.Finding {
	return finding(geo.Error, "dbf-truncated", file, int(present)+1,
		fmt.Sprintf("属性表声明 %d 行，从第 %d 行起缺失。", declared, present+1),
		fmt.Sprintf("The table declares %d rows and ends before row %d.", declared, present+1), againZH, againEN)
}

func tableShort(dbf, shp string, rows, shapes int64) geo.Finding {
	return finding(geo.Error, "dbf-shorter", dbf, int(rows)+1,
		fmt.Sprintf("%s 有 %d 条图形，属性表只有 %d 行：从第 %d 条起没有属性。", shp, shapes, rows, rows+1),
		fmt.Sprintf("%s holds %d shapes and the table %d rows: from record %d on there are no attributes.", shp, shapes, rows, rows+1), againZH, againEN)
}

func shapesShort(dbf, shp string, rows, shapes int64) geo.Finding {
	return finding(geo.Error, "shp-shorter", shp, int(shapes)+1,
		fmt.Sprintf("属性表 %s 有 %d 行，图形只有 %d 条。", dbf, rows, shapes),
		fmt.Sprintf("The table %s has %d rows and there are %d shapes.", dbf, rows, shapes), againZH, againEN)
}

func deletedRows(file string, n int) geo.Finding {
	return finding(geo.Info, "dbf-deleted", file, 0,
		fmt.Sprintf("%d 行带有删除标记，已跳过。", n), fmt.Sprintf("%d rows are marked as deleted and were left out.", n), "", "")
}

func undecodable(file string, record, n int, enc string) geo.Finding {
	return finding(geo.Error, "text-undecodable", file, record,
		fmt.Sprintf("第 %d 行起有 %d 处文字按 %s 无法解读。", record, n, enc),
		fmt.Sprintf("From row %d on %d values are no text in %s.", record, n, enc),
		"请核对 .cpg 中的编码（GBK 写 GBK,UTF-8 写 UTF-8）。", "Check the encoding in the .cpg (write GBK or UTF-8).")
}

func cutText(file string, record, n int) geo.Finding {
	return finding(geo.Warning, "text-cut", file, record,
		fmt.Sprintf("第 %d 行起有 %d 处文字在列宽处被截断，最后一个字不完整，已去掉。", record, n),
		fmt.Sprintf("From row %d on %d values were cut at the width of their column in the middle of a character, which was dropped.", record, n),
		"请加宽该列后重新导出。", "Widen the column and export again.")
}

func encodingAssumed(file, enc string) geo.Finding {
	return finding(geo.Info, "encoding-assumed", file, 0,
		fmt.Sprintf("没有 .cpg,未说明编码；根据文字内容按 %s 读取。", enc),
		fmt.Sprintf("There is no .cpg that says the encoding; by what the text looks like it was read as %s.", enc), "", "")
}

func encodingContradicted(file, claimed, enc string) geo.Finding {
	return finding(geo.Warning, "encoding-contradicted", file, 0,
		fmt.Sprintf("声明的编码是 %q，但文字不是这种编码；按 %s 读取。", claimed, enc),
		fmt.Sprintf("The declared encoding is %q, which the text is not; it was read as %s.", claimed, enc),
		"请核对名称是否正确，并更正 .cpg。", "Check that the names are right, and correct the .cpg.")
}

func encodingUnknown(file, claimed, enc string) geo.Finding {
	return finding(geo.Warning, "encoding-unknown", file, 0,
		fmt.Sprintf("声明的编码 %q 不能表示中文或无法识别；根据文字内容按 %s 读取。", claimed, enc),
		fmt.Sprintf("The declared encoding %q cannot hold Chinese or is not known; by what the text looks like it was read as %s.", claimed, enc),
		"请核对名称是否正确，并更正 .cpg。", "Check that the names are right, and correct the .cpg.")
}
