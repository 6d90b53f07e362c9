import Configuration
import Testing

@Suite struct YAMLReaderTests {
    private func read(_ text: String, _ limits: ConfigurationLimits = ConfigurationLimits()) throws
        -> YAMLValue
    {
        try YAMLReader.read(text, file: "f.yaml", limits: limits)
    }

    /// The tree as a text: `{a: 'x', b: [1]}`, plain scalars without quotes.
    private func drawn(_ value: YAMLValue) -> String {
        switch value.content {
        case .scalar(let text, let isPlain): isPlain ? text : "'\(text)'"
        case .sequence(let values): "[\(values.map(drawn).joined(separator: ", "))]"
        case .mapping(let entries):
            "{\(entries.map { "\($0.key): \(drawn($0.value))" }.joined(separator: ", "))}"
        }
    }

    @Test(arguments: [
        ("", ""), ("a: 1", "{a: 1}"), ("a: '1'\nb: \"x\\ny\"", "{a: '1', b: 'x\ny'}"),
        ("- 1\n- [2, {b: 3}]\n-", "[1, [2, {b: 3}], ]"), ("a:\n  b:\n    - c\n", "{a: {b: [c]}}"),
        ("a: |\n  two\n  lines\n", "{a: 'two\nlines\n'}"), ("a: >-\n  two\n  lines\n", "{a: 'two lines'}"),
        ("# only a comment\n", ""), ("---\na: b # c\n...\n", "{a: b}"), ("é: ü", "{é: ü}"),
        ("'a b': c", "{a b: c}"),
    ])
    func documents(text: String, expected: String) throws {
        #expect(drawn(try read(text)) == expected)
    }

    @Test func everyNodeKnowsItsPlace() throws {
        let tree = try read("a: 1\nlist:\n  - x\n  - y: [z]\n")
        #expect(tree["a"]?.place.description == "f.yaml:1:4")
        let element = try #require(tree["list"]?.sequence?.last)
        #expect(element.place.description == "f.yaml:4:5")
        #expect(element["y"]?.sequence?.first?.place.description == "f.yaml:4:9")
        #expect(element.mapping?.first?.place.description == "f.yaml:4:5")
    }

    @Test func plainScalarsFollowTheCoreSchema() throws {
        let tree = try read(
            """
            nothing: [~, null, Null, NULL, ""]
            truth: [true, True, false, FALSE]
            texts: [yes, no, on, off, 'true', "1", inf, nan, 0x, 1_000, Infinity, 0x1p3]
            whole: [1, -7, 0x1F, 0o17, +3]
            decimal: [1.5, -1e3, .inf, -.inf, .5]
            """)
        #expect(tree["nothing"]?.sequence?.map(\.isNull) == [true, true, true, true, false])
        #expect(tree["truth"]?.sequence?.map(\.bool) == [true, true, false, false])
        for text in try #require(tree["texts"]?.sequence) {
            #expect(
                text.bool == nil && text.number == nil && text.integer(as: Int.self) == nil
                    && text.string != nil)
        }
        #expect(tree["whole"]?.sequence?.map { $0.integer(as: Int.self) } == [1, -7, 31, 15, 3])
        #expect(tree["whole"]?.sequence?.map(\.number) == [1, -7, 31, 15, 3])
        #expect(tree["decimal"]?.sequence?.map(\.number) == [1.5, -1000, .infinity, -.infinity, 0.5])
        #expect(tree["decimal"]?.sequence?.first?.integer(as: Int.self) == nil)
    }

    static let refusals: [(text: String, code: ConfigurationError.Code, message: String)] = [
        ("a: &x 1", .unsupported, "f.yaml:1:4: the anchor &x is not allowed"),
        ("b: *x", .unsupported, "f.yaml:1:4: an alias is not allowed"),
        ("a: 1\n<<: {b: 2}", .unsupported, "f.yaml:2:1: a merge key is not allowed"),
        (
            "a: !!python/object:os.system x", .unsupported,
            "f.yaml:1:4: the tag tag:yaml.org,2002:python/object"
        ),
        ("a: 1\n---\nb: 2", .unsupported, "f.yaml:2:1: a second document"),
        ("[a]: 1", .unsupported, "f.yaml:1:1: a key that is no text"),
        ("? {a: b}\n: 1", .unsupported, "f.yaml:1:3: a key that is no text"),
        ("a: 1\nb: 2\na: 3", .duplicateKey, "f.yaml:3:1: the key 'a' is there twice"),
        ("c:\n  - a: 1\n    'a': 3", .duplicateKey, "f.yaml:3:5: the key 'a' is there twice"),
        ("a: [1, 2", .syntax, "f.yaml:2:1: did not find expected ',' or ']'"),
        ("a: 1\n b: 2", .syntax, "f.yaml:2:3: mapping values are not allowed"),
        ("a:\n\t- 1", .syntax, "f.yaml:2:1: found character that cannot start any token"),
        ("a: \"\\x\"", .syntax, "f.yaml:1:"),
        ("a: \u{1}", .syntax, "f.yaml: control characters are not allowed"),
        ("\"a", .syntax, "f.yaml:1:3: found unexpected end of stream"),
    ]

    @Test(arguments: refusals.indices) func aWrongDocumentIsRefusedWithItsPlace(index: Int) throws {
        let refusal = Self.refusals[index]
        let error = #expect(throws: ConfigurationError.self) { try read(refusal.text) }
        #expect(error?.code == refusal.code)
        #expect(error?.message.hasPrefix(refusal.message) == true, "\(error?.message ?? "")")
    }

    @Test func bytesThatAreNoTextAreRefused() {
        for bytes: [UInt8] in [
            [0x61, 0x3a, 0x20, 0xff], [0xff, 0xfe, 0x61], [0xc0, 0x80], [0xed, 0xa0, 0x80],
        ] {
            let error = #expect(throws: ConfigurationError.self) {
                try YAMLReader.read(bytes: bytes, file: "f")
            }
            #expect(error?.code == .syntax)
        }
    }

    @Test func limitsHoldExactly() throws {
        var limits = ConfigurationLimits()
        limits.depthMax = 3
        #expect(throws: Never.self) { try read("[[[1]]]", limits) }
        #expect(#expect(throws: ConfigurationError.self) { try read("[[[[1]]]]", limits) }?.code == .tooLarge)
        limits.valuesMax = 4
        #expect(throws: Never.self) { try read("[1, 2, 3]", limits) }
        #expect(
            #expect(throws: ConfigurationError.self) { try read("[1, 2, 3, 4]", limits) }?.code == .tooLarge)
        limits.fileBytesMax = 4
        #expect(throws: Never.self) { try read("a: 1", limits) }
        #expect(#expect(throws: ConfigurationError.self) { try read("a: 12", limits) }?.code == .tooLarge)
        let file = try TemporaryFile("a: 12")
        let error = #expect(throws: ConfigurationError.self) {
            try YAMLReader.read(contentsOf: file.path, limits: limits)
        }
        #expect(error?.code == .tooLarge)
        #expect(
            #expect(throws: ConfigurationError.self) {
                try YAMLReader.read(contentsOf: "/dev/zero", limits: limits)
            }?.code == .tooLarge)
    }

    @Test func deepNestingIsAnErrorAndNoCrash() {
        for text in [String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000) + "x"] {
            #expect(throws: ConfigurationError.self) { try read(text) }
        }
    }

    @Test func filesThatCannotBeReadSayWhy() throws {
        for (path, hint) in [("/nonexistent/x.yaml", "Check the path"), ("/tmp", "Name a file in it.")] {
            let error = #expect(throws: ConfigurationError.self) { try YAMLReader.read(contentsOf: path) }
            #expect(error?.code == .unreadable)
            #expect(error?.message.hasPrefix("\(path) cannot be read: ") == true)
            #expect(error?.hint.hasPrefix(hint) == true)
        }
    }

    /// Cut anywhere and with any bit flipped, a document is read or refused.
    @Test func damagedDocumentsAreReadOrRefused() {
        let bytes = Array("a: [1, 'x', {b: \"\\u00e9\"}]\nc: |\n  text\n  ü\nd: &e *e\n? f\n: !g h\n".utf8)
        for length in 0...bytes.count {
            _ = try? YAMLReader.read(bytes: Array(bytes.prefix(length)), file: "f")
        }
        for position in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[position] ^= 1 << UInt8(bit)
                do {
                    _ = try YAMLReader.read(bytes: damaged, file: "f")
                } catch {
                    #expect(error.message.hasPrefix("f:"))
                }
            }
        }
    }
}
