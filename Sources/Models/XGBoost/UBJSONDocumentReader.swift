/// Reads XGBoost's Universal Binary JSON.
///
/// Every value takes at least one byte, save that typed containers of `true`, `false` and `null` take none
/// and are refused; so no count is believed that the rest of the file could not hold.
struct UBJSONDocumentReader: DocumentReader {
    private static let depthMax = 64
    private static let keyBytesMax = 1 << 16

    private struct Container {
        /// Values still to come; nil when an end mark will say.
        var remaining: Int?
        /// The type of every value, when given once for all.
        var type: UInt8?
    }

    private(set) var position = 0
    private let end: Int
    private var open: [Container] = []
    /// The type of the value at the position, when its container has given it.
    private var givenType: UInt8?

    init(_ bytes: Span<UInt8>) { end = bytes.count }

    mutating func beginObject(_ bytes: Span<UInt8>) throws(ModelError) {
        try begin(bytes, UBJSON.objectStart, "an object")
    }

    mutating func beginArray(_ bytes: Span<UInt8>) throws(ModelError) {
        try begin(bytes, UBJSON.arrayStart, "an array")
    }

    mutating func nextKey(_ bytes: Span<UInt8>) throws(ModelError) -> String? {
        guard try nextItem(bytes, endMark: UBJSON.objectEnd) else { return nil }
        let type = givenType
        givenType = nil
        let key = try text(bytes, countMax: UBJSONDocumentReader.keyBytesMax)
        givenType = type
        return key
    }

    mutating func nextElement(_ bytes: Span<UInt8>) throws(ModelError) -> Bool {
        try nextItem(bytes, endMark: UBJSON.arrayEnd)
    }

    mutating func string(_ bytes: Span<UInt8>) throws(ModelError) -> String {
        guard try mark(bytes) == UBJSON.string else { throw failure("a string is needed") }
        return try text(bytes, countMax: end)
    }

    mutating func floats(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> [Float] {
        var result: [Float] = []
        try beginArray(bytes)
        try reserve(&result, countMax)
        while try nextElement(bytes) {
            guard result.count < countMax else {
                throw .limit("numbers in a list", result.count + 1, countMax)
            }
            switch try mark(bytes) {
            case UBJSON.float32:
                result.append(Float(bitPattern: UInt32(truncatingIfNeeded: try bigEndian(bytes, 4))))
            case UBJSON.float64:
                result.append(Float(Double(bitPattern: try bigEndian(bytes, 8))))
            case let mark: result.append(Float(try integerValue(bytes, mark)))
            }
        }
        return result
    }

    mutating func integers(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> [Int32] {
        var result: [Int32] = []
        try beginArray(bytes)
        try reserve(&result, countMax)
        while try nextElement(bytes) {
            guard result.count < countMax else {
                throw .limit("numbers in a list", result.count + 1, countMax)
            }
            switch try mark(bytes) {
            case UBJSON.yes: result.append(1)
            case UBJSON.no: result.append(0)
            case let mark:
                guard let value = Int32(exactly: try integerValue(bytes, mark)) else {
                    throw failure("an integer is out of range")
                }
                result.append(value)
            }
        }
        return result
    }

    mutating func skipValue(_ bytes: Span<UInt8>) throws(ModelError) {
        // Which of the containers opened here are objects, the innermost last.
        var objects: [Bool] = []
        repeat {
            switch try mark(bytes) {
            case UBJSON.objectStart:
                try enter(bytes)
                objects.append(true)
            case UBJSON.arrayStart:
                try enter(bytes)
                objects.append(false)
            case UBJSON.string: try skip(try length(bytes))
            case let mark:
                guard let size = UBJSON.size(mark) else { throw failure("an unknown mark") }
                try skip(size)
            }
            while let isObject = objects.last {
                let hasNext = isObject ? try nextKey(bytes) != nil : try nextElement(bytes)
                if hasNext { break }
                objects.removeLast()
            }
        } while !objects.isEmpty
    }

    mutating func finish(_ bytes: Span<UInt8>) throws(ModelError) {
        guard position == end else { throw failure("something follows the document") }
    }
}

extension UBJSONDocumentReader {
    private func failure(_ problem: String) -> ModelError {
        .malformed("XGBoost UBJSON: \(problem) at byte \(position)")
    }

    private mutating func begin(
        _ bytes: Span<UInt8>, _ start: UInt8, _ what: String
    ) throws(ModelError) {
        guard try mark(bytes) == start else { throw failure("\(what) is needed") }
        try enter(bytes)
    }

    /// Reads what follows a container's start mark: nothing, a count, or a type and a count.
    private mutating func enter(_ bytes: Span<UInt8>) throws(ModelError) {
        guard open.count < UBJSONDocumentReader.depthMax else { throw failure("nested too deeply") }
        var container = Container()
        if try look(bytes) == UBJSON.typeMark {
            position += 1
            let type = try look(bytes)
            position += 1
            guard
                type == UBJSON.string || type == UBJSON.objectStart || type == UBJSON.arrayStart
                    || (UBJSON.size(type) ?? 0) > 0
            else { throw failure("a container of an impossible type") }
            guard try look(bytes) == UBJSON.countMark else {
                throw failure("a typed container without a count")
            }
            container.type = type
        }
        if try look(bytes) == UBJSON.countMark {
            position += 1
            let count = try length(bytes)
            let least = container.type.flatMap(UBJSON.size) ?? 1
            guard count <= (end - position) / least else { throw failure("a container larger than the file") }
            container.remaining = count
        }
        open.append(container)
    }

    /// Moves to the container's next value or key; false, having left the container, when there is none.
    private mutating func nextItem(_ bytes: Span<UInt8>, endMark: UInt8) throws(ModelError) -> Bool {
        guard var container = open.popLast() else { throw failure("no container is open") }
        if let remaining = container.remaining {
            guard remaining > 0 else { return false }
            container.remaining = remaining - 1
        } else {
            while try look(bytes) == UBJSON.noOperation { position += 1 }
            if try look(bytes) == endMark {
                position += 1
                return false
            }
        }
        givenType = container.type
        open.append(container)
        return true
    }

    /// The type of the value at the position: given by its container, or read.
    private mutating func mark(_ bytes: Span<UInt8>) throws(ModelError) -> UInt8 {
        if let type = givenType {
            givenType = nil
            return type
        }
        let mark = try look(bytes)
        position += 1
        return mark
    }

    private func look(_ bytes: Span<UInt8>) throws(ModelError) -> UInt8 {
        guard position < end else { throw failure("the file ends too early") }
        return bytes[position]
    }

    private mutating func skip(_ count: Int) throws(ModelError) {
        guard count <= end - position else { throw failure("the file ends too early") }
        position += count
    }

    private mutating func bigEndian(_ bytes: Span<UInt8>, _ size: Int) throws(ModelError) -> UInt64 {
        guard size <= end - position else { throw failure("the file ends too early") }
        var value: UInt64 = 0
        for index in 0..<size { value = value << 8 | UInt64(bytes[position + index]) }
        position += size
        return value
    }

    private mutating func integerValue(_ bytes: Span<UInt8>, _ mark: UInt8) throws(ModelError) -> Int64 {
        switch mark {
        case UBJSON.int8: Int64(Int8(truncatingIfNeeded: try bigEndian(bytes, 1)))
        case UBJSON.uint8: Int64(try bigEndian(bytes, 1))
        case UBJSON.int16: Int64(Int16(truncatingIfNeeded: try bigEndian(bytes, 2)))
        case UBJSON.int32: Int64(Int32(truncatingIfNeeded: try bigEndian(bytes, 4)))
        case UBJSON.int64: Int64(bitPattern: try bigEndian(bytes, 8))
        default: throw failure("a number is needed")
        }
    }

    /// A length or a count.
    private mutating func length(_ bytes: Span<UInt8>) throws(ModelError) -> Int {
        let mark = try look(bytes)
        position += 1
        guard UBJSON.isInteger(mark) else { throw failure("a length is needed") }
        let value = try integerValue(bytes, mark)
        guard value >= 0 else { throw failure("a negative length") }
        return Int(value)
    }

    private mutating func text(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> String {
        let count = try length(bytes)
        guard count <= countMax, count <= end - position else {
            throw failure("a string longer than the file")
        }
        var characters: [UInt8] = []
        characters.reserveCapacity(count)
        for index in 0..<count { characters.append(bytes[position + index]) }
        position += count
        guard let text = String(validating: characters, as: UTF8.self) else {
            throw failure("a string is not UTF-8")
        }
        return text
    }

    /// Makes room for the values of the container just opened, whose count has been compared with the
    /// file's size.
    private func reserve<Number>(_ list: inout [Number], _ countMax: Int) throws(ModelError) {
        guard let count = open.last?.remaining else { return }
        guard count <= countMax else { throw .limit("numbers in a list", count, countMax) }
        list.reserveCapacity(count)
    }
}
