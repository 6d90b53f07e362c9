/// Writes SVG text: escapes what is text, rounds what is a coordinate.
struct SVGWriter {
    private(set) var text = ""

    /// An element with attributes and nothing in it.
    mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String>) {
        begin(name, attributes)
        text += "/>\n"
    }

    /// An element with attributes and, between its tags, what `body` writes.
    mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
        _ body: (inout SVGWriter) -> Void
    ) {
        begin(name, attributes)
        text += ">"
        body(&self)
        text += "</\(name)>\n"
    }

    private mutating func begin(_ name: String, _ attributes: KeyValuePairs<String, String>) {
        text += "<\(name)"
        for (key, value) in attributes { text += " \(key)=\"\(SVGWriter.escaped(value))\"" }
    }

    /// Text between tags.
    mutating func write(_ content: String) { text += SVGWriter.escaped(content) }

    /// A style sheet between tags. It holds nothing from outside, and its `>` and quotes are meant.
    mutating func write(styleSheet: String) { text += styleSheet }

    /// Text as XML holds it; characters that XML 1.0 does not know are left out.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\t", "\n", "\r": escaped += " "
            default:
                if scalar.value >= 0x20, scalar.value != 0xfffe, scalar.value != 0xffff {
                    escaped.unicodeScalars.append(scalar)
                }
            }
        }
        return escaped
    }

    /// A coordinate, to a tenth.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }

    /// About how wide a text of the given size is: charts have no font to ask.
    static func width(of text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar {
            case "i", "l", "j", "t", "f", "r", ".", ",", "'", " ", "\u{202F}", "(", ")": sum + 0.34 * size
            case "m", "w", "M", "W", "@", "%": sum + 0.9 * size
            default: sum + (scalar.properties.isUppercase ? 0.68 : 0.57) * size
            }
        }
    }
}
