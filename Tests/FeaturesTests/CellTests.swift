import Features
import Testing

struct CellTests {
    private func schema() throws -> Schema {
        try Schema([
            Feature("fare", .float, isRequired: true), Feature("hour", .integer), Feature("shared", .boolean),
            Feature("payment", .categorical, categories: ["cash", "8"]),
        ])
    }

    private func decode(_ cells: [(TextCell.Kind, String)], _ columns: CellColumns) throws -> (
        [Double], RowFault?
    ) {
        let schema = try schema()
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        var bytes: [UInt8] = []
        let places = cells.map { kind, text in
            bytes += Array(text.utf8)
            return TextCell(text.isEmpty ? .missing : kind, bytes.count - text.utf8.count..<bytes.count)
        }
        let fault = decoder.decodeCells(bytes.span, columns: columns, into: &block) { column in
            column < places.count ? places[column] : TextCell(.missing, 0..<0)
        }
        return (fault == nil ? schema.features.indices.map { block.value(0, $0) } : [], fault)
    }

    @Test(arguments: [
        ("9.5", 9.5), ("+9.5", 9.5), (".5", 0.5), ("5.", 5), ("007", 7), ("-1e2", -100), ("1E+2", 100),
    ])
    func numbersAsTablesWriteThem(text: String, value: Double) throws {
        let columns = CellColumns(positionsOf: try schema())
        #expect(try decode([(.plain, text)], columns).0.first == value)
    }

    @Test(arguments: ["x", "1,5", "inf", "nan", "0x10", "1 2", "--1", "1e999", "9.5€", "1e", "."])
    func whatIsNoNumberIsRefused(text: String) throws {
        let columns = CellColumns(positionsOf: try schema())
        #expect(try decode([(.plain, text)], columns).1 == RowFault(.wrongType, .feature(0), at: 0))
    }

    @Test func columnsByNameInAnyOrder() throws {
        let columns = CellColumns(
            header: ["other", "payment", "shared", "id", "fare", "ts"], schema: try schema())
        #expect(columns.idColumn == 3)
        let (values, fault) = try decode(
            [
                (.plain, "?"), (.plain, "8"), (.plain, "TRUE"), (.plain, "a"), (.plain, "2"),
                (.plain, "2026-01-01"),
            ],
            columns)
        #expect(fault == nil)
        #expect(values[0] == 2 && values[1].isNaN && values[2] == 1 && values[3] == 1)
        #expect(try decode([(.plain, ""), (.text, "cash")], columns).1?.code == .missingRequired)
    }

    @Test func columnsByPosition() throws {
        let columns = CellColumns(positionsOf: try schema(), idColumn: 1)
        let (values, fault) = try decode(
            [(.plain, "1"), (.plain, "row-1"), (.number, "3"), (.boolean, "false"), (.text, "cash")], columns)
        #expect(fault == nil)
        #expect(values == [1, 3, 0, 0])
    }

    @Test func quotedNumbersAreText() throws {
        let columns = CellColumns(positionsOf: try schema())
        #expect(try decode([(.text, "1")], columns).1?.code == .wrongType)
        #expect(
            try decode([(.plain, "1"), (.plain, "1.5")], columns).1
                == RowFault(.wrongType, .feature(1), at: 0))
        #expect(try decode([(.plain, "1"), (.plain, ""), (.plain, "yes")], columns).1?.field == .feature(2))
        #expect(
            try decode([(.plain, "1"), (.plain, ""), (.plain, ""), (.boolean, "true")], columns).1?.field
                == .feature(3))
        #expect(try decode([(.nested, "[1]")], columns).1?.code == .wrongType)
    }
}
