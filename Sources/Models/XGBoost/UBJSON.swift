/// The marks of Universal Binary JSON, draft 12 (ubjson.org), as XGBoost writes it. Numbers are big-endian.
enum UBJSON {
    static let objectStart: UInt8 = 0x7B
    static let objectEnd: UInt8 = 0x7D
    static let arrayStart: UInt8 = 0x5B
    static let arrayEnd: UInt8 = 0x5D
    /// `$`, then the type of every value of the container.
    static let typeMark: UInt8 = 0x24
    /// `#`, then the number of values of the container, which has no end mark then.
    static let countMark: UInt8 = 0x23
    static let null: UInt8 = 0x5A
    static let noOperation: UInt8 = 0x4E
    static let yes: UInt8 = 0x54
    static let no: UInt8 = 0x46
    static let int8: UInt8 = 0x69
    static let uint8: UInt8 = 0x55
    static let int16: UInt8 = 0x49
    static let int32: UInt8 = 0x6C
    static let int64: UInt8 = 0x4C
    static let float32: UInt8 = 0x64
    static let float64: UInt8 = 0x44
    static let character: UInt8 = 0x43
    static let string: UInt8 = 0x53

    /// Whether the mark is that of an integer.
    static func isInteger(_ mark: UInt8) -> Bool {
        mark == int8 || mark == uint8 || mark == int16 || mark == int32 || mark == int64
    }

    /// Bytes of a value of a fixed size; nil for strings and containers.
    static func size(_ mark: UInt8) -> Int? {
        switch mark {
        case null, yes, no: 0
        case int8, uint8, character: 1
        case int16: 2
        case int32, float32: 4
        case int64, float64: 8
        default: nil
        }
    }
}
