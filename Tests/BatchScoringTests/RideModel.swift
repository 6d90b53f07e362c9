import BatchScoring
import Basics
import Features
import Models

/// A small model of rides with every type of feature, and files of rides in every form that is read.
struct RideModel {
    let schema: Schema
    let model: ScoringModel

    /// A logistic model; a softmax one of three classes where `classes`.
    init(version: Int = 1, classes: Bool = false) throws {
        schema = try Schema([
            Feature("fare", .float, isRequired: true), Feature("seconds", .integer),
            Feature("shared", .boolean),
            Feature("payment", .categorical, categories: ["cash", "card"]),
        ])
        let pipeline = Pipeline([
            Pipeline.Column("fare", [.log1p]),
            Pipeline.Column(
                "seconds", [.impute(value: 300, indicator: true), .standardise(mean: 600, deviation: 400)]),
            Pipeline.Column("shared", []),
            Pipeline.Column("payment", [.oneHot(categories: ["cash", "card"], unknown: true)]),
        ])
        let program = try FeatureProgram(schema: schema, pipeline: pipeline)
        let outputs = classes ? 3 : 1
        var random = SeededRandom(seed: UInt64(version))
        let weights = (0..<outputs * program.outputCount).map { _ in Float(random.unit() * 2 - 1) }
        let linear = try LinearModel(
            kind: classes ? .softmax : .logistic, intercepts: Array(repeating: 0.25, count: outputs),
            weights: weights,
            featureCount: program.outputCount)
        model = ScoringModel(
            name: "rides", version: version, digest: "digest-\(version)", program: program, predictor: linear)
    }

    /// One ride; nil is missing.
    struct Ride {
        var id: String
        var fare: Double
        var seconds: Int?
        var shared: Bool?
        var payment: String?

        static func made(_ count: Int, seed: UInt64) -> [Ride] {
            var random = SeededRandom(seed: seed)
            return (0..<count).map { number in
                Ride(
                    id: "ride \(number)", fare: (random.unit() * 10_000).rounded() / 100,
                    seconds: random.unit() < 0.2 ? nil : Int(random.unit() * 3_000),
                    shared: random.unit() < 0.2 ? nil : random.unit() < 0.5,
                    payment: random.unit() < 0.2
                        ? nil : ["cash", "card", "coin, \"old\""][Int(random.unit() * 3)])
            }
        }

        private func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }

        private var quotedPayment: String {
            payment.map {
                "\"" + $0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                    + "\""
            }
                ?? ""
        }

        private var jsonPayment: String {
            payment.map {
                "\"" + $0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
                    + "\""
            }
                ?? "null"
        }

        /// The features in the schema's order.
        var cells: String { "\(fare),\(text(seconds)),\(text(shared)),\(quotedPayment)" }
        /// In another order, with a column that is no feature.
        var namedCells: String { "\(quotedPayment),\(id),\(text(shared)),x,\(fare),\(text(seconds))" }
        static let header = "payment,id,shared,other,fare,seconds"

        private func members(skipNull: Bool) -> String {
            var members = ["\"fare\":\(fare)"]
            if seconds != nil || !skipNull {
                members.append("\"seconds\":\(seconds.map(String.init) ?? "null")")
            }
            if shared != nil || !skipNull {
                members.append("\"shared\":\(shared.map(String.init) ?? "null")")
            }
            if payment != nil || !skipNull { members.append("\"payment\":\(jsonPayment)") }
            return members.joined(separator: ",")
        }

        var flat: String { "{\"id\":\"\(id)\",\(members(skipNull: true)),\"ts\":\"whenever\"}" }
        var nested: String { "{\"features\": {\(members(skipNull: false))}, \"id\": \"\(id)\"}" }
        var array: String {
            "{\"id\":\"\(id)\",\"features\":[\(fare),\(seconds.map(String.init) ?? "null"),"
                + "\(shared.map(String.init) ?? "null"),\(jsonPayment)]}"
        }
    }

    /// The forms of a file: its name, its text, and the name of its key column.
    static func files(_ rides: [Ride]) -> [(name: String, text: String, key: String)] {
        func lines(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
        return [
            ("header.csv", lines([Ride.header] + rides.map(\.namedCells)), "id"),
            (
                "windows.csv",
                "\u{FEFF}" + ([Ride.header] + rides.map(\.namedCells)).joined(separator: "\r\n"), "id"
            ),
            ("plain.csv", lines(rides.map { "\($0.id),\($0.cells)" }), "0"),
            ("behind.csv", lines(rides.map { "\($0.cells),\($0.id)" }), "4"),
            ("flat.jsonl", lines(rides.map(\.flat)), "id"),
            ("nested.ndjson", lines(rides.map(\.nested)), "id"),
            ("array.json", rides.map(\.array).joined(separator: "\n"), "id"),
        ]
    }

    /// Each ride scored alone as the scoring service does: event, pipeline, predictor.
    func oracle(_ rides: [Ride]) -> [(prediction: [Float], scores: [Float])] {
        var decoder = EventDecoder(schema: schema)
        return rides.map { ride in
            var block = FeatureBlock(schema: schema)
            let event = Array(ride.nested.utf8)
            let fault = decoder.decode(event.span, 0..<event.count, into: &block)
            precondition(fault == nil, "\(ride.nested)")
            var rows: [Float] = []
            var scratch = FeatureScratch()
            model.program.write(block, into: &rows, scratch: &scratch)
            let result = model.predictor.predict(rows: rows)
            return (Array(result.predictionValues(0)), Array(result.scoreValues(0)))
        }
    }
}
