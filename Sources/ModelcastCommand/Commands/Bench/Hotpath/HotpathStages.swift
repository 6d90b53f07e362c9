import Basics
import EventLog
import Features
import Modelcast
import Models
import Scoring
import Snapshots

/// The steps of scoring a batch, each with a clock around it.
///
/// The steps work on blocks of 1 024 rows, as the scorer does; `whole` is the scorer itself.
struct HotpathStages {
    /// A step.
    enum Stage: String, CaseIterable {
        /// Every step, and then the whole.
        case all
        case decode, transform, score, encode
        /// All steps together, dead letters included, as the service calls them.
        case whole
    }

    /// Nanoseconds for an event.
    struct Result: Sendable {
        let stage: Stage
        let median: Double
        let lowest: Double
    }

    private static let blockRows = 1_024
    private let model: LoadedModel
    private let input: RecordBatch
    private var decoder: EventDecoder
    private var block: FeatureBlock
    private var rows: [Float] = []
    private var featureScratch = FeatureScratch()
    private var scores = PredictionBlock()
    private var scratch = PredictionScratch()
    private var encoder = PredictionEncoder(model: "bench", version: 1)
    private var records: [Int] = []
    private var output = RecordBatch()
    private let scorer: EventScorer
    private var tally = ScoringTally()

    init(predictor: any Predictor, events: HotpathEvents.Shape, count: Int) throws {
        let schema = try Schema.floats(names: HotpathEvents.names, count: HotpathEvents.featureCount)
        model = LoadedModel(
            name: "bench", version: 1, schema: schema, program: try FeatureProgram(schema: schema),
            predictor: predictor)
        input = HotpathEvents.batch(events, count: count)
        decoder = EventDecoder(schema: schema)
        block = FeatureBlock(schema: schema)
        scorer = EventScorer(
            options: ScoringOptions(
                input: "events", output: "predictions", deadLetter: "dead-letters", group: "bench",
                instance: "bench"),
            output: &output)
    }

    /// Scores the batch `rounds` times, after two to warm up, and says what the steps took.
    mutating func measure(_ stage: Stage, rounds: Int) -> [Result] {
        var samples: [Stage: [Double]] = [:]
        for round in -2..<rounds {
            var times: [Stage: Duration] = [:]
            if stage != .whole { runSteps(until: stage, &times) }
            if stage == .all || stage == .whole {
                clock(.whole, &times) { stages in
                    stages.output.removeAll()
                    stages.scorer.score(
                        stages.input, with: stages.model, into: &stages.output, tally: &stages.tally)
                }
            }
            guard round >= 0 else { continue }
            for (stage, time) in times {
                samples[stage, default: []].append(time.seconds * 1e9 / Double(input.count))
            }
        }
        return Stage.allCases.compactMap { stage in
            guard let sorted = samples[stage]?.sorted(), let lowest = sorted.first else { return nil }
            return Result(stage: stage, median: sorted[sorted.count / 2], lowest: lowest)
        }
    }

    /// The steps up to `last`, block by block.
    private mutating func runSteps(until last: Stage, _ times: inout [Stage: Duration]) {
        var index = 0
        output.removeAll()
        while index < input.count {
            let range = index..<min(index + HotpathStages.blockRows, input.count)
            index = range.upperBound
            clock(.decode, &times) { $0.decode(range) }
            if last == .decode || records.isEmpty { continue }
            clock(.transform, &times) { stages in
                stages.model.program.write(
                    stages.block, into: &stages.rows, scratch: &stages.featureScratch)
            }
            if last == .transform { continue }
            clock(.score, &times) { stages in
                let rows = stages.rows
                stages.model.predictor.predict(
                    rows: rows.span, count: stages.records.count, into: &stages.scores,
                    scratch: &stages.scratch)
            }
            if last == .score { continue }
            clock(.encode, &times) { stages in
                stages.encoder.append(
                    stages.scores, of: stages.block, records: stages.records, of: stages.input,
                    to: &stages.output, topic: 0)
            }
        }
    }

    private mutating func decode(_ range: Range<Int>) {
        // A reference of its own: a span of a member would keep the others from being changed.
        let input = input
        let bytes = input.bytes.span
        block.removeAll()
        records.removeAll(keepingCapacity: true)
        for index in range {
            guard let value = input.valueRange(at: index) else { continue }
            if decoder.decode(bytes, value, into: &block) == nil { records.append(index) }
        }
    }

    private mutating func clock(
        _ stage: Stage, _ times: inout [Stage: Duration], _ body: (inout HotpathStages) -> Void
    ) {
        let start = ContinuousClock.now
        body(&self)
        times[stage, default: .zero] += start.duration(to: .now)
    }
}
