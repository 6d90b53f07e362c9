import Basics
import EventLog

/// JSON events of made-up numbers: `{"id":"00000001","features":[0.1234,-1.567,…]}`. The same seed and
/// numbers give the same bytes on every machine.
///
/// Half of the numbers have four decimals and half three; an event of 30 features has about 240 bytes. Its id
/// is also the record's key.
struct GeneratedEvents {
    /// Digits of an id.
    static let idDigits = 8
    private let features: Int
    private var random: SeededRandom
    private var id: [UInt8] = []
    private var value: [UInt8] = []

    /// Events of `features` numbers.
    init(features: Int, seed: UInt64) {
        self.features = features
        random = SeededRandom(seed: seed)
    }

    /// Appends the event with this number, which becomes its id.
    mutating func append(_ number: Int, to batch: inout RecordBatch, topic: Int) {
        id.removeAll(keepingCapacity: true)
        GeneratedEvents.appendDigits(number, width: Self.idDigits, to: &id)
        value.removeAll(keepingCapacity: true)
        value.append(contentsOf: #"{"id":""#.utf8)
        value.append(contentsOf: id)
        value.append(contentsOf: #"","features":["#.utf8)
        for feature in 0..<features {
            if feature > 0 { value.append(UInt8(ascii: ",")) }
            appendNumber(decimals: feature & 1 == 0 ? 4 : 3)
        }
        value.append(contentsOf: "]}".utf8)
        batch.append(topic: topic, key: id.span, value: value.span)
    }

    /// A number between -4 and 4, most of them near 0: the sum of four uniform ones.
    private mutating func appendNumber(decimals: Int) {
        let bits = random.next()
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)
        let unit = decimals == 4 ? 10_000 : 1_000
        // Four uniform numbers of 16 bits sum up to less than 2^18.
        let scaled = ((Int(sum) - (1 << 17)) * 4 * unit) >> 17
        if scaled < 0 { value.append(UInt8(ascii: "-")) }
        value.append(UInt8(ascii: "0") + UInt8(scaled.magnitude / UInt(unit)))
        value.append(UInt8(ascii: "."))
        GeneratedEvents.appendDigits(Int(scaled.magnitude) % unit, width: decimals, to: &value)
    }

    /// Appends a number with leading zeros.
    private static func appendDigits(_ number: Int, width: Int, to bytes: inout [UInt8]) {
        var unit = 1
        for _ in 1..<width { unit *= 10 }
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
    }
}
