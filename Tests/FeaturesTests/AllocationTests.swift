import Basics
import CAllocationCount
import Features
import Models
import Testing

/// Events to rows to predictions to JSON, without an allocation for each event.
struct AllocationTests {
    @Test func theScoringPathAllocatesNothingPerEvent() throws {
        var path = try ScoringPath()
        for _ in 0..<3 { path.scoreBatch() }
        let before = allocation_count()
        let array = (0..<Int.random(in: 100...200)).map { $0 }
        let start = allocation_count()
        // A build with a sanitizer does not count.
        try #require(start > before || start == 0 && !array.isEmpty)
        for _ in 0..<10 { path.scoreBatch() }
        let allocated = allocation_count() - start
        #if DEBUG
            // Ten a batch of 1 000 events: generic code that is not specialised boxes its loop variables.
            #expect(allocated <= 200, "allocations in 10 000 events")
        #else
            #expect(allocated == 0, "allocations in 10 000 events")
        #endif
    }
}

/// What a scorer does with a batch: decode, transform, predict, encode.
private struct ScoringPath {
    private var decoder: EventDecoder
    private let program: FeatureProgram
    private let model: LinearModel
    private var block: FeatureBlock
    private var rows: [Float] = []
    private var featureScratch = FeatureScratch()
    private var predictions = PredictionBlock()
    private var scratch = PredictionScratch()
    private var writer = JSONWriter(capacity: 1 << 20)
    private var text: [UInt8] = []
    private var events: [Range<Int>] = []

    init() throws {
        let schema = try Schema([
            Feature("fare", .float), Feature("miles", .float), Feature("hour", .integer),
            Feature("shared", .boolean),
            Feature("payment", .categorical, categories: ["cash", "card"]), Feature("company", .categorical),
        ])
        decoder = EventDecoder(schema: schema)
        block = FeatureBlock(schema: schema)
        let pipeline = Pipeline([
            Pipeline.Column(
                "fare", [.impute(value: 1, indicator: true), .log1p, .standardise(mean: 1, deviation: 2)]),
            Pipeline.Column("miles", [.clip(minimum: 0, maximum: 9), .bucketise(edges: [1, 2, 3])]),
            Pipeline.Column("hour"), Pipeline.Column("shared"),
            Pipeline.Column("payment", [.oneHot(categories: ["cash", "card"], unknown: true)]),
            Pipeline.Column("company", [.hash(buckets: 8)]),
        ])
        program = try FeatureProgram(schema: schema, pipeline: pipeline)
        model = try LinearModel(
            kind: .logistic, intercepts: [0.1], weights: Array(repeating: 0.3, count: program.outputCount),
            featureCount: program.outputCount)
        for index in 0..<1_000 {
            let start = text.count
            let fare = index % 7 == 0 ? "null" : "\(Double(index) / 3)"
            let event =
                index % 100 == 99
                ? #"{"id":"bad-\#(index)","fare":"x"}"#
                : #"{"id":"an event with a long id \#(index)","ts":1700000000000,"features":{"#
                    + #""fare":\#(fare),"miles":\#(index % 12).25,"hour":\#(index % 24),"shared":true,"#
                    + #""payment":"ca\u0072d","company":"Company number \#(index % 40)","#
                    + #""unknown":[{"a":1e3}]}}"#
            text += Array(event.utf8)
            events.append(start..<text.count)
        }
    }

    mutating func scoreBatch() {
        // Own references: a span of a member would keep all members from being changed.
        let (text, events) = (self.text, self.events)
        block.removeAll()
        var faults = 0
        for index in events.indices where decoder.decode(text.span, events[index], into: &block) != nil {
            faults += 1
        }
        precondition(faults == 10 && block.count == 990, "\(faults) faults, \(block.count) rows")
        program.write(block, into: &rows, scratch: &featureScratch)
        let written = rows
        model.predict(rows: written.span, count: block.count, into: &predictions, scratch: &scratch)
        writer.removeAll()
        for row in 0..<block.count {
            writer.beginObject()
            writer.key("id")
            block.withID(row) { writer.string(utf8: $0) }
            writer.key("prediction")
            writer.number(predictions.prediction(row))
            writer.key("ts")
            writer.integer(Int(block.timestampMilliseconds(row) ?? 0))
            writer.key("ratio")
            writer.number(Double(row) / 3)
            writer.endObject()
            writer.newline()
        }
    }
}
