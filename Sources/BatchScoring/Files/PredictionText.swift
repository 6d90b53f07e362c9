internal import Tabular

/// How predictions are written as numbers and text: the same digits in CSV, JSON lines and the store.
enum PredictionText {
    /// The double whose shortest text is that of the float: SQL then shows the digits that the JSON of the
    /// same prediction has, and rounding it to single precision gives the float again.
    static func number(_ value: Float) -> Double {
        let decimal = Double(value.description) ?? Double(value)
        return Float(decimal) == value ? decimal : Double(value)
    }

    /// A JSON array of the numbers, in place of what `bytes` held.
    static func list(_ values: ArraySlice<Float>, into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "["))
        for (position, value) in values.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: (value.isFinite ? RowEncoding.number(value) : "null").utf8)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// The numbers of a JSON array that `list` wrote; nil for anything else. `null` is not a number again.
    static func numbers(_ text: String) -> [Float]? {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
        let inner = text.dropFirst().dropLast()
        if inner.isEmpty { return [] }
        var numbers: [Float] = []
        for part in inner.split(separator: ",") {
            guard let value = part == "null" ? Float.nan : Float(part) else { return nil }
            numbers.append(value)
        }
        return numbers
    }
}
