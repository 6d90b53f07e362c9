import Basics
import CAllocationCount
import EventLog
import Features
import Modelcast
import Models
import Scoring
import Snapshots
import Testing

/// The whole way from a batch of events to a batch of predictions and dead letters, without an allocation
/// for an event.
@Suite(.serialized) struct ScorerAllocationTests {
    /// What the events of a batch are.
    enum Events: String, CaseIterable {
        case ordered, named, mixed, bad
    }

    @Test(arguments: Events.allCases, ["linear", "trees"])
    func scoringAllocatesNothingPerEvent(events: Events, model: String) throws {
        let model = try ScorerAllocationTests.model(model)
        var output = RecordBatch()
        let scorer = EventScorer(
            options: ScoringOptions(
                input: "events", output: "predictions", deadLetter: "dead", group: "g", instance: "i"),
            output: &output)
        var tally = ScoringTally()
        let batches = [500, 5_000].map { ScorerAllocationTests.batch(events, count: $0) }
        // A fault of JSON is thrown, and Swift Testing keeps a backtrace of every error.
        silence_thrown_error_hooks()
        defer { restore_thrown_error_hooks() }
        func score(_ batch: RecordBatch) -> UInt {
            let before = allocation_count()
            output.removeAll()
            scorer.score(batch, with: model, into: &output, tally: &tally)
            let allocated = allocation_count() - before
            #expect(output.count == batch.count)
            return allocated
        }
        // Buffers grow while the first batches pass.
        for _ in 0..<3 { for batch in batches { _ = score(batch) } }
        let allocated = batches.map(score)
        #if DEBUG
            // Code that is not optimised boxes what a loop or a closure holds, a few a block of 1 024 rows.
            #expect(allocated[0] <= 100, "allocations in 500 events")
            #expect(allocated[1] <= 500, "allocations in 5 000 events")
        #else
            #expect(allocated == [0, 0], "allocations in 500 and in 5 000 events")
        #endif
    }

    /// A count that stays at zero would prove nothing.
    @Test func allocationsAreCounted() {
        let before = allocation_count()
        let array = (0..<Int.random(in: 100...200)).map { $0 }
        let counted = allocation_count() > before
        // A build with a sanitizer does not count.
        #expect(counted || before == 0 && !array.isEmpty)
    }

    private static func model(_ kind: String) throws -> LoadedModel {
        let schema = try Schema((0..<8).map { Feature("f\($0)", .float) } + [Feature("kind", .categorical)])
        let pipeline = Pipeline((0..<8).map { Pipeline.Column("f\($0)") })
        let predictor: any Predictor =
            try kind == "linear"
            ? LinearModel(
                kind: .logistic, intercepts: [0.1], weights: Array(repeating: 0.3, count: 8), featureCount: 8)
            : PredictorLoader.load(trees())
        return LoadedModel(
            name: "m", version: 3, schema: schema,
            program: try FeatureProgram(schema: schema, pipeline: pipeline), predictor: predictor)
    }

    /// Twenty stumps over eight features, as XGBoost writes them.
    private static func trees() -> [UInt8] {
        let trees = (0..<20).map { index in
            #"{"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[\#(index % 8),0,0],"#
                + #""split_conditions":[\#(index),0.5,-0.25],"default_left":[1,0,0]}"#
        }
        let info = (0..<20).map { _ in "0" }.joined(separator: ",")
        return Array(
            (#"{"learner":{"gradient_booster":{"name":"gbtree","model":{"tree_info":[\#(info)],"#
                + #""trees":[\#(trees.joined(separator: ","))]}},"learner_model_param":{"base_score":"5E-1","#
                + #""num_feature":"8"},"objective":{"name":"binary:logistic"}},"version":[2,0,0]}"#).utf8)
    }

    private static func batch(_ events: Events, count: Int) -> RecordBatch {
        var batch = RecordBatch()
        for index in 0..<count {
            let value: String? =
                switch events {
                case .ordered:
                    #"{"id":"event \#(index)","features":[\#(index).25,2.5,-3.125,4,5e1,null,7,8.5,"kind"]}"#
                case .named: #"{"id":\#(index),"ts":1700000000000,"f0":\#(index).5,"f1":1.25,"kind":"a\"b"}"#
                case .mixed:
                    switch index % 4 {
                    case 0: #"{"f0":1.5,"other":[{"a":1e3}],"ts":"2026-01-31T12:00:00Z"}"#
                    case 1: #"{"id":"\u0041 é","features":{"f3":0.30000000000000004}}"#
                    case 2: #"{"id":"x","f0":"high"}"#
                    default: #"{"id":"y","features":[1,2,3,4,5,6,7,8,"a"]}"#
                    }
                case .bad:
                    switch index % 6 {
                    case 0: #"{"id":"bad \#(index)","f0":"high"}"#
                    case 1: #"{"id":"bad","features":[1,2"#
                    case 2: "[]"
                    case 3: #"{"f0":1e999,"id":"late"}"#
                    case 4: #"{"id":"bad","features":[1]}"#
                    default: nil
                    }
                }
            batch.append(
                Record(
                    topic: "events", partition: Partition(Int32(index % 8)), offset: Offset(Int64(index)),
                    timestamp: Timestamp(milliseconds: 1_700_000_000_000 + Int64(index)),
                    key: index % 10 == 9 ? Array("key".utf8) : nil, value: value.map { Array($0.utf8) },
                    headers: index % 3 == 0 ? [Header("trace", "7")] : []))
        }
        return batch
    }
}
