internal import Basics

/// Reads XGBoost's JSON. `NaN` and `Infinity` are numbers there.
struct JSONDocumentReader: DocumentReader {
    private var scanner: JSONScanner

    init(_ bytes: Span<UInt8>) {
        scanner = JSONScanner(0..<bytes.count, allowsNonFinite: true)
    }

    var position: Int { scanner.position }

    mutating func beginObject(_ bytes: Span<UInt8>) throws(ModelError) {
        do throws(JSONError) { try scanner.beginObject(bytes) } catch { throw wrap(error) }
    }

    mutating func nextKey(_ bytes: Span<UInt8>) throws(ModelError) -> String? {
        do throws(JSONError) { return try scanner.nextKey(bytes)?.text(bytes) } catch { throw wrap(error) }
    }

    mutating func beginArray(_ bytes: Span<UInt8>) throws(ModelError) {
        do throws(JSONError) { try scanner.beginArray(bytes) } catch { throw wrap(error) }
    }

    mutating func nextElement(_ bytes: Span<UInt8>) throws(ModelError) -> Bool {
        do throws(JSONError) { return try scanner.nextElement(bytes) } catch { throw wrap(error) }
    }

    mutating func string(_ bytes: Span<UInt8>) throws(ModelError) -> String {
        do throws(JSONError) { return try scanner.string(bytes).text(bytes) } catch { throw wrap(error) }
    }

    mutating func floats(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> [Float] {
        do throws(JSONError) {
            var result: [Float] = []
            try scanner.beginArray(bytes)
            while try scanner.nextElement(bytes) {
                guard result.count < countMax else { throw JSONError(.tooManyValues, at: scanner.position) }
                result.append(try scanner.float(bytes))
            }
            return result
        } catch { throw wrap(error) }
    }

    mutating func integers(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> [Int32] {
        do throws(JSONError) {
            var result: [Int32] = []
            try scanner.beginArray(bytes)
            while try scanner.nextElement(bytes) {
                guard result.count < countMax else { throw JSONError(.tooManyValues, at: scanner.position) }
                if try scanner.peek(bytes) == .boolean {
                    result.append(try scanner.boolean(bytes) ? 1 : 0)
                    continue
                }
                let start = scanner.position
                guard let value = Int32(exactly: try scanner.integer(bytes)) else {
                    throw JSONError(.numberOutOfRange, at: start)
                }
                result.append(value)
            }
            return result
        } catch { throw wrap(error) }
    }

    mutating func skipValue(_ bytes: Span<UInt8>) throws(ModelError) {
        do throws(JSONError) { try scanner.skipValue(bytes) } catch { throw wrap(error) }
    }

    mutating func finish(_ bytes: Span<UInt8>) throws(ModelError) {
        do throws(JSONError) { try scanner.finish(bytes) } catch { throw wrap(error) }
    }

    private func wrap(_ error: JSONError) -> ModelError {
        .malformed("XGBoost JSON: \(error.message)", cause: error)
    }
}
