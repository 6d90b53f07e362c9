internal import Basics

/// The keys that mean something in an event, and what they mean.
struct KeyTable: Sendable {
    /// What a key is besides, perhaps, a feature.
    enum Role: UInt8, Sendable {
        case none
        case id
        case timestamp
        case features
    }

    /// One key.
    struct Entry: Sendable {
        /// The feature's place, or -1.
        var feature: Int32
        var role: Role
        /// Where its bytes, as they are usually written (`"name":`), begin and end.
        var start: Int32
        var end: Int32
    }

    private(set) var entries: [Entry] = []
    /// The keys as they are usually written, one behind the other.
    private(set) var written: [UInt8] = []
    private let places: ByteTable

    init(_ schema: Schema, _ layout: EventLayout) {
        var names = schema.features.map(\.name)
        var roles = Array(repeating: Role.none, count: names.count)
        for (name, role) in [
            (layout.idField, Role.id), (layout.timestampField, .timestamp), (layout.featuresField, .features),
        ] {
            if role == .features, layout.shape == .flat { continue }
            if let index = names.firstIndex(of: name) {
                roles[index] = role
            } else {
                names.append(name)
                roles.append(role)
            }
        }
        places = ByteTable(names)
        for (index, name) in names.enumerated() {
            var writer = JSONWriter()
            writer.key(name)
            entries.append(
                Entry(
                    feature: index < schema.features.count ? Int32(index) : -1, role: roles[index],
                    start: Int32(written.count), end: Int32(written.count + writer.bytes.count)))
            written += writer.bytes
        }
    }

    /// The entry of a key, escapes resolved; -1 when it means nothing.
    func entry(_ text: Span<UInt8>, _ range: Range<Int>) -> Int32 {
        places.place(text, range, hash: FNV1a.hash(text, range))
    }
}

/// The keys of the last object, in order: those of the next one are most likely the same.
struct KeyOrder: Sendable {
    /// What stood at a position.
    struct Expected: Sendable {
        /// The key's entry; -1 for a key without meaning.
        var entry: Int32 = -1
        /// The feature where the value is a number and nothing else; else -1.
        var number: Int32 = -1
        /// Where in `KeyTable.written` the key begins and ends.
        var start: Int32 = 0
        var end: Int32 = 0
    }

    /// Positions remembered: an object with more members has the rest looked up.
    static let positionsMax = 1 << 16
    private(set) var expected: [Expected] = []

    /// The entry that stood at this position last time; -1 when none did, or one without meaning.
    @inline(__always)
    func guess(_ position: Int) -> Int32 { position < expected.count ? expected[position].entry : -1 }

    /// Remembers what stands at this position.
    mutating func learn(_ position: Int, _ entry: Expected) {
        if position < expected.count {
            expected[position] = entry
        } else if position == expected.count, position < KeyOrder.positionsMax {
            expected.append(entry)
        }
    }
}
