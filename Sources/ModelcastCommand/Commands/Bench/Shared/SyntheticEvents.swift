import Basics
import EventLog
import Features
import Models
import Snapshots

/// Events for models that take numbers: JSON with the features as an array, one in twenty missing.
enum SyntheticEvents {
    /// The JSON of one event's features.
    static func features(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        var json = JSONWriter()
        json.beginArray()
        for _ in 0..<count {
            if random.unit() < 0.05 {
                json.null()
            } else {
                // Six digits, as data has them.
                json.number((random.unit() * 2e6 - 1e6).rounded() / 1e6)
            }
        }
        json.endArray()
        return json.take()
    }

    /// Batches of `size` events, as a reader would bring them.
    static func batches(
        _ count: Int, of size: Int, features: Int, topic: TopicName, seed: UInt64
    ) -> [RecordBatch] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { batch in
            RecordBatch(
                (0..<size).map { index in
                    let number = batch * size + index
                    let value =
                        Array("{\"id\":\"e\(number)\",\"features\":".utf8)
                        + Self.features(features, &random) + Array("}".utf8)
                    return Record(
                        topic: topic, partition: Partition(0), offset: Offset(Int64(number)),
                        timestamp: Timestamp(milliseconds: 1_700_000_000_000), key: Array("e\(number)".utf8),
                        value: value)
                })
        }
    }

    /// Golden rows of `predictor`, whose features are plain numbers.
    static func golden(_ predictor: any Predictor, rows: Int, seed: UInt64) throws -> GoldenRows {
        var random = SeededRandom(seed: seed)
        let schema = try Schema.floats(names: predictor.featureNames, count: predictor.featureCount)
        let program = try FeatureProgram(schema: schema)
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        var scratch = FeatureScratch()
        var floats: [Float] = []
        var golden: [GoldenRows.Row] = []
        for _ in 0..<rows {
            let features = Self.features(predictor.featureCount, &random)
            let row = GoldenRows.Row(features: features, prediction: [])
            block.removeAll()
            let event = row.event
            if let fault = decoder.decode(event.span, 0..<event.count, into: &block) {
                throw CommandError(.badRows, "a synthetic row: \(fault.message(schema))", recovery: .bug)
            }
            program.write(block, into: &floats, scratch: &scratch)
            golden.append(
                GoldenRows.Row(
                    features: features, prediction: Array(predictor.predict(rows: floats).predictionValues(0))
                ))
        }
        return GoldenRows(golden)
    }
}
