import Basics
import Foundation
import Testing

/// Documents against Foundation's parser, which is the oracle.
struct JSONDocumentTests {
    private func accepts(_ bytes: [UInt8]) -> Bool {
        var scanner = JSONScanner(0..<bytes.count)
        do throws(JSONError) {
            try scanner.skipValue(bytes.span)
            try scanner.finish(bytes.span)
            return true
        } catch { return false }
    }

    /// A document as Foundation's `JSONDecoder` sees it.
    private indirect enum Tree: Decodable, Equatable {
        case null
        case boolean(Bool)
        case number(Double)
        case string(String)
        case array([Tree])
        case object([String: Tree])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .boolean(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .string(value)
            } else if let values = try? container.decode([Tree].self) {
                self = .array(values)
            } else {
                self = .object(try container.decode([String: Tree].self))
            }
        }

        init(_ value: JSONValue) {
            switch value {
            case .null: self = .null
            case .boolean(let value): self = .boolean(value)
            case .integer(let value): self = .number(Double(value))
            case .number(let value): self = .number(value)
            case .string(let value): self = .string(value)
            case .array(let values): self = .array(values.map { Tree($0) })
            case .object(let members):
                self = .object(Dictionary(uniqueKeysWithValues: members.map { ($0.key, Tree($0.value)) }))
            }
        }
    }

    private func oracle(_ bytes: [UInt8]) throws -> Tree {
        try JSONDecoder().decode(Tree.self, from: Data(bytes))
    }

    private func randomValue(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &random) {
        case 0: .null
        case 1: .boolean(Bool.random(using: &random))
        case 2: .integer(Int64.random(in: -1_000_000...1_000_000, using: &random))
        case 3: .number(Double.random(in: -1e6...1e6, using: &random))
        case 4: .string(randomText(&random))
        case 5:
            .array(
                (0..<Int.random(in: 0..<5, using: &random)).map { _ in randomValue(&random, depth: depth + 1)
                })
        default:
            .object(
                (0..<Int.random(in: 0..<5, using: &random)).map {
                    JSONValue.Member("\($0)" + randomText(&random), randomValue(&random, depth: depth + 1))
                })
        }
    }

    private func randomText(_ random: inout SeededRandom) -> String {
        let alphabet = Array("ab\"\\/\n\t\u{8}\u{c}\r\u{0}\u{1f}é€😀\u{7f}{}[]:, ")
        return String(
            (0..<Int.random(in: 0..<9, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? "a"
            })
    }

    @Test func randomDocumentsReadTheSameAsFoundation() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<3_000 {
            let value = randomValue(&random, depth: 0)
            let bytes = value.encoded()
            let parsed = try JSONValue(parsing: bytes.span)
            #expect(parsed == value)
            #expect(try oracle(bytes) == Tree(value))
            // What Foundation writes, with its escapes and spaces, reads the same.
            let object = try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
            let pretty = try JSONSerialization.data(withJSONObject: [object], options: [.prettyPrinted])
            #expect(try Tree(JSONValue(parsing: [UInt8](pretty).span)) == oracle([UInt8](pretty)))
        }
    }

    /// Damaged documents: whatever Foundation refuses is refused, and nothing traps. (Foundation accepts
    /// some things that RFC 8259 does not, so the other direction does not hold.)
    @Test func damagedDocumentsAreRefusedWhereFoundationRefuses() throws {
        var random = SeededRandom(seed: 4)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = randomValue(&random, depth: 1).encoded()
            guard !bytes.isEmpty else { continue }
            let position = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: position)
            default: bytes.removeSubrange(position...)
            }
            let isRead = (try? JSONValue(parsing: bytes.span)) != nil
            if (try? oracle(bytes)) == nil {
                #expect(!isRead, "\(String(decoding: bytes, as: UTF8.self))")
                refused += 1
            }
            // A value that is skipped is checked as one that is read, save that no number is computed.
            #expect(!isRead || accepts(bytes))
        }
        #expect(refused > 5_000)
    }

    @Test(arguments: [
        "{\"a\":1,}", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{1:2}", "[1 2]", "[1}", "{\"a\":1]",
        "nul", "truE",
        "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "1 1",
        "[", "{",
        "// no", "'a'", "[1,,2]", "\u{feff}1", "",
    ])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(!accepts(Array(text.utf8)))
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: Array(text.utf8).span) }
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22], [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82],
            [0x22, 0xF0, 0x80, 0x80, 0x80, 0x22],
        ] as [[UInt8]])
    func whatIsNotUTF8IsRefused(bytes: [UInt8]) {
        #expect(!accepts(bytes))
    }

    @Test func depthHasALimit() {
        let nested = { (depth: Int) in
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(accepts(nested(JSONScanner.depthLimit)))
        #expect(!accepts(nested(JSONScanner.depthLimit + 1)))
        #expect(!accepts(nested(1_000_000)))
        #expect(!accepts(Array(String(repeating: "{\"a\":[", count: 500_000).utf8)))
    }

    @Test func theNumberOfValuesHasALimit() throws {
        let bytes = Array("[1,2,3]".utf8)
        _ = try JSONValue(parsing: bytes.span, limits: JSONValue.Limits(valuesMax: 4))
        #expect(throws: JSONError(.tooManyValues, at: 5)) {
            _ = try JSONValue(parsing: bytes.span, limits: JSONValue.Limits(valuesMax: 3))
        }
    }

    @Test func theSameKeyTwiceIsRefusedInDocuments() {
        #expect(throws: JSONError(.duplicateKey, at: 8)) {
            _ = try JSONValue(parsing: Array(#"{"a":1,"\u0061":2}"#.utf8).span)
        }
    }

    @Test func onlyTheRangeIsRead() throws {
        let bytes = Array(#"x{"a":[1,"b\n"]}y"#.utf8)
        var scanner = JSONScanner(1..<bytes.count - 1)
        try scanner.beginObject(bytes.span)
        let key = try #require(try scanner.nextKey(bytes.span))
        #expect(key.text(bytes.span) == "a")
        try scanner.beginArray(bytes.span)
        #expect(try scanner.nextElement(bytes.span))
        #expect(try scanner.integer(bytes.span) == 1)
        #expect(try scanner.nextElement(bytes.span))
        let text = try scanner.string(bytes.span)
        #expect(text.hasEscapes)
        #expect(text.text(bytes.span) == "b\n")
        #expect(try !scanner.nextElement(bytes.span))
        #expect(try scanner.nextKey(bytes.span) == nil)
        try scanner.finish(bytes.span)
        var cut = JSONScanner(1..<bytes.count - 2)
        #expect(throws: JSONError(.unexpectedEnd, at: bytes.count - 2)) { try cut.skipValue(bytes.span) }
    }

    @Test func fieldsNameThePlace() throws {
        let value = try JSONValue(parsing: Array(#"{"a":{"b":"x","c":1.5},"d":[1,"2"],"e":null}"#.utf8).span)
        var fields = try JSONFields(value)
        var inner = try fields.object("a")
        #expect(throws: JSONFieldError(path: "a.b", problem: "must be a number, is a string")) {
            try inner.number("b")
        }
        #expect(throws: JSONFieldError(path: "a.c", problem: "is not a known field")) { try inner.finish() }
        #expect(throws: JSONFieldError(path: "d[1]", problem: "must be a number, is a string")) {
            try fields.required("d").numbers("d")
        }
        #expect(throws: JSONFieldError(path: "e", problem: "is missing")) { try fields.string("e") }
        try fields.finish()
    }
}
