import Basics
import EventLog

/// Events of thirty numbers as the scorer's benchmark reads them: the same ones every time.
struct HotpathEvents {
    /// How the events look.
    enum Shape: String, CaseIterable {
        /// `{"id":…,"features":[…]}`, about 242 bytes.
        case array
        /// `{"id":…,"ts":…,"features":{"feature_00":…}}`, about 662 bytes.
        case named
        /// Those of `array`, each with a fault: a text for a number, an end too early, a number too many, no
        /// object.
        case bad
    }

    /// Features of an event.
    static let featureCount = 30
    /// The features' names.
    static let names = (0..<featureCount).map { $0 < 10 ? "feature_0\($0)" : "feature_\($0)" }

    /// `count` records of a topic `events`, in eight partitions.
    static func batch(_ shape: Shape, count: Int, seed: UInt64 = 1) -> RecordBatch {
        var random = SeededRandom(seed: seed)
        var batch = RecordBatch()
        let topic = batch.index(of: "events")
        for index in 0..<count {
            let value = Array(event(shape, index, &random).utf8)
            batch.append(
                topic: topic, partition: Partition(Int32(index % 8)), offset: Offset(Int64(index / 8)),
                timestamp: Timestamp(milliseconds: 1_700_000_000_000 + Int64(index)), key: nil,
                value: value.span)
        }
        return batch
    }

    private static func event(_ shape: Shape, _ index: Int, _ random: inout SeededRandom) -> String {
        let id = 1_000_000 + index
        switch shape {
        case .array:
            return #"{"id":"e\#(id)","features":[\#(numbers(&random).joined(separator: ","))]}"#
        case .named:
            let members = zip(names, numbers(&random)).map { #""\#($0)":\#($1)"# }
            return #"{"id":"e\#(id)","ts":\#(1_700_000_000_000 + index),"#
                + #""features":{\#(members.joined(separator: ","))}}"#
        case .bad:
            var numbers = numbers(&random)
            switch index % 4 {
            case 0: numbers[29] = #""high""#
            case 1: numbers.append("1")
            case 2: return #"{"id":"e\#(id)","features":[\#(numbers.joined(separator: ","))"#
            default: return "[\(numbers.joined(separator: ","))]"
            }
            return #"{"id":"e\#(id)","features":[\#(numbers.joined(separator: ","))]}"#
        }
    }

    /// Numbers with up to three decimals, most of them between -25 and 25.
    private static func numbers(_ random: inout SeededRandom) -> [String] {
        (0..<featureCount).map { _ in
            var sum = -6.0
            for _ in 0..<12 { sum += random.unit() }
            return "\((sum * 8_000).rounded() / 1_000)"
        }
    }
}
