internal import Basics

extension ModelFormat {
    /// Tells a file's format from its contents; nil when it is none that is known. Reads no further than
    /// needed.
    public static func detect(_ bytes: Span<UInt8>) -> ModelFormat? {
        if looksLikeUBJSON(bytes) { return .xgboostUBJSON }
        var scanner = JSONScanner(0..<bytes.count, allowsNonFinite: true)
        do throws(JSONError) {
            try scanner.beginObject(bytes)
            while let key = try scanner.nextKey(bytes) {
                if key.equals("learner", bytes) { return .xgboostJSON }
                if key.equals(LinearModel.formatKey, bytes) { return .nativeLinear }
                try scanner.skipValue(bytes)
            }
        } catch {
            return nil
        }
        return nil
    }

    /// An object of UBJSON continues with the type of a length, or with `$` or `#`; one of JSON never does.
    private static func looksLikeUBJSON(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 2, bytes[0] == UBJSON.objectStart else { return false }
        return UBJSON.isInteger(bytes[1]) || bytes[1] == UBJSON.typeMark || bytes[1] == UBJSON.countMark
    }
}
