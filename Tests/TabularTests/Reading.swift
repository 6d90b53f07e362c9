import Basics
import Tabular
import Testing

/// All rows of a text, cell by cell, with what was rejected.
struct Everything: Equatable {
    var columns: [String] = []
    var rows: [[String?]] = []
    var kinds: [[CellKind]] = []
    var lines: [Int] = []
    var rejects: [String] = []
    var hasHeader = false

    init(
        _ text: [UInt8], _ format: TabularFormat, header: TableHeader = .detect, expected: [String] = [],
        limits: TabularLimits = TabularLimits(), rowsMax: Int = 3
    ) throws {
        let reader = try TableReader(
            ByteSource(bytes: text, name: "t"), format: format, header: header, expectedColumns: expected,
            limits: limits)
        var batch = RowBatch()
        while try reader.read(into: &batch, rowsMax: rowsMax) {
            for row in 0..<batch.count {
                rows.append((0..<reader.columns.count).map { batch.text(row, $0) })
                kinds.append((0..<reader.columns.count).map { batch.kind(row, $0) })
                lines.append(batch.line(row))
            }
            rejects += batch.rejects.map {
                "\($0.error(file: "t").message) [\($0.reason.rawValue) #\($0.ordinal)]"
            }
        }
        columns = reader.columns
        hasHeader = reader.hasHeader
    }

    init(_ text: String, _ format: TabularFormat, header: TableHeader = .detect, expected: [String] = [])
        throws
    {
        try self.init(Array(text.utf8), format, header: header, expected: expected)
    }
}

@Suite struct CSVReading {
    @Test func quotesLineEndsAndTheByteOrderMark() throws {
        let text = "\u{feff}a,b,c\r\n1,\"x, \"\"y\"\"\nz\",\r\n\"\",plain \"quote\",3.5\n"
        let all = try Everything(text, .csv)
        #expect(all.columns == ["a", "b", "c"])
        #expect(all.rows == [["1", "x, \"y\"\nz", nil], [nil, "plain \"quote\"", "3.5"]])
        #expect(all.kinds == [[.plain, .plain, .missing], [.missing, .plain, .plain]])
        #expect(all.lines == [2, 4])
        #expect(all.rejects.isEmpty)
    }

    @Test func lastRowNeedsNoLineEnd() throws {
        for end in ["", "\n", "\r\n"] {
            let all = try Everything("a,b\n1,2\n3,\"4\"" + end, .csv)
            #expect(all.rows == [["1", "2"], ["3", "4"]])
            #expect(try Everything("a,b\n1,2\n3," + end, .csv).rows == [["1", "2"], ["3", nil]])
        }
    }

    @Test func aRaggedRowIsNamedByItsLineAndTheRestGoesOn() throws {
        let all = try Everything("a,b\n1,2\n\"x\ny\",1,2\n3\n5,6\n", .csv)
        #expect(all.rows == [["1", "2"], ["5", "6"]])
        #expect(all.lines == [2, 6])
        #expect(
            all.rejects == [
                "t:3:1: 3 cells where there are 2 columns [ragged #1]",
                "t:5:1: 1 cells where there are 2 columns [ragged #2]",
            ])
    }

    @Test func aQuoteThatNeverEndsCostsItsOwnLineOnly() throws {
        let all = try Everything("a,b\n1,\"x\n3,4\n5,6\n", .csv)
        #expect(all.rows == [["3", "4"], ["5", "6"]])
        #expect(all.rejects == ["t:2:3: the quoted cell that begins here never ends [malformed #0]"])
    }

    @Test func textAfterAClosingQuoteIsRefused() throws {
        let all = try Everything("a,b\n\"x\"y,2\n3,4\n", .csv)
        #expect(all.rows == [["3", "4"]])
        #expect(all.rejects == ["t:2:4: text stands after the closing quote [malformed #0]"])
    }

    @Test func bytesThatAreNotUTF8AreRefused() throws {
        let all = try Everything(Array("a,b\n1,".utf8) + [0xc3, 0x28] + Array("\n3,é\n".utf8), .csv)
        #expect(all.rows == [["3", "é"]])
        #expect(all.rejects == ["t:2:3: not UTF-8 [not-utf-8 #0]"])
    }

    @Test func aRowPastTheLimitIsSkipped() throws {
        let long = String(repeating: "x", count: 100)
        for text in ["a,b\n1,2\n\(long),2\n3,4\n", "a,b\n1,2\n\"\(long)\",2\n3,4\n"] {
            let all = try Everything(
                Array(text.utf8), .csv, limits: TabularLimits(rowBytesMax: 50, chunkBytes: 7))
            #expect(all.rows == [["1", "2"], ["3", "4"]])
            #expect(all.rejects == ["t:3:1: longer than 50 bytes [too-large #1]"])
        }
    }

    @Test func detectsAHeader() throws {
        #expect(try Everything("a,b\n1,2\n", .csv).hasHeader)
        #expect(try !Everything("1,b\n1,2\n", .csv).hasHeader)
        #expect(try !Everything("a,\n1,2\n", .csv).hasHeader)
        #expect(try !Everything("a,a\n1,2\n", .csv).hasHeader)
        #expect(try !Everything("x,y\nz,w\n", .csv, expected: ["p", "q"]).hasHeader)
        let positional = try Everything("x,y\nz,w\n", .csv, expected: ["p", "q"])
        #expect(positional.columns == ["p", "q"] && positional.rows.count == 2)
        #expect(try Everything("q,p\nz,w\n", .csv, expected: ["p", "q"]).columns == ["q", "p"])
        #expect(
            try Everything("1,2,3\n", .csv, header: .absent, expected: ["p"]).columns == ["p", "f1", "f2"])
    }

    @Test func refusesAHeaderThatRepeatsAName() throws {
        #expect(throws: TabularError(.header, "")) {
            try Everything("a,b,a\n1,2,3\n", .csv, header: .present)
        }
        #expect(throws: TabularError(.header, "")) { try Everything("", .csv, header: .present) }
        #expect(throws: TabularError(.unreadable, "")) { try Everything([0xff, 0xfe, 0x61, 0], .csv) }
    }

    @Test func emptyInputHasNoRows() throws {
        #expect(try Everything("", .csv) == Everything("\n\r\n", .csv))
        #expect(try Everything("", .jsonLines).rows.isEmpty)
    }

    @Test func blankLinesAreNoRowsExceptInATableOfOneColumn() throws {
        #expect(try Everything("a,b\n\n1,2\n\r\n", .csv).rows == [["1", "2"]])
        #expect(try Everything("a\n\n1\n", .csv).rows == [[nil], ["1"]])
    }
}

@Suite struct JSONLinesReading {
    @Test func flatObjectsInAnyOrder() throws {
        let all = try Everything(
            """
            {"a": 1, "b": "x\\u00e9\\n\\ud83d\\ude00", "c": true}
            { "c" : null , "d" : [1, {"e": 2}], "a" : -1.5e3 }

            {}
            """, .jsonLines)
        #expect(all.columns == ["a", "b", "c", "d"])
        #expect(all.kinds.last == [.missing, .missing, .missing, .missing])
        #expect(all.rows[0] == ["1", "xé\n😀", "true", nil])
        #expect(all.rows[1] == ["-1.5e3", nil, nil, "[1, {\"e\": 2}]"])
        #expect(all.lines == [1, 2, 4])
        #expect(all.rejects.isEmpty)
    }

    @Test func eventsGiveTheirFeaturesAsColumns() throws {
        let all = try Everything(
            #"{"id": "r1", "ts": "2026-01-01T00:00:00Z", "features": {"fare": 3, "payment": "Cash"}}"#
                + "\n" + #"{"id": "r2", "features": [4.5, "Card"]}"#, .jsonLines,
            expected: ["fare", "payment"])
        #expect(all.columns == ["id", "ts", "fare", "payment"])
        #expect(all.rows[0] == ["r1", "2026-01-01T00:00:00Z", "3", "Cash"])
        #expect(all.rows[1] == ["r2", nil, "4.5", "Card"])
    }

    @Test(arguments: [
        ("[1]", 1, "a JSON object was expected"), (#"{"a":1,"a":2}"#, 8, "the key a stands twice"),
        (#"{"a":01}"#, 6, "not JSON: unexpected byte"), (#"{"a":NaN}"#, 6, "not JSON: unexpected byte"),
        (#"{"a":1} x"#, 9, "not JSON: something follows the value"),
        (#"{"a":"\q"}"#, 7, "not JSON: invalid escape"), (#"{"a":"\ud800"}"#, 7, "not JSON: invalid escape"),
        (#"{"a":"x}"#, 9, "the JSON text ends too early"), (#"{"a":1.}"#, 8, "not JSON: unexpected byte"),
        (#"{"a" 1}"#, 6, "not JSON: unexpected byte"), (#"{"a":[[[[1]]]]}"#, 9, "nested deeper than 3"),
        ("{\"a\":\"\u{1}\"}", 7, "not JSON: control character in a string"),
        (#"{"f":{"a":1,}}"#, 13, "not JSON: unexpected byte"),
    ])
    func refusesARow(text: String, column: Int, words: String) throws {
        let all = try Everything(
            Array("{\"b\":1}\n\(text)\n{\"b\":2}".utf8), .jsonLines, limits: TabularLimits(depthMax: 3))
        #expect(all.rejects == ["t:2:\(column): \(words) [malformed #1]"])
        #expect(all.rows.map { $0.first } == ["1", "2"])
    }

    @Test func hostileKeysMeetALimit() throws {
        let keys = (0..<20).map { "\"k\($0)\":1" }.joined(separator: ",")
        let all = try Everything(Array("{\(keys)}\n".utf8), .jsonLines, limits: TabularLimits(columnsMax: 10))
        #expect(all.rejects.first?.contains("more than 10 different keys") == true)
        #expect(all.columns.count <= 10)
    }
}

@Suite struct ReadingProperties {
    /// Bytes that tend to hit the grammar's corners.
    private func text(_ random: inout SeededRandom, alphabet: String) -> [UInt8] {
        let bytes = Array(alphabet.utf8)
        return (0..<Int.random(in: 0..<60, using: &random)).map { _ in
            bytes.randomElement(using: &random) ?? 0
        }
    }

    @Test func chunksDoNotShow() throws {
        for seed in UInt64(1)...400 {
            var random = SeededRandom(seed: seed)
            for format in TabularFormat.allCases {
                let alphabet = format == .csv ? "a1,,\"\"\n\n\r é" : "{{}}\"\":,,a1[]\\u\n\ntrue "
                let text = text(&random, alphabet: alphabet)
                let whole = Result { try Everything(text, format, limits: TabularLimits(rowBytesMax: 40)) }
                for chunk in [1, 2, 5] {
                    let limits = TabularLimits(rowBytesMax: 40, chunkBytes: chunk)
                    let pieces = Result { try Everything(text, format, limits: limits, rowsMax: 1) }
                    #expect(
                        (try? whole.get()) == (try? pieces.get()), "seed \(seed), chunk \(chunk), \(text)")
                }
            }
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        let folder = "/tmp/tabular-\(UInt64.random(in: 0 ... .max))"
        for seed in UInt64(1)...60 {
            var random = SeededRandom(seed: seed)
            let columns = ["id", "x,\"y\"", "é\n"]
            let rows = (0..<20).map { _ in
                columns.map { _ -> TableValue in
                    switch Int.random(in: 0..<6, using: &random) {
                    case 0: .missing
                    case 1: .integer(Int64(truncatingIfNeeded: random.next()))
                    case 2: .real((random.unit() - 0.5) * 1e10 + 0.25)
                    case 3: .boolean(Bool.random(using: &random))
                    default:
                        .text(
                            "w"
                                + String(
                                    decoding: text(&random, alphabet: "a,\"\n\r\t\\é".filter { $0 != "é" }),
                                    as: UTF8.self))
                    }
                }
            }
            for format in TabularFormat.allCases {
                let path = "\(folder).\(format.rawValue)"
                let writer = try TableWriter(path: path, columns: columns)
                for row in rows { try writer.write(row) }
                try writer.finish()
                let reader = try TableReader(ByteSource(path: path), format: format, header: .present)
                var batch = RowBatch()
                var read: [[TableValue]] = []
                while try reader.read(into: &batch, rowsMax: 7) {
                    #expect(batch.rejects.isEmpty)
                    for row in 0..<batch.count {
                        read.append(columns.indices.map { batch.value(row, $0) })
                    }
                }
                #expect(Set(reader.columns) == Set(columns) && read == rows, "seed \(seed) \(format)")
            }
        }
    }
}

@Suite struct Writing {
    @Test func aFileThatIsNotFinishedLeavesNothing() throws {
        let path = "/tmp/tabular-half-\(UInt64.random(in: 0 ... .max)).csv"
        do {
            let writer = try TableWriter(path: path, columns: ["a"])
            try writer.write([.integer(1)])
            try writer.flush()
        }
        #expect(throws: TabularError(.unreadable, "")) { try ByteSource(path: path) }
        #expect(throws: TabularError(.unreadable, "")) { try ByteSource(path: path + ".partial") }
    }

    @Test func aRowOfTheWrongWidthIsRefused() throws {
        let writer = try TableWriter(path: "/dev/null", format: .jsonLines, columns: ["a", "b"])
        #expect(throws: TabularError(.misuse, "")) { try writer.write([.integer(1)]) }
    }

    @Test func formatsComeFromTheSuffix() throws {
        #expect(TabularFormat(path: "a/b.CSV") == .csv && TabularFormat(path: "b.ndjson") == .jsonLines)
        #expect(throws: TabularError(.unknownFormat, "")) {
            try TableWriter(path: "x.parquet", columns: ["a"])
        }
        #expect(throws: TabularError(.unwritable, "")) {
            try TableWriter(path: "/no/such/x.csv", columns: ["a"])
        }
    }
}
