import Arguments
import Configuration
import Testing

@Suite struct YAMLDecoderTests {
    struct Topic: Decodable, Equatable {
        enum Cleanup: String, Decodable { case compact, delete }
        struct Retention: Decodable, Equatable {
            let days: Int?
            let bytes: Int64?
        }

        let name: String
        let partitions: Int
        let cleanup: Cleanup
        let share: Double?
        let readers: [String]
        let labels: [String: String]?
        let retention: Retention?
        let internalOnly: Bool?
    }

    private func topic(_ text: String) throws -> Topic {
        var decoder = YAMLDecoder()
        decoder.suggest = Suggestion.nearest(to:among:)
        return try decoder.decode(Topic.self, from: text, file: "t.yaml")
    }

    private let smallest = "name: a\npartitions: 1\ncleanup: delete\nreaders: []\n"

    @Test func aWholeType() throws {
        let text = """
            name: 2024.10
            partitions: 0x10
            cleanup: compact
            share: 1
            readers: [score, 'learn', 7]
            labels: {a: x, "b c": "1"}
            retention:
              days: 30
              bytes: ~
            internalOnly: true
            """
        let expected = Topic(
            name: "2024.10", partitions: 16, cleanup: .compact, share: 1, readers: ["score", "learn", "7"],
            labels: ["a": "x", "b c": "1"], retention: .init(days: 30, bytes: nil), internalOnly: true)
        #expect(try topic(text) == expected)
    }

    @Test func whatMayBeLeftOutIsNil() throws {
        #expect(try topic(smallest).retention == nil)
        #expect(try topic(smallest + "retention:\n").retention == nil)
        #expect(try topic(smallest + "retention: {}").retention == .init(days: nil, bytes: nil))
    }

    static let refusals:
        [(change: String, with: String, code: ConfigurationError.Code, message: String, hint: String)] = [
            ("name: a\n", "", .missingKey, "t.yaml:1:1: the key 'name' is missing", "Add it."),
            ("name: a", "name: [a]", .wrongType, "t.yaml:1:7: name is a list instead of a text", ""),
            ("name: a", "name:", .wrongType, "t.yaml:1:6: name is nothing instead of a text", ""),
            (
                "partitions: 1", "partitions: one", .wrongType,
                "t.yaml:2:13: partitions is a text instead of a whole", ""
            ),
            (
                "partitions: 1", "partitions: 1.5", .wrongType,
                "t.yaml:2:13: partitions is a number instead of a whole", ""
            ),
            (
                "partitions: 1", "partitions: 99999999999999999999", .wrongType,
                "t.yaml:2:13: partitions is a number", ""
            ),
            ("cleanup: delete", "cleanup: sometimes", .wrongType, "t.yaml:3:10: ", ""),
            (
                "readers: []", "readers: [a, {b: c}]", .wrongType, "t.yaml:4:14: a mapping instead of a text",
                ""
            ),
            (
                "readers: []", "readers: []\ninternalOnly: yes", .wrongType,
                "t.yaml:5:15: internalOnly is a text", "Write true"
            ),
            (
                "readers: []", "readers: []\nretension: {}", .unknownKey, "t.yaml:5:1: no key 'retension'",
                "'retention'"
            ),
            (
                "readers: []", "readers: []\nretention: {dais: 1}", .unknownKey, "t.yaml:5:13: no key 'dais'",
                "'days'"
            ),
            (
                "readers: []", "readers: []\nshare: .x", .wrongType,
                "t.yaml:5:8: share is a text instead of a number", ""
            ),
        ]

    @Test(arguments: refusals.indices) func aWrongValueIsNamedWithItsPlace(index: Int) throws {
        let refusal = Self.refusals[index]
        let text = smallest.replacing(refusal.change, with: refusal.with)
        let error = #expect(throws: ConfigurationError.self) { try topic(text) }
        #expect(error?.code == refusal.code)
        #expect(error?.message.hasPrefix(refusal.message) == true, "\(error?.message ?? "")")
        #expect(error?.hint.contains(refusal.hint) == true || refusal.hint.isEmpty, "\(error?.hint ?? "")")
    }

    @Test func unknownKeysMayBeIgnored() throws {
        var decoder = YAMLDecoder()
        decoder.ignoresUnknownKeys = true
        #expect(try decoder.decode(Topic.self, from: smallest + "more: 1", file: "t").name == "a")
    }

    @Test func aListOfEveryIntegerType() throws {
        struct Numbers: Decodable {
            let a: Int8, b: UInt8, c: Int16, d: UInt16, e: Int32, f: UInt32, g: UInt64, h: Float, i: UInt
        }
        let text =
            "{a: -128, b: 255, c: -1, d: 65535, e: 1, f: 4294967295, g: 18446744073709551615, h: 0.5, i: 3}"
        let numbers = try YAMLDecoder().decode(Numbers.self, from: text, file: "n")
        #expect(numbers.g == .max && numbers.a == -128 && numbers.h == 0.5)
        #expect(throws: ConfigurationError.self) {
            try YAMLDecoder().decode(Numbers.self, from: text.replacing("255", with: "256"), file: "n")
        }
    }

    @Test func aDocumentFromAFileSaysItsPath() throws {
        let file = try TemporaryFile("name: [", name: "topic.yaml")
        let error = #expect(throws: ConfigurationError.self) {
            try YAMLDecoder().decode(Topic.self, contentsOf: file.path)
        }
        #expect(error?.message.hasPrefix("\(file.path):2:1: ") == true)
    }
}

@Suite struct SecretTests {
    @Test func nothingPrintsASecret() throws {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(["password": secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: secret as Secret?), dumped] {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("<secret>"))
        }
        #expect(secret.reveal() == "hunter2")
    }

    @Test func aSecretComesFromAFileWhenItsTextSaysSo() throws {
        let file = try TemporaryFile("pass word\n\n", name: "password")
        #expect(try Secret(setting: "@" + file.path).reveal() == "pass word\n")
        #expect(try Secret(setting: "plain").reveal() == "plain")
        #expect(try Secret(setting: "@@home").reveal() == "@home")
        #expect(
            #expect(throws: ConfigurationError.self) { try Secret(setting: "@/nonexistent") }?.code
                == .unreadable)
        #expect(
            #expect(throws: ConfigurationError.self) { try Secret(setting: "@/dev/zero") }?.code == .tooLarge)
    }

    @Test func aSecretDecodes() throws {
        struct Login: Decodable { let password: Secret }
        let file = try TemporaryFile("p", name: "password")
        let login = try YAMLDecoder().decode(Login.self, from: "password: '@\(file.path)'", file: "l.yaml")
        #expect(login.password.reveal() == "p")
        let error = #expect(throws: ConfigurationError.self) {
            try YAMLDecoder().decode(Login.self, from: "password: '@/nonexistent'", file: "l.yaml")
        }
        #expect(error?.message.hasPrefix("l.yaml:1:11: /nonexistent cannot be read") == true)
    }
}
