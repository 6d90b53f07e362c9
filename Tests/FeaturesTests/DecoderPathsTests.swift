import Basics
import Features
import Testing

/// A decoder reads an event faster when it looks like the one before. What it reads must not depend on that.
struct DecoderPathsTests {
    private func schema() throws -> Schema {
        try Schema(
            (0..<9).map { Feature("number \($0)", .float) }
                + [
                    Feature("count", .integer), Feature("flag", .boolean),
                    Feature("kind", .categorical, categories: ["a", "b"]),
                    Feature("z", .float, isRequired: true),
                ])
    }

    private struct Outcome: Equatable {
        var fault: RowFault?
        var id: [UInt8]
        var time: Int64?
        var values: [UInt64] = []

        init(_ decoder: inout EventDecoder, _ block: inout FeatureBlock, _ bytes: [UInt8]) {
            block.removeAll()
            fault = decoder.decode(bytes.span, 0..<bytes.count, into: &block)
            guard fault == nil else {
                id = block.withdrawnID.map(Array.init) ?? []
                return
            }
            id = Array(block.id(0))
            time = block.timestampMilliseconds(0)
            values = (0..<block.featureCount).map { block.value(0, $0).bitPattern }
        }
    }

    private func event(_ schema: Schema, _ layout: Int, _ random: inout SeededRandom) -> [UInt8] {
        let values = schema.features.map { feature in
            switch feature.kind {
            case .float:
                ["1.5", "-12.345", "0.25", "7", "1e3", "null", "0.30000000000000004", "123456.789"]
                    .randomElement(using: &random) ?? ""
            case .integer: "\(Int.random(in: -9...9, using: &random))"
            case .boolean: Bool.random(using: &random) ? "true" : "0"
            case .categorical: #""b""#
            }
        }
        let members = zip(schema.features, values).map { #""\#($0.name)":\#($1)"# }.joined(separator: ",")
        let text =
            switch layout {
            case 0: #"{"id":"e1","features":[\#(values.joined(separator: ","))]}"#
            case 1: #"{"id":"e2","ts":1700000000000,"features":{\#(members)}}"#
            default: #"{\#(members),"id":7,"ts":"2026-01-31T12:00:00Z"}"#
            }
        return Array(text.utf8)
    }

    /// Events, whole and damaged, through a decoder that has seen many and through one that has seen none.
    @Test func whatWasSeenBeforeChangesNothing() throws {
        var random = SeededRandom(seed: 61)
        let schema = try schema()
        let unused = EventDecoder(schema: schema)
        var used = unused
        var block = FeatureBlock(schema: schema)
        let bytes = Array(#"0123456789.-+eE,:"[]{} n\"#.utf8) + [0, 0xFF]
        var (faults, rows) = (0, 0)
        for round in 0..<12_000 {
            var event = event(schema, round / 40 % 3, &random)
            for _ in 0..<[0, 0, 1, 1, 2, 5][Int(random.next() % 6)] {
                let place = Int(random.next() % UInt64(event.count))
                switch random.next() % 4 {
                case 0: event.remove(at: place)
                case 1: event.insert(bytes.randomElement(using: &random) ?? 0, at: place)
                case 2: event.removeLast(min(event.count - 1, Int(random.next() % 20)))
                default: event[place] = bytes.randomElement(using: &random) ?? 0
                }
            }
            var fresh = unused
            let wanted = Outcome(&fresh, &block, event)
            let outcome = Outcome(&used, &block, event)
            #expect(outcome == wanted, "\(String(decoding: event, as: UTF8.self))")
            if outcome.fault == nil { rows += 1 } else { faults += 1 }
        }
        #expect(rows > 3_000 && faults > 3_000, "\(rows) rows, \(faults) faults")
    }

    /// White space sends the decoder the general way; the row is the same.
    @Test func whiteSpaceChangesNothing() throws {
        var random = SeededRandom(seed: 62)
        let schema = try schema()
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        for round in 0..<2_000 {
            let event = event(schema, round % 3, &random)
            let spaced = event.flatMap { $0 == 0x2C || $0 == 0x3A ? [0x20, $0, 0x0A] : [$0] }
            // Not in the text of the time, which has colons.
            guard round % 3 < 2 else { continue }
            let wanted = Outcome(&decoder, &block, event)
            #expect(Outcome(&decoder, &block, spaced) == wanted)
        }
    }
}
