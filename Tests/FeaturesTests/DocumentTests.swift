import Basics
import Features
import Testing

struct DocumentTests {
    static let schema = #"""
        {"version":1,"features":[{"name":"fare","kind":"float","required":true,"minimum":0.0,\#
        "maximum":500.0},{"name":"payment","kind":"categorical","categories":["cash","né\"e"]},\#
        {"name":"hour","kind":"integer"}]}
        """#
    static let golden = #"""
        {"version":1,"tolerance":{"absolute":1e-06,"relative":1e-05},"rows":[{"features":{"fare":9.5,\#
        "payment":"cash"},"prediction":[0.75]},{"features":[1,null],"prediction":[0.5,null],\#
        "scores":[0.5,0.5]}]}
        """#

    private static func baseline() throws -> Baseline {
        let schema = try Schema(decoding: Array(Self.schema.utf8).span)
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        var builder = BaselineBuilder(schema: schema)
        for index in 0..<1_000 {
            let payment = index % 10 == 0 ? "null" : index % 4 == 0 ? "\"gold\"" : "\"cash\""
            let bytes = Array(#"{"fare":\#(index),"payment":\#(payment),"hour":null}"#.utf8)
            #expect(decoder.decode(bytes.span, 0..<bytes.count, into: &block) == nil)
        }
        builder.add(block)
        let predictions: [Float] = [0.25, 0.5, 0.75]
        builder.add(predictions: predictions.span)
        return builder.finish()
    }

    @Test func schemasSurviveTheirFile() throws {
        let schema = try Schema(decoding: Array(Self.schema.utf8).span)
        #expect(schema.features.count == 3)
        #expect(schema.features[0].isRequired && schema.features[0].range == 0...500)
        #expect(schema.features[1].categories == ["cash", "né\"e"])
        #expect(schema.index(of: "hour") == 2)
        #expect(String(decoding: schema.encoded(), as: UTF8.self) == Self.schema)
    }

    @Test func aModelWithoutASchemaGetsOne() throws {
        #expect(try Schema.floats(names: nil, count: 3).features.map(\.name) == ["f0", "f1", "f2"])
        #expect(try Schema.floats(names: ["a"], count: 1).features == [Feature("a", .float)])
        #expect(throws: FeatureError.self) { _ = try Schema.floats(names: ["a", "a"], count: 2) }
    }

    @Test(arguments: [
        ("\"kind\":\"integer\"", "\"kind\":\"complex\"", "features[2].kind"),
        ("\"version\":1", "\"version\":2", "version"),
        ("\"hour\"", "\"fare\"", "fare"), ("\"hour\"", "\"\"", "name"), ("\"minimum\":0.0,", "", "minimum"),
        ("\"minimum\":0.0", "\"minimum\":1e9", "minimum"),
        ("\"required\":true", "\"required\":1", "features[0].required"),
        ("\"required\":true", "\"requird\":true", "features[0].requird"),
        ("\"né\\\"e\"", "\"cash\"", "payment"),
        ("\"kind\":\"categorical\"", "\"kind\":\"float\"", "payment"), ("]}]}", "]}]", "byte"),
    ])
    func wrongSchemasAreRefusedWithThePlace(part: String, replacement: String, place: String) throws {
        let text = Self.schema.replacing(part, with: replacement)
        guard text != Self.schema else { return }
        let error = #expect(throws: FeatureError.self) { _ = try Schema(decoding: Array(text.utf8).span) }
        #expect(error?.code == .schema)
        #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
    }

    @Test func baselinesCount() throws {
        let baseline = try Self.baseline()
        let fare = try #require(baseline.features[0].number)
        let payment = try #require(baseline.features[1].category)
        let hour = try #require(baseline.features[2].number)
        #expect(fare.count == 1_000 && fare.missing == 0 && fare.minimum == 0 && fare.maximum == 999)
        #expect(abs(fare.mean - 499.5) < 1e-9)
        #expect(abs(fare.deviation - (Double(1_000 * 1_000 - 1) / 12).squareRoot()) < 1e-9)
        #expect(fare.counts == Array(repeating: 50, count: 20))
        #expect(fare.edges == (1..<20).map { Double($0 * 50) })
        #expect(payment.missing == 100 && payment.count == 900)
        #expect(payment.categories == [.init("cash", 700), .init("né\"e", 0)])
        #expect(payment.other == 200)
        #expect(payment.hashCounts.reduce(0, +) == 900)
        #expect(payment.hashCounts[Int(FNV1a.hash("gold") % 64)] >= 200)
        #expect(hour.count == 0 && hour.missing == 1_000 && hour.counts == [0])
        #expect(baseline.prediction?.count == 3)
    }

    @Test func baselinesSurviveTheirFile() throws {
        let baseline = try Self.baseline()
        let bytes = baseline.encoded()
        #expect(try Baseline(decoding: bytes.span) == baseline)
        #expect(try Self.baseline().encoded() == bytes)
        #expect(try Baseline(decoding: bytes.span).encoded() == bytes)
    }

    @Test func quantilesOfALargeSampleAreNearTheTrueOnes() throws {
        let schema = try Schema([Feature("x", .float)])
        var options = BaselineBuilder.Options()
        options.sampleMax = 2_000
        var builder = BaselineBuilder(schema: schema, options: options)
        var random = SeededRandom(seed: 1)
        for _ in 0..<50 {
            let values = (0..<1_000).map { _ in Float.random(in: 0..<1, using: &random) }
            builder.add(predictions: values.span)
        }
        let distribution = try #require(builder.finish().prediction)
        #expect(distribution.count == 50_000)
        #expect(distribution.counts.reduce(0, +) == 2_000)
        for (index, edge) in distribution.edges.enumerated() {
            #expect(abs(edge - Double(index + 1) / 20) < 0.05)
        }
    }

    @Test func goldenRowsSurviveTheirFile() throws {
        let golden = try GoldenRows(decoding: Array(Self.golden.utf8).span)
        #expect(golden.rows.count == 2)
        #expect(golden.rows[1].prediction[1].isNaN)
        #expect(String(decoding: golden.encoded(), as: UTF8.self) == Self.golden)
        #expect(
            String(decoding: golden.rows[0].event, as: UTF8.self)
                == #"{"features":{"fare":9.5,"payment":"cash"}}"#)
    }

    @Test func goldenRowsCompareWithinTheTolerance() throws {
        let golden = try GoldenRows(decoding: Array(Self.golden.utf8).span)
        #expect(golden.mismatch(0, prediction: [0.75], scores: []) == nil)
        #expect(golden.mismatch(0, prediction: [0.750005], scores: [1]) == nil)
        #expect(golden.mismatch(0, prediction: [0.7501], scores: []) != nil)
        #expect(golden.mismatch(0, prediction: [.nan], scores: []) != nil)
        #expect(golden.mismatch(0, prediction: [0.75, 0.75], scores: []) != nil)
        #expect(golden.mismatch(1, prediction: [0.5, .nan], scores: [0.5, 0.5]) == nil)
        #expect(golden.mismatch(1, prediction: [0.5, .nan], scores: [0.5, 0.6]) != nil)
        #expect(golden.mismatch(1, prediction: [0.5, 0], scores: [0.5, 0.5]) != nil)
    }

    private enum Document: CaseIterable {
        case schema, golden, pipeline, baseline

        func bytes() throws -> [UInt8] {
            switch self {
            case .schema: Array(DocumentTests.schema.utf8)
            case .golden: Array(DocumentTests.golden.utf8)
            case .pipeline: PipelineTests.whole.encoded()
            case .baseline: try DocumentTests.baseline().encoded()
            }
        }

        /// The document written again; nil when it is refused.
        func rewritten(_ bytes: [UInt8]) -> [UInt8]? {
            do {
                switch self {
                case .schema: return try Schema(decoding: bytes.span).encoded()
                case .golden: return try GoldenRows(decoding: bytes.span).encoded()
                case .pipeline: return try Pipeline(decoding: bytes.span).encoded()
                case .baseline: return try Baseline(decoding: bytes.span).encoded()
                }
            } catch {
                return nil
            }
        }
    }

    /// Truncated and damaged documents are refused or read, and never trap; what is read can be written.
    @Test(arguments: Document.allCases)
    private func damagedDocumentsNeverTrap(document: Document) throws {
        var random = SeededRandom(seed: 9)
        let bytes = try document.bytes()
        #expect(document.rewritten(bytes) == bytes)
        for count in 0..<bytes.count { #expect(document.rewritten(Array(bytes[..<count])) == nil) }
        for _ in 0..<1_500 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<damaged.count, using: &random)
                damaged[position] = bytes[Int.random(in: 0..<bytes.count, using: &random)]
            }
            guard let written = document.rewritten(damaged) else { continue }
            #expect(document.rewritten(written) == written)
        }
    }
}
