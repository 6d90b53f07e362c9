/// How a log entry becomes a line.
public enum LogFormat: String, Sendable, CaseIterable {
    /// For people: time, level, component, message, then `name=value`.
    case text
    /// For programs: one JSON object a line; `ts`, `level`, `component`, `message`, then the metadata's
    /// names.
    case json

    /// The line with its line feed. It contains no other control character, whatever the entry holds.
    public func line(_ entry: LogEntry) -> [UInt8] {
        let line = rendered(entry)
        guard line.count > LogLimits.lineBytesMax else { return line }
        let short = LogEntry(
            timestampNanoseconds: entry.timestampNanoseconds, level: entry.level, component: entry.component,
            message: entry.message, metadata: [LogKey("cut"): .integer(Int64(line.count))])
        return rendered(short)
    }

    private func rendered(_ entry: LogEntry) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch self {
        case .text: Self.appendText(entry, to: &line)
        case .json: Self.appendJSON(entry, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func appendText(_ entry: LogEntry, to line: inout [UInt8]) {
        line += Timestamp.utc(nanoseconds: entry.timestampNanoseconds).utf8
        line += " \(entry.level.name.uppercased())".utf8
        line += String(repeating: " ", count: max(1, 9 - entry.level.name.utf8.count)).utf8
        appendPlain(entry.component, to: &line)
        line += ": ".utf8
        appendPlain(entry.message, to: &line)
        for (key, value) in entry.metadata.pairs {
            line += " \(key.name)".utf8
            switch value {
            case .duration(let duration): line += "=\(milliseconds(duration))ms".utf8
            case .string(let text):
                line.append(UInt8(ascii: "="))
                if !text.isEmpty, text.unicodeScalars.allSatisfy(isPlain),
                    text.utf8.count <= LogLimits.valueBytesMax
                {
                    line += text.utf8
                } else {
                    JSONText.append(text, bytesMax: LogLimits.valueBytesMax, to: &line)
                }
            case .integer, .number, .boolean: line += "=\(scalar(value))".utf8
            }
        }
    }

    private static func appendJSON(_ entry: LogEntry, to line: inout [UInt8]) {
        line += "{\"ts\":\"\(Timestamp.utc(nanoseconds: entry.timestampNanoseconds))\"".utf8
        line += ",\"level\":\"\(entry.level.name)\",\"component\":".utf8
        JSONText.append(entry.component, bytesMax: LogLimits.valueBytesMax, to: &line)
        line += ",\"message\":".utf8
        JSONText.append(entry.message, bytesMax: LogLimits.valueBytesMax, to: &line)
        for (key, value) in entry.metadata.pairs {
            line.append(UInt8(ascii: ","))
            if case .duration(let duration) = value {
                JSONText.append(key.name + "Milliseconds", bytesMax: LogLimits.valueBytesMax, to: &line)
                line += ":\(milliseconds(duration))".utf8
                continue
            }
            JSONText.append(reserved.contains(key.name) ? key.name + "_" : key.name, bytesMax: 256, to: &line)
            line.append(UInt8(ascii: ":"))
            switch value {
            case .string(let text): JSONText.append(text, bytesMax: LogLimits.valueBytesMax, to: &line)
            case .number(let number) where !number.isFinite: line += "\"\(number)\"".utf8
            default: line += scalar(value).utf8
            }
        }
        line.append(UInt8(ascii: "}"))
    }

    /// Whether a character needs no quotes in a text line.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x20, 0x22, 0x3d, 0x5c, 0x7f...0xa0, 0x2028, 0x2029: false
        default: true
        }
    }

    private static let reserved: Set<String> = ["ts", "level", "component", "message"]

    /// Components and messages are the program's own words; a control character in one still must not break
    /// the line.
    private static func appendPlain(_ text: String, to line: inout [UInt8]) {
        for byte in text.utf8 { line.append(byte < 0x20 || byte == 0x7f ? UInt8(ascii: " ") : byte) }
    }

    private static func scalar(_ value: LogValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .boolean(let truth): truth ? "true" : "false"
        case .duration(let duration): String(milliseconds(duration))
        }
    }

    /// Milliseconds with microseconds as decimals.
    private static func milliseconds(_ duration: Duration) -> Double {
        ((duration / .microseconds(1)).rounded()) / 1000
    }
}
